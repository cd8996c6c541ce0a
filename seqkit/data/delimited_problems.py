"""What is wrong with a table of delimited text, said with the line it is in."""

from __future__ import annotations

from collections import Counter
from typing import Any

from seqkit.data.sources import SourceFile
from seqkit.errors import DataError


def require_different(names: list[str], origin: str) -> None:
    """Refuse a table with two columns of one name: one of them would be lost.

    Raises:
        DataError: Names the column.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"column {twice[0]!r} occurs twice", at=origin, fix="give each column a name of its own")


def explain(source: SourceFile, ragged: list[Any], error: Exception, most_bytes: int) -> DataError:
    """The library's complaint with the line it is about.

    Args:
        source: The table.
        ragged: Rows of another width, as pyarrow's handler is given them.
        error: What pyarrow raised.
        most_bytes: Of a row.
    """
    if ragged:
        return wrong_width(source, ragged[0])
    if "Empty CSV" in str(error):
        return DataError("holds no rows", at=source.origin, fix="check the file")
    if "straddl" in str(error):
        what, fix = f"a row is longer than {most_bytes:,} bytes", "close its quote, divide it, or use JSON lines"
        return DataError(what, at=_long_line(source, most_bytes), fix=fix)
    return DataError(f"cannot be read: {error}", at=source.origin, fix="check the file")


def _long_line(source: SourceFile, most_bytes: int) -> str:
    """Where a line is longer than a block; the file itself if it is a row of many lines that is."""
    with source.open() as stream:
        number = 1
        while line := stream.readline(most_bytes):
            if len(line) == most_bytes:
                return f"{source.origin}, line {number}"
            number += 1
    return source.origin


def wrong_width(source: SourceFile, row: Any) -> DataError:
    """The error for a row with too few or too many cells."""
    other = next((sign for sign in ";\t|" if row.expected_columns == 1 and sign in row.text), None)
    return DataError(
        f"{row.actual_columns} cells where {row.expected_columns} are expected: {row.text[:60]!r}",
        at=f"{source.origin}, line {row.number}",
        fix=f"is {other!r} the delimiter? save it with commas"
        if other
        else "is a quote never closed? close it, or write it twice"
        if "\n" in row.text.strip() or row.text.count('"') % 2
        else "give every row the header's cells",
    )


def end_of(source: SourceFile) -> tuple[int, bytes]:
    """Number of the last line that is not blank, and its last byte."""
    number, last = 0, b""
    with source.open() as stream:
        for place, line in enumerate(stream, start=1):
            if content := line.rstrip():
                number, last = place, content[-1:]
    return number, last
