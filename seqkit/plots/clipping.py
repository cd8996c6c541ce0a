"""Clipping: norms of the gradient against the value that training clips at, and the share of updates it clipped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.style import COLOURS, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqkit.lecture.instruments.measured import ClippingReport

CLIPPING_SIZE_CM = (16.0, 7.5)
_BINS = 30
_FEW = 20
"""Logged shares up to which each gets a mark."""

_NARROW = 5.0
"""Norms that differ by less than this factor have ticks at even distances, as of a linear axis."""

_MOST_TICKS = 9


def draw_clipping(figure: Figure, report: ClippingReport) -> None:
    """Draw a histogram of norms and, where training logged it, the share of clipped updates over training.

    A share that was logged once is no curve and stands below in words.

    Args:
        figure: Empty.
        report: With at least one norm or one logged share.
    """
    norms = report.norms[np.isfinite(report.norms) & (report.norms > 0)]
    with_norms, with_training = len(norms) > 0, len(report.logged_steps) > 1
    axes = np.atleast_1d(figure.subplots(1, max(with_norms + with_training, 1)))
    if with_norms:
        _draw_norms(axes[0], norms, report)
    if len(report.logged_steps) == 1:
        share, update = 100 * report.logged_shares[0], report.logged_steps[0] + 1  # counted from 0
        text = f"training logged its clipping once: {share:.3g} % of the updates up to update {update:,}"
        figure.supxlabel(text, fontsize=8)
    if with_training:
        axis = axes[-1]
        form = "-o" if len(report.logged_steps) <= _FEW else "-"
        axis.plot(report.logged_steps + 1, 100 * report.logged_shares, form, color=COLOURS[0], markersize=3)
        axis.set_ylim(-3, 103)
        axis.set_xlim(left=0)
        thousands(axis)
        axis.grid(axis="y")
        axis.set_xlabel("training step (updates)")
        axis.set_ylabel("clipped updates (%)")
        axis.set_title(f"while it was trained: {100 * report.trained_share:.3g} % clipped", loc="left")


def _draw_norms(axis: Axes, norms: np.ndarray, report: ClippingReport) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

    threshold = report.threshold
    low, high = norms.min(), norms.max()
    if threshold is not None:
        low, high = min(low, threshold), max(high, threshold)
    bins = np.geomspace(low / 1.15, high * 1.15, _BINS)
    axis.hist(norms, bins=bins.tolist(), color=COLOURS[0], alpha=0.85)
    axis.set_xscale("log")
    axis.set_xticks(round_values(bins[0], bins[-1]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_xlabel("norm of the gradient of a training batch")
    axis.set_ylabel("batches")
    axis.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axis.grid(axis="y")
    if threshold is None:
        axis.set_title(f"{len(norms):,} batches; training did not clip", loc="left")
        return
    axis.axvline(threshold, color=COLOURS[5], linestyle="--", linewidth=1.2)
    axis.set_title(f"trained weights: {100 * report.share_above:.3g} % above {threshold:g} (dashed)", loc="left")


def round_values(low: float, high: float) -> list[float]:
    """Round numbers from low to high, about four to nine, for a logarithmic axis.

    Example:
        >>> round_values(0.3, 4.0)
        [0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0]
    """
    from matplotlib.ticker import MaxNLocator

    if high < _NARROW * low:
        values = [float(f"{value:.6g}") for value in MaxNLocator(5).tick_values(low, high)]
        return [value for value in values if low <= value <= high]
    digits = (1, 1.5, 2, 3, 5, 7) if high < 20 * low else (1, 2, 5) if high < 1000 * low else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [float(f"{digit}e{power}") for power in powers for digit in digits]
    found = [value for value in found if low <= value <= high]
    return found[:: math.ceil(len(found) / _MOST_TICKS)]
