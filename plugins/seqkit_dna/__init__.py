"""DNA for seqkit: genomes, reads and labelled sequences."""

from seqkit import Domain, Scorer
from seqkit_dna.data import DnaData
from seqkit_dna.encoder import dna_encoder
from seqkit_dna.saturation import score_saturation
from seqkit_dna.saturation_map import plot_saturation
from seqkit_dna.variants import score_variants

DOMAIN = Domain(
    "dna",
    DnaData,
    dna_encoder,
    tasks=("next_step", "classify", "tag"),
    defaults={
        "next_step": {"model.hidden_size": 128, "model.learning_rate": 4e-3, "trainer.max_epochs": 6},
        # A motif counts wherever it lies: the strongest sign of each feature, from both ends.
        "classify": {
            "model.hidden_size": 64,
            "model.bidirectional": True,
            "model.pooling": "max",
            "model.dropout": 0.2,
            "model.learning_rate": 3e-3,
            "trainer.max_epochs": 12,
        },
        # A frame goes on from codon to codon: three bases a step, and an answer for each of them.
        "tag": {
            "data.batch_size": 8,
            "encoder.step": 3,
            "encoder.word": 6,
            "encoder.windows": [15, 45],
            "model.hidden_size": 64,
            "model.bidirectional": True,
            "model.learning_rate": 3e-3,
            "trainer.max_epochs": 10,
        },
    },
    scorers={
        "variants": Scorer(score_variants),
        "saturation": Scorer(score_saturation, plot_saturation),
    },
)
