"""SafeCheckpointIO: how Lightning writes and reads checkpoints here, so that a crash at any moment loses none."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch
from lightning_fabric.plugins import CheckpointIO
from torch import Tensor

from seqkit.errors import CheckpointError
from seqkit.training.archive import is_sealed, read_checkpoint, seal
from seqkit.training.durable import refusal, replacing
from seqkit.training.manifest import make_manifest

KEEP_PREVIOUS = {"keep_previous": True}
"""`Trainer.save_checkpoint(path, storage_options=KEEP_PREVIOUS)`: what was at NAME.ckpt goes to NAME.previous.ckpt."""


class SafeCheckpointIO(CheckpointIO):
    """Writes a checkpoint beside its place, syncs it, reads its checksums back, and only then renames it.

    Lightning's own writer stages in the folder for temporary files and moves from there, which across file systems is
    a copy that a kill can halve, and it never syncs.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any | None = None
    ) -> None:
        """Write a checkpoint; what was at `path` stays whole until the new one is verified.

        Args:
            checkpoint: What `Trainer.save_checkpoint` collects.
            path: Where it goes.
            storage_options: `KEEP_PREVIOUS`, or None.

        Raises:
            DependencyError: If the disk is full or the folder cannot be written.
            CheckpointError: If what was read back is not what was written, or it could not be loaded again without
                running code.
        """
        path = Path(path)
        keep = previous(path) if (storage_options or {}).get("keep_previous") else None
        content = {**checkpoint, "manifest": make_manifest(checkpoint)}
        with replacing(path, _num_bytes(content), _verify, keep) as file:
            sink = _Sink(file, path)
            torch.save(content, sink)  # type: ignore[arg-type]
            sink.settle()
            seal(file, sink.crc)

    def load_checkpoint(
        self, path: str | os.PathLike[str], map_location: Any | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """A checkpoint's content, verified; never with code from it, whatever is asked for.

        Raises:
            CheckpointError: If it is damaged, or not ours.
        """
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Remove a checkpoint that a better one has replaced."""
        Path(path).unlink(missing_ok=True)


def previous(path: Path) -> Path:
    """Where the checkpoint before this one is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


class _Sink(io.RawIOBase):
    """Takes what torch writes. After an error it only counts: torch's writer, closing, would hide it behind its own."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        super().__init__()
        self.file, self.path, self.count = file, path, 0
        self.crc, self._last = 0, b""  # of all bytes but the last two
        self.error: BaseException | None = None

    def write(self, data: Any) -> int:
        """Write to the file, or after an error only count."""
        self.count += len(data)
        if self.error is None:
            try:
                self.file.write(data)
                self._note(memoryview(data))
            except BaseException as error:
                self.error = error
        return len(data)

    def _note(self, data: memoryview) -> None:
        if len(data) < 2:
            both = self._last + bytes(data)
            self.crc, self._last = zlib.crc32(both[:-2], self.crc), both[-2:]
        else:
            self.crc, self._last = zlib.crc32(data[:-2], zlib.crc32(self._last, self.crc)), bytes(data[-2:])

    def settle(self) -> None:
        """Raise what came in between."""
        if isinstance(self.error, OSError):
            raise refusal(self.path, self.error, self.count) from self.error
        if self.error is not None:
            raise self.error


def _verify(path: Path) -> None:
    """Read a checkpoint back."""
    try:
        if is_sealed(path):
            return
    except CheckpointError:
        pass
    raise CheckpointError(
        "what was written is not what is read back",
        at=str(path.parent),
        fix="look at the disk; what was saved before is intact",
    )


def _num_bytes(checkpoint: dict[str, Any]) -> int:
    """Bytes of all tensors, storages that several share counted once."""
    storages = [tensor.untyped_storage() for tensor in _tensors(checkpoint)]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _tensors(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _tensors(inner)
