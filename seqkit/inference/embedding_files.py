"""Embeddings to files: Parquet with a row each, or NumPy's NPZ; neither holds them all in memory."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from seqkit.errors import ConfigError
from seqkit.inference.embed import Embedding
from seqkit.outputs import staged

SUFFIXES = (".parquet", ".npz")

_ROW_GROUP_NUMBERS = 1 << 22
"""Numbers of a row group, 16 MiB."""


def require_suffix(path: Path) -> None:
    """Refuse a file that embeddings are not written to.

    Raises:
        ConfigError: Names the endings.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(
            f"cannot write {path.suffix or 'a file without ending'}", at="--out", fix="use .parquet or .npz"
        )


def write_embeddings(embeddings: Iterable[Embedding], path: Path, size: int, every: bool) -> tuple[int, int]:
    """Save embeddings; a file of that name is replaced when all are written.

    Parquet has the columns `origin`, `step` (under `every`) and `embedding`, a list of `size` float32. NPZ has
    `origins`, `embeddings` (rows, size) and, under `every`, `offsets`: those of record i go from offsets[i] to
    offsets[i + 1].

    Args:
        embeddings: What to save.
        path: Its ending decides the format.
        size: Numbers of an embedding.
        every: Each step has a row.

    Returns:
        The numbers of records and of rows.

    Raises:
        ConfigError: For another ending.
    """
    require_suffix(path)
    with staged(path) as place:
        return (_write_parquet if path.suffix == ".parquet" else _write_npz)(embeddings, place, size, every)


def _write_parquet(embeddings: Iterable[Embedding], path: Path, size: int, every: bool) -> tuple[int, int]:
    kind = pa.list_(pa.float32(), size)
    step = [("step", pa.int64())] if every else []
    schema = pa.schema([("origin", pa.string()), *step, ("embedding", kind)])
    num_records = num_rows = held_rows = 0
    held: list[Embedding] = []
    with pq.ParquetWriter(path, schema) as writer:
        for embedding in embeddings:
            held.append(embedding)
            held_rows += len(embedding.values)
            num_records += embedding.begin == 0
            num_rows += len(embedding.values)
            if held_rows * size >= _ROW_GROUP_NUMBERS:
                writer.write_table(_table(held, schema, size))
                held, held_rows = [], 0
        if held:
            writer.write_table(_table(held, schema, size))
    return num_records, num_rows


def _table(held: list[Embedding], schema: pa.Schema, size: int) -> pa.Table:
    """Rows of a group."""
    counts = [len(embedding.values) for embedding in held]
    origins = np.repeat(np.array([embedding.origin for embedding in held], dtype=object), counts)
    flat = np.concatenate([embedding.values for embedding in held]).reshape(-1)
    columns: dict[str, Any] = {"origin": pa.array(origins, pa.string())}
    if "step" in schema.names:
        steps = [embedding.begin + np.arange(count) for embedding, count in zip(held, counts, strict=True)]
        columns["step"] = pa.array(np.concatenate(steps), pa.int64())
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(flat, pa.float32()), size)
    return pa.table(columns, schema=schema)


def _write_npz(embeddings: Iterable[Embedding], path: Path, size: int, every: bool) -> tuple[int, int]:
    origins: list[str] = []
    counts: list[int] = []
    with tempfile.TemporaryFile(dir=path.parent) as rows:  # NumPy's header states how many there are.
        for embedding in embeddings:
            if embedding.begin == 0:
                origins.append(embedding.origin)
                counts.append(0)
            counts[-1] += len(embedding.values)
            rows.write(np.ascontiguousarray(embedding.values, np.float32).tobytes())
        num_rows = sum(counts)
        with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
            with archive.open("origins.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.array(origins, dtype=str), allow_pickle=False)
            with archive.open("embeddings.npy", "w", force_zip64=True) as member:
                _copy_rows(rows, member, (num_rows, size))
            if every:
                with archive.open("offsets.npy", "w") as member:
                    np.lib.format.write_array(member, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
    return len(origins), num_rows


def _copy_rows(rows: IO[bytes], member: IO[bytes], shape: tuple[int, int]) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(member, header)
    rows.seek(0)
    shutil.copyfileobj(rows, member, 1 << 20)
