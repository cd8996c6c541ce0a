"""Same files: whether the data that an unfinished run was begun with are still what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

MOST_BYTES = 1 << 30
"""Of content that is read when a run is begun, of all files together: seconds; larger data go by their times."""

_NAME, _SIZE, _TIME, _CONTENT = range(4)


def with_contents(marks: Iterable[tuple[str, int, int]]) -> list[list[Any]]:
    """Name, size, time and SHA-256 of each file; of those beyond `MOST_BYTES` in all the last is None.

    A copy, a checkout or a mounted volume gives a file another time and leaves what is in it, so the time alone says
    nothing; it decides only where nothing else is known.

    Args:
        marks: Name, size and time of each file.
    """
    left, rows = MOST_BYTES, []
    for name, size, time_ns in marks:
        left -= size
        rows.append([name, size, time_ns, _content(name, size, time_ns) if left >= 0 else None])
    return rows


def difference(then: list[list[Any]], now: list[list[Any]]) -> tuple[str, str] | None:
    """The first file that differs, and what differs in it; None if the data are the same.

    Args:
        then: As `with_contents`; rows without a content are compared by their time.
        now: As `then`.
    """
    before = {row[_NAME]: row for row in then}
    for row in now:
        if what := _what_differs(before.get(row[_NAME]), row):
            return row[_NAME], what
    gone = before.keys() - {row[_NAME] for row in now}
    return (min(gone), "the file is gone") if gone else None


def _what_differs(then: list[Any] | None, now: list[Any]) -> str:
    if then is None:
        return "the file was not there"
    if then[_SIZE] != now[_SIZE]:
        return f"the file has changed its size ({then[_SIZE]:,} bytes then, {now[_SIZE]:,} now)"
    if then[_TIME] == now[_TIME]:
        return ""
    contents = [row[_CONTENT] if len(row) > _CONTENT else None for row in (then, now)]
    if None in contents:
        return "the file has changed its time, and is too large for its content to be known,"
    return "" if contents[0] == contents[1] else "the file has changed its content, not its size,"


@lru_cache(maxsize=1 << 16)
def _content(name: str, size: int, time_ns: int) -> str | None:
    """SHA-256 of a file; size and time are there so that a changed one is read again."""
    try:
        with Path(name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None  # gone since: the next reader of the data says so
