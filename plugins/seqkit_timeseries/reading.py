"""Reading a path: every file below it, each by its own reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from seqkit import ConfigError, PathOption, SourceFile, find_files, is_hub, reporting
from seqkit_timeseries.layout import TableOptions, find_layout, find_roles, require_no_columns
from seqkit_timeseries.readers import read_table
from seqkit_timeseries.series import Series, of_one_width
from seqkit_timeseries.tables import read_head
from seqkit_timeseries.ts_format import read_ts
from seqkit_timeseries.wide import KeptTables, glance

SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".ts")
"""What is looked for in a folder or archive; a file that is named itself may end otherwise."""

_LARGE_BYTES = 1 << 23
"""Smaller files are read as a whole to learn anything."""


def read_series(path: PathOption, options: TableOptions, kept: KeptTables | None = None) -> Iterator[Series]:
    """All series of a path, in the order of the files.

    Args:
        path: Where they lie.
        options: How tables are read.
        kept: Where a large wide table stays for the next time.

    Raises:
        ConfigError: For a hub id.
        DataError: Names the file and the place that cannot be used.
    """
    if is_hub(path):
        raise ConfigError(
            "series are not read from the hub directly",
            at=f"--data.path {path}",
            fix="download its parquet files and give their folder",
        )
    sources = find_files(path or (), SUFFIXES)
    options = replace(options, alone=len(sources) == 1)
    widths = list[tuple[int, str]]()
    for source in sources:
        if is_ts(source) and (options.known_columns or options.static_columns):
            require_no_columns(options, source.origin)
        if is_ts(source) and options.aligned:
            raise ConfigError(
                f"{source.origin} holds one label a record",
                at="--data.task tag",
                fix="give a table with a row and a label for each step, or use --data.task classify",
            )
        with reporting():
            yield from of_one_width(read_ts(source) if is_ts(source) else read_table(source, options, kept), widths)


def glance_at(path: PathOption, options: TableOptions) -> Series | None:
    """The beginning of the first series of a path that is one large wide table, without reading the rest.

    Its frequency is that of the series, but for errors of what follows. None where it takes all rows to know.
    """
    sources = [] if path is None or is_hub(path) else find_files(path, SUFFIXES)
    if len(sources) != 1 or is_ts(sources[0]) or sources[0].path.stat().st_size < _LARGE_BYTES:
        return None
    source, options = sources[0], replace(options, alone=True)
    head = read_head(source, options.time_format)
    if find_layout(source, head, options) != "wide":
        return None
    return glance(source, head, find_roles(source, head, options, "wide"), options)


def is_ts(source: SourceFile) -> bool:
    """Whether a file is in the `.ts` format, by its name."""
    return source.name.lower().removesuffix(".gz").endswith(".ts")
