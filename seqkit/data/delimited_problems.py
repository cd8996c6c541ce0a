"""What is wrong with a table of delimited text, said with the line it is in."""

from __future__ import annotations

import csv
import io
import zlib
from collections import Counter
from collections.abc import Generator
from typing import Any

from seqkit.data.sources import SourceFile
from seqkit.errors import DataError
from seqkit.wording import plural, quoted

MOST_ROW_BYTES = 1 << 22
"""A document can be a row; a longer one is a quote that is never closed."""


class RowLines:
    """Finds the lines that rows begin in: pyarrow numbers rows, which may be of many lines, and passes over blank ones.

    The file is read again, no further than asked for, when a row is first asked for.

    Args:
        source: The table.
        delimiter: What separates cells.
        num_skipped: Lines before the first row that pyarrow looks at.
        blank_rows: Whether a blank line is a row.
    """

    def __init__(self, source: SourceFile, delimiter: str, num_skipped: int, blank_rows: bool) -> None:
        self._source, self._delimiter = source, delimiter
        self._num_skipped, self._blank_rows = num_skipped, blank_rows
        self._begun = self._begins()
        self._rows = enumerate(self._begun, start=1)

    def line(self, row: int) -> int | None:
        """The line that a row begins in, given its number from 1; each number is larger than the one before."""
        return next((line for number, line in self._rows if number == row), None)

    def place(self, number: int) -> str:
        """The same in words, with the file, given pyarrow's number of the row, which counts what was skipped."""
        found = self.line(number - self._num_skipped)
        return f"{self._source.origin}, " + (f"row {number}" if found is None else f"line {found}")

    def close(self) -> None:
        """Let the file go."""
        self._begun.close()

    def _begins(self) -> Generator[int, None, None]:
        with self._source.open() as stream:
            lines = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
            for _ in range(self._num_skipped):
                lines.readline()
            rows, begin = csv.reader(lines, delimiter=self._delimiter), 1
            while True:
                before = csv.field_size_limit(MOST_ROW_BYTES)  # one for the whole process
                try:
                    row = next(rows, None)
                except (csv.Error, OSError, EOFError, zlib.error):
                    return  # The reading that found the row names the damage, too.
                finally:
                    csv.field_size_limit(before)
                if row is None:
                    return
                if row or self._blank_rows:
                    yield self._num_skipped + begin
                begin = rows.line_num + 1


def require_different(names: list[str], origin: str) -> None:
    """Refuse a table with two columns of one name: one of them would be lost.

    Raises:
        DataError: Names the column.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"column {twice[0]!r} occurs twice", at=origin, fix="give each column a name of its own")


def explain(source: SourceFile, ragged: list[Any], error: Exception, lines: RowLines) -> DataError:
    """The library's complaint with the line it is about.

    Args:
        source: The table.
        ragged: Rows of another width, as pyarrow's handler is given them.
        error: What pyarrow raised.
        lines: Of the table.
    """
    if ragged:
        return wrong_width(lines.place(ragged[0].number), ragged[0])
    if "Empty CSV" in str(error):
        return DataError("holds no rows", at=source.origin, fix="check the file")
    if "straddl" in str(error):
        what, fix = f"a row is longer than {MOST_ROW_BYTES:,} bytes", "close its quote, divide it, or use JSON lines"
        return DataError(what, at=_long_line(source), fix=fix)
    return DataError(f"cannot be read: {error}", at=source.origin, fix="check the file")


def _long_line(source: SourceFile) -> str:
    """Where a line is longer than a block; the file itself if it is a row of many lines that is."""
    with source.open() as stream:
        number = 1
        while line := stream.readline(MOST_ROW_BYTES):
            if len(line) == MOST_ROW_BYTES:
                return f"{source.origin}, line {number}"
            number += 1
    return source.origin


def wrong_width(at: str, row: Any) -> DataError:
    """The error for a row with too few or too many cells."""
    other = next((sign for sign in ";\t|" if row.expected_columns == 1 and sign in row.text), None)
    return DataError(
        f"{plural(row.actual_columns, 'cell')} where {row.expected_columns} are expected: {quoted(row.text, 60)}",
        at=at,
        fix=f"is {other!r} the delimiter? save it with commas"
        if other
        else "is a quote never closed? close it, or write it twice"
        if "\n" in row.text.strip() or row.text.count('"') % 2
        else "give every row the header's cells",
    )


def end_of(source: SourceFile) -> tuple[int, str]:
    """Number of the last line that is not blank, and that line."""
    number, last = 0, b""
    with source.open() as stream:
        for place, line in enumerate(stream, start=1):
            if content := line.rstrip():
                number, last = place, content
    return number, last.decode("utf-8", "replace")
