"""Forecast fan: the past, the median of what may follow, and bands of quantiles around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqkit.plots.style import COLOURS, FAINT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN_HORIZONS = 4
"""Of a long past, so many horizons are shown: the fan would be too small to read."""


def draw_forecast(
    figure: Figure,
    history: np.ndarray,
    quantiles: Mapping[float, np.ndarray],
    truth: np.ndarray | None = None,
    times: Sequence[Any] | np.ndarray | None = None,
    title: str = "",
    unit: str = "",
    time_unit: str = "step",
) -> None:
    """Draw one series and its forecast. NaN is not drawn.

    Args:
        figure: Empty.
        history: What was known, (T,).
        quantiles: Forecasts by their probability, (H,) each: 0.5 is the line, pairs such as 0.1 and 0.9 are a band.
        truth: What followed, (H,); None where it is not known.
        times: Dates or numbers of all T + H steps; None counts them from the first forecast step, which is 1.
        title: Above the figure, such as the series' name.
        unit: Of the values.
        time_unit: What a step is, for the axis: hour, day, step.
    """
    axis = figure.subplots()
    history = np.asarray(history, float)
    horizon = len(next(iter(quantiles.values())))
    first = max(len(history) - _SHOWN_HORIZONS * horizon, 0)
    every: Any = np.arange(1 - len(history), horizon + 1) if times is None else np.asarray(times)
    past, future = every[first : len(history)], every[len(history) : len(history) + horizon]
    axis.plot(past, history[first:], color="black", linestyle="-", linewidth=1, label="history")
    bands = [(low, 1 - low) for low in sorted(quantiles) if low < 0.5 and _near(quantiles, 1 - low) is not None]
    for number, (low, high) in enumerate(bands):
        upper = quantiles[_near(quantiles, high)]  # type: ignore[index]
        axis.fill_between(
            future,
            np.asarray(quantiles[low], float),
            np.asarray(upper, float),
            color=COLOURS[0],
            alpha=0.18 + 0.14 * number,
            linewidth=0,
            label=f"{100 * (high - low):.0f} % of outcomes",
        )
    middle = _near(quantiles, 0.5)
    if middle is not None:
        axis.plot(future, quantiles[middle], color=COLOURS[0], linestyle="-", label="median")
    if truth is not None:
        axis.plot(future, truth, color=COLOURS[5], linestyle="--", linewidth=1.2, label="what followed")
    axis.axvline(past[-1], color=FAINT, linestyle=":", linewidth=1)
    axis.set_xlabel("time" if times is not None else f"time ({time_unit}s, the forecast begins at 1)")
    axis.set_ylabel(f"value ({unit})" if unit else "value")
    axis.set_title(title)
    axis.grid(axis="y")
    figure.legend(loc="outside lower center", ncols=5)


def _near(quantiles: Mapping[float, np.ndarray], wanted: float) -> float | None:
    """The key that means this probability: 1 - 0.9 is not 0.1 in binary."""
    return next((key for key in quantiles if abs(key - wanted) < 1e-9), None)
