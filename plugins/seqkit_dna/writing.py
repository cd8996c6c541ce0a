"""Generated sequences as FASTA."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO, cast

from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord

from seqkit import Generation


def write_fasta(path: Path, generations: Iterable[Generation]) -> None:
    """One record a sample, 60 bases a line; the header names the prompt's origin and length, and the sample.

    Args:
        path: Where to; `.gz` packs it.
        generations: What `generate` made; only the continuations are written, not the prompts.
    """
    opened = gzip.open(path, "wt", encoding="utf-8") if path.suffix == ".gz" else path.open("w", encoding="utf-8")
    with cast(TextIO, opened) as file:
        SeqIO.write(_samples(generations), file, "fasta")


def _samples(generations: Iterable[Generation]) -> Iterator[SeqRecord]:
    for number, generation in enumerate(generations, start=1):
        origin = "_".join(generation.prompt.origin.split()) or "none"
        given = len(generation.prompt.sequence or "")
        for sample, bases in enumerate(generation.values):
            description = f"origin={origin} prompt_bases={given} sample={sample}"
            yield SeqRecord(Seq(bases), id=f"generated{number}_{sample}", description=description)
