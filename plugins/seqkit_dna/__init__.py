"""DNA for seqkit: genomes, reads and labelled sequences."""

from seqkit import Domain
from seqkit_dna.data import DnaData
from seqkit_dna.encoder import dna_encoder

DOMAIN = Domain("dna", DnaData, encoder=dna_encoder, tasks=("next_step", "classify"))
