"""Files that are no nucleotides, or hardly: each with the options it is read by and what must be said about it."""

from __future__ import annotations

from tests.plugins.dna.bad_annotations import ANNOTATIONS
from tests.plugins.dna.bad_fasta import ARCHIVES, FASTA
from tests.plugins.dna.bad_reads import FASTQ, GENBANK, LABELS, TABLES
from tests.plugins.malformed import Case

FILES: dict[str, Case] = {**FASTA, **ARCHIVES, **FASTQ, **GENBANK, **TABLES, **LABELS, **ANNOTATIONS}
"""All of them, by name."""
