"""Blocks: consecutive rows of a table as arrays, and the series that they make up."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqkit import DataError, SourceFile, passed
from seqkit_timeseries.cells import is_number, numbers, text_column, texts
from seqkit_timeseries.layout import Roles, TableOptions
from seqkit_timeseries.refused import Rows
from seqkit_timeseries.scratch import Stack
from seqkit_timeseries.series import Series, row_times
from seqkit_timeseries.tables import Head, row_lines, table_batches
from seqkit_timeseries.times import Times

_NO_ID = -1
"""Stands for an id that is none."""


class Names:
    """Ids of a file as numbers, in the order of their first rows: numbers are compared at once, text is not."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}

    def of(self, number: int) -> str:
        """The id."""
        return self._names[number]

    def numbers(self, column: pa.Array) -> np.ndarray:
        """The number of each row's id, (N,) int64; `_NO_ID` where it is empty or holds control characters."""
        column = text_column(column)
        changes = pc.not_equal(column.slice(1), column.slice(0, max(len(column) - 1, 0)))
        begins = np.concatenate([[0], np.flatnonzero(changes.to_numpy(zero_copy_only=False)) + 1])[: len(column)]
        runs = [self._number(name) for name in column.take(pa.array(begins)).to_pylist()]
        return np.repeat(np.array(runs, np.int64), np.diff(np.append(begins, len(column))))

    def _number(self, name: str) -> int:
        name = name.strip()
        if name not in self._numbers and name.isprintable() and name:
            self._numbers[name] = len(self._names)
            self._names.append(name)
        return self._numbers.get(name, _NO_ID)


@dataclass
class Block:
    """Consecutive rows as arrays; those are None that no column holds.

    Attributes:
        ids: Numbers of ids.
        times: As datetime64[us] or int64.
        values: (N, F), what is forecast before what is known ahead.
        labels: Of rows, or of the whole series in each row.
        statics: Cells of columns that never change.
        holes: Rows that were refused, of which no more is known than the id and the time; None: no row was.
    """

    ids: np.ndarray | None
    times: np.ndarray | None
    values: np.ndarray
    labels: np.ndarray | None
    statics: np.ndarray | None = None
    holes: np.ndarray | None = None

    def rows(self, index: slice | np.ndarray) -> Block:
        """The rows at these places."""
        own = (self.ids, self.times, self.labels, self.statics, self.holes)
        ids, when, labels, statics, holes = (None if column is None else column[index] for column in own)
        return Block(ids, when, self.values[index], labels, statics, holes)

    def understood(self) -> Block:
        """The rows that are no holes."""
        return self if self.holes is None else replace(self.rows(~self.holes), holes=None)

    def with_labels(self) -> Block:
        """The block with a label in holes, too: that of the row before, and no number; holes before all others go."""
        if self.holes is None or self.labels is None:
            return self
        if self.labels.dtype.kind == "f":
            return replace(self, labels=np.where(self.holes, np.nan, self.labels))
        latest = np.maximum.accumulate(np.where(self.holes, -1, np.arange(len(self.holes))))
        return replace(self, labels=self.labels[latest]).rows(latest >= 0)


def read_blocks(source: SourceFile, head: Head, roles: Roles, options: TableOptions, names: Names) -> Iterator[Block]:
    """The rows of a long or wide table; `names` gets its ids.

    Raises:
        DataError: Names the row and the column of a cell that cannot be used.
    """
    time = None if roles.time is None else Times(roles.time, options.time_format)
    lines = row_lines(source, head)
    for first, batch in table_batches(source, head, _types(head, roles, options)):
        if not batch.num_rows:
            continue
        # What spoils a whole row comes first: a row is refused once.
        rows = Rows(source.origin, first, batch, roles.identifier is None, lines)
        ids = None if roles.identifier is None else _ids(batch, roles.identifier, rows, names)
        when = None if time is None else time.read(batch.column(roles.time), rows)
        labels = None if roles.label is None else _labels(batch, roles.label, rows, options)
        columns = [numbers(batch.column(name), name, rows) for name in (*roles.values, *roles.known)]
        block = Block(
            ids,
            when,
            np.stack(columns, axis=1) if len(columns) > 1 else columns[0][:, None],
            labels,
            np.stack([texts(batch.column(name)) for name in roles.statics], axis=1) if roles.statics else None,
        )
        if rows.cell_is_record:  # Rows of a long table have passed when their series has.
            num_cells = len(columns) + (options.labels == "number" and roles.label is not None)
            passed("step", int((~rows.refused).sum()) * num_cells - rows.num_bad_cells)
        if rows.refused.any():
            values = np.where(rows.refused[:, None], np.nan, block.values)
            block = replace(block, values=values, holes=rows.refused).rows(~rows.lost)
        if len(block.values):
            yield block


