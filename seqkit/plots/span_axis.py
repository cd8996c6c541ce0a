"""A second axis in the domain's own unit: characters, milliseconds, bases, hours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = 7
"""Points of the labels above."""

Span = Callable[[float], str]
"""A number of steps of the data in the domain's own unit: `38 characters`, `4.8 ms`."""


def name_steps(axis: Axes, what: str, span: Span, steps_per_output: float = 1.0, room: float = 0.85) -> None:
    """Name an x axis that counts steps of the recurrent layers; above it, what they amount to in the data.

    Where one of them is one unit of the data, the unit stands in the axis' name, and there is nothing to add above.

    Args:
        axis: Its limits and ticks are final.
        what: Name of the axis, such as `steps back`.
        span: Steps of the data in words.
        steps_per_output: Steps of the data that one step of the recurrent layers stands for.
        room: Width of the axis as a share of the figure's.
    """
    low, high = sorted(axis.get_xlim())
    ticks = [tick for tick in axis.get_xticks() if low <= tick <= high and tick > 0]
    words = [span(tick * steps_per_output) for tick in ticks]
    if all(_number(word) == round(tick, 6) for word, tick in zip(words, ticks, strict=True)):
        axis.set_xlabel(f"{what} ({_unit(span(2))})")
        return
    axis.set_xlabel(f"{what} ({'steps' if steps_per_output == 1 else 'outputs of the recurrent layers'})")
    above = axis.secondary_xaxis("top")
    kept = _apart(axis, ticks, words, room)
    above.set_xticks([tick for tick, _ in kept], [word for _, word in kept])
    above.set_xticks([], minor=True)
    above.tick_params(labelsize=_SIZE, labelcolor="#555555", color="#8C8C8C")


def _apart(axis: Axes, ticks: list[float], words: list[str], room: float) -> list[tuple[float, str]]:
    """The labels that do not touch, from the right: the largest says most."""
    assert axis.figure is not None
    letter = 0.62 * _SIZE / 72 / (room * axis.get_figure().get_size_inches()[0])  # type: ignore[union-attr]
    place = (axis.transData + axis.transAxes.inverted()).transform([(tick, 1.0) for tick in ticks])[:, 0]
    kept: list[tuple[float, str]] = []
    edge = np.inf
    for tick, word, centre in list(zip(ticks, words, place, strict=True))[::-1]:
        half = (len(word) + 1.5) * letter / 2
        if centre + half <= edge:
            kept.append((tick, word))
            edge = centre - half
    return kept[::-1]


def round_steps(axis: Axes, low: float, high: float, span: Span, steps_per_output: float = 1.0) -> None:
    """Ticks at whole numbers of steps that are round in the domain's unit, too: 24 hours rather than 25."""
    from matplotlib.ticker import MultipleLocator

    axis.set_xlim(low, high)
    axis.xaxis.set_major_locator(MultipleLocator(round_step(high - low, span, steps_per_output)))


def round_step(extent: float, span: Span, steps_per_output: float = 1.0) -> int:
    """The whole number between an eighth and a quarter of the extent that is roundest in both units.

    Example:
        >>> round_step(300, lambda hours: f"{hours / 24:.3g} days")
        48
    """
    least = max(int(np.ceil(extent / 8)), 1)
    candidates = np.unique(np.linspace(least, max(extent / 4, least), 400).astype(int)).tolist()
    rounded = [digit * 10**power for digit in (1, 2, 5) for power in range(9)]
    candidates += [step for step in rounded if least <= step <= extent / 4]

    def effort(step: int) -> tuple[int, float]:
        own = _number(span(step * steps_per_output))
        return 2 * _crookedness(own or 0.3) + _crookedness(step), abs(step - extent / 6)

    return int(min(candidates, key=effort))


def _crookedness(value: float) -> int:
    """0 for 1, 2 and 5 times a power of ten, 1 for 4 and 25 times one, else 2."""
    digits = f"{value:g}".replace(".", "").strip("0")
    return {"1": 0, "2": 0, "5": 0, "4": 1, "25": 1}.get(digits, 2)


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
