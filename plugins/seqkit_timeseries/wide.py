"""The reader of wide tables: a row for each step, and in each column a series, or a feature of the only one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from seqkit import DataError, SourceFile, collecting
from seqkit_timeseries.blocks import Names, read_blocks, series_of, stacked
from seqkit_timeseries.frequency import constant_frequency
from seqkit_timeseries.layout import Roles, TableOptions
from seqkit_timeseries.scratch import by_columns, forget, is_mapped
from seqkit_timeseries.series import Series
from seqkit_timeseries.tables import Head
from seqkit_timeseries.timeline import TimeRules

_LEAST_ROWS = 100
"""Rows from which their times are believed to say how those of all others follow; they hold weekends, too."""


class KeptTables:
    """Tables of a data module that lie on the disk as numbers, so that the next split does not parse them again."""

    def __init__(self) -> None:
        self._found: dict[str, Series] = {}

    def get(self, source: SourceFile, how: object, read: Callable[[], Series]) -> Series:
        """The table of a file, read at the first call; small ones are read each time.

        Args:
            source: The file.
            how: All that decides how it is read.
            read: Reads it.
        """
        status = source.path.stat()
        key = repr((source, status.st_size, status.st_mtime_ns, how))
        if key not in self._found:
            table = read()
            if not is_mapped(table.values) or collecting():  # What was reported is to be reported again.
                return table
            self._found = {key: table}
        return self._found[key]

    def clear(self) -> None:
        """Give the space on the disk back."""
        self._found = {}

    def __reduce__(self) -> tuple[type[KeptTables], tuple[()]]:
        return type(self), ()  # A copy, or another process, reads for itself.


def read_wide(
    source: SourceFile, head: Head, roles: Roles, options: TableOptions, kept: KeptTables | None = None
) -> Iterator[Series]:
    """All series of a wide table; a large one lies on the disk meanwhile.

    Raises:
        DataError: Names the file and the row, or the timestamp, that cannot be used.
        DependencyError: If the disk is full.
    """
    if kept is None or not options.alone:
        table = _read(source, head, roles, options)
    else:
        how = (roles, options.rules, options.time_format, options.multivariate, options.labels)
        table = kept.get(source, how, lambda: _read(source, head, roles, options))
    if _is_one(options):
        yield table
        return
    for index in range(len(roles.values)):
        yield _column(table, index)
        forget(table.values)


def glance(source: SourceFile, head: Head, roles: Roles, options: TableOptions) -> Series | None:
    """The first rows of the first series of a wide table, with the frequency of all its rows, but for errors.

    Returns:
        None if that needs all rows: if there are few, their times may be repaired, or their frequency is not plain.
    """
    if options.rules != TimeRules() or collecting():
        return None
    block = next(read_blocks(source, head, roles, options, Names()), None)
    if block is None or len(block.values) < _LEAST_ROWS:
        return None
    table = series_of(source, _name(source, options), block, roles, options)
    table = replace(table, frequency=constant_frequency(table.times))
    return None if table.frequency is None else table if _is_one(options) else _column(table, 0)


def _read(source: SourceFile, head: Head, roles: Roles, options: TableOptions) -> Series:
    block = stacked(read_blocks(source, head, roles, options, Names()))
    if block is None:
        raise DataError("holds no rows", at=source.origin, fix="check the file")
    table = options.rules.apply(series_of(source, _name(source, options), block, roles, options))
    if is_mapped(table.values) and not _is_one(options):
        table = replace(table, values=by_columns(table.values))
    return table


def _name(source: SourceFile, options: TableOptions) -> str:
    """What the table is called as a series."""
    if options.alone and options.multivariate and not options.labelled:
        return "series"  # The only table of a path: its continuation lies in a file of another name.
    return source.name.removesuffix(".gz").rpartition(".")[0] or source.name


def _is_one(options: TableOptions) -> bool:
    """Whether the columns are features of one series."""
    return options.multivariate or options.labelled


def _column(table: Series, index: int) -> Series:
    """One column as a series, with what is known ahead of all."""
    name, known = table.features[index], table.features[table.num_predicted :]
    values = table.values[:, index : index + 1]
    if known or not is_mapped(values):
        values = np.concatenate([values, table.known], axis=1)
    return replace(table, name=name, values=values, features=(name, *known))
