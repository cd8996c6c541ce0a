"""Measurements as they come: lines of numbers, one step a line."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np

from seqkit import DataError, Record, plural, quoted
from seqkit_timeseries.cells import is_number, parse_number

ORIGIN = "stdin"

_DELIMITERS = ("\t", ";", ",")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_lines_of_numbers(blocks: Iterator[bytes], num_features: int) -> Iterator[Record]:
    """A stream of bytes as one series in parts, (n, F) float64 each.

    A line is a step, with a cell for each feature between commas, semicolons or tabs; an empty cell is a missing
    value. A first line without a number holds names, and is not looked at.

    Args:
        blocks: The bytes, cut anywhere.
        num_features: Cells a line.

    Raises:
        DataError: Names the line with another number of cells, or with what is no finite number.
    """
    number, delimiter, continues = 0, "", False
    for lines in _lines(blocks):
        rows = []
        for line in lines:
            number += 1
            if not delimiter:
                delimiter = next((d for d in _DELIMITERS if d in line), ",")
                if not any(map(is_number, _cells(line, delimiter, num_features, number))):
                    continue
            rows.append(_numbers(_cells(line, delimiter, num_features, number), number))
        if rows:
            yield Record(np.array(rows), origin=ORIGIN, continues=continues)
            continues = True


def _lines(blocks: Iterator[bytes]) -> Iterator[list[str]]:
    """Lines without their ends as they are complete, those of a block together."""
    rest, number, at_start = b"", 0, True
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if lines and at_start:
            lines[0], at_start = lines[0].removeprefix(_BYTE_ORDER_MARK), False
        if lines:
            yield [_text(line, number + place) for place, line in enumerate(lines, start=1)]
            number += len(lines)
    if rest:
        yield [_text(rest.removeprefix(_BYTE_ORDER_MARK) if at_start else rest, number + 1)]


def _text(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise DataError(
            f"byte 0x{line[error.start]:02x} is not valid UTF-8",
            at=f"{ORIGIN}, line {number}",
            fix="write numbers as text, one step a line",
        ) from None


def _cells(line: str, delimiter: str, num_features: int, number: int) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [""]) if '"' in line else line.split(delimiter)
    except csv.Error as error:
        raise DataError(f"is no row: {error}", at=f"{ORIGIN}, line {number}", fix="end lines in \\n") from error
    if len(cells) != num_features:
        raise DataError(
            f"{plural(len(cells), 'cell')} where the model was trained on {num_features}",
            at=f"{ORIGIN}, line {number}",
            fix="give a step a line with one cell for each value column, without times and ids",
        )
    return cells


def _numbers(cells: list[str], number: int) -> list[float]:
    values = []
    for cell in cells:
        try:
            values.append(parse_number(cell))
        except ValueError:
            raise DataError(
                f"{quoted(cell)} is not a finite number",
                at=f"{ORIGIN}, line {number}",
                fix="correct it (decimals have a point), or empty the cell",
            ) from None
    return values
