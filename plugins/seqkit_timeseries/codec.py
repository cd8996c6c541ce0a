"""RecordScaleCodec: each record in units of its own mean and deviation, where only the shape matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, final

import numpy as np
import torch
from torch import Tensor

from seqkit import Codec, ConfigError, Continuous, DataError, StructureError

_ROUNDING = 1e-6
"""Mean and deviation of standardised values are this close to 0 and 1 after rounding to float32."""


@final
class RecordScaleCodec(Codec):
    """Standardises each feature of a record by that record alone; NaN stays NaN.

    Level and size are given up on purpose, so `decode` gives the standardised values, and a record that is
    standardised already stays as it is. A feature that does not vary becomes 0.
    """

    lossless: ClassVar[bool] = False

    def __init__(self) -> None:
        self.num_features = 0

    @property
    def spec(self) -> Continuous:
        """As many features as the values have."""
        if not self.num_features:
            raise ConfigError("the codec is used before it was fitted", fix="call datamodule.setup('fit') first")
        return Continuous(self.num_features)

    def fit(self, values: Iterable[Any]) -> None:
        """Learn the number of features."""
        for value in values:
            self.num_features = _matrix(value).shape[1]
            return
        fix = "hold out less, or check which records were left out"
        raise StructureError("no training values", at="the training split", fix=fix)

    def encode(self, value: Any) -> Tensor:
        """Values, (T,) or (T, F), to standardised steps, (T, F) float32."""
        array = _matrix(value)
        if array.shape[1] != self.spec.num_features:
            raise DataError(
                f"{array.shape[1]} features a step where {self.num_features} were trained on",
                fix="give every record the same columns",
            )
        return torch.from_numpy(_standardised(array).astype(np.float32))

    def decode(self, steps: Tensor) -> np.ndarray:
        """Standardised steps, (T, F), as float64."""
        return steps.cpu().double().numpy()

    def state(self) -> dict[str, Any]:
        """The number of features."""
        return {"num_features": self.num_features}

    def restore(self, state: dict[str, Any]) -> None:
        """Put the number of features back."""
        self.num_features = int(state["num_features"])


def _standardised(values: np.ndarray) -> np.ndarray:
    """Each column of (T, F) less its mean, over its deviation; NaN left out."""
    if not len(values):
        return values
    seen = ~np.isnan(values)
    count = np.maximum(seen.sum(axis=0), 1)
    # Around a value of the record itself: a constant then becomes exactly 0, however large it is.
    base = values[seen.argmax(axis=0), np.arange(values.shape[1])]
    mean = base + np.where(seen, values - base, 0.0).sum(axis=0) / count
    deviation = np.sqrt(np.where(seen, (values - mean) ** 2, 0.0).sum(axis=0) / count)
    done = (np.abs(mean) < _ROUNDING) & (np.abs(deviation - 1) < _ROUNDING)
    return np.where(done, values, (values - mean) / np.where(deviation > 0, deviation, 1.0))


def _matrix(value: Any) -> np.ndarray:
    array = np.asarray(value, dtype=np.float64)
    return array if array.ndim == 2 else array.reshape(-1, 1)
