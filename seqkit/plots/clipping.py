"""Clipping: norms of the gradient against the value that training clips at, and the share of steps it clipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.style import COLOURS, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqkit.lecture.instruments.measured import ClippingReport

CLIPPING_SIZE_CM = (16.0, 7.5)
_BINS = 30


def draw_clipping(figure: Figure, report: ClippingReport) -> None:
    """Draw a histogram of norms and, where training logged it, the share of clipped steps over training.

    Args:
        figure: Empty.
        report: With at least one norm or one logged share.
    """
    norms = report.norms[np.isfinite(report.norms) & (report.norms > 0)]
    with_norms, with_training = len(norms) > 0, len(report.logged_steps) > 1
    axes = np.atleast_1d(figure.subplots(1, max(with_norms + with_training, 1)))
    if with_norms:
        _draw_norms(axes[0], norms, report)
    if with_training:
        axis = axes[-1]
        axis.plot(report.logged_steps, 100 * report.logged_shares, "-", color=COLOURS[0])
        axis.set_ylim(-3, 103)
        axis.set_xlim(left=0)
        thousands(axis)
        axis.grid(axis="y")
        axis.set_xlabel("training step (updates)")
        axis.set_ylabel("clipped steps (%)")
        axis.set_title(f"while it was trained: {100 * report.trained_share:.3g} % clipped", loc="left")


def _draw_norms(axis: Axes, norms: np.ndarray, report: ClippingReport) -> None:
    threshold = report.threshold
    low, high = norms.min(), norms.max()
    if threshold is not None:
        low, high = min(low, threshold), max(high, threshold)
    bins = np.geomspace(low / 1.15, high * 1.15, _BINS)
    axis.hist(norms, bins=bins.tolist(), color=COLOURS[0], alpha=0.85)
    axis.set_xscale("log")
    _few_ticks(axis, bins[0], bins[-1])
    axis.set_xlabel("norm of the gradient of a training batch")
    axis.set_ylabel("batches")
    axis.grid(axis="y")
    if threshold is None:
        axis.set_title(f"{len(norms):,} batches; training did not clip", loc="left")
        return
    axis.axvline(threshold, color=COLOURS[5], linestyle="--", linewidth=1.2)
    axis.set_title(f"trained weights: {100 * report.share_above:.3g} % above {threshold:g} (dashed)", loc="left")


def _few_ticks(axis: Axes, low: float, high: float) -> None:
    """Numbers at 1, 2 and 5 of each decade; at 1 alone where they would touch."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    subs = (1.0,) if high > 1000 * low else (1.0, 2.0, 5.0)
    axis.xaxis.set_major_locator(LogLocator(subs=subs))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
