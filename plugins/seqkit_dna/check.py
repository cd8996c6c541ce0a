"""What `seqkit check` tells of nucleotides: letters, runs of N, and records that are another's reverse complement."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
from Bio.Seq import reverse_complement

from seqkit import Inspector, Record

_LETTERS = "ACGTN"
_RUN = re.compile("N+")
_MANY_N = 0.05


class DnaInspector(Inspector):
    """Counts letters of canonical sequences; the letters for several bases are N by then."""

    def __init__(self) -> None:
        self._counts = np.zeros(256, np.int64)
        self._runs = self._longest = self._open_run = 0
        self._whole: str | None = None
        self._own, self._either = bytearray(), bytearray()

    def add(self, record: Record) -> None:
        """Count the letters of a record or of its next part."""
        bases = str(record.sequence)
        self._counts += np.bincount(np.frombuffer(bases.encode("ascii"), np.uint8), minlength=256)
        if record.continues:
            self._whole = None  # Only records of one part are compared: nothing longer is held.
        else:
            self._remember()
            self._whole, self._open_run = bases, 0
        self._count_runs(bases)

    def facts(self) -> dict[str, Any]:
        """Letters, GC content, runs of N, strands."""
        counts = {letter: int(self._counts[ord(letter)]) for letter in _LETTERS}
        known = sum(counts[letter] for letter in "ACGT")
        if not known + counts["N"]:
            return {}
        shown: dict[str, Any] = {
            "letters": {letter: count for letter, count in counts.items() if count},
            "gc_share": (counts["G"] + counts["C"]) / max(known, 1),
        }
        if self._runs:
            shown |= {"n_share": counts["N"] / max(known + counts["N"], 1)}
            shown |= {"runs_of_n": self._runs, "longest_run_of_n": self._longest}
        return shown | ({"reverse_complements": mirrored} if (mirrored := self._mirrored()) else {})

    def warnings(self) -> list[str]:
        """Equal records on opposite strands, and much that is unknown."""
        said, total = [], int(self._counts.sum())
        if mirrored := self._mirrored():
            one = "1 record is" if mirrored == 1 else f"{mirrored:,} records are"
            said.append(f"{one} the reverse complement of another: a split may part the two")
        if total and self._counts[ord("N")] / total > _MANY_N:
            said.append(f"{self._counts[ord('N')] / total:.1%} of the letters are N or stand for several bases")
        return said

    def _count_runs(self, bases: str) -> None:
        """Runs of N; one at the end of a part may go on in the next."""
        for run in _RUN.finditer(bases):
            length = run.end() - run.start() + (self._open_run if run.start() == 0 else 0)
            self._runs += not (run.start() == 0 and self._open_run)
            self._longest = max(self._longest, length)
            last = length if run.end() == len(bases) else 0
            self._open_run = last
        if not bases.endswith("N") and bases:
            self._open_run = 0

    def _remember(self) -> None:
        """Hashes of the record before: of its own letters, and of the lesser of its two strands."""
        if self._whole is not None:
            other = reverse_complement(self._whole)  # type: ignore[no-untyped-call]
            self._own += _digest(self._whole)
            self._either += _digest(min(self._whole, other))
            self._whole = None

    def _mirrored(self) -> int:
        """Records that only the other strand makes equal to an earlier one."""
        self._remember()
        return _num_different(self._own) - _num_different(self._either)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).digest()


def _num_different(digests: bytearray) -> int:
    return len(np.unique(np.frombuffer(bytes(digests), dtype="V16"))) if digests else 0
