"""Forecasts without a model: the last value, and the last season again and again."""

from __future__ import annotations

import numpy as np


def seasonal_naive(history: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """The last season again and again, (horizon, F); all that there is of a shorter history.

    Args:
        history: (T, F), nothing missing.
        horizon: Steps to forecast.
        season: Steps of a season.

    Example:
        >>> seasonal_naive(np.array([[9.0], [1.0], [2.0]]), 3, 2)[:, 0]
        array([1., 2., 1.])
    """
    last = history[-min(season, len(history)) :]
    return last[np.arange(horizon) % len(last)]


def fill_forward(history: np.ndarray) -> np.ndarray:
    """(T, F) with each missing value replaced by the one before, leading ones by the first seen."""
    rows = np.arange(len(history))[:, None]
    seen = np.maximum.accumulate(np.where(np.isfinite(history), rows, -1), axis=0)
    first = np.isfinite(history).argmax(axis=0)
    return np.take_along_axis(history, np.where(seen < 0, first, seen), axis=0)
