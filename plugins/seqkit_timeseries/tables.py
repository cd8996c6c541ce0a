"""Tables as Arrow batches whose text is still text, so that a wrong cell can be named and an id keeps its zeros."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from seqkit import DataError, SourceFile, did_you_mean, read_batches
from seqkit_timeseries.cells import is_number, is_time

TYPED_SUFFIXES = (".parquet", ".jsonl", ".ndjson")
"""Tables whose cells have types; every other file is read as delimited text."""

_BLOCK_BYTES = 1 << 22
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
        if name not in self.names:
            raise DataError(
                f"no column {name!r}",
                at=f"{file}, --data.{option}",
                fix=did_you_mean(name, self.names) or f"columns: {', '.join(self.names[:20])}",
            )
        return name


def is_typed(source: SourceFile) -> bool:
    """Whether the table's cells have types."""
    return source.name.lower().removesuffix(".gz").endswith(TYPED_SUFFIXES)


def read_head(source: SourceFile, time_format: str | None = None) -> Head:
    """The columns of a table and its first row.

    A first line of numbers only (after a timestamp, perhaps) is data: such a file has no header.

    Raises:
        DataError: If the file is empty, not text, or names a column twice.
    """
    if is_typed(source):
        for batch in read_batches(source):
            if batch.num_rows:
                row = batch.slice(0, 1).to_pylist()[0]
                return Head(list(row), ["" if cell is None else str(cell) for cell in row.values()], 0, "")
        raise _empty(source)
    header_lines, first, second = _first_lines(source)
    delimiter = max(_DELIMITERS, key=lambda sign: (first.count(sign), sign == ","))
    cells, following = (next(csv.reader([line], delimiter=delimiter), []) for line in (first, second))
    rest = cells[1:] if len(cells) > 1 and is_time(cells[0], time_format) else cells
    pandas_index = cells == ["", *map(str, range(len(cells) - 1))]
    if all(is_number(cell) for cell in rest) and any(cell.strip() for cell in rest) and not pandas_index:
        return Head([str(number) for number in range(1, len(cells) + 1)], cells, 0, delimiter)
    names = [name.strip() for name in cells]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"column {twice[0]!r} occurs twice", at=source.origin, fix="give each column a name of its own")
    return Head(names, following, header_lines, delimiter)


def table_batches(source: SourceFile, head: Head) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of a table in batches, with the 1-based number of each batch's first row (a header does not count).

    Raises:
        DataError: Names the row that has too few or too many cells.
    """
    row = 1
    for batch in read_batches(source) if is_typed(source) else _text_batches(source, head):
        yield row, batch
        row += batch.num_rows


def _text_batches(source: SourceFile, head: Head) -> Iterator[pa.RecordBatch]:
    broken: list[Any] = []

    def note(row: Any) -> str:
        broken.append(row)
        return "error"

    read = pacsv.ReadOptions(
        block_size=_BLOCK_BYTES, use_threads=False, column_names=head.names, skip_rows=head.header_lines
    )
    parse = pacsv.ParseOptions(
        delimiter=head.delimiter,
        newlines_in_values=True,
        ignore_empty_lines=len(head.names) > 1,  # In a single column an empty line is a missing value.
        invalid_row_handler=note,
    )
    convert = pacsv.ConvertOptions(column_types={name: pa.string() for name in head.names}, strings_can_be_null=False)
    with source.open() as stream:
        try:
            yield from pacsv.open_csv(stream, read, parse, convert)
        except (pa.ArrowInvalid, EOFError, OSError) as error:
            if not broken:
                raise DataError(f"cannot be read: {error}", at=source.origin, fix="check the file") from error
            wrong = broken[0]
            raise DataError(
                f"{wrong.actual_columns} cells where {wrong.expected_columns} are expected: {wrong.text[:60]!r}",
                at=f"{source.origin}, line {wrong.number}",
                fix="give every row the header's cells, or use --data.layout rows for series of unequal length",
            ) from error


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


def _empty(source: SourceFile) -> DataError:
    return DataError("holds no rows", at=source.origin, fix="check the file")
