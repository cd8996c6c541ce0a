"""Which layout a table has, and what its columns are for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from seqkit import ConfigError, SourceFile, StructureError
from seqkit_timeseries.cells import is_number, is_time
from seqkit_timeseries.tables import Head
from seqkit_timeseries.timeline import TimeRules

Layout = Literal["auto", "long", "wide", "rows"]

ID_COLUMNS = ("unique_id", "item_id", "series_id")
INDEX_COLUMNS = ("", "__index_level_0__")
"""The nameless index as pandas writes it, to CSV and to parquet: never values."""

TIME_COLUMNS = ("ds", "timestamp", "datetime", "date", "time", *INDEX_COLUMNS)
"""Names taken for the time, in this order."""

_DATE = re.compile(
    r"\d{1,4}([/.-])\d{1,2}\1\d{1,4}(?!\d)|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/. ]\d",
    re.IGNORECASE,
)
"""What looks like a date, ISO 8601 or not."""


@dataclass(frozen=True)
class TableOptions:
    """How tables are to be read; the options of the same names of `TimeseriesData`.

    Attributes:
        alone: The table is the only file of its path, so that its name says nothing about a single series in it.
        labelled: Records have labels (task `classify`): a file that is not labelled itself holds them in its rows.
        labels: What the label column holds: one class a `record`, or of each step a `class` or a `number` (task `tag`).
        known_columns: Columns that are known ahead.
        static_columns: Columns that never change over a series.
        label_required: Whether the label column must be there; not when classes are to be predicted.
        rules: What happens to times.
    """

    layout: Layout = "auto"
    id_column: str | None = None
    time_column: str | None = None
    value_columns: tuple[str, ...] | None = None
    label_column: str | None = None
    time_format: str | None = None
    multivariate: bool = False
    known_columns: tuple[str, ...] = ()
    static_columns: tuple[str, ...] = ()
    alone: bool = False
    labelled: bool = False
    labels: Literal["record", "class", "number"] = "record"
    label_required: bool = True
    rules: TimeRules = field(default_factory=TimeRules)

    @property
    def aligned(self) -> bool:
        """Whether each step has a label of its own."""
        return self.labels != "record"

    def for_prediction(self) -> TableOptions:
        """The same for files whose classes are to be predicted."""
        return replace(self, label_required=False)


@dataclass(frozen=True)
class Roles:
    """The columns of one table: what each is for; None where the table has no such column."""

    identifier: str | None
    time: str | None
    values: list[str]
    label: str | None
    known: list[str] = field(default_factory=list)
    statics: list[str] = field(default_factory=list)


def find_layout(source: SourceFile, head: Head, options: TableOptions) -> Literal["long", "wide", "rows"]:
    """The layout that was asked for, or else the first of these that fits.

    1. long, if there is an id column (named by `id_column`, or one of `ID_COLUMNS`);
    2. rows, if a label is needed and the file is not one record of a class (no `LABEL=PATH`, no folder);
    3. rows, if the first column holds text that is neither a number nor a timestamp;
    4. wide.

    Where each step has a label, there are only long and wide.

    Raises:
        DataError: If an id column was named and is not there, or the first column holds times that cannot be read.
    """
    if options.aligned:
        return _aligned_layout(source, head, options)
    if options.layout != "auto":
        return options.layout
    if _identifier(head, options) is not None:
        return "long"
    if options.id_column is not None:
        head.require(options.id_column, "id_column", source.origin)
    if options.labelled and (options.label_column is not None or not (source.label or source.folder)):
        if options.label_column is None:
            _require_no_times(source, head, options)
        return "rows"
    first = head.first[0] if head.first else ""
    if len(head.names) == 1 or options.time_column is not None or is_number(first):
        return "wide"
    if is_time(first, options.time_format):
        return "wide"
    if head.names[0].lower() in TIME_COLUMNS[:-2] or _DATE.match(first):
        raise StructureError(  # Without a first row nothing is known of the others.
            f"{first!r} is not a timestamp",
            at=f"{source.origin}, first row, column {head.names[0]!r}",
            fix="give --data.time_format such as %d/%m/%Y, or --data.layout rows if it is the id of a series",
        )
    return "rows"


def _require_no_times(source: SourceFile, head: Head, options: TableOptions) -> None:
    """Refuse a table of steps where each row should be a series whose first cell is its class.

    Raises:
        StructureError: Names the first column, if it holds times.
    """
    first = head.first[0] if head.first else ""
    if is_time(first, options.time_format) or (_DATE.match(first) and not is_number(first)):
        raise StructureError(
            f"{first!r} is a timestamp, where the class of a series is looked for: its rows are steps",
            at=f"{source.origin}, first row, column {head.names[0]!r}",
            fix="say the class of a file by LABEL=PATH, or name the columns: --data.id_column, --data.label_column",
        )


def _aligned_layout(source: SourceFile, head: Head, options: TableOptions) -> Literal["long", "wide"]:
    if options.layout == "rows":
        raise ConfigError(
            f"a row of {source.origin} is a whole series: its steps have no labels",
            at="--data.layout",
            fix="give a row for each step, with a label column: long or wide",
        )
    if options.layout != "auto":
        return options.layout
    if options.id_column is not None:
        head.require(options.id_column, "id_column", source.origin)
    return "wide" if _identifier(head, options) is None else "long"


def find_roles(source: SourceFile, head: Head, options: TableOptions, layout: str) -> Roles:
    """The columns of a long or wide table.

    Raises:
        DataError: If a column that was named is not there, or none is left for the values.
    """
    file = source.origin
    identifier, label = None, options.label_column
    if layout == "long":
        identifier = _identifier(head, options) or head.require(options.id_column or ID_COLUMNS[0], "id_column", file)
    if label is not None and (options.label_required or label in head.names):
        label = head.require(label, "label_column", file)
    time = _time(head, options, file)
    known = [head.require(name, "known_columns", file) for name in options.known_columns]
    statics = [head.require(name, "static_columns", file) for name in options.static_columns]
    if statics and layout != "long":
        raise ConfigError(
            f"{file} is a {layout} table: its rows are those of all series",
            at="--data.static_columns",
            fix="give a long table, with an id column and the static columns in each row",
        )
    if options.value_columns is not None:
        values = [head.require(name, "value_columns", file) for name in options.value_columns]
    else:
        values = [
            name for name in head.names if name not in (identifier, time, label, *known, *statics, *INDEX_COLUMNS)
        ]
    both = sorted({*values} & {*known, *statics, label} | {*known} & {*statics})
    if both:
        raise ConfigError(
            f"column {both[0]!r} has two meanings",
            at="--data.value_columns, --data.known_columns, --data.static_columns, --data.label_column",
            fix="name it once: what is forecast is not known ahead, and a label is no value",
        )
    if not values:
        raise StructureError("no column is left for the values", at=file, fix=f"columns: {', '.join(head.names[:20])}")
    # Prediction needs no label of a step, and should not stumble over one that is missing.
    wanted = options.labelled and (options.label_required or not options.aligned)
    own = label if wanted and label in head.names else None
    return Roles(identifier, time, values, own, known, statics)


def require_no_columns(options: TableOptions, file: str) -> None:
    """Refuse options that name columns where a layout has none.

    Raises:
        ConfigError: Names the option.
    """
    for option in ("id_column", "time_column", "value_columns", "known_columns", "static_columns"):
        if getattr(options, option):
            raise ConfigError(
                f"{option} has no meaning in {file}: its rows are whole series",
                at=f"--data.{option}",
                fix="leave it out, or give --data.layout long or wide",
            )


def _identifier(head: Head, options: TableOptions) -> str | None:
    wanted = (options.id_column,) if options.id_column is not None else ID_COLUMNS
    return next((name for name in wanted if name in head.names), None)


def _time(head: Head, options: TableOptions, file: str) -> str | None:
    if options.time_column is not None:
        return head.require(options.time_column, "time_column", file)
    by_lower = {name.lower(): name for name in reversed(head.names)}
    for name in TIME_COLUMNS:
        if name in by_lower and by_lower[name] not in (options.value_columns or ()):
            return by_lower[name]
    # A first column of timestamps is the time whatever its name.
    return head.names[0] if head.first and is_time(head.first[0], options.time_format) else None
