"""Cross-validation: each figure's value in every fold, with mean and deviation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_FIGURES = 5


def draw_folds(figure: Figure, figures: Mapping[str, Sequence[float]]) -> None:
    """Draw a strip for each figure: a point a fold, the mean as a line, one standard deviation around it as a band.

    Args:
        figure: Empty.
        figures: Values of the folds by the figure's name; each has a scale of its own.
    """
    chosen = list(figures.items())[:MOST_FIGURES]
    axes = np.atleast_1d(figure.subplots(1, len(chosen)))
    for axis, (name, values) in zip(axes, chosen, strict=True):
        points = np.asarray(values, float)
        known = points[np.isfinite(points)]
        if len(known):
            mean, spread = known.mean(), known.std(ddof=1) if len(known) > 1 else 0.0
            axis.axhspan(mean - spread, mean + spread, color=COLOURS[4], alpha=0.25, linewidth=0)
            axis.axhline(mean, color=COLOURS[0], linestyle="-", linewidth=1.2)
            axis.set_title(f"{mean:.4g} ± {spread:.2g}", fontsize=8)
        axis.plot(1 + np.arange(len(points)), points, "o", color="black", markersize=4)
        axis.set_xlim(0.3, len(points) + 0.7)
        axis.set_xticks(sorted({1, len(points)}))
        axis.set_xlabel("fold")
        axis.set_ylabel(name)
        axis.grid(axis="y")


def folds_size(num_figures: int) -> tuple[float, float]:
    """Width and height in cm for so many figures."""
    return 1 + 4.2 * min(num_figures, MOST_FIGURES), 6.5
