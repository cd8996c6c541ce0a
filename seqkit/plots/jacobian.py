"""Jacobian: by how much a step of the recurrence stretches or shrinks what flows back through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqkit.plots.style import COLOURS, FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqkit.lecture.instruments.measured import JacobianReport

_BINS = 24
_MOST_LAYERS = 4
_WIDE = 20.0
"""Values that differ by more than this factor are drawn on a logarithmic axis."""


def draw_jacobian(figure: Figure, reports: Sequence[JacobianReport]) -> None:
    """Draw spectral radius and norm at the sampled steps of each layer, and how they are spread.

    Args:
        figure: Empty.
        reports: One a layer; the first four are drawn.
    """
    from matplotlib.ticker import MaxNLocator

    reports = reports[:_MOST_LAYERS]
    axes = figure.subplots(len(reports), 2, width_ratios=(3, 1), sharey="row", squeeze=False)
    for (left, right), report in zip(axes, reports, strict=True):
        _draw_layer(left, right, report)
    for axis, name in zip(axes[-1], ("recorded output (of the recurrent layers)", "sampled steps"), strict=True):
        axis.set_xlabel(name)
    for axis in axes.flat:
        axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3)


def jacobian_size(num_layers: int) -> tuple[float, float]:
    """Width and height in cm for so many layers."""
    return 16.0, 2.6 + 4.6 * min(num_layers, _MOST_LAYERS)


def _draw_layer(left: Axes, right: Axes, report: JacobianReport) -> None:
    kinds = (("norm (largest singular value)", report.norm, COLOURS[1], "^", 5, "none"),
             ("spectral radius", report.radius, COLOURS[0], "o", 4, "full"))  # fmt: skip
    values = np.concatenate([report.norm, report.radius])
    bins = _scale(left, values[np.isfinite(values)])
    for label, own, colour, marker, size, fill in kinds:
        style: dict[str, Any] = {"markersize": size, "fillstyle": fill, "mew": 1.0 if fill == "none" else 0}
        left.plot(report.steps, own, marker, color=colour, alpha=0.85, label=label, **style)
        right.hist(own[np.isfinite(own)], bins=bins.tolist(), orientation="horizontal", color=colour, alpha=0.6)
    for axis in (left, right):
        axis.axhline(1, color=FAINT, linestyle="--", linewidth=1)
        axis.grid(axis="y")
    left.set_ylabel("factor a step")
    left.set_title(
        f"{report.layer}: over many steps the most lasting direction changes by a factor of {report.growth:.3f} a step",
        loc="left",
    )
    right.tick_params(axis="y", labelleft=False)


def _scale(axis: Axes, values: np.ndarray) -> np.ndarray:
    """Limits that hold all values and 1, logarithmic where they differ much; edges of the histogram's bins."""
    low, high = float(values.min(initial=1.0)), float(values.max(initial=1.0))
    if low > 0 and high > _WIDE * low:
        axis.set_yscale("log")
        axis.set_ylim(low / 1.3, high * 1.3)
        return np.geomspace(low, high, _BINS)
    if low < 0.5 * high:
        low = 0.0
    margin = max(0.06 * (high - low), 0.05 * (high - low < 0.1))
    axis.set_ylim(low - margin, high + margin)
    return np.linspace(low - margin, high + margin, _BINS)
