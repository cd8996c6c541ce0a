"""Rows of series: an id (or a class) and then the values, a line a series, as M4 and the UCR archive write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np

from seqkit import DataError, SourceFile, report
from seqkit_timeseries.cells import MISSING, parse_number
from seqkit_timeseries.layout import TableOptions, require_no_columns
from seqkit_timeseries.series import Series, feature_names, row_times
from seqkit_timeseries.tables import Head, is_typed


def read_rows_of_series(source: SourceFile, head: Head, options: TableOptions) -> Iterator[Series]:
    """One series a line; empty cells at the end are padding, empty cells before are missing values.

    The first cell is the id. Where labels are needed and neither the path nor `label_column` gives them, it is
    the class, and the series is named by the number of its row.

    Raises:
        DataError: Names the line that holds something else than numbers, or an id that occurs twice.
    """
    file = source.origin
    require_no_columns(options, file)
    if is_typed(source):
        raise DataError("layout rows is read from delimited text", at=file, fix="write the series as CSV, or as long")
    by_path = source.label or source.folder or None
    label_at = _label_at(head, options, by_path, file)
    seen = set[str]()
    for number, line, cells in _lines(source, head):
        label = by_path if label_at is None else cells[label_at].strip() if label_at < len(cells) else ""
        name = str(number) if label_at == 0 else cells[0].strip()
        if name in seen:
            report(DataError(f"id {name!r} occurs twice", at=f"{file}, line {line}", fix="give each series its own id"))
        seen.add(name)
        values = _values([c for at, c in enumerate(cells) if at > 0 and at != label_at], f"{file}, line {line}")
        yield Series(file, name, values, row_times(len(values)), feature_names(1), label=label or None)


def _label_at(head: Head, options: TableOptions, by_path: str | None, file: str) -> int | None:
    """Place of the label among the cells; None where the rows hold none."""
    if options.label_column is not None and (options.label_required or options.label_column in head.names):
        return head.names.index(head.require(options.label_column, "label_column", file))
    return 0 if options.labelled and options.label_column is None and by_path is None else None


def _lines(source: SourceFile, head: Head) -> Iterator[tuple[int, int, list[str]]]:
    """Number of the row, number of its line, and its cells."""
    with source.open() as stream:
        rows = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""), delimiter=head.delimiter)
        number = 0
        try:
            for cells in rows:
                if rows.line_num <= head.header_lines or not any(cells):
                    continue
                number += 1
                if head.header_lines and len(cells) > len(head.names):
                    what = f"{len(cells)} cells where the header has {len(head.names)}"
                    fix = "give the header as many cells as the longest series"
                    report(DataError(what, at=f"{source.origin}, line {rows.line_num}", fix=fix))
                yield number, rows.line_num, cells
        except (UnicodeDecodeError, csv.Error, EOFError, OSError) as error:
            at = f"{source.origin}, after line {rows.line_num}"
            raise DataError(f"cannot be read: {error}", at=at, fix="check the file") from error


def _values(cells: list[str], at: str) -> np.ndarray:
    """Cells as (T, 1) values, without the padding at the end."""
    while cells and cells[-1].strip().lower() in MISSING:
        cells.pop()
    try:
        values = np.array(cells, dtype=np.float64)  # Ten times faster, but it takes infinities.
        if np.isinf(values).any():
            raise ValueError
    except ValueError:
        values = _slowly(cells, at)
    return values.reshape(-1, 1)


def _slowly(cells: list[str], at: str) -> np.ndarray:
    values = np.empty(len(cells))
    for step, cell in enumerate(cells):
        try:
            values[step] = parse_number(cell)
        except ValueError:
            values[step] = np.nan
            fix = "after the id come numbers or empty cells; name another layout by --data.layout"
            report(DataError(f"{cell!r} is not a finite number", at=f"{at}, step {step + 1}", fix=fix))
    return values
