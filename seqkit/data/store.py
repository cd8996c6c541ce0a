"""FlatStore: the steps of all records end to end in one memory map, with the places where each begins."""

from __future__ import annotations

import json
import os
import shutil
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import torch
from torch import Tensor

from seqkit.codec import Codec
from seqkit.errors import DataError, SeqkitError
from seqkit.steps import Continuous, Discrete, Record, Spec, spec_from_dict, spec_to_dict


@dataclass(frozen=True)
class FlatStore:
    """Encoded records on disk.

    Attributes:
        spec: What a step is.
        steps: All steps, (N,) unsigned or (N, F) float32, memory-mapped.
        offsets: Where record i begins, (num_records + 1,); it ends where the next begins.
        context: Leading steps of each record that are never scored, (num_records,).
        targets: All target steps like `steps`; None when the task needs none.
        target_offsets: Like `offsets`, for `targets`.
        folder: Where it lies.
    """

    spec: Spec
    steps: np.ndarray
    offsets: np.ndarray
    context: np.ndarray
    targets: np.ndarray | None
    target_offsets: np.ndarray | None
    folder: Path

    def __len__(self) -> int:
        """Number of records."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each record, (num_records,) int64."""
        return np.diff(self.offsets)

    def sequence(self, index: int) -> Tensor:
        """Steps of one record, (T,) int64 or (T, F) float32."""
        return as_steps(np.array(self.steps[self.offsets[index] : self.offsets[index + 1]]))  # the map is read-only

    def origins(self) -> list[str]:
        """Where each record came from."""
        with (self.folder / "origins.jsonl").open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]


def as_steps(values: np.ndarray) -> Tensor:
    """Stored values as a tensor: unsigned integers become int64."""
    return torch.from_numpy(values if values.dtype == np.float32 else values.astype(np.int64))


def build_store(
    records: Iterable[Record],
    codec: Codec,
    target_codec: Codec | None,
    folder: Path,
    whole: bool = False,
    aligned: bool = False,
) -> FlatStore:
    """Encode records, one in memory at a time, into a store.

    The folder appears only when it is complete, so a killed build leaves nothing that could be taken for data.

    Args:
        records: What to encode.
        codec: For the sequences.
        target_codec: For the targets; None when the task has none.
        folder: Where to put it; a complete store that is there by then is kept.
        whole: Records are read one by one, so none may be empty.
        aligned: Each step has a target of its own.

    Raises:
        DataError: Names the record that cannot be encoded, that is empty, or that lacks targets.
    """
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _write(records, codec, target_codec, partial, whole or target_codec is not None, aligned)
        _publish(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return open_store(folder)


def _publish(partial: Path, folder: Path) -> None:
    """Give a finished store its name. Another process may have made the same one meanwhile, and read it by now."""
    if folder.exists() and not (folder / "meta.json").exists():
        shutil.rmtree(folder)
    try:
        partial.replace(folder)
    except OSError:
        if not (folder / "meta.json").exists():
            raise


def open_store(folder: Path) -> FlatStore:
    """Open a store that `build_store` made."""
    meta = json.loads((folder / "meta.json").read_text())
    spec = spec_from_dict(meta["spec"])
    has_targets = meta["target_spec"] is not None
    return FlatStore(
        spec=spec,
        steps=_map(folder / "steps.bin", spec),
        offsets=np.load(folder / "offsets.npy"),
        context=np.load(folder / "context.npy"),
        targets=_map(folder / "targets.bin", spec_from_dict(meta["target_spec"])) if has_targets else None,
        target_offsets=np.load(folder / "target_offsets.npy") if has_targets else None,
        folder=folder,
    )


def _write(
    records: Iterable[Record], codec: Codec, target_codec: Codec | None, folder: Path, whole: bool, aligned: bool
) -> None:
    lengths, target_lengths, context = array("q"), array("q"), array("q")
    with (
        (folder / "steps.bin").open("wb") as steps,
        (folder / "targets.bin").open("wb") as targets,
        (folder / "origins.jsonl").open("w", encoding="utf-8") as origins,
    ):
        for record in records:
            count = _append(steps, codec, record.sequence, record.origin)
            own = None
            if target_codec is not None and (aligned or not record.continues):
                own = _append(targets, target_codec, record.target, record.origin)
            if aligned and own is not None and own != count:
                raise DataError(f"{own} tags for {count} steps", at=record.origin, fix="give each step one tag")
            if record.continues and lengths:
                lengths[-1] += count
                if own is not None:
                    target_lengths[-1] += own
                continue
            lengths.append(count)
            context.append(record.context)
            origins.write(json.dumps(record.origin) + "\n")
            if whole and count == 0:
                raise DataError("the record is empty", at=record.origin, fix="remove it")
            if own is not None:
                target_lengths.append(own)
    np.save(folder / "offsets.npy", np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    np.save(folder / "context.npy", np.asarray(context, dtype=np.int64))
    np.save(folder / "target_offsets.npy", np.concatenate([[0], np.cumsum(target_lengths)]).astype(np.int64))
    target_spec = spec_to_dict(target_codec.spec) if target_codec is not None else None
    meta = {"spec": spec_to_dict(codec.spec), "target_spec": target_spec}
    (folder / "meta.json").write_text(json.dumps(meta))


def _append(file: IO[bytes], codec: Codec, value: object, origin: str) -> int:
    """Encode one value to the end of a file; the number of steps."""
    if value is None:
        raise DataError("the record has no target", at=origin, fix="give it a label, or use --data.task next_step")
    try:
        steps = codec.encode_array(value)
    except SeqkitError as error:
        raise type(error)(error.what, at=error.at or origin, fix=error.fix) from error
    file.write(np.ascontiguousarray(steps, dtype=_dtype(codec.spec)).data)
    return len(steps)


def _dtype(spec: Spec) -> type[np.generic]:
    """The smallest type that holds a step."""
    if isinstance(spec, Continuous):
        return np.float32
    return np.uint8 if spec.num_classes <= 2**8 else np.uint16 if spec.num_classes <= 2**16 else np.uint32


def _map(path: Path, spec: Spec) -> np.ndarray:
    row = () if isinstance(spec, Discrete) else (spec.num_features,)
    if path.stat().st_size == 0:  # An empty file cannot be mapped.
        return np.zeros((0, *row), dtype=_dtype(spec))
    return np.memmap(path, dtype=_dtype(spec), mode="r").reshape(-1, *row)
