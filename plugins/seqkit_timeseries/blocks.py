"""Blocks: consecutive rows of a table as arrays, and the series that they make up."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqkit import DataError, SourceFile, report
from seqkit_timeseries.cells import NO_TIME, is_number, numbers, text_column, texts, times
from seqkit_timeseries.layout import Roles, TableOptions
from seqkit_timeseries.scratch import Stack
from seqkit_timeseries.series import Series, row_times
from seqkit_timeseries.tables import Head, table_batches

_NO_ID = -1
"""Stands for an id that was reported as empty."""


class Names:
    """Ids of a file as numbers, in the order of their first rows: numbers are compared at once, text is not."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}

    def of(self, number: int) -> str:
        """The id."""
        return self._names[number]

    def numbers(self, column: pa.Array) -> np.ndarray:
        """The number of each row's id, (N,) int64; `_NO_ID` where it is empty."""
        column = text_column(column)
        changes = pc.not_equal(column.slice(1), column.slice(0, max(len(column) - 1, 0)))
        begins = np.concatenate([[0], np.flatnonzero(changes.to_numpy(zero_copy_only=False)) + 1])[: len(column)]
        runs = [self._number(name) for name in column.take(pa.array(begins)).to_pylist()]
        return np.repeat(np.array(runs, np.int64), np.diff(np.append(begins, len(column))))

    def _number(self, name: str) -> int:
        if name not in self._numbers and name:
            self._numbers[name] = len(self._names)
            self._names.append(name)
        return self._numbers.get(name, _NO_ID)


@dataclass
class Block:
    """Consecutive rows as arrays, values before what is known ahead; the others are None where no column holds them."""

    ids: np.ndarray | None
    times: np.ndarray | None
    values: np.ndarray
    labels: np.ndarray | None
    statics: np.ndarray | None = None

    def rows(self, index: slice | np.ndarray) -> Block:
        """The rows at these places."""
        others = (None if a is None else a[index] for a in (self.ids, self.times, self.labels, self.statics))
        ids, when, labels, statics = others
        return Block(ids, when, self.values[index], labels, statics)

    def usable(self) -> np.ndarray:
        """Rows with an id and a time, (N,) bool; those without were reported."""
        named = np.ones(len(self.values), dtype=bool) if self.ids is None else self.ids != _NO_ID
        return named if self.times is None else named & (self.times.view(np.int64) != NO_TIME)


def read_blocks(source: SourceFile, head: Head, roles: Roles, options: TableOptions, names: Names) -> Iterator[Block]:
    """The rows of a long or wide table; `names` gets its ids.

    Raises:
        DataError: Names the row and the column of a cell that cannot be used.
    """
    file = source.origin
    for row, batch in table_batches(source, head, _types(head, roles, options)):
        if not batch.num_rows:
            continue
        columns = [numbers(batch.column(name), name, row, file) for name in (*roles.values, *roles.known)]
        block = Block(
            None if roles.identifier is None else _ids(batch, roles.identifier, row, file, names),
            None if roles.time is None else times(batch.column(roles.time), roles.time, row, file, options.time_format),
            np.stack(columns, axis=1) if len(columns) > 1 else columns[0][:, None],
            None if roles.label is None else _labels(batch, roles.label, row, file, options),
            np.stack([texts(batch.column(name)) for name in roles.statics], axis=1) if roles.statics else None,
        )
        usable = block.usable()
        yield block if usable.all() else block.rows(usable)


def _types(head: Head, roles: Roles, options: TableOptions) -> dict[str, pa.DataType]:
    """What the columns of numbers and the time are, by the first row."""
    types = dict.fromkeys([*roles.values, *roles.known], pa.float64())
    if roles.time is not None and options.time_format is None and len(head.first) == len(head.names):
        numbered = is_number(head.first[head.names.index(roles.time)])
        types[roles.time] = pa.float64() if numbered else pa.timestamp("us")
    return types


