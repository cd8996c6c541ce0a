"""Rows of results as a file: CSV, JSON lines or parquet, written as they come."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from seqkit.errors import ConfigError, DataError
from seqkit.outputs import staged

Row = dict[str, Any]

RowWriter = Callable[[Iterator[Row], Path], None]

ROW_SUFFIXES = (".csv", ".jsonl", ".parquet")

_GROUP = 1 << 16
"""Rows of a parquet row group."""


def require_row_suffix(path: Path, own: Iterable[str] = ()) -> None:
    """Refuse an ending that rows are not written as.

    Args:
        path: Where to.
        own: Endings that the domain writes beside the general ones.

    Raises:
        ConfigError: Names the endings.
    """
    known = list(dict.fromkeys((*ROW_SUFFIXES, *own)))
    if path.suffix not in known:
        raise ConfigError(
            f"cannot write {path.suffix or 'a file without ending'}",
            at="--out",
            fix=f"use {', '.join(known[:-1])} or {known[-1]}",
        )


def write_rows(rows: Iterable[Row], path: Path, own: Mapping[str, RowWriter] | None = None) -> int:
    """Save rows as they come; the number of rows. The file appears when it is complete: a half one looks whole.

    Args:
        rows: All with the same keys. CSV leaves out what is nested (dictionaries), and joins words by spaces.
        path: Where to, `.csv`, `.jsonl`, `.parquet` or an ending of `own`.
        own: The domain's writers by ending.

    Raises:
        ConfigError: For another ending.
    """
    require_row_suffix(path, own or {})
    writers: dict[str, RowWriter] = {
        ".csv": _write_csv, ".jsonl": _write_json_lines, ".parquet": _write_parquet, **(own or {})
    }  # fmt: skip
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    with staged(path) as place:
        writers[path.suffix](counted(), place)
    return count


def _write_csv(rows: Iterator[Row], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer: Any = None
        for row in rows:
            flat = {key: _cell(value) for key, value in row.items() if not isinstance(value, dict)}
            if writer is None:
                writer = csv.DictWriter(file, list(flat))
                writer.writeheader()
            writer.writerow(flat)


def _cell(value: Any) -> Any:
    """Words in one cell with spaces between them, as tags and tokens are written."""
    words = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return " ".join(value) if words else value


def _write_json_lines(rows: Iterator[Row], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_parquet(rows: Iterator[Row], path: Path) -> None:
    """Row groups of bounded size, with the columns of the first one."""
    first = list(islice(rows, _GROUP))
    schema = _schema(pa.Table.from_pylist(first))
    with pq.ParquetWriter(path, schema) as writer:
        writer.write_table(pa.Table.from_pylist(first, schema=schema))
        while group := list(islice(rows, _GROUP)):
            _require_whole(group, schema)
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _require_whole(group: list[Row], schema: pa.Schema) -> None:
    """Refuse a fraction in a column that began with whole numbers: Arrow would cut it off without a word.

    Raises:
        DataError: Names the column.
    """
    for name in (field.name for field in schema if pa.types.is_integer(field.type)):
        for row in group:
            if isinstance(row[name], float) and not row[name].is_integer():
                raise DataError(
                    f"{row[name]:g} in column {name!r}, which began with whole numbers",
                    at="--out",
                    fix="write .csv or .jsonl: a column of parquet has one type",
                )


def _schema(table: pa.Table) -> pa.Schema:
    """A column that holds nothing yet will hold a figure."""
    return pa.schema([pa.field(f.name, pa.float64() if pa.types.is_null(f.type) else f.type) for f in table.schema])
