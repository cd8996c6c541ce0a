"""Stack: rows that come block by block, as one array, on the disk where they are too many for memory."""

from __future__ import annotations

import mmap
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

import numpy as np

from seqkit import DependencyError, scratch_file

SPILLED_BYTES = 1 << 26
"""From which size on rows go to the disk."""

BLOCK_BYTES = 1 << 22
"""How much of a mapped array is looked at at once."""


class Stack:
    """Blocks of rows, to be laid end to end; all have the type and the width of the first."""

    def __init__(self) -> None:
        self._held: list[np.ndarray] = []
        self._num_rows = 0
        self._file: IO[bytes] | None = None

    def add(self, rows: np.ndarray) -> None:
        """Put rows (N, ...) at the end.

        Raises:
            DependencyError: If the disk is full.
        """
        self._num_rows += len(rows)
        self._held.append(rows)
        if self._file is None and self._num_rows * rows[:1].nbytes > SPILLED_BYTES:
            self._file = scratch_file()
        if self._file is not None:
            with _on_disk(self._file):
                for held in self._held:
                    self._file.write(np.ascontiguousarray(held).view(np.uint8).data)
            self._held = [rows[:0]]

    def close(self) -> None:
        """Give the space on the disk back, unless `array` has taken it over."""
        if self._file is not None:
            with suppress(OSError):  # A full disk was reported before.
                self._file.close()

    def array(self) -> np.ndarray:
        """All rows; read-only and mapped where they lie on the disk. At least one block was added."""
        if self._file is None:
            return np.concatenate(self._held)
        first = self._held[0]
        return _mapped(self._file, (self._num_rows, *first.shape[1:]), first.dtype)


def by_columns(table: np.ndarray) -> np.ndarray:
    """A mapped table (T, F) with each column in one stretch of the disk, so that one can be read without the others.

    Raises:
        DependencyError: If the disk is full.
    """
    num_rows, num_columns = table.shape
    file, size = scratch_file(), table.itemsize
    with _on_disk(file):
        for begin, end in blocks_of(table, 4 * BLOCK_BYTES):
            for number, column in enumerate(np.ascontiguousarray(table[begin:end].T)):
                file.seek((number * num_rows + begin) * size)
                file.write(column.view(np.uint8).data)
            forget(table)
    return _mapped(file, (num_columns, num_rows), table.dtype).T


def blocks_of(rows: np.ndarray, num_bytes: int | None = None) -> Iterator[tuple[int, int]]:
    """Where blocks of so many bytes (`BLOCK_BYTES`) of an array's rows begin and end; one at least."""
    at_once = max((BLOCK_BYTES if num_bytes is None else num_bytes) // max(rows[:1].nbytes, 1), 1)
    yield from ((begin, min(begin + at_once, len(rows))) for begin in range(0, max(len(rows), 1), at_once))


def is_mapped(array: np.ndarray) -> bool:
    """Whether an array lies on the disk."""
    return _mapping(array) is not None


def forget(array: np.ndarray) -> None:
    """Give back the memory that was taken for reading a mapped array; it is read again where it is needed again."""
    mapping = _mapping(array)
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)


def _mapped(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    with _on_disk(file):
        file.flush()
    mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    file.close()  # The mapping keeps what the file held.
    return np.ndarray(shape, dtype, buffer=mapping)


def _mapping(array: np.ndarray) -> mmap.mmap | None:
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


@contextmanager
def _on_disk(file: IO[bytes]) -> Iterator[None]:
    """What writes to a scratch file.

    Raises:
        DependencyError: If that is not possible, with the bytes written and free.
    """
    try:
        yield
    except OSError as error:
        free = shutil.disk_usage(file.fileno()).free
        raise DependencyError(
            f"a large table cannot be put on the disk: {error} ({free:,} bytes are free)",
            at="the cache folder",
            fix="free some space, or set SEQKIT_CACHE to a folder on a larger disk",
        ) from error
