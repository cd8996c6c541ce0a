"""Rows: the rows of a batch, and which of them cannot be used."""

from __future__ import annotations

import csv
import functools
import io
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from seqkit import DataError, RowLines, report


@dataclass
class Rows:
    """Rows of a batch of a table: their places for errors, and what was refused so far.

    A row that is refused is reported once. It counts as a step at which nothing was measured; without an id or a time
    it belongs nowhere, and is as if it were not in the file.

    Attributes:
        file: Name of the file.
        first: 1-based number of the first row.
        batch: The rows.
        cell_is_record: A cell that is no number does not spoil its row but only counts as missing: columns of the table
            are series of their own.
        lines: Finds the lines of the file that rows begin in; None where it has none.
        refused: Rows that were refused, (N,) bool.
        lost: Those of them that have no place in a series, (N,) bool.
        num_bad_cells: Cells that were refused in rows that were not.
    """

    file: str
    first: int
    batch: pa.RecordBatch
    cell_is_record: bool = False
    lines: RowLines | None = None
    refused: np.ndarray = field(init=False)
    lost: np.ndarray = field(init=False)
    num_bad_cells: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.refused = np.zeros(self.batch.num_rows, dtype=bool)
        self.lost = self.refused.copy()

    def refuse(self, row: int, column: str, what: str, fix: str, lost: bool = False) -> None:
        """Report a row that cannot be used, unless it was refused before.

        Args:
            row: Its place in the batch.
            column: Where in the row.
            what: What is wrong.
            fix: What to do about it.
            lost: The row has no place in a series.

        Raises:
            DataError: Unless problems are collected.
        """
        if not self.refused[row]:
            self.refused[row], self.lost[row] = True, lost
            self._report(row, column, what, fix)

    def refuse_cell(self, row: int, column: str, what: str, fix: str) -> None:
        """The same for a cell that should be a number."""
        if not self.cell_is_record:
            self.refuse(row, column, what, fix)
        elif not self.refused[row]:
            self.num_bad_cells += 1
            self._report(row, column, what, fix)

    def _report(self, row: int, column: str, what: str, fix: str) -> None:
        at = f"{self.file}, {self._places[row]}, column {column!r}"
        report(DataError(what, at=at, fix=fix), record=self._text(row))

    @functools.cached_property
    def _places(self) -> list[str]:
        """Each row's place in words: its line where the file has lines, as an editor counts them."""
        numbers = range(self.first, self.first + self.batch.num_rows)
        found = [None if self.lines is None else self.lines.line(number) for number in numbers]
        return [f"row {n}" if line is None else f"line {line}" for n, line in zip(numbers, found, strict=True)]

    def _text(self, row: int) -> str:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(self.batch.slice(row, 1).to_pylist()[0].values())
        return line.getvalue()
