"""Covaried: the values of a series with what else is known of each of its steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqkit import DataError
from seqkit_timeseries.frequency import Frequency
from seqkit_timeseries.series import Series


@dataclass(frozen=True)
class Covaried:
    """What is encoded of a series with covariates; as an array it is its values.

    Attributes:
        values: What is forecast, (T, F) float64; NaN where it was not measured, and in steps to come.
        known: What is known ahead, (T, K) float64.
        times: Of the steps, (T,).
        frequency: Their regular step.
        statics: What never changes over the series, as the file writes it.
    """

    values: np.ndarray
    known: np.ndarray
    times: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    frequency: Frequency | None = None
    statics: tuple[str, ...] = ()

    @classmethod
    def of(cls, series: Series) -> Covaried:
        """The whole of a series."""
        return cls(series.predicted, series.known, series.times, series.frequency, series.statics)

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The values."""
        return np.array(self.values, dtype=dtype, copy=True if copy is None else copy)


def require_known(series: Series) -> None:
    """Refuse a series whose future is not known where it should be.

    Raises:
        DataError: Names the column that is empty.
    """
    for number, column in enumerate(series.known.T):
        if len(column) and np.isnan(column).all():
            name = series.features[series.num_predicted + number]
            fix = "give what is known ahead in each row, or leave the column out of --data.known_columns"
            raise DataError("the column is empty", at=f"{series.origin}, column {name!r}", fix=fix)


def with_future(series: Series, horizon: int | None, dated: bool) -> tuple[Series, int]:
    """A series with the steps to come of which something is known, and the number of steps that are past.

    Rows after the last measured one give the known columns; without such columns times go on by the frequency.

    Args:
        series: As it was read, rows without measurements at its end included.
        horizon: Steps to come at most; None adds nothing.
        dated: Whether the times of steps to come are wanted.
    """
    begin, end = series.measured
    past = series.part(begin, end)
    if horizon is None or not len(past):
        return past, len(past)
    rows = series.part(end, end + horizon)
    if series.num_known:
        complete = np.isfinite(rows.known).all(axis=1)
        rows = rows.part(0, len(rows) if complete.all() else int(complete.argmin()))
        return past.joined(rows.unmeasured()), len(past)
    if series.statics or (dated and past.frequency is not None and past.frequency.unit != "index"):
        return past.joined(past.continued(horizon)), len(past)
    return past, len(past)
