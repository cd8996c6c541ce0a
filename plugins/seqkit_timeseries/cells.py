"""Cells of a table to numbers and text; what is no number is an error with its value and its row."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from seqkit import StructureError, quoted
from seqkit_timeseries.refused import Rows

MISSING = ("", "nan", "na", "n/a", "<na>", "null", "none", "?")
"""What counts as a missing value, whatever the case."""

SPELT_MISSING = tuple(
    sorted({spelt for m in MISSING for spelt in (m, m.upper(), m.capitalize(), "NaN", "<NA>", "N/A")})
)
"""The usual spellings of these; other ones cost time, not data."""

LARGEST = 1e18
"""Values beyond it have no squares, or none that can be added up, in float32."""


def parse_number(cell: str) -> float:
    """A cell as a number, NaN where it is missing.

    Raises:
        ValueError: If it is text, infinite or beyond `LARGEST`.

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
    if abs(number) > LARGEST:
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


def numbers(column: pa.Array, name: str, rows: Rows) -> np.ndarray:
    """A column as float64, NaN where it is missing or was refused.

    Args:
        column: Text or numbers.
        name: Its name, for errors.
        rows: Where its cells are.

    Raises:
        DataError: Names the first cell that is text, infinite or too large, its row and its column.
    """
    column = plain(column)
    if is_text(column.type):
        values = from_text(column, lambda row, cell: rows.refuse_cell(row, name, *_not_a_number(cell, name)))
    else:
        values = from_numbers(column, name, rows.file)
    beyond = np.abs(values) > LARGEST
    for row in np.flatnonzero(beyond):
        cell = column[int(row)].as_py() if is_text(column.type) else values[row]
        rows.refuse_cell(int(row), name, *_not_a_number(str(cell), name))
    return np.where(beyond, np.nan, values) if beyond.any() else values


def from_numbers(column: pa.Array, name: str, file: str) -> np.ndarray:
    """A column that is no text as float64.

    Raises:
        StructureError: If its type is not one of numbers.
    """
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    try:
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise StructureError(
            f"column {name!r} holds {column.type}, not numbers",
            at=file,
            fix="choose others: --data.value_columns; if it is the time: --data.time_column",
        ) from None


def texts(column: pa.Array) -> np.ndarray:
    """A column as strings, (N,) object; a missing cell is the empty string."""
    return np.asarray(text_column(column), dtype=object)


def text_column(column: pa.Array) -> pa.Array:
    """A column as an Arrow column of strings; a missing cell is the empty string."""
    column = plain(column)
    if not is_text(column.type):
        column = column.cast(pa.string())
    return pc.fill_null(column, "") if column.null_count else column


def from_text(column: pa.Array, refuse: Callable[[int, str], None]) -> np.ndarray:
    """Text as float64, NaN where it is missing; `refuse` gets the place and the text of each cell that is neither."""
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
            refuse(row, cell)
    return values


def plain(column: pa.Array) -> pa.Array:
    """A column of categories as the values they stand for."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of this type are text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def not_a_number(cell: str) -> str:
    """What is wrong with a cell that `parse_number` refuses.

    Example:
        >>> not_a_number("1,5"), not_a_number("1e400")
        ("'1,5' is not a finite number", "'1e400' is larger than 1e+18: float32 cannot reckon with it")
    """
    try:
        # `1e400` is infinite only once it is read, `inf` as it stands.
        too_large = "_" not in cell and not math.isnan(float(cell)) and any(sign.isdigit() for sign in cell)
    except ValueError:
        too_large = False
    shown = quoted(cell)
    return (
        f"{shown} is larger than {LARGEST:g}: float32 cannot reckon with it"
        if too_large
        else (f"{shown} is not a finite number")
    )


def _not_a_number(cell: str, name: str) -> tuple[str, str]:
    what = not_a_number(cell)
    if "larger" in what:
        return what, "write the column in larger units, or choose the columns by --data.value_columns"
    fix = "correct it (decimals have a point), empty the cell, or choose the columns by --data.value_columns"
    if any(sign.isalpha() for sign in cell):
        fix += f"; if the column names the series: --data.id_column {name}"
    return what, fix
