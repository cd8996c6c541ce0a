"""Saturation: how often each unit of a gate is shut, against how often it is open.

Source: Karpathy et al. 2015, section 4.2 [karpathy2015].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.style import COLOURS, FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqkit.lecture.instruments.measured import GateReport

_MARKERS = ("o", "^", "s", "D", "v", "P", "X")
_BINS = 20


def draw_saturation(figure: Figure, gates: Sequence[GateReport]) -> None:
    """Draw a panel a gate with a point a unit; of a ReLU, which has no upper end, a histogram of its dead time.

    Args:
        figure: Empty.
        gates: Of all layers.
    """
    gates = drawable(gates)
    names = list(dict.fromkeys(gate.gate for gate in gates))
    layers = list(dict.fromkeys(gate.layer for gate in gates))
    axes = figure.subplots(1, len(names), squeeze=False)[0]
    bounded = not math.isinf(gates[0].high)
    for axis, name in zip(axes, names, strict=True):
        (_draw_units if bounded else _draw_dead)(axis, [gate for gate in gates if gate.gate == name], layers)
        axis.set_title(name)
    if bounded:
        signed = {gate.low < 0 for gate in gates}
        near = {(True,): "near 1", (False,): "open", (False, True): "open, or near 1"}[tuple(sorted(signed))]
        axes[0].set_ylabel(f"share of steps {near}")
    if len(layers) > 1:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=min(len(layers), 4))


def drawable(gates: Sequence[GateReport]) -> list[GateReport]:
    """Gates with two ends; where there are none, those with a lower end, such as ReLU."""
    return [gate for gate in gates if math.isfinite(gate.high)] or [g for g in gates if math.isfinite(g.low)]


def saturation_size(gates: Sequence[GateReport]) -> tuple[float, float]:
    """Width and height in cm."""
    gates = drawable(gates)
    count = len({gate.gate for gate in gates})
    several = len({gate.layer for gate in gates}) > 1
    width = {1: 8.5, 2: 11.0, 3: 14.0}.get(count, 17.0)
    return width, (5.4 if count > 2 else 7.0) + 0.8 * several


def _draw_units(axis: Axes, gates: Sequence[GateReport], layers: list[str]) -> None:
    axis.plot([0, 1], [1, 0], color=FAINT, linestyle=":", linewidth=0.8)
    for gate in gates:
        number = layers.index(gate.layer)
        axis.plot(
            gate.low_by_unit,
            gate.high_by_unit,
            _MARKERS[number % len(_MARKERS)],
            color=COLOURS[number % len(COLOURS)],
            markersize=4,
            alpha=0.55,
            mew=0,
            label=gate.layer,
        )
    near = "near -1" if gates[0].low < 0 else "shut"
    axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal", xlabel=f"share {near}")
    axis.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axis.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    axis.grid()


def _draw_dead(axis: Axes, gates: Sequence[GateReport], layers: list[str]) -> None:
    edges = np.linspace(0, 1, _BINS + 1).tolist()
    for gate in gates:
        colour = COLOURS[layers.index(gate.layer) % len(COLOURS)]
        axis.hist(gate.low_by_unit, bins=edges, color=colour, alpha=0.6, label=gate.layer)
    axis.set(xlim=(0, 1), xlabel="share of steps at 0 (no gradient)", ylabel="units")
    axis.grid(axis="y")
