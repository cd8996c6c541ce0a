"""FlatStore: the steps of all records end to end in one memory map, with the places where each begins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import DTypeLike
from torch import Tensor

from seqkit.fixed_point import as_numbers
from seqkit.steps import Continuous, Discrete, Spec, spec_from_dict


@dataclass(frozen=True)
class FlatStore:
    """Encoded records on disk.

    Attributes:
        spec: What a step is.
        steps: All steps as they are stored, memory-mapped: (N,) unsigned; (N, F) float32, or int16 that stands for
            numbers in [-1, 1). `as_steps` makes them what they are.
        offsets: Where record i begins, (num_records + 1,); it ends where the next begins.
        context: Leading steps of each record that are never scored, (num_records,).
        targets: All target steps, (M,) unsigned or (M, F) float32; None when the task needs none.
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
        return self.stretch(self.offsets[index], self.offsets[index + 1])

    def stretch(self, begin: int, end: int) -> Tensor:
        """Steps from one place of the store to another, (n,) int64 or (n, F) float32."""
        return as_steps(np.array(self.steps[begin:end]))  # the map is read-only

    def origins(self) -> list[str]:
        """Where each record came from."""
        with (self.folder / "origins.jsonl").open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]


def as_steps(values: np.ndarray) -> Tensor:
    """Stored values as a tensor: unsigned integers become int64, those of fixed point the float32 they stand for."""
    if values.dtype == np.int16:
        return torch.from_numpy(as_numbers(values))
    return torch.from_numpy(values if values.dtype == np.float32 else values.astype(np.int64))


def open_store(folder: Path) -> FlatStore:
    """Open a store that `build_store` made."""
    meta = json.loads((folder / "meta.json").read_text())
    spec = spec_from_dict(meta["spec"])
    target_spec = None if meta["target_spec"] is None else spec_from_dict(meta["target_spec"])
    return FlatStore(
        spec=spec,
        steps=_map(folder / "steps.bin", spec, np.dtype(meta["dtype"])),
        offsets=np.load(folder / "offsets.npy"),
        context=np.load(folder / "context.npy"),
        targets=_map(folder / "targets.bin", target_spec, step_dtype(target_spec)) if target_spec else None,
        target_offsets=np.load(folder / "target_offsets.npy") if target_spec else None,
        folder=folder,
    )


def step_dtype(spec: Spec) -> type[np.generic]:
    """The smallest type that holds every step of a spec."""
    if isinstance(spec, Continuous):
        return np.float32
    return np.uint8 if spec.num_classes <= 2**8 else np.uint16 if spec.num_classes <= 2**16 else np.uint32


def _map(path: Path, spec: Spec, dtype: DTypeLike) -> np.ndarray:
    row = () if isinstance(spec, Discrete) else (spec.num_features,)
    if path.stat().st_size == 0:  # An empty file cannot be mapped.
        return np.zeros((0, *row), dtype=dtype)
    return np.memmap(path, dtype=dtype, mode="r").reshape(-1, *row)
