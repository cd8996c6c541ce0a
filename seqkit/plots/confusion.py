"""Confusion matrix: what each class was taken for, readable from 2 to about 50 classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.style import SEQUENTIAL, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WITH_SHARES = 8
_WITH_COUNTS = 25
"""Most classes for which a cell has room for both figures, and for the count."""


def confusion_size(num_classes: int) -> tuple[float, float]:
    """Width and height in cm that suit so many classes."""
    side = float(np.clip(5 + 0.9 * num_classes, 8, 28))
    return side + 3.5, side + 1


def draw_confusion(figure: Figure, labels: Sequence[str], counts: np.ndarray) -> None:
    """Draw a matrix with a row for each true class, a column for each predicted one; shades are shares of the row.

    Args:
        figure: Empty.
        labels: Names of the classes.
        counts: Records, (K, K).
    """
    counts = np.asarray(counts)
    total = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(total, 1)
    axis = figure.subplots()
    image = axis.imshow(100 * shares, cmap=SEQUENTIAL, vmin=0, vmax=100)
    names = [short(label) for label in labels]
    size = float(np.clip(330 / len(labels), 6, 8))
    slanted = max(map(len, names)) * len(names) > 60
    axis.set_xticks(range(len(names)), names, fontsize=size, rotation=90 if slanted else 0)
    axis.set_yticks(range(len(names)), names, fontsize=size)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_xticks(np.arange(0.5, len(names) - 1), minor=True)
    axis.set_yticks(np.arange(0.5, len(names) - 1), minor=True)
    axis.grid(which="minor", color="white", linewidth=1 if len(names) <= _WITH_COUNTS else 0.4)
    axis.tick_params(which="minor", length=0)
    axis.set_xlabel("predicted class")
    axis.set_ylabel("true class")
    if len(labels) <= _WITH_COUNTS:
        _write_counts(axis, counts, shares)
    bar = figure.colorbar(image, ax=axis, shrink=0.8, aspect=30)
    bar.set_label("share of the true class (%)")
    bar.outline.set_visible(False)


def _write_counts(axis: Axes, counts: np.ndarray, shares: np.ndarray) -> None:
    """The count in each cell, and the share where there is room; many empty cells stay empty."""
    size = float(np.clip(120 / len(counts), 5, 9))
    for (row, column), count in np.ndenumerate(counts):
        if not count and len(counts) > _WITH_SHARES:
            continue
        share = f"\n{100 * shares[row, column]:.0f} %" if len(counts) <= _WITH_SHARES else ""
        dark = shares[row, column] > 0.55
        colour = "white" if dark else "black"
        axis.text(column, row, f"{count:,}{share}", ha="center", va="center", color=colour, fontsize=size)
