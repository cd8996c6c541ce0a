"""ROC and precision-recall curves of two classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.style import COLOURS, FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RANKING_SIZE_CM = (16.0, 8.2)


def draw_ranking(
    figure: Figure,
    roc: tuple[np.ndarray, np.ndarray],
    precision_recall: tuple[np.ndarray, np.ndarray],
    areas: tuple[float, float],
    positive: str,
    prevalence: float,
) -> None:
    """Draw both curves side by side, each with what chance gives.

    Args:
        figure: Empty.
        roc: False positive rate and true positive rate at each threshold.
        precision_recall: Precision and recall at each threshold, recall falling.
        areas: AUROC and AUPRC.
        positive: Name of the positive class.
        prevalence: Its share.
    """
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=FAINT, linestyle=":", linewidth=1)
    left.plot(*roc, color=COLOURS[0], linestyle="-")
    _frame(left, "false positive rate", "true positive rate", f"ROC · area {areas[0]:.3f}")
    right.axhline(prevalence, color=FAINT, linestyle=":", linewidth=1)
    precision, recall = precision_recall
    right.step(recall, precision, where="post", color=COLOURS[0], linestyle="-")
    _frame(right, "recall", "precision", f"precision and recall · area {areas[1]:.3f}")
    figure.suptitle(f"positive class: {positive} · dotted: chance", fontsize=8, color="#555555")


def _frame(axis: Axes, x: str, y: str, title: str) -> None:
    axis.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), xlabel=x, ylabel=y, title=title, aspect="equal")
    axis.grid()
