"""The text domain: language models and classification over characters, bytes, words or byte pairs; tags of tokens."""

from seqkit import Domain
from seqkit_text.data import TextData

DOMAIN = Domain(
    "text",
    TextData,
    tasks=("next_step", "classify", "tag"),
    defaults={
        "next_step": {"model.hidden_size": 256, "model.learning_rate": 4e-3},
        # For some thousand sentences: wide word vectors, a small reader, the strongest sign of each feature.
        "classify": {
            "data.tokens": "words",
            "model.d_model": 256,
            "model.hidden_size": 64,
            "model.bidirectional": True,
            "model.pooling": "max",
            "model.dropout": 0.5,
            "model.learning_rate": 3e-3,
            "trainer.max_epochs": 6,
        },
        "tag": {
            "model.hidden_size": 128,
            "model.bidirectional": True,
            "model.dropout": 0.4,
            "model.learning_rate": 3e-3,
            "trainer.max_epochs": 10,
        },
    },
)
