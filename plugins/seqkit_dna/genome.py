"""Genome: the contigs of a file by name, any stretch of them at once."""

from __future__ import annotations

import tempfile
from typing import final

import numpy as np

from seqkit import DataError, did_you_mean
from seqkit_dna.reading import Reading


@final
class Genome:
    """Contigs of a FASTA or GenBank file, kept in a temporary file and mapped: no chromosome is held in memory.

    Args:
        path: The file; `.gz` is unpacked.

    Raises:
        DataError: If it cannot be read, or two contigs share a name.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._places: dict[str, tuple[int, int]] = {}
        begin = end = 0
        with tempfile.TemporaryFile() as file:  # The map outlives it.
            for _, fragment in Reading(ambiguous="n").contigs(path):
                if fragment.start == 0:
                    begin = end
                    if fragment.name in self._places:
                        what = f"two contigs are called {fragment.name!r}"
                        raise DataError(what, at=path, fix="give each contig a name of its own")
                file.write(fragment.bases.encode())
                end += len(fragment.bases)
                self._places[fragment.name] = begin, end
            file.flush()
            self._bases = np.memmap(file, np.uint8, mode="r")

    def length(self, contig: str, at: str) -> int:
        """Number of bases of a contig.

        Args:
            contig: Its name.
            at: Who asks for it, for errors.

        Raises:
            DataError: If there is no such contig; names the nearest one.
        """
        if contig not in self._places:
            near = did_you_mean(contig, self._places) or _other_style(contig, self._places)
            known = ", ".join(list(self._places)[:5])
            raise DataError(
                f"no contig {contig!r} in {self.path}", at=at, fix=near or f"use the same names; it has {known}"
            )
        begin, end = self._places[contig]
        return end - begin

    def bases(self, contig: str, begin: int, end: int) -> str:
        """Bases [begin, end) of a contig, 0-based, within its ends: upper-case A, C, G, T, N."""
        first, last = self._places[contig]
        return self._bases[first + max(begin, 0) : min(first + end, last)].tobytes().decode("ascii")


def _other_style(contig: str, names: dict[str, tuple[int, int]]) -> str | None:
    """`chr1` for `1` and the other way round, which no likeness of letters finds."""
    other = contig[3:] if contig.startswith("chr") else f"chr{contig}"
    return f"did you mean {other!r}?" if other in names else None
