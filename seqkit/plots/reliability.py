"""Reliability diagram: how often the model is right, against how sure it says it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqkit.plots.style import COLOURS, FAINT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RELIABILITY_SIZE_CM = (9.0, 10.0)


def draw_reliability(
    figure: Figure, confidence: Sequence[float], accuracy: Sequence[float], count: Sequence[int], error: float
) -> None:
    """Draw accuracy against confidence by bin, and below it how many records are in each bin.

    Args:
        figure: Empty.
        confidence: Mean probability of the predicted class in each bin that holds records.
        accuracy: Share of them that is right.
        count: Records of the bin.
        error: Expected calibration error.
    """
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    top.plot([0, 1], [0, 1], color=FAINT, linestyle=":", linewidth=1)
    top.plot(confidence, accuracy, color=COLOURS[0], linestyle="-", linewidth=0.8)
    # A bin of three records says little: the area of a dot is the share of the records.
    sizes = [8 + 250 * number / max(sum(count), 1) for number in count]
    top.scatter(confidence, accuracy, s=sizes, color=COLOURS[0], clip_on=False, zorder=3)
    top.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that is right")
    top.set_title(f"expected calibration error {error:.3f}")
    top.grid()
    bottom.bar(confidence, count, width=0.03, color=FAINT)
    bottom.set(xlabel="probability of the predicted class", ylabel="records")
