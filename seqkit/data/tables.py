"""Rows of tables: CSV, TSV, JSON lines, parquet and hub data sets, one batch of rows in memory at a time.

Delimited text goes through `seqkit.data.delimited`, which leaves every cell text; the rest through `datasets`.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from seqkit.data.delimited import first_row, read_delimited
from seqkit.data.sources import HUB_PREFIX, SourceFile
from seqkit.errors import DataError, did_you_mean
from seqkit.problems import collecting, report

if TYPE_CHECKING:
    import pyarrow as pa

CSV_SUFFIXES = (".csv", ".tsv")
JSON_SUFFIXES = (".jsonl", ".ndjson")
PARQUET_SUFFIXES = (".parquet",)
TABLE_SUFFIXES = CSV_SUFFIXES + JSON_SUFFIXES + PARQUET_SUFFIXES
"""Endings of tables, without a `.gz` that may follow."""

_ROWS_PER_BATCH = 2048


def is_table(source: SourceFile) -> bool:
    """Whether a file is one of the table formats."""
    return source.name.lower().removesuffix(".gz").endswith(TABLE_SUFFIXES)


def read_rows(source: SourceFile, columns: dict[str, str] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a table with their 1-based number (data rows; a CSV's header does not count).

    Cells of CSV and TSV are text, as they stand there; the other formats have types of their own.

    Args:
        source: A file with one of `TABLE_SUFFIXES`, `.gz` allowed for CSV and JSON lines.
        columns: The columns to keep, each with the option that names it, for errors; None keeps all.

    Raises:
        DataError: Names the file, and the row or the column that cannot be used.
    """
    following = 1
    for batch in read_batches(source, columns):
        number = first_row(batch, following)
        yield from enumerate(batch.to_pylist(), start=number)
        following = number + batch.num_rows


def read_batches(source: SourceFile, columns: dict[str, str] | None = None) -> Iterator[pa.RecordBatch]:
    """The same rows as Arrow record batches, for numeric work."""
    name = source.name.lower().removesuffix(".gz")
    if name.endswith(CSV_SUFFIXES):
        batches = read_delimited(source, "\t" if name.endswith(".tsv") else ",")
    else:
        batches = _datasets_batches(source, "json" if name.endswith(JSON_SUFFIXES) else "parquet")
    for batch in batches:
        yield batch if columns is None else batch.select(_known(columns, batch.schema.names, source.origin))


def read_hub(path: str, split: str, columns: dict[str, str] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a hub data set `hf://owner/name[:split]`, streamed. This is the only use of the network.

    Args:
        path: The hub id; a part after `:` overrides the split's name, and a third part after `/` is the
            configuration.
        split: Name of the split on the hub.
        columns: The columns to keep, each with the option that names it; None keeps all.
    """
    import datasets

    identifier, _, named = path.removeprefix(HUB_PREFIX).partition(":")
    owner, _, rest = identifier.partition("/")
    name, _, configuration = rest.partition("/")
    try:
        rows = datasets.load_dataset(
            f"{owner}/{name}" if name else owner, configuration or None, split=named or split, streaming=True
        )
        for number, row in enumerate(rows, start=1):
            yield number, row if columns is None else {c: row[c] for c in _known(columns, list(row), path)}
    except (OSError, ValueError, ConnectionError) as error:
        raise DataError(
            f"cannot read the hub data set: {error}", at=path, fix="check the name, the split and the network"
        ) from error


def require_column(name: str, known: list[str], origin: str, option: str) -> str:
    """A column that must be there.

    Raises:
        DataError: Names the option, the file and the nearest column.
    """
    if name not in known:
        raise DataError(
            f"no column {name!r}",
            at=f"{origin}, {option}",
            fix=did_you_mean(name, known) or f"columns: {', '.join(known)}",
        )
    return name


def _known(columns: dict[str, str], known: list[str], origin: str) -> list[str]:
    return [require_column(column, known, origin, option) for column, option in columns.items()]


def _datasets_batches(source: SourceFile, kind: str) -> Iterator[pa.RecordBatch]:
    import datasets

    if source.member is not None:
        raise DataError(f"{kind} inside a zip is not read", at=source.origin, fix="unpack the archive")
    if not _has_content(source):
        raise DataError("holds no rows", at=source.origin, fix="check the file")
    try:
        rows = datasets.load_dataset(kind, data_files=glob.escape(str(source.path)), split="train", streaming=True)
        for table in rows.with_format("arrow").iter(batch_size=_ROWS_PER_BATCH):
            yield from table.to_batches()
    except Exception as error:
        # The library wraps each format's own errors in its own; find the row ourselves where we can.
        broken = list(islice(_broken_lines(source), None if collecting() else 1)) if kind == "json" else []
        for place, complaint in broken[1:]:
            report(DataError(f"cannot be read as json: {complaint}", at=place, fix="check that row"))
        place = broken[0][0] if broken else source.origin
        raise DataError(f"cannot be read as {kind}: {_last_cause(error)}", at=place, fix="check that row") from error


def _has_content(source: SourceFile) -> bool:
    with source.open() as stream:
        return any(line.strip() for line in stream)


def _broken_lines(source: SourceFile) -> Iterator[tuple[str, str]]:
    """Lines that are no JSON: place and complaint."""
    with source.open() as stream:
        for number, line in enumerate(stream, start=1):
            try:
                json.loads(line)
            except ValueError as error:
                yield f"{source.origin}, line {number}", str(error)


def _last_cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}"
