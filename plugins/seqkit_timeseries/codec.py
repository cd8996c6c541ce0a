"""RecordScaleCodec: each record in units of its own mean and deviation, where only the shape matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, final

import numpy as np
import torch
from torch import Tensor

from seqkit import Codec, ConfigError, Continuous, DataError


@final
class RecordScaleCodec(Codec):
    """Standardises each feature of a record by that record alone; NaN stays NaN.

    Level and size are given up on purpose, so `decode` gives the standardised values. A feature that does not vary
    becomes 0.
    """

    lossless: ClassVar[bool] = False
    tolerance = 1e-5

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
        raise DataError("no training values", fix="check that the training split is not empty")

    def encode(self, value: Any) -> Tensor:
        """Values, (T,) or (T, F), to standardised steps, (T, F) float32."""
        array = _matrix(value)
        if array.shape[1] != self.spec.num_features:
            raise DataError(
                f"{array.shape[1]} features a step where {self.num_features} were trained on",
                fix="give every record the same columns",
            )
        seen = ~np.isnan(array)
        count = np.maximum(seen.sum(axis=0), 1)
        # Around a value of the record itself: a constant then becomes exactly 0, however large it is.
        array = array - array[seen.argmax(axis=0), np.arange(array.shape[1])]
        centred = array - np.where(seen, array, 0.0).sum(axis=0) / count
        deviation = np.sqrt(np.where(seen, centred**2, 0.0).sum(axis=0) / count)
        return torch.from_numpy((centred / np.where(deviation > 0, deviation, 1.0)).astype(np.float32))

    def decode(self, steps: Tensor) -> np.ndarray:
        """Standardised steps, (T, F), as float64."""
        return steps.cpu().double().numpy()

    def state(self) -> dict[str, Any]:
        """The number of features."""
        return {"num_features": self.num_features}

    def restore(self, state: dict[str, Any]) -> None:
        """Put the number of features back."""
        self.num_features = int(state["num_features"])


def _matrix(value: Any) -> np.ndarray:
    array = np.asarray(value, dtype=np.float64)
    return array if array.ndim == 2 else array.reshape(-1, 1)
