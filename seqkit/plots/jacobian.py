"""Jacobian: by how much a step of the recurrence stretches or shrinks what flows back through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.style import COLOURS, FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqkit.lecture.diagnosis import JacobianReport

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
    reports = reports[:_MOST_LAYERS]
    axes = figure.subplots(len(reports), 2, width_ratios=(3, 1), sharey="row", squeeze=False)
    for (left, right), report in zip(axes, reports, strict=True):
        _draw_layer(left, right, report)
    axes[-1][0].set_xlabel("recorded step (of the recurrent layers)")
    axes[-1][1].set_xlabel("sampled steps")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3)


def jacobian_size(num_layers: int) -> tuple[float, float]:
    """Width and height in cm for so many layers."""
    return 16.0, 2.6 + 4.6 * min(num_layers, _MOST_LAYERS)


def _draw_layer(left: Axes, right: Axes, report: JacobianReport) -> None:
    kinds = (("norm (largest singular value)", report.norm, COLOURS[1], "^"),
             ("spectral radius", report.radius, COLOURS[0], "o"))  # fmt: skip
    values = np.concatenate([report.norm, report.radius])
    values = values[np.isfinite(values) & (values > 0)]
    wide = len(values) > 0 and values.max() > _WIDE * values.min()
    low, high = (values.min(), values.max()) if len(values) else (0.5, 1.0)
    low, high = min(low, 1.0), max(high, 1.0)
    if wide:
        left.set_yscale("log")
        bins = np.geomspace(low, high, _BINS)
        left.set_ylim(low / 1.3, high * 1.3)
    else:
        low = 0.0 if low < 0.5 * high else low
        bins = np.linspace(low, high, _BINS)
        left.set_ylim(low - 0.04 * (high - low), high + 0.08 * (high - low))
    for label, own, colour, marker in kinds:
        left.plot(report.steps, own, marker, color=colour, markersize=3, alpha=0.75, mew=0, label=label)
        right.hist(own[np.isfinite(own)], bins=bins.tolist(), orientation="horizontal", color=colour, alpha=0.6)
    for axis in (left, right):
        axis.axhline(1, color=FAINT, linestyle="--", linewidth=1)
        axis.grid(axis="y")
    left.set_ylabel("factor a step")
    left.set_title(
        f"{report.layer}: over many steps a gradient changes by a factor of {report.growth:.3f} a step", loc="left"
    )
    right.tick_params(axis="y", labelleft=False)
