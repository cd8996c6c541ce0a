"""Streams of record parts: cut at ambiguous letters, and kept in the frame of the k-mers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

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


def in_frame(records: Iterable[Record], k: int) -> Iterator[Record]:
    """The same records, cut into parts that hold whole k-mers; fewer than k bases at a record's end are dropped."""
    rest, continues = "", False
    for record in records:
        if not record.continues:
            rest, continues = "", False
        sequence = rest + record.sequence if rest else record.sequence
        end = len(sequence) // k * k
        rest = sequence[end:]
        if end:
            yield replace(record, sequence=sequence[:end] if rest else sequence, continues=continues)
            continues = True
