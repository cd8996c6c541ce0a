"""Collected: bad records and good ones of a data set, each counted once however often the data are read."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from seqkit.errors import SeqkitError, StructureError, TooManyBadRecords
from seqkit.wording import plural

MOST_KEPT = 100_000
"""Problems kept one by one; a binary file taken for text has more, and they are only counted."""

MOST_BYTES = 1 << 16
"""Of a bad record that are kept."""

MOST_BYTES_IN_ALL = 1 << 26
"""Of all bad records that are kept: a file of many long ones must not fill the memory."""

ALL_OF_THEM = "mend them (all of them: seqkit check DATA --domain NAME --out problems.csv)"
"""What to do where there are too many."""


@dataclass(frozen=True)
class Problem:
    """One bad record.

    Attributes:
        error: What is wrong, where, and how to fix it.
        record: The record as it stands in the file, if its reader gave it; cut at `MOST_BYTES`.
        was_counted: Whether it had passed for a good one before, as a clip whose name was read before its sound.
    """

    error: SeqkitError
    record: str | None = None
    was_counted: bool = False


@dataclass
class Collected:
    """What was noted while problems were collected.

    Attributes:
        problems: Each once, in the order found.
        num_problems: How many there were, those beyond `MOST_KEPT` too.
        most: More problems than these are an error, `TooManyBadRecords`.
        strict: A `StructureError` is raised all the same: it is no bad record.
        files: Files that were opened: path, and name inside an archive.
        seen: What readers counted that the records no longer show, by name: letters, sample rates ...
        most_passed: Of each path, records that passed in the longest reading or, where they are more, units of them
            such as lines; "" stands for readings that do not say what they read.
        num_taken_back: Of these, what turned out to be bad later.
        num_handed_on: Counted records that a consumer is looking at: a problem now is one of theirs.
    """

    problems: list[Problem] = field(default_factory=list)
    num_problems: int = 0
    most: float = math.inf
    strict: bool = False
    files: set[tuple[Path, str | None]] = field(default_factory=set)
    seen: dict[str, Counter[str]] = field(default_factory=dict)
    _known: set[int] = field(default_factory=set)
    most_passed: Counter[str] = field(default_factory=Counter)
    num_taken_back: int = 0
    num_handed_on: int = 0
    _passing: Counter[str] = field(default_factory=Counter)
    _path: str = ""
    _num_bytes: int = 0

    @property
    def num_passed(self) -> int:
        """Good records, or units of them."""
        of_paths = self.most_passed.total() - self.most_passed[""]
        return max(of_paths - self.num_taken_back, self.most_passed[""] - self.num_taken_back, 0)

    @property
    def errors(self) -> list[SeqkitError]:
        """The errors of the problems kept."""
        return [problem.error for problem in self.problems]

    def add(self, error: SeqkitError, record: str | bytes | None = None, was_counted: bool | None = None) -> None:
        """Note a problem, unless the same was noted before: data may be read more than once.

        Args:
            error: What is wrong.
            record: The bad record.
            was_counted: Whether it has passed for a good one; None: if a counted one is being looked at.

        Raises:
            TooManyBadRecords: If there are more than `most` by now.
        """
        mark = hash(str(error))  # 64 bits each: millions of messages would not fit
        if mark in self._known:
            return
        self._known.add(mark)
        self.num_problems += 1
        was_counted = self.num_handed_on > 0 if was_counted is None else was_counted
        self.num_taken_back += was_counted
        if len(self.problems) < MOST_KEPT:
            self.problems.append(Problem(error, self._kept(record), was_counted))
        if self.num_problems > self.most:
            many = plural(self.num_problems, "bad record")
            what = f"{many}; the last one: {error.what}"
            raise TooManyBadRecords(what, at=error.at, fix=f"{ALL_OF_THEM}, or allow more: --max-bad")

    def _kept(self, record: str | bytes | None) -> str | None:
        """As much of a record as there is room for."""
        excerpt = _excerpt(record)
        if excerpt is None or self._num_bytes + len(excerpt) > MOST_BYTES_IN_ALL:
            return None
        self._num_bytes += len(excerpt)
        return excerpt

    def refuses(self, error: SeqkitError) -> bool:
        """Whether a problem is not to be noted but raised."""
        return self.strict and isinstance(error, StructureError)

    def begin_reading(self, path: str = "") -> None:
        """A reading of a path begins, perhaps not the first one: what passes is counted anew."""
        self._path = path
        self._passing.clear()

    def passed(self, unit: str, count: int) -> None:
        """Count good units of a kind."""
        self._passing[unit] += count
        self.most_passed[self._path] = max(self.most_passed[self._path], self._passing[unit])


def _excerpt(record: str | bytes | None) -> str | None:
    """A record as text that JSON can hold; bytes that are no UTF-8 stay visible as escapes."""
    if isinstance(record, bytes):
        record = record[:MOST_BYTES].decode("utf-8", "backslashreplace")
    return None if record is None else record[:MOST_BYTES]
