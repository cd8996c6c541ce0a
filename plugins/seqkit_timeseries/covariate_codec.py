"""CovariateCodec: the values of a series, and beside them what is known ahead of each step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from seqkit import Codec, ConfigError, Continuous, DataError, StandardCodec, plural
from seqkit_timeseries.calendar_features import Cycle, calendar_features, cycles_of
from seqkit_timeseries.covariates import Covaried
from seqkit_timeseries.statics import StaticColumn

Shape = tuple[int, int]


@final
class CovariateCodec(Codec):
    """A step is what is forecast, then what is known ahead: columns, calendar, and what never changes.

    Known columns and numbers that never change are standardised by the training split; sines and cosines of the
    calendar and one-hot categories are left as they are. `decode` gives what is forecast; the rest is given anyway.

    Args:
        standardise: Standardise what is forecast, too.
        calendar: True makes features of the timestamps, False none, None where the training series have dates.
        static_columns: Names of the columns that never change.
    """

    tolerance = StandardCodec.tolerance

    def __init__(self, standardise: bool, calendar: bool | None, static_columns: tuple[str, ...] = ()) -> None:
        self.standardise, self.calendar, self.static_columns = standardise, calendar, static_columns
        self._numbers = StandardCodec()  # of the values and, beside them, the known columns
        self._shape: Shape | None = None
        self._cycles: list[Cycle] = []
        self._statics: list[StaticColumn] = []

    @property
    def spec(self) -> Continuous:
        """What is forecast, and all that is known ahead."""
        if self._shape is None:
            raise ConfigError("the codec is used before it was fitted", fix="call datamodule.setup('fit') first")
        num_values, num_columns = self._shape
        num_known = num_columns + 2 * len(self._cycles) + sum(static.num_features for static in self._statics)
        return Continuous(num_values + num_known, num_known)

    def fit(self, values: Iterable[Any]) -> None:
        """Learn means and deviations, the cycles of the calendar, and the categories.

        Raises:
            DataError: If there is nothing to learn from, or no date to make a calendar of.
        """
        rows: list[tuple[str, ...]] = []
        self._numbers.fit(self._noted(_covaried(value), rows) for value in values)
        if self.calendar and not self._cycles:
            raise DataError(
                "the series have no dates to make a calendar of",
                at="--data.calendar true",
                fix="name the column with the dates by --data.time_column, or leave the option out",
            )
        cells = list(zip(*rows, strict=True)) if rows and rows[0] else []
        self._statics = [StaticColumn.learn(n, c) for n, c in zip(self.static_columns, cells, strict=True)]
        assert self._shape is not None
        if not self.standardise:
            num_values = self._shape[0]
            self._numbers.mean[:num_values] = [0.0] * num_values
            self._numbers.deviation[:num_values] = [1.0] * num_values

    def encode(self, value: Any) -> Tensor:
        """Steps, (T, F + G) float32; NaN where nothing is known.

        Raises:
            DataError: If the series lacks a column or dates that the training series had.
        """
        series, spec = _covaried(value), self.spec
        self._require_like_training(series)
        numbers = self._numbers.encode(np.concatenate([series.values, series.known], axis=1)).double().numpy()
        parts = [numbers, calendar_features(series.times, self._cycles)]
        for static, cell in zip(self._statics, series.statics, strict=True):
            parts.append(np.repeat(static.features(cell)[None], len(series), axis=0))
        steps = np.concatenate(parts, axis=1)
        assert steps.shape[1] == spec.num_features
        return torch.from_numpy(steps.astype(np.float32))

    def decode(self, steps: Tensor) -> np.ndarray:
        """What is forecast, (T, F) float64, of whole steps (T, F + G) or of forecasts (T, F)."""
        num_values = self.spec.num_predicted
        mean, deviation = (np.asarray(v)[:num_values] for v in (self._numbers.mean, self._numbers.deviation))
        return np.asarray(steps[:, :num_values].cpu().double().numpy() * deviation + mean)

    def state(self) -> dict[str, Any]:
        """All that `fit` learned."""
        return {
            "numbers": self._numbers.state(),
            "shape": list(self._shape or ()),
            "cycles": self._cycles,
            "statics": [static.state() for static in self._statics],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put it back."""
        self._numbers.restore(state["numbers"])
        self._shape = tuple(state["shape"])
        self._cycles = list(state["cycles"])
        self._statics = [StaticColumn(**static) for static in state["statics"]]

    def _noted(self, series: Covaried, rows: list[tuple[str, ...]]) -> np.ndarray:
        """The numbers of a series, its shape and what never changes in it being noted in passing."""
        shape = (series.values.shape[1], series.known.shape[1])
        self._shape = self._shape or shape
        if shape != self._shape:
            raise DataError(
                f"a series has {plural(shape[0], 'column')} to forecast and {shape[1]} known ahead, "
                f"the first one {self._shape}",
                fix="give every series the same columns",
            )
        if self.calendar is not False and not self._cycles:
            self._cycles = cycles_of(series.frequency)
        rows.append(series.statics)
        return np.concatenate([series.values, series.known], axis=1)

    def _require_like_training(self, series: Covaried) -> None:
        shape = (series.values.shape[1], series.known.shape[1])
        if shape != self._shape or len(series.statics) != len(self._statics):
            raise DataError(
                f"{plural(shape[0], 'column')} to forecast, {shape[1]} known ahead and {len(series.statics)} that "
                f"never change, where the model was trained on {self._shape} and {len(self._statics)}",
                fix="give every series the columns of the training data",
            )
        if self._cycles and series.times.dtype.kind != "M":
            raise DataError(
                "the series has no dates, and the model was trained with those of its calendar",
                fix="give the time column, or train with --data.calendar false",
            )


def _covaried(value: Any) -> Covaried:
    """A value with its covariates; numbers alone have none."""
    if isinstance(value, Covaried):
        return value
    array = np.asarray(value, dtype=np.float64)
    array = array.reshape(len(array), -1)
    return Covaried(array, np.zeros((len(array), 0)), np.arange(len(array)))
