"""StandardCodec: numbers that any domain may use, standardised by the training split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from seqkit.codec import Codec, require_fitted
from seqkit.errors import DataError, StructureError
from seqkit.steps import Continuous

_BLOCK_BYTES = 1 << 22
"""So much of a record is summed up at once."""


@final
class StandardCodec(Codec):
    """Numbers, one vector a step, standardised by the training split's mean and deviation.

    Missing values are NaN and stay NaN. A feature that never varies is only centred.

    Args:
        num_features: Features a step; None takes it from the first training value.
        standardise: False passes numbers through unchanged.
        running_scale: See `Codec.running_scale`.
    """

    tolerance = 1e-3

    def __init__(self, num_features: int | None = None, standardise: bool = True, running_scale: bool = False) -> None:
        self.standardise = standardise
        self.running_scale = running_scale
        self.mean: list[float] = [0.0] * (num_features or 0)
        self.deviation: list[float] = [1.0] * (num_features or 0)
        self._fitted = num_features is not None and not standardise

    @property
    def spec(self) -> Continuous:
        """As many features as the values have."""
        require_fitted(bool(self.mean), self)
        return Continuous(len(self.mean))

    def fit(self, values: Iterable[Any]) -> None:
        """Learn mean and deviation of each feature, in float64, ignoring NaN."""
        if self._fitted:
            return
        if not self.standardise:  # Nothing but the width is learned, and `encode` holds every record against it.
            values = (_as_matrix(value)[:1] for value in islice(values, 1))
        count = total = squares = shift = np.zeros(0)
        for array in (rows for value in values for rows in _in_blocks(_as_matrix(value))):
            if not count.size:
                count, total, squares, shift = (np.zeros(array.shape[1]) for _ in range(4))
            if array.shape[1] != count.size:
                raise _other_width(array.shape[1], count.size)
            seen = np.isfinite(array)
            if len(array) and (begins := (count == 0) & seen.any(0)).any():
                # Sums of squares around each column's first value: far from zero they would cancel.
                shift = np.where(begins, array[seen.argmax(0), np.arange(count.size)], shift)
            centred = np.where(seen, array - shift, 0.0)
            count, total, squares = count + seen.sum(0), total + centred.sum(0), squares + (centred**2).sum(0)
        if not count.size:
            what, fix = "no training values to standardise", "hold out less, or check which records were left out"
            raise StructureError(what, at="the training split", fix=fix)
        mean = total / np.maximum(count, 1)
        deviation = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0.0))
        if self.standardise:
            self.mean = (mean + shift).tolist()
            self.deviation = np.where(deviation > 0, deviation, 1.0).tolist()
        else:
            self.mean, self.deviation = [0.0] * count.size, [1.0] * count.size
        self._fitted = True

    def encode(self, value: Any) -> Tensor:
        """Values, (T,) or (T, F), to standardised steps, (T, F) float32."""
        array = _as_matrix(value)
        if array.shape[1] != len(self.mean):
            raise _other_width(array.shape[1], len(self.mean))
        if any(self.mean) or any(deviation != 1.0 for deviation in self.deviation):
            array = (array - np.asarray(self.mean)) / np.asarray(self.deviation)
        return torch.from_numpy(array.astype(np.float32))

    def decode(self, steps: Tensor) -> np.ndarray:
        """Standardised steps, (T, F), to values, (T, F) float64."""
        return steps.cpu().double().numpy() * np.asarray(self.deviation) + np.asarray(self.mean)

    def state(self) -> dict[str, Any]:
        """Mean and deviation of each feature."""
        return {"mean": self.mean, "deviation": self.deviation}

    def restore(self, state: dict[str, Any]) -> None:
        """Put mean and deviation back."""
        self.mean, self.deviation, self._fitted = list(state["mean"]), list(state["deviation"]), True


def _in_blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    """A long record in parts: it may lie on the disk, and takes four times its memory while it is summed up."""
    at_once = max(_BLOCK_BYTES // max(array[:1].nbytes, 1), 1)
    yield from (array[begin : begin + at_once] for begin in range(0, max(len(array), 1), at_once))


def _other_width(found: int, expected: int) -> DataError:
    what = f"{found} features a step where {expected} were trained on"
    return DataError(what, fix="give every record the same columns")


def _as_matrix(value: Any) -> np.ndarray:
    """Numbers as (T, F); one-dimensional ones are a single feature."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim > 2:
        raise DataError(f"values of shape {array.shape}", fix="a series is (T,) or (T, F)")
    return array.reshape(len(array), -1) if array.ndim == 2 else array.reshape(-1, 1)
