"""Rows of series: an id (or a class) and then the values, a line a series, as M4 and the UCR archive write them."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from typing import IO

import numpy as np

from seqkit import DataError, SourceFile, plural, report, reporting
from seqkit_timeseries.cells import LARGEST, MISSING, is_time, not_a_number, parse_number
from seqkit_timeseries.layout import TableOptions, require_no_columns
from seqkit_timeseries.series import Series, feature_names, row_times
from seqkit_timeseries.tables import MOST_BYTES, Head, is_typed, long_line


def read_rows_of_series(source: SourceFile, head: Head, options: TableOptions) -> Iterator[Series]:
    """One series a line; empty cells at the end are padding, empty cells before are missing values.

    The first cell is the id. Where labels are needed and neither the path nor `label_column` gives them, it is
    the class, and the series is named by the number of its row.

    Raises:
        DataError: Names the line without values or with something else than numbers, or whose id is empty or occurs
            twice.
    """
    file = source.origin
    require_no_columns(options, file)
    if is_typed(source):
        raise DataError("layout rows is read from delimited text", at=file, fix="write the series as CSV, or as long")
    by_path = source.label or source.folder or None
    label_at = _label_at(head, options, by_path, file)
    seen = set[str]()
    number = 0
    for line, cells in _lines(source, head):
        number += 1
        at = f"{file}, line {line}"
        with reporting():
            label = by_path if label_at is None else cells[label_at].strip() if label_at < len(cells) else ""
            name = str(number) if label_at == 0 else _name(cells[0], seen, at)
            values = _values([c for place, c in enumerate(cells) if place > 0 and place != label_at], at)
            yield Series(file, name, values, row_times(len(values)), feature_names(1), label=label or None)
    if not number:
        raise DataError("holds no rows", at=file, fix="check the file")


def _name(cell: str, seen: set[str], at: str) -> str:
    """The id of a row, which no row before it has; `seen` gets it."""
    name = cell.strip()
    if not name.isprintable() or not name:
        what = f"the id {name!r} holds control characters" if name else "the id is empty"
        raise DataError(what, at=at, fix="name each series in the first cell of its row")
    if name in seen:
        raise DataError(f"id {name!r} occurs twice", at=at, fix="give each series its own id")
    seen.add(name)
    return name


def _label_at(head: Head, options: TableOptions, by_path: str | None, file: str) -> int | None:
    """Place of the label among the cells; None where the rows hold none."""
    if options.label_column is not None and (options.label_required or options.label_column in head.names):
        return head.names.index(head.require(options.label_column, "label_column", file))
    return 0 if options.labelled and options.label_column is None and by_path is None else None


def _lines(source: SourceFile, head: Head) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header: the number of the line where each ends, and its cells."""
    with source.open() as stream:
        lines = _Text(stream, source.origin)
        rows = csv.reader(lines, delimiter=head.delimiter, strict=True)
        while True:
            begin = lines.number + 1
            try:
                cells = next(rows, None)
            except (csv.Error, UnicodeDecodeError) as error:
                report(_broken(error, f"{source.origin}, line {begin}"))
                rows = csv.reader(lines, delimiter=head.delimiter, strict=True)
                continue
            except (EOFError, OSError, zlib.error) as error:
                at = f"{source.origin}, after line {lines.number}"
                raise DataError(f"cannot be read to its end: {error}", at=at, fix="get the file again") from error
            if cells is None:
                return
            if lines.number <= head.header_lines or not any(cells):
                continue
            if head.header_lines and len(cells) > len(head.names):
                what = f"{plural(len(cells), 'cell')} where the header has {len(head.names)}"
                fix = "give the header as many cells as the longest series"
                report(DataError(what, at=f"{source.origin}, line {lines.number}", fix=fix))
                continue
            yield lines.number, cells


class _Text:
    """Lines of a stream as text, counted; a line that is no text raises and the next one follows."""

    def __init__(self, stream: IO[bytes], origin: str) -> None:
        self._stream, self._origin, self.number = stream, origin, 0

    def __iter__(self) -> _Text:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(MOST_BYTES + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > MOST_BYTES:
            raise long_line(f"{self._origin}, line {self.number}")
        return line.decode("utf-8-sig" if self.number == 1 else "utf-8")


def _broken(error: Exception, at: str) -> DataError:
    if isinstance(error, UnicodeDecodeError):
        return DataError("is not valid UTF-8", at=at, fix="save the table as UTF-8")
    if "unexpected end of data" in str(error):
        return DataError("a quote is never closed", at=at, fix="close it")
    return DataError(f"cannot be read: {error}", at=at, fix="write a quote twice where it is part of a cell")


def _values(cells: list[str], at: str) -> np.ndarray:
    """Cells as (T, 1) values, without the padding at the end."""
    while cells and cells[-1].strip().lower() in MISSING:
        cells.pop()
    if not cells:
        raise DataError("the row has no values", at=at, fix="give the series its values, or leave the row out")
    try:
        values = np.array(cells, dtype=np.float64)  # Ten times faster, but it takes infinities.
        if (np.abs(values) > LARGEST).any():
            raise ValueError
    except ValueError:
        values = np.array([_value(cell, f"{at}, step {step}") for step, cell in enumerate(cells, start=1)])
    return values.reshape(-1, 1)


def _value(cell: str, at: str) -> float:
    try:
        return parse_number(cell)
    except ValueError:
        fix = "after the id come numbers or empty cells; name another layout by --data.layout"
        if is_time(cell):
            fix = "if this is a long table with no header, write unique_id,ds,y above its first line"
        raise DataError(not_a_number(cell), at=at, fix=fix) from None
