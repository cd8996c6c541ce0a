"""Truncation: how far the gradient of cut backpropagation is from the exact one, by the length it flows back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.span_axis import Span, name_steps, power_ticks
from seqkit.plots.style import COLOURS, FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqkit.lecture.instruments.gradient_gap import Spread
    from seqkit.lecture.instruments.truncation import Truncation

TRUNCATION_SIZE_CM = (16.0, 8.4)


def draw_truncation(figure: Figure, truncation: Truncation, span: Span) -> None:
    """Draw direction (cosine) and bias against the truncation length; the training's own length as a dotted line.

    Args:
        figure: Empty.
        truncation: What was measured.
        span: Steps of the data in the domain's unit.
    """
    points = truncation.lengths
    steps = np.array([point.num_steps for point in points])
    left, right = figure.subplots(1, 2)
    _band(left, steps, [point.cosine for point in points], COLOURS[0], "all parameters", "-o")
    own = [point.recurrent_cosine for point in points if point.recurrent_cosine is not None]
    if len(own) == len(points):
        _band(left, steps, own, COLOURS[5], "recurrent weights", "--s")
    left.axhline(1, color=FAINT, linewidth=0.8)
    left.set_ylim(min(0.0, *(one.low for one in [*own, *(point.cosine for point in points)])) - 0.03, 1.05)
    left.set_ylabel("cosine to the exact gradient")
    right.plot(steps, [point.bias for point in points], "-o", color=COLOURS[0], label="bias, all parameters")
    recurrent = [point.recurrent_bias for point in points if point.recurrent_bias is not None]
    if len(recurrent) == len(points):
        right.plot(steps, recurrent, "--s", color=COLOURS[5], label="bias, recurrent weights")
    right.set_ylim(bottom=-0.04 * right.get_ylim()[1])
    right.set_ylabel("bias (share of the exact gradient)")
    for axis in (left, right):
        power_ticks(axis, steps)
        axis.grid(axis="y")
        if truncation.window is not None and steps[0] <= truncation.window <= steps[-1]:
            axis.axvline(truncation.window, color=FAINT, linestyle=":", linewidth=1.2, label="training's window")
        name_steps(axis, "gradient flows back", span, truncation.steps_per_feature, room=0.4)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)


def _band(axis: Axes, steps: np.ndarray, spreads: list[Spread], colour: str, label: str, form: str) -> None:
    axis.plot(steps, [one.median for one in spreads], form, color=colour, label=label)
    axis.fill_between(
        steps,
        [one.low for one in spreads],
        [one.high for one in spreads],
        color=colour,
        alpha=0.15,
        linewidth=0,
    )
