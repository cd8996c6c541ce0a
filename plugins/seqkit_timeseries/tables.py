"""Tables as Arrow batches whose text is still text, so that a wrong cell can be named and an id keeps its zeros."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from seqkit import DataError, SourceFile, first_row, read_batches, read_delimited, require_column
from seqkit_timeseries.cells import SPELT_MISSING, is_number, is_time

TYPED_SUFFIXES = (".parquet", ".jsonl", ".ndjson")
"""Tables whose cells have types; every other file is read as delimited text."""

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
    rest = cells[1:] if len(cells) > 1 and is_time(cells[0], time_format) else cells
    counted = [*map(str, range(len(cells)))]
    pandas_index = cells == ["", *counted[:-1]] or (len(cells) > 2 and cells == counted)
    if all(is_number(cell) for cell in rest) and any(cell.strip() for cell in rest) and not pandas_index:
        return Head([str(number) for number in range(1, len(cells) + 1)], cells, 0, delimiter)
    return Head([name.strip() for name in cells], following, header_lines, delimiter)


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


def _first_lines(source: SourceFile) -> tuple[int, str, str]:
    """Number of the first line that is not blank, that line, and the next such line (it may be empty)."""
    lines: list[str] = []
    number = 0
    with source.open() as stream:
        try:
            for count, raw in enumerate(stream, start=1):
                line = raw.decode("utf-8-sig").rstrip("\r\n")
                if line.strip():
                    number = number or count
                    lines.append(line)
                if len(lines) == 2:
                    break
        except (UnicodeDecodeError, EOFError, OSError) as error:
            raise DataError(f"is not a text table: {error}", at=source.origin, fix="give CSV in UTF-8") from error
    if not lines:
        raise _empty(source)
    return number, lines[0], lines[1] if len(lines) == 2 else ""


def _cells(line: str, delimiter: str, at: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:  # a carriage return inside a line, or a cell without end
        raise DataError(
            f"the line {line[:40]!r} is no row: {error}",
            at=f"{at}, header or first row",
            fix="end lines in \\n or \\r\\n",
        ) from error


def _empty(source: SourceFile) -> DataError:
    return DataError("holds no rows", at=source.origin, fix="check the file")
