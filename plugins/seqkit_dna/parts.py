"""Streams of record parts: cut at ambiguous letters, kept in the frame of the k-mers, read from the other strand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from Bio.Seq import reverse_complement

from seqkit import Record

_KNOWN = re.compile("[ACGT]+")


def between_ambiguous(records: Iterable[Record]) -> Iterator[Record]:
    """What lies between the Ns, each stretch a record of its own; stretches may lie across parts."""
    open_end = False
    for record in records:
        open_end = open_end and record.continues
        for known in _KNOWN.finditer(record.sequence):
            yield replace(record, sequence=known.group(), continues=open_end and known.start() == 0)
        open_end = not record.sequence.endswith("N")


def in_frame(records: Iterable[Record], k: int, stride: int | None = None) -> Iterator[Record]:
    """The same records, cut into parts that hold whole k-mers; what is left at a record's end is dropped.

    Args:
        records: Records in parts.
        k: Bases of a k-mer.
        stride: Bases from one k-mer to the next; where that is less than k, parts overlap. None: k.
    """
    stride = stride or k
    rest, continues = "", False
    for record in records:
        if not record.continues:
            rest, continues = "", False
        sequence = rest + record.sequence if rest else record.sequence
        num_kmers = max(len(sequence) - k + stride, 0) // stride
        rest = sequence[num_kmers * stride :]
        if num_kmers:
            end = (num_kmers - 1) * stride + k
            yield replace(record, sequence=sequence[:end] if rest else sequence, continues=continues)
            continues = True


def other_strand(record: Record) -> Record:
    """The reverse complement as a record of its own; of a long record, one for each part."""
    return replace(
        record,
        sequence=reverse_complement(record.sequence),  # type: ignore[no-untyped-call]
        origin=f"{record.origin} (reverse complement)",
        continues=False,
    )