def _types(head: Head, roles: Roles, options: TableOptions) -> dict[str, pa.DataType]:
    """What the columns of numbers and the time are, by the first row."""
    types = dict.fromkeys([*roles.values, *roles.known], pa.float64())
    if roles.time is not None and options.time_format is None and len(head.first) == len(head.names):
        numbered = is_number(head.first[head.names.index(roles.time)])
        types[roles.time] = pa.float64() if numbered else pa.timestamp("us")
    return types


def _labels(batch: pa.RecordBatch, name: str, rows: Rows, options: TableOptions) -> np.ndarray:
    if options.labels == "number":
        return numbers(batch.column(name), name, rows)
    labels = texts(batch.column(name))
    if not options.aligned:
        return labels
    labels = np.array([sys.intern(label.strip()) for label in labels], dtype=object)  # Few labels, many rows.
    for row in np.flatnonzero((labels == "") | (labels == "nan") | (labels == "NaN")):
        rows.refuse(int(row), name, "the label is missing", "give each row its label, or leave the rows out")
    return labels


def _ids(batch: pa.RecordBatch, name: str, rows: Rows, names: Names) -> np.ndarray:
    ids = names.numbers(batch.column(name))
    for row in np.flatnonzero(ids == _NO_ID):
        cell = str(batch.column(name)[row].as_py() or "").strip()
        what = f"the id {cell!r} holds control characters" if cell else "the id is empty"
        rows.refuse(int(row), name, what, "name the series of each row", lost=True)
    return ids


def series_of(source: SourceFile, name: str, block: Block, roles: Roles, options: TableOptions) -> Series:
    """All rows of a series as that series.

    Raises:
        DataError: If what is the same in all rows of a series differs between them.
    """
    understood = block.understood()
    if not len(understood.values):
        raise DataError("none of its rows can be read", at=f"{source.origin}:{name}", fix="correct them")
    block = understood if options.rules.fill_gaps is False else block.with_labels() if options.aligned else block
    label = source.label or source.folder or None
    if understood.labels is not None and not options.aligned:
        found = sorted(set(understood.labels.tolist()))
        if len(found) > 1:
            what = f"labels {found[0]!r} and {found[1]!r} in one series"
            fix = "a series has one label: repeat it in each of its rows"
            raise DataError(what, at=f"{source.origin}:{name}, column {roles.label!r}", fix=fix)
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
        statics=_statics(understood.statics, roles.statics, f"{source.origin}:{name}"),
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
    """Blocks end to end; one at least."""
    if len(blocks) == 1:
        return blocks[0]

    def join(name: str) -> np.ndarray | None:
        parts = [getattr(block, name) for block in blocks]
        return None if parts[0] is None else np.concatenate(parts)

    values = np.concatenate([block.values for block in blocks])
    holes = _holes([(len(block.values), block.holes) for block in blocks])
    return Block(join("ids"), join("times"), values, join("labels"), join("statics"), holes)


def stacked(blocks: Iterable[Block]) -> Block | None:
    """All rows of a wide table, on the disk where they are many; None if there are none.

    Raises:
        DependencyError: If the disk is full.
    """
    labels, kinds, holes = list[np.ndarray](), set[np.dtype](), list[tuple[int, np.ndarray | None]]()
    with closing(Stack()) as values, closing(Stack()) as when:
        for block in blocks:
            holes.append((len(block.values), block.holes))
            values.add(block.values)
            if block.times is not None:
                kinds.add(block.times.dtype)
                when.add(block.times)
            if block.labels is not None:
                labels.append(block.labels)
        if not holes:
            return None
        own_labels = np.concatenate(labels) if labels else None
        return Block(None, when.array() if kinds else None, values.array(), own_labels, holes=_holes(holes))


def _holes(parts: list[tuple[int, np.ndarray | None]]) -> np.ndarray | None:
    """The holes of blocks end to end, by the size and the holes of each; None if there are none."""
    if all(holes is None for _, holes in parts):
        return None
    return np.concatenate([np.zeros(size, bool) if holes is None else holes for size, holes in parts])
