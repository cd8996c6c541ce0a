"""Cells of a table to numbers and times; what is neither is an error with its value and its row."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from seqkit import DataError, report

MISSING = ("", "nan", "na", "n/a", "<na>", "null", "none", "?")
"""What counts as a missing value, whatever the case."""

SPELT_MISSING = tuple(
    sorted({spelt for m in MISSING for spelt in (m, m.upper(), m.capitalize(), "NaN", "<NA>", "N/A")})
)
"""The usual spellings of these; other ones cost time, not data."""

NO_TIME = np.iinfo(np.int64).min
"""Stands for a time that was reported as unusable; as a timestamp it is numpy's NaT."""


def parse_number(cell: str) -> float:
    """A cell as a number, NaN where it is missing.

    Raises:
        ValueError: If it is text, or infinite.

    Example:
        >>> parse_number(" 1.5e3"), parse_number("NA")
        (1500.0, nan)
    """
    text = cell.strip()
    if text.lower() in MISSING:
        return math.nan
    if "_" in text:  # Python reads 1_000; no data file means that.
        raise ValueError(cell)
    number = float(text)
    if math.isinf(number):
        raise ValueError(cell)
    return number


def is_number(cell: str) -> bool:
    """Whether a cell is a number or missing."""
    try:
        parse_number(cell)
    except ValueError:
        return False
    return True


def is_time(cell: str, time_format: str | None = None) -> bool:
    """Whether a cell is a timestamp and not a plain number."""
    if time_format is None and is_number(cell):
        return False
    try:
        return not pd.isna(pd.to_datetime(cell, format=time_format or "ISO8601"))
    except (ValueError, OverflowError):
        return False


def numbers(column: pa.Array, name: str, first_row: int, file: str) -> np.ndarray:
    """A column as float64, NaN where it is missing.

    Args:
        column: Text or numbers.
        name: Its name, for the error.
        first_row: 1-based number of its first row in the file.
        file: Name of the file.

    Raises:
        DataError: Names the first cell that is text or infinite, its row and its column.
    """
    column = _plain(column)
    if _is_text(column.type):
        values = _from_text(column, name, first_row, file)
    elif pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    else:
        try:
            values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise DataError(
                f"column {name!r} holds {column.type}, not numbers",
                at=file,
                fix="choose others: --data.value_columns; if it is the time: --data.time_column",
            ) from None
    infinite = np.isinf(values)
    for row in np.flatnonzero(infinite):
        report(_not_a_number(str(values[row]), name, first_row + int(row), file))
    return np.where(infinite, np.nan, values) if infinite.any() else values


def times(column: pa.Array, name: str, first_row: int, file: str, time_format: str | None) -> np.ndarray:
    """A column as datetime64[us] (in UTC where an offset is given) or, for whole numbers, int64.

    Args:
        column: Text, timestamps, dates or whole numbers.
        name: Its name.
        first_row: 1-based number of its first row.
        file: Name of the file.
        time_format: strptime format of text; None reads ISO 8601.

    Raises:
        DataError: Names the first cell that is no time, its row and its column.
    """
    column = _plain(column)
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        for row in np.flatnonzero(np.asarray(column.is_null())):
            report(_not_a_time(None, name, first_row + int(row), file))
        stamps = column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
        return np.asarray(stamps.to_numpy(zero_copy_only=False), dtype="M8[us]")
    if not _is_text(kind) and time_format is None:
        return _whole(numbers(column, name, first_row, file), name, first_row, file)
    column = column.cast(pa.string())
    cells = (cell.as_py() or "" for cell in column)
    if time_format is None and is_number(next((c for c in cells if c.strip().lower() not in MISSING), "")):
        return _whole(_from_text(column, name, first_row, file), name, first_row, file)
    texts = column.to_pandas()
    parsed = pd.to_datetime(texts, format=time_format or "ISO8601", utc=True, errors="coerce")
    for row in np.flatnonzero(parsed.isna().to_numpy()):
        report(_not_a_time(texts.iloc[row], name, first_row + int(row), file))
    return np.asarray(parsed.dt.tz_localize(None), dtype="M8[us]")


def texts(column: pa.Array) -> np.ndarray:
    """A column as strings, (N,) object; a missing cell is the empty string."""
    return np.asarray(text_column(column), dtype=object)


def text_column(column: pa.Array) -> pa.Array:
    """A column as an Arrow column of strings; a missing cell is the empty string."""
    column = _plain(column)
    if not _is_text(column.type):
        column = column.cast(pa.string())
    return pc.fill_null(column, "")


def _from_text(column: pa.Array, name: str, first_row: int, file: str) -> np.ndarray:
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(pc.utf8_lower(trimmed), pa.array(MISSING, type=trimmed.type))
    known = pc.if_else(missing, pa.scalar(None, trimmed.type), trimmed)
    try:
        return np.asarray(known.cast(pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        pass  # Arrow does not say which row; the slow way does, and reads `+5` too.
    values = np.empty(len(column))
    for row, cell in enumerate(column.to_pylist()):
        try:
            values[row] = parse_number(cell or "")
        except ValueError:
            values[row] = np.nan
            report(_not_a_number(cell, name, first_row + row, file))
    return values


def _whole(values: np.ndarray, name: str, first_row: int, file: str) -> np.ndarray:
    """Times that are counted 0, 1, 2 ...; nothing else is accepted from a numeric column."""
    bad = np.isnan(values) | (values != np.floor(values)) | (np.abs(values) >= 2**53)
    for row in np.flatnonzero(bad):
        report(_not_a_time(f"{values[row]:g}", name, first_row + int(row), file))
    return np.where(bad, NO_TIME, np.where(bad, 0, values).astype(np.int64))


def _plain(column: pa.Array) -> pa.Array:
    """A column of categories as the values they stand for."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _not_a_number(cell: str, name: str, row: int, file: str) -> DataError:
    return DataError(
        f"{cell!r} is not a finite number",
        at=f"{file}, row {row}, column {name!r}",
        fix="correct it (decimals have a point), empty the cell, or choose the columns by --data.value_columns",
    )


def _not_a_time(cell: str | None, name: str, row: int, file: str) -> DataError:
    return DataError(
        f"{cell!r} is not a timestamp" if cell else "the timestamp is missing",
        at=f"{file}, row {row}, column {name!r}",
        fix="write it like 2016-07-31 19:00:00 or as a whole number, or give --data.time_format such as %d/%m/%Y",
    )
