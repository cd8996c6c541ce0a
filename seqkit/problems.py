"""Problems of data: raised at the first, as training wants it, or collected, as `seqkit check` wants it.

A reader that can go on after a bad record says `report(error)` where it would say `raise error`, and skips or mends the
record afterwards; a stretch of work that ends at the first error, such as a damaged file, stands under `reporting()`.
Free of heavy imports.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from seqkit.errors import DataError, SeqkitError

MOST_KEPT = 100_000
"""Problems kept one by one; a binary file taken for text has more, and they are only counted."""

_VALUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|\b0x[0-9a-f]+\b|(?<![\w])[-+]?\d[\d.,:\-]*(?![\w])")


@dataclass
class Collected:
    """What was noted while problems were collected.

    Attributes:
        errors: The problems, each once, in the order found.
        num_problems: How many there were, those beyond `MOST_KEPT` too.
        files: Files that were opened: path, and name inside an archive.
        seen: What readers counted that the records no longer show, by name: letters, sample rates ...
    """

    errors: list[SeqkitError] = field(default_factory=list)
    num_problems: int = 0
    files: set[tuple[Path, str | None]] = field(default_factory=set)
    seen: dict[str, Counter[str]] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def add(self, error: SeqkitError) -> None:
        """Note a problem, unless the same was noted before: data may be read more than once."""
        if str(error) in self._known:
            return
        self.num_problems += 1
        if len(self.errors) < MOST_KEPT:
            self.errors.append(error)
            self._known.add(str(error))


_OPEN: ContextVar[Collected | None] = ContextVar("collected", default=None)


@contextmanager
def collect_problems() -> Iterator[Collected]:
    """While this is open, reported problems are noted and not raised."""
    collected = Collected()
    token = _OPEN.set(collected)
    try:
        yield collected
    finally:
        _OPEN.reset(token)


def collecting() -> bool:
    """Whether problems are being collected, so that it is worth looking for more than the first."""
    return _OPEN.get() is not None


def report(error: DataError) -> None:
    """Raise the error, or note it while problems are collected; the caller then goes on without the bad part.

    Args:
        error: What is wrong, where, and how to fix it.
    """
    collected = _OPEN.get()
    if collected is None:
        raise error
    collected.add(error)


@contextmanager
def reporting() -> Iterator[None]:
    """Work that ends at its first `DataError`, as that of a file that is cut short; what follows may go on.

    The consumer of a generator may be inside: an error of the consumer's own is not caught here.
    """
    try:
        yield
    except DataError as error:
        collected = _OPEN.get()
        if collected is None:
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
