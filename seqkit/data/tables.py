"""Rows of tables: CSV, TSV, JSON lines, parquet and hub data sets, one batch of rows in memory at a time.

Delimited text goes through `seqkit.data.delimited`, which leaves every cell text; JSON lines and parquet have readers
of their own, hub data sets that of `datasets`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from seqkit.data.delimited import first_row, read_delimited
from seqkit.data.json_lines import ROWS_PER_BATCH, Row, json_batches, read_json_lines
from seqkit.data.parquet import parquet_names, read_parquet
from seqkit.data.signs import foreign_format
from seqkit.data.sources import HUB_PREFIX, SourceFile
from seqkit.errors import DataError, StructureError, did_you_mean
from seqkit.problems import report

if TYPE_CHECKING:
    import pyarrow as pa

CSV_SUFFIXES = (".csv", ".tsv")
JSON_SUFFIXES = (".jsonl", ".ndjson")
PARQUET_SUFFIXES = (".parquet",)
TABLE_SUFFIXES = CSV_SUFFIXES + JSON_SUFFIXES + PARQUET_SUFFIXES
"""Endings of tables, without a `.gz` that may follow."""


def is_table(source: SourceFile) -> bool:
    """Whether a file is one of the table formats."""
    return _is(source, TABLE_SUFFIXES)


def read_rows(source: SourceFile, columns: dict[str, str] | None = None) -> Iterator[Row]:
    """Rows of a table with their 1-based number (data rows; a CSV's header does not count).

    Cells of CSV and TSV are text, as they stand there; the other formats have types of their own. A name that an
    object of JSON lines does not have is None.

    Args:
        source: A file with one of `TABLE_SUFFIXES`, `.gz` allowed for CSV and JSON lines.
        columns: The columns to keep, each with the option that names it, for errors; None keeps all.

    Raises:
        DataError: Names the file, and the row or the column that cannot be used.
    """
    if _is(source, JSON_SUFFIXES):
        rows = read_json_lines(source)
        yield from rows if columns is None else _chosen(rows, columns, source.origin)
        return
    following = 1
    for batch in read_batches(source, columns):
        number = first_row(batch, following)
        yield from _rows_of(batch, number, source.origin)
        following = number + batch.num_rows


def read_batches(source: SourceFile, columns: dict[str, str] | None = None) -> Iterator[pa.RecordBatch]:
    """The same rows as Arrow record batches, for numeric work."""
    if _is(source, PARQUET_SUFFIXES):
        names = parquet_names(source)
        yield from read_parquet(source, names if columns is None else _known(columns, names, source.origin))
        return
    if _is(source, CSV_SUFFIXES):
        _refuse_other_formats(source)
        batches = read_delimited(source, "\t" if _is(source, (".tsv",)) else ",")
    else:
        batches = json_batches(read_json_lines(source))
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
        StructureError: Names the option, the file and the nearest column.
    """
    if name not in known:
        other = next((sign for sign in ";\t|" if len(known) == 1 and sign in known[0]), None)
        raise StructureError(
            f"no column {name!r}",
            at=f"{origin}, {option}",
            fix=(f"columns are divided by {other!r}: save the table with commas" if other else None)
            or did_you_mean(name, known)
            or f"columns: {', '.join(known)[:200]}",
        )
    return name


def _known(columns: dict[str, str], known: list[str], origin: str) -> list[str]:
    return [require_column(column, known, origin, option) for column, option in columns.items()]


def _chosen(rows: Iterator[Row], columns: dict[str, str], origin: str) -> Iterator[Row]:
    """Some columns of JSON lines, whose first object need not have them all."""
    held: list[Row] = []
    known: dict[str, None] = {}
    for row in rows:
        held.append(row)
        known |= dict.fromkeys(row[1])
        if columns.keys() <= known.keys() or len(held) == ROWS_PER_BATCH:
            break
    if held:
        _known(columns, list(known), origin)
    for number, values in chain(held, rows):
        yield number, {name: values.get(name) for name in columns}


def _rows_of(batch: pa.RecordBatch, number: int, origin: str) -> Iterator[Row]:
    """Rows of a batch; parquet may hold text that is none."""
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:
        for place in range(batch.num_rows):
            try:
                (row,) = batch.slice(place, 1).to_pylist()
            except UnicodeDecodeError:
                at = f"{origin}:{number + place}"
                report(DataError("holds text that is not valid UTF-8", at=at, fix="write the file again"))
            else:
                yield number + place, row
        return
    yield from enumerate(rows, start=number)


def _is(source: SourceFile, suffixes: tuple[str, ...]) -> bool:
    return source.name.lower().removesuffix(".gz").endswith(suffixes)


def _refuse_other_formats(source: SourceFile) -> None:
    """Refuse what is named like delimited text and is none: it would be read, as one strange column.

    Raises:
        DataError: Says what it is.
    """
    with source.open() as stream:
        try:
            beginning = stream.read(1 << 12)
        except (OSError, EOFError):
            return  # A damaged .gz, which its reader names.
    kind, fix = foreign_format(beginning) or ("", "")
    if not kind and beginning.startswith(b"{") and _is_object(beginning.splitlines()[0]):
        kind, fix = "JSON lines", "give it the ending .jsonl"
    if kind:
        raise DataError(f"is {kind}, not delimited text", at=source.origin, fix=fix)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
