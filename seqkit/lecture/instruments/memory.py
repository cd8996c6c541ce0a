"""Effective memory: how far back a layer's gradient reaches, in steps and in the domain's own unit, with a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from seqkit.lecture.instruments.measured import GradientFlow, Memory, Verdict

_LEAST_FITTED = 1e-12
"""Relative gradients below this are left out of the fit: float32 has lost them."""


def judge_memory(
    flow: GradientFlow, steps_per_output: float, describe: Callable[[float], str], threshold: float = 0.01
) -> Memory:
    """The verdict on one layer, by the median over the samples.

    It explodes if the gradient comes to 1 / threshold of that at lag 0 and grows on the whole, holds if it is still at
    the threshold at the largest lag measured, and vanishes otherwise.

    Args:
        flow: Of the layer's state; of its input for a cell without recurrence.
        steps_per_output: Steps of a record for one lag.
        describe: A number of steps in the domain's own unit.
        threshold: Share of the gradient at lag 0 that counts as reaching.
    """
    median = flow.median
    reached = np.flatnonzero(median >= threshold)
    last = int(flow.lags[reached[-1]]) if len(reached) else 0
    most = int(flow.lags[-1]) if len(flow.lags) else 0
    growth = fit_growth(flow.lags, median)
    verdict: Verdict = "vanishes"
    if len(reached) and last == most:
        verdict = "holds"
    if growth > 1 and (median >= 1 / threshold).any():
        verdict = "explodes"
    num_steps = last * steps_per_output
    span = describe(num_steps)
    line = _line(flow, verdict, num_steps, span, growth)
    half_life = steps_per_output * math.log(0.5) / math.log(growth) if 0 < growth < 1 else math.inf
    return Memory(
        layer=flow.layer,
        verdict=verdict,
        num_steps=num_steps,
        most=most * steps_per_output,
        threshold=threshold,
        growth=growth,
        half_life=0.0 if growth == 0 else half_life,
        span=span,
        line=line,
    )


def fit_growth(lags: np.ndarray, relative: np.ndarray) -> float:
    """Factor a lag of the exponential that fits best, by least squares of the logarithm; NaN with fewer than 2 lags.

    Example:
        >>> round(fit_growth(np.arange(4), 3.0 * 0.5 ** np.arange(4)), 9)
        0.5
    """
    used = (relative > _LEAST_FITTED) & np.isfinite(relative)
    if len(lags) < 2:
        return math.nan
    if used.sum() < 2:
        return 0.0
    slope, _ = np.polyfit(lags[used], np.log(relative[used]), 1)
    return float(np.exp(slope))


def _line(flow: GradientFlow, verdict: Verdict, num_steps: float, span: str, growth: float) -> str:
    name = flow.layer
    if not len(flow.lags):
        return f"{name}: no gradient reaches it"
    if verdict == "explodes":
        return f"{name}: explodes: grows {growth:.3g}x a step back"
    steps = "1 step" if num_steps == 1 else f"{num_steps:,.0f} steps"
    # "38 steps: 38 characters" says the same twice.
    alone = span.split(" ")[0] == steps.split(" ")[0]
    if verdict == "holds":
        return f"{name}: holds over all {span}" if alone else f"{name}: holds over all {steps} ({span})"
    if not num_steps:
        return f"{name}: vanishes at once: nothing reaches the step before"
    return f"{name}: vanishes after {span}" if alone else f"{name}: vanishes after {steps}: {span}"
