"""Gradient flow: how much of a loss's gradient reaches a layer k steps back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.span_axis import Span, name_steps, round_steps
from seqkit.plots.style import COLOURS, FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqkit.lecture.instruments.measured import GradientFlow, Memory

_DEPTH = 1e-3
"""Drawn is down to this share of the threshold: what lies below teaches nothing and would flatten the rest."""

_LINES = ("-", "--", "-.", ":")


def draw_gradient_flow(
    figure: Figure, flows: Sequence[GradientFlow], memories: Sequence[Memory], span: Span, steps_per_output: float = 1.0
) -> None:
    """Draw the median over samples with the middle 80 % around it; where a state has parts, these below it.

    Args:
        figure: Empty.
        flows: Of each layer: its `state`, and `h` and `c` apart if it has both.
        memories: Of each layer; marked are the step at which its gradient has fallen to the threshold for good, and
            stretches before it in which it is below.
        span: Steps of the data in the domain's unit.
        steps_per_output: Steps of the data for one step of the recurrent layers.
    """
    layers = list(dict.fromkeys(memory.layer for memory in memories))
    parts = [part for part in ("h", "c") if any(flow.part == part for flow in flows)]
    panels = figure.subplot_mosaic([["state"] * 2, ["h", "c"]] if len(parts) == 2 else [["state"] * 2],
                                   height_ratios=[3, 2][: 1 + (len(parts) == 2)])  # fmt: skip
    for part, axis in panels.items():
        own = [flow for flow in flows if flow.part == part]
        threshold = memories[0].threshold
        for flow in own:
            _draw_layer(axis, flow, layers.index(flow.layer), threshold * _DEPTH)
        _frame(axis, own, threshold, span, steps_per_output)
    main = panels["state"]
    _mark_stretches(main, memories, layers, steps_per_output)
    _mark_memories(main, memories, layers, steps_per_output)
    main.set_ylabel("gradient (share of that at the loss)")
    name_steps(main, "back in time", span, steps_per_output)
    for part in parts if len(parts) == 2 else ():
        panels[part].set_title({"h": "hidden state h alone", "c": "cell state c alone"}[part])
        panels[part].set_xlabel(f"back in time ({'steps' if steps_per_output == 1 else 'outputs'})")
    if len(layers) > 1:
        main.legend(loc="best", ncols=min(len(layers), 3))


def gradient_flow_size(flows: Sequence[GradientFlow]) -> tuple[float, float]:
    """Width and height in cm."""
    return 16.0, 13.5 if {"h", "c"} <= {flow.part for flow in flows} else 9.0


def _draw_layer(axis: Axes, flow: GradientFlow, number: int, floor: float) -> None:
    colour, form = COLOURS[number % len(COLOURS)], _LINES[number // len(COLOURS) % len(_LINES)]
    if flow.layer.endswith("backward"):
        form = "--"
    # The cell state is not read by the loss of its own step: its line begins one step before.
    lags = slice(int(flow.median[0] == 0), None)
    low, high = (np.maximum(flow.quantiles[row], floor / 10)[lags] for row in (0, -1))
    axis.fill_between(flow.lags[lags], low, high, color=colour, alpha=0.15, linewidth=0)
    axis.plot(flow.lags[lags], np.maximum(flow.median, floor / 10)[lags], form, color=colour, label=flow.layer)


def _frame(axis: Axes, flows: Sequence[GradientFlow], threshold: float, span: Span, steps_per_output: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis.set_yscale("log")
    values = np.concatenate([flow.quantiles.ravel() for flow in flows])
    values = values[np.isfinite(values) & (values > 0)]
    floor = max(min(float(values.min(initial=threshold)), threshold) / 2, threshold * _DEPTH)
    axis.set_ylim(floor, max(float(values.max(initial=1.0)), 1.0) * 2)
    axis.yaxis.set_major_locator(LogLocator(numticks=9))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _power(value)))
    axis.yaxis.set_minor_locator(NullLocator())
    seen = [flow.lags[flow.quantiles[-1] > floor].max(initial=1) for flow in flows]
    round_steps(axis, 0, 1.03 * float(max(seen)) + 1, span, steps_per_output)
    axis.axhline(threshold, color=FAINT, linestyle=":", linewidth=1)
    axis.text(
        1.005, threshold, f"{100 * threshold:g} %", transform=axis.get_yaxis_transform(),
        ha="left", va="center", fontsize=7, color="#555555",
    )  # fmt: skip
    axis.grid(axis="y")


def _mark_memories(axis: Axes, memories: Sequence[Memory], layers: list[str], steps_per_output: float) -> None:
    """A ring where a layer's gradient falls below the threshold, and what that is in the domain's unit."""
    for memory in memories:
        if memory.verdict != "vanishes":
            continue
        colour = COLOURS[layers.index(memory.layer) % len(COLOURS)]
        place = memory.num_steps / steps_per_output
        axis.plot([place], [memory.threshold], "o", color=colour, markersize=7, fillstyle="none", mew=1.5)
        axis.vlines(place, axis.get_ylim()[0], memory.threshold, color=colour, linestyle=":", linewidth=1)
        right = place < 0.75 * axis.get_xlim()[1]
        axis.annotate(
            memory.span,
            (place, memory.threshold),
            xytext=(7 if right else -7, 4 + 10 * layers.index(memory.layer)),
            textcoords="offset points",
            ha="left" if right else "right",
            fontsize=8,
            color=colour,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6},
        )


def _mark_stretches(axis: Axes, memories: Sequence[Memory], layers: list[str], steps_per_output: float) -> None:
    """A bar along the threshold where a layer's gradient is below it and comes back, with the lags it holds."""
    for memory in memories:
        number = layers.index(memory.layer)
        colour = COLOURS[number % len(COLOURS)]
        for stretch in memory.below:
            # From crossing to crossing: they lie between two lags each.
            first, last = stretch.first / steps_per_output - 0.5, stretch.last / steps_per_output + 0.5
            axis.plot([first, last], [memory.threshold] * 2, "-", color=colour, linewidth=3.5, solid_capstyle="butt")
        if memory.below:
            widest = max(memory.below, key=lambda stretch: stretch.last - stretch.first)
            axis.annotate(
                f"below: {widest.span}",
                ((widest.first + widest.last) / 2 / steps_per_output, memory.threshold),
                xytext=(0, 5 + 10 * number),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=colour,
                bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6},
            )


def _power(value: float) -> str:
    """Powers of ten as 0.01 or 10⁻⁴."""
    power = round(np.log10(value))
    if -2 <= power <= 2:
        return f"{value:g}"
    return "10" + f"{power}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
