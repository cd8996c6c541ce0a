"""The reader of long tables, and the choice among all table layouts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from seqkit import DataError, SourceFile, passed, report, reporting
from seqkit_timeseries.blocks import Block, Names, joined, read_blocks, series_of
from seqkit_timeseries.layout import Roles, TableOptions, find_layout, find_roles
from seqkit_timeseries.rows import read_rows_of_series
from seqkit_timeseries.series import Series
from seqkit_timeseries.tables import read_head
from seqkit_timeseries.timeline import show_time
from seqkit_timeseries.wide import KeptTables, read_wide

_NONE = -1
"""The number of no series."""


def read_table(source: SourceFile, options: TableOptions, kept: KeptTables | None = None) -> Iterator[Series]:
    """All series of a table, their times checked and repaired as the options say.

    Of a long table or of rows one series is in memory at a time; a large wide table lies on the disk meanwhile.

    Args:
        source: The file.
        options: How to read it.
        kept: Where a large wide table stays for the next time.

    Raises:
        DataError: Names the file and the row, or the series and the timestamp, that cannot be used.
    """
    head = read_head(source, options.time_format)
    layout = find_layout(source, head, options)
    if layout == "rows":
        return read_rows_of_series(source, head, options)
    roles = find_roles(source, head, options, layout)
    if layout == "wide":
        return read_wide(source, head, roles, options, kept)
    names = Names()
    return _read_long(source, read_blocks(source, head, roles, options, names), roles, options, names)


def _read_long(
    source: SourceFile, blocks: Iterable[Block], roles: Roles, options: TableOptions, names: Names
) -> Iterator[Series]:
    """One row a step: rows of an id follow each other, and a series is complete where the id changes."""
    held, current, done = list[Block](), _NONE, set[int]()
    for block in _by_id(list(blocks)) if options.rules.sort else blocks:
        for number, begin, end in _runs(source, block, current, done, names):
            if held and number != current:
                with reporting():
                    yield _whole(source, names.of(current), held, roles, options)
                done.add(current)
                held = []
            current = number
            held.append(block.rows(slice(begin, end)))
    if held:
        with reporting():
            yield _whole(source, names.of(current), held, roles, options)
    if not held and not done:
        raise DataError("holds no rows", at=source.origin, fix="check the file")


def _whole(source: SourceFile, name: str, held: list[Block], roles: Roles, options: TableOptions) -> Series:
    series = options.rules.apply(series_of(source, name, joined(held), roles, options))
    passed("step", sum(len(block.understood().values) for block in held))
    return series


def _runs(source: SourceFile, block: Block, current: int, done: set[int], names: Names) -> list[tuple[int, int, int]]:
    """The number of each series in a block, and where its rows begin and end.

    What comes again after rows of another series is reported, before anything is used, and not among them.

    Args:
        source: The file.
        block: Its next rows.
        current: The series that may go on, by number.
        done: Those that are complete.
        names: Of the series.
    """
    assert block.ids is not None
    bounds = np.flatnonzero(np.concatenate([[True], block.ids[1:] != block.ids[:-1], [True]]))
    runs, seen, latest = list[tuple[int, int, int]](), set[int](), current
    for begin, end in pairwise(bounds):
        number = int(block.ids[begin])
        if number in seen or number in done:
            since = "" if block.times is None else f", at {show_time(block.times[begin])}"
            what = f"rows of series {names.of(number)!r} come again after those of another{since}"
            fix = "sort the file by series, or use --data.sort true (the file is then held in memory)"
            report(DataError(what, at=f"{source.origin}:{names.of(number)}", fix=fix))
            continue
        if latest != number:
            seen.add(latest)
        latest = number
        runs.append((number, int(begin), int(end)))
    return runs


def _by_id(blocks: list[Block]) -> list[Block]:
    """All rows as one block, series in the order of their first rows."""
    if not blocks:
        return []
    whole = joined(blocks)
    assert whole.ids is not None
    _, first, inverse = np.unique(whole.ids, return_index=True, return_inverse=True)
    return [whole.rows(np.argsort(first[inverse], kind="stable"))]