def _labels(batch: pa.RecordBatch, name: str, first_row: int, file: str, options: TableOptions) -> np.ndarray:
    if options.labels == "number":
        return numbers(batch.column(name), name, first_row, file)
    labels = texts(batch.column(name))
    if not options.aligned:
        return labels
    labels = np.array([sys.intern(label.strip()) for label in labels], dtype=object)  # Few labels, many rows.
    for row in np.flatnonzero((labels == "") | (labels == "nan") | (labels == "NaN")):
        at = f"{file}, row {first_row + int(row)}, column {name!r}"
        report(DataError("the label is missing", at=at, fix="give each row its label, or leave the rows out"))
    return labels


def _ids(batch: pa.RecordBatch, name: str, first_row: int, file: str, names: Names) -> np.ndarray:
    ids = names.numbers(batch.column(name))
    for row in np.flatnonzero(ids == _NO_ID):
        at = f"{file}, row {first_row + int(row)}, column {name!r}"
        report(DataError("the id is empty", at=at, fix="name the series of each row"))
    return ids


def series_of(source: SourceFile, name: str, block: Block, roles: Roles, options: TableOptions) -> Series:
    """All rows of a series as that series.

    Raises:
        DataError: If what is the same in all rows of a series differs between them.
    """
    label = source.label or source.folder or None
    if block.labels is not None and not options.aligned:
        found = sorted(set(block.labels.tolist()))
        if len(found) > 1:
            what = f"labels {found[0]!r} and {found[1]!r} in one series"
            fix = "a series has one label: repeat it in each of its rows"
            report(DataError(what, at=f"{source.origin}:{name}, column {roles.label!r}", fix=fix))
        label = found[0] or None
    when = row_times(len(block.values)) if block.times is None else block.times
    return Series(
        source.origin,
        name,
        block.values,
        when,
        (*roles.values, *roles.known),
        timed=block.times is not None,
        label=label,
        num_known=len(roles.known),
        statics=_statics(block.statics, roles.statics, f"{source.origin}:{name}"),
        labels=block.labels if options.aligned else None,
    )


def _statics(cells: np.ndarray | None, names: list[str], origin: str) -> tuple[str, ...]:
    """The one cell of each column that must not change over a series."""
    if cells is None:
        return ()
    for name, column in zip(names, cells.T, strict=True):
        found = sorted(set(column.tolist()))
        if len(found) > 1:
            raise DataError(
                f"{found[0]!r} and {found[1]!r} in a column that never changes",
                at=f"{origin}, column {name!r}",
                fix="correct it, or name the column in --data.known_columns if it is known ahead",
            )
    return tuple(cells[0].tolist())


def joined(blocks: list[Block]) -> Block:
    """Blocks end to end; one at least.

    Raises:
        DataError: If some have dates and others plain numbers.
    """

    def join(name: str) -> np.ndarray | None:
        parts = [getattr(block, name) for block in blocks]
        return None if parts[0] is None else np.concatenate(parts)

    _require_one_kind({block.times.dtype for block in blocks if block.times is not None})
    values = np.concatenate([block.values for block in blocks])
    return Block(join("ids"), join("times"), values, join("labels"), join("statics"))


def stacked(blocks: Iterable[Block]) -> Block | None:
    """All rows of a wide table, on the disk where they are many; None if there are none.

    Raises:
        DataError: As `joined`.
        DependencyError: If the disk is full.
    """
    labels, kinds, found = list[np.ndarray](), set[np.dtype](), False
    with closing(Stack()) as values, closing(Stack()) as when:
        for block in blocks:
            found = True
            values.add(block.values)
            if block.times is not None:
                kinds.add(block.times.dtype)
                when.add(block.times)
            if block.labels is not None:
                labels.append(block.labels)
        if not found:
            return None
        _require_one_kind(kinds)
        own_labels = np.concatenate(labels) if labels else None
        return Block(None, when.array() if kinds else None, values.array(), own_labels)


def _require_one_kind(kinds: set[np.dtype]) -> None:
    if len(kinds) > 1:
        raise DataError("the time column holds both dates and plain numbers", fix="write all times in one way")
