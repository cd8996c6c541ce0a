"""A second axis in the domain's own unit: characters, milliseconds, bases, hours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Span = Callable[[float], str]
"""A number of steps of the data in the domain's own unit: `38 characters`, `4.8 ms`."""


def name_steps(axis: Axes, what: str, span: Span, steps_per_output: float = 1.0, most: float | None = None) -> None:
    """Name an x axis that counts outputs of the recurrent layers; above it, what they amount to in the data.

    Where one output is one unit of the data, the unit stands in the axis' name, and there is nothing to add above.

    Args:
        axis: Its limits are final.
        what: Name of the axis, such as `steps back`.
        span: Steps of the data in words.
        steps_per_output: Steps of the data that one output stands for.
        most: The largest tick to label above; None labels all within the limits.
    """
    low, high = sorted(axis.get_xlim())
    ticks = [tick for tick in axis.get_xticks() if low <= tick <= high and tick >= 0]
    words = [span(tick * steps_per_output) for tick in ticks]
    unit = _unit(span(2 * steps_per_output))
    counted = all(_number(word) == round(tick, 6) for word, tick in zip(words, ticks, strict=True))
    if counted or not ticks:
        axis.set_xlabel(f"{what} ({unit})" if unit not in ("", "steps") else what)
        return
    above = axis.secondary_xaxis("top")
    kept = [(tick, word) for tick, word in zip(ticks, words, strict=True) if most is None or tick <= most]
    above.set_xticks([tick for tick, _ in kept], [word for _, word in kept])
    above.tick_params(labelsize=7, labelcolor="#555555", color="#8C8C8C")
    axis.set_xlabel(f"{what} (steps of the recurrent layers)" if steps_per_output != 1 else f"{what} (steps)")


def round_steps(axis: Axes, most: float) -> None:
    """Whole numbers as ticks, about six of them: an axis of steps has no halves."""
    from matplotlib.ticker import MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axis.set_xlim(0, max(most, 1))


def power_ticks(axis: Axes, steps: np.ndarray) -> None:
    """A logarithmic axis with a tick at each of the given numbers of steps, as long as they do not touch."""
    axis.set_xscale("log", base=2)
    kept: list[float] = []
    for value in sorted(steps, reverse=True):
        if not kept or kept[-1] / value >= 1.6:
            kept.append(float(value))
    axis.set_xticks(kept, [f"{value:g}" for value in kept])
    axis.set_xticks([], minor=True)


def _number(words: str) -> float | None:
    found = re.match(r"-?[\d,]*\.?\d+(?:e[+-]?\d+)?", words)
    return float(found[0].replace(",", "")) if found else None


def _unit(words: str) -> str:
    return re.sub(r"^-?[\d,.]+(?:e[+-]?\d+)?\s*", "", words)
