"""Parquet: the columns that are wanted, in batches of rows of which one is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seqkit.data.delimited_problems import require_different
from seqkit.data.sources import SourceFile
from seqkit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_PER_BATCH = 2048


def read_parquet(source: SourceFile, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a file in batches.

    Args:
        source: The file.
        columns: Those to read; None reads all.

    Raises:
        DataError: If the file is damaged or none, is inside an archive, holds no rows, or a column twice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = parquet_names(source)
    wanted = list(names if columns is None else columns)
    try:
        with source.open() as stream, pq.ParquetFile(stream) as file:
            for group in range(
                file.num_row_groups
            ):  # One after the other: of all at once pyarrow keeps what it has read.
                for batch in file.iter_batches(_ROWS_PER_BATCH, row_groups=[group], columns=wanted):
                    yield batch.select(wanted)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise _damaged(source, error) from error


def parquet_names(source: SourceFile) -> list[str]:
    """The columns of a file.

    Raises:
        DataError: As `read_parquet`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if source.member is not None or source.path.suffix == ".gz":
        raise DataError("parquet inside an archive is not read", at=source.origin, fix="unpack the archive")
    try:
        if not source.path.stat().st_size:
            raise DataError("holds no rows", at=source.origin, fix="check the file")
        with source.open() as stream, pq.ParquetFile(stream) as file:
            names = list(file.schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(source, error) from error
    require_different(names, source.origin)
    return names


def _damaged(source: SourceFile, error: Exception) -> DataError:
    reason = " ".join(str(error).split())
    return DataError(f"cannot be read as parquet: {reason}", at=source.origin, fix="get or write the file again")
