"""Fragment: what each reader yields, a stretch of one record of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seqkit import DataError

BLOCK_BASES = 1 << 20
"""Longest stretch that is handed on at once: a chromosome is never held whole."""


@dataclass(frozen=True)
class Fragment:
    """Consecutive bases of one record; only a record longer than `BLOCK_BASES` has several.

    Attributes:
        header: The record's id and description, as the file has them.
        bases: Upper-case A, C, G, T, N.
        start: 0-based place of the first base in its record.
    """

    header: str
    bases: str
    start: int = 0

    @property
    def name(self) -> str:
        """The record's id."""
        return first_word(self.header)


def first_word(header: str) -> str:
    """The id in a header: what stands before the first white space."""
    return "".join(header.split(maxsplit=1)[:1])


def in_blocks(header: str, bases: str) -> Iterator[Fragment]:
    """A record that is in memory already, as fragments; an empty one is one empty fragment."""
    for start in range(0, max(len(bases), 1), BLOCK_BASES):
        yield Fragment(header, bases[start : start + BLOCK_BASES], start)


def no_record(origin: str) -> DataError:
    """The error for a file with nothing in it."""
    return DataError("holds no record", at=origin, fix="get the file again, or remove it")
