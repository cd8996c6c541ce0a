"""Problems of data: raised at the first, or collected, as `seqkit check` and `--data.on_bad_record skip` want it.

A reader that can go on after a bad record says `report(error)` where it would say `raise error`, and leaves the record
out afterwards; a stretch of work that ends at the first error, such as a damaged file, stands under `reporting()`. A
reader that hands a record over in parts looks at all of it before its first part while problems are collected: what
has been handed over cannot be taken back. Free of heavy imports.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from seqkit.collected import Collected
from seqkit.errors import DataError, SeqkitError, StructureError, TooManyBadRecords

_VALUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|\b0x[0-9a-f]+\b|(?<![\w])[-+]?\d[\d.,:\-]*(?![\w])")


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
        error.of_a_record = not isinstance(error, StructureError)
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


def begin_reading(path: str) -> None:
    """Say that a path is read from its beginning, perhaps not for the first time: good units are counted anew.

    The core says it of what `divide` reads. A domain that reads several paths for one split says it itself, in the
    generator that reads: the share of bad records is one of all paths together.

    Args:
        path: Its name.
    """
    collected = _OPEN.get()
    if collected is not None:
        collected.begin_reading(path)


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
