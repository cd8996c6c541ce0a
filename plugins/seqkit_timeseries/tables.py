"""Tables as Arrow batches whose text is still text, so that a wrong cell can be named and an id keeps its zeros."""

from __future__ import annotations

import csv
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from seqkit import (
    DataError,
    RowLines,
    SourceFile,
    StructureError,
    first_row,
    foreign_format,
    quoted,
    read_batches,
    read_delimited,
    require_column,
)
from seqkit_timeseries.cells import SPELT_MISSING, is_number, is_time

TYPED_SUFFIXES = (".parquet", ".jsonl", ".ndjson")
"""Tables whose cells have types; every other file is read as delimited text."""

MOST_BYTES = 1 << 24
"""Longest line of delimited text: a million numbers."""

_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Head:
    """What the beginning of a table shows.

    Attributes:
        names: Names of the columns: from the header, or "1", "2" ... where there is none.
        first: Cells of the first row.
        header_lines: Lines up to the end of the header; 0 where there is none.
        delimiter: What separates cells; "" in a typed table.
    """

    names: list[str]
    first: list[str]
    header_lines: int
    delimiter: str

    def require(self, name: str, option: str, file: str) -> str:
        """A column that must be there.

        Raises:
            DataError: Names the option, the file and the nearest column.
        """
        return require_column(name, self.names, file, f"--data.{option}")


def is_typed(source: SourceFile) -> bool:
    """Whether the table's cells have types."""
    return source.name.lower().removesuffix(".gz").endswith(TYPED_SUFFIXES)


def read_head(source: SourceFile, time_format: str | None = None) -> Head:
    """The columns of a table and its first row.

    A first line of numbers only (after a timestamp, perhaps) is data: such a file has no header.

    Raises:
        DataError: If the file is empty or not text.
    """
    if is_typed(source):
        for batch in read_batches(source):
            if batch.num_rows:
                row = batch.slice(0, 1).to_pylist()[0]
                return Head(list(row), ["" if cell is None else str(cell) for cell in row.values()], 0, "")
        raise _empty(source)
    header_lines, first, second = _first_lines(source)
    delimiter = max(_DELIMITERS, key=lambda sign: (first.count(sign), sign == ","))
    cells, following = (_cells(line, delimiter, source.origin) for line in (first, second))
    if not _is_header(cells, following, time_format):
        return Head([str(number) for number in range(1, len(cells) + 1)], cells, 0, delimiter)
    names = [name.strip() for name in cells]
    _require_names(names, first, source.origin)
    if not second:
        raise _empty(source)
    return Head(names, following, header_lines, delimiter)


def _is_header(cells: list[str], following: list[str], time_format: str | None) -> bool:
    """Whether the first line holds names, by its cells and those of the line after it."""
    rest = cells[1:] if len(cells) > 1 and is_time(cells[0], time_format) else cells
    counted = [*map(str, range(len(cells)))]
    if cells == ["", *counted[:-1]] or (len(cells) > 2 and cells == counted):
        return True  # As pandas writes an index.
    if all(is_number(cell) for cell in rest) and any(cell.strip() for cell in rest):
        return False
    values = cells[1:]
    if len(values) < 2 or not all(map(is_number, values)) or values in (counted[1:], counted[:-1]):
        return True
    # An id and numbers that do not count: a row of series, unless the line after it begins in another way.
    begins = following[0] if following else cells[0]
    return not any(cell.strip() for cell in values) or is_number(begins) or is_time(begins, time_format)


def _require_names(names: list[str], line: str, file: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise StructureError(f"column {twice[0]!r} occurs twice", at=file, fix="give each column a name of its own")
    if len(names) == 1 and "|" in line:
        fix = "save the table with commas, semicolons or tabs"
        raise StructureError("'|' is the delimiter", at=f"{file}, header", fix=fix)


def table_batches(
    source: SourceFile, head: Head, types: dict[str, pa.DataType] | None = None
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of a table in batches, with the 1-based number of each batch's first row (a header does not count).

    Args:
        source: The file.
        head: Of this file.
        types: Columns of delimited text that are expected to be numbers or times; parsed on the way while they are.

    Raises:
        DataError: Names the row that has too few or too many cells.
    """
    row = 1
    if is_typed(source):
        batches = read_batches(source)
    else:
        batches = read_delimited(source, head.delimiter, head.names, head.header_lines, types, SPELT_MISSING)
    for batch in batches:
        row = first_row(batch, row)
        yield row, batch
        row += batch.num_rows


def row_lines(source: SourceFile, head: Head) -> RowLines | None:
    """Finds the lines that rows begin in; None for a typed table."""
    if is_typed(source):
        return None
    return RowLines(source, head.delimiter, head.header_lines, blank_rows=len(head.names) == 1)


def _first_lines(source: SourceFile) -> tuple[int, str, str]:
    """Number of the first line that is not blank, that line, and the next such line (it may be empty)."""
    _refuse_binary(source)
    lines: list[str] = []
    number = count = 0
    with source.open() as stream:
        try:
            while len(lines) < 2 and (raw := stream.readline(MOST_BYTES + 1)):
                count += 1
                if len(raw) > MOST_BYTES:
                    raise long_line(f"{source.origin}, line {count}")
                line = raw.decode("utf-8-sig" if count == 1 else "utf-8").rstrip("\r\n")
                if line.strip():
                    number = number or count
                    lines.append(line)
        except UnicodeDecodeError as error:
            if not lines:
                at = f"{source.origin}, line {count}"
                raise StructureError("is not valid UTF-8", at=at, fix="save the table as UTF-8") from error
            lines.append(raw.decode("utf-8", errors="replace"))  # A row, which its reader reports.
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"cannot be read: {error}", at=source.origin, fix="get the file again") from error
    if not lines:
        raise _empty(source)
    return number, lines[0], lines[1] if len(lines) == 2 else ""


def _refuse_binary(source: SourceFile) -> None:
    """Refuse what is named like a table and is something else.

    Raises:
        StructureError: Says what it is.
    """
    with source.open() as stream:
        try:
            beginning = stream.read(1 << 12)
        except (EOFError, OSError, zlib.error):
            return  # A damaged file, which its reader names.
    kind, fix = foreign_format(beginning) or ("", "")
    if not kind and b"\0" in beginning.partition(b"\n")[0]:
        kind, fix = "no text: its first line holds NUL", "save the table as UTF-8"
    elif not kind and beginning.lstrip()[:2] in (b'{"', b"[{"):
        kind, fix = "JSON", "write an object a line, and give the file the ending .jsonl"
    if kind:
        raise StructureError(f"is {kind}, not delimited text", at=f"{source.origin}, line 1", fix=fix)


def long_line(at: str) -> DataError:
    """The error for a line that is no row of any table."""
    return DataError(f"a line is longer than {MOST_BYTES:,} bytes", at=at, fix="is it text, and are lines ended?")


def _cells(line: str, delimiter: str, at: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:  # a carriage return inside a line, or a cell without end
        fix = "is it text, and are lines ended?" if "field limit" in str(error) else "end lines in \\n or \\r\\n"
        what = f"the line {quoted(line)} is no row: {error}"
        raise StructureError(what, at=f"{at}, header or first row", fix=fix) from error


def _empty(source: SourceFile) -> DataError:
    return DataError("holds no rows", at=source.origin, fix="check the file")
