"""Problems of data: raised at the first, or collected, as `seqkit check` and `--data.on_bad_record skip` want it.

A reader that can go on after a bad record says `report(error)` where it would say `raise error`, and leaves the record
out afterwards; a stretch of work that ends at the first error, such as a damaged file, stands under `reporting()`. A
reader that hands a record over in parts looks at all of it before its first part while problems are collected: what
has been handed over cannot be taken back. Free of heavy imports.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from seqkit.errors import DataError, SeqkitError, StructureError, TooManyBadRecords

MOST_KEPT = 100_000
"""Problems kept one by one; a binary file taken for text has more, and they are only counted."""

MOST_BYTES = 1 << 16
"""Of a bad record that are kept."""

_FIX = "mend them, or allow more: --data.max_bad"

_VALUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|\b0x[0-9a-f]+\b|(?<![\w])[-+]?\d[\d.,:\-]*(?![\w])")


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
        most_passed: Records that passed in the longest reading or, where they are more, units of them such as lines.
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
    most_passed: int = 0
    num_taken_back: int = 0
    num_handed_on: int = 0
    _passing: Counter[str] = field(default_factory=Counter)

    @property
    def num_passed(self) -> int:
        """Good records, or units of them."""
        return max(self.most_passed - self.num_taken_back, 0)

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
            self.problems.append(Problem(error, _excerpt(record), was_counted))
        if self.num_problems > self.most:
            raise TooManyBadRecords(
                f"{self.num_problems:,} bad records; the last one: {error.what}", at=error.at, fix=_FIX
            )

    def refuses(self, error: SeqkitError) -> bool:
        """Whether a problem is not to be noted but raised."""
        return self.strict and isinstance(error, StructureError)

    def begin_reading(self) -> None:
        """Another reading of the same data begins: what passes is counted anew."""
        self._passing.clear()

    def passed(self, unit: str, count: int) -> None:
        """Count good units of a kind."""
        self._passing[unit] += count
        self.most_passed = max(self.most_passed, self._passing[unit])


_OPEN: ContextVar[Collected | None] = ContextVar("collected", default=None)


@contextmanager
def collect_problems(into: Collected | None = None) -> Iterator[Collected]:
    """While this is open, reported problems are noted and not raised.

    Args:
        into: Where to; None takes a fresh one.
    """
    collected = Collected() if into is None else into
    token = _OPEN.set(collected)
    try:
        yield collected
    finally:
        _OPEN.reset(token)


def collecting() -> bool:
    """Whether problems are being collected, so that it is worth looking for more than the first."""
    return _OPEN.get() is not None


def report(error: DataError, record: str | bytes | None = None) -> None:
    """Raise the error, or note it while problems are collected; the caller then goes on without the bad record.

    Args:
        error: What is wrong, where, and how to fix it.
        record: The bad record as it stands in the file, for whoever wants to mend it.

    Raises:
        TooManyBadRecords: If more were found than the user allows.
    """
    collected = _OPEN.get()
    if collected is None or collected.refuses(error):
        raise error
    collected.add(error, record)


@contextmanager
def handing_on(unit: str, count: int = 1) -> Iterator[None]:
    """While a consumer looks at a record that has passed: what it reports is wrong with that record.

    Args:
        unit: The name under which it is counted.
        count: How much it counts.
    """
    collected = _OPEN.get()
    if collected is None:
        yield
        return
    collected.passed(unit, count)
    collected.num_handed_on += 1
    try:
        yield
    finally:
        collected.num_handed_on -= 1


def begin_reading() -> None:
    """Say that data are read from their beginning, perhaps not for the first time: good units are counted anew."""
    collected = _OPEN.get()
    if collected is not None:
        collected.begin_reading()


def passed(unit: str, count: int = 1) -> None:
    """Count good units, such as lines, of which a record has many: the share of bad ones is told by them.

    Args:
        unit: Their name.
        count: How many.
    """
    collected = _OPEN.get()
    if collected is not None:
        collected.passed(unit, count)


@contextmanager
def reporting() -> Iterator[None]:
    """Work that ends at its first `DataError`, as that of a file that is cut short; what follows may go on.

    The consumer of a generator may be inside: an error of the consumer's own is not caught here.
    """
    try:
        yield
    except TooManyBadRecords:
        raise
    except DataError as error:
        collected = _OPEN.get()
        if collected is None or collected.refuses(error):
            raise
        collected.add(error)


def observe(name: str, value: object, count: int = 1) -> None:
    """Count something that the record will no longer show, such as a file's sample rate; only while collecting.

    Args:
        name: What is counted.
        value: The case.
        count: How often.
    """
    collected = _OPEN.get()
    if collected is not None:
        collected.seen.setdefault(name, Counter())[str(value)] += count


def observed(name: str) -> dict[str, int]:
    """What `observe` has counted under a name so far, the most frequent case first."""
    collected = _OPEN.get()
    return dict(collected.seen.get(name, Counter()).most_common()) if collected is not None else {}


def observe_file(path: Path, member: str | None) -> None:
    """Note that a file is being read."""
    collected = _OPEN.get()
    if collected is not None:
        collected.files.add((path, member))


def kind_of(error: SeqkitError) -> str:
    """The message with its values taken out: problems of one kind read alike.

    Example:
        >>> kind_of(DataError("'12,5' is not a finite number"))
        '… is not a finite number'
    """
    return _VALUE.sub("…", error.what)


def _excerpt(record: str | bytes | None) -> str | None:
    """A record as text that JSON can hold; bytes that are no UTF-8 stay visible as escapes."""
    if isinstance(record, bytes):
        record = record[:MOST_BYTES].decode("utf-8", "backslashreplace")
    return None if record is None else record[:MOST_BYTES]
