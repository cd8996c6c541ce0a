"""Effective memory: how far back a layer's gradient reaches, in steps and in the domain's own unit, with a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from seqkit.lecture.instruments.measured import GradientFlow, Memory, Stretch, Verdict

_LEAST_FITTED = 1e-12
"""Relative gradients below this are left out of the fit: float32 has lost them."""

_NEARLY_ALL = 0.9
"""Share of what was measured from which on a gradient may have been lost to its end."""

_MOST_STRETCHES = 2
"""Stretches below the threshold that are named one by one."""


def judge_memory(
    flow: GradientFlow,
    steps_per_output: float,
    describe: Callable[[float], str],
    threshold: float = 0.01,
    too_short: str = "the records are too short",
) -> Memory:
    """The verdict on one layer, by the median over the samples.

    It explodes if the gradient comes to 1 / threshold of that at lag 0 and grows on the whole, holds if it is still at
    the threshold at the largest lag measured, and vanishes otherwise.

    Args:
        flow: Of the layer's state; of its input for a cell without recurrence.
        steps_per_output: Steps of a record for one lag.
        describe: A number of steps in the domain's own unit.
        threshold: Share of the gradient at lag 0 that counts as reaching.
        too_short: What kept the measurement from going further, in words.
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
    limited = verdict != "explodes" and 0 < most and last >= _NEARLY_ALL * most
    below = () if verdict == "explodes" else _stretches_below(flow, last, steps_per_output, describe, threshold)
    num_steps = last * steps_per_output
    line = f"{flow.layer}: {_verdict_in_words(flow, verdict, last, growth, steps_per_output, describe)}"
    line = f"{line}{_dip_in_words(below, threshold)}".replace(") (", "; ")
    line += f"; {too_short} to tell how much further it reaches" if limited else ""
    half_life = steps_per_output * math.log(0.5) / math.log(growth) if 0 < growth < 1 else math.inf
    return Memory(
        layer=flow.layer,
        verdict=verdict,
        num_steps=num_steps,
        most=most * steps_per_output,
        threshold=threshold,
        growth=growth,
        half_life=0.0 if growth == 0 else half_life,
        span=describe(num_steps),
        line=line,
        below=below,
        limited=limited,
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


def name_outputs(count: float, steps_per_output: float, describe: Callable[[float], str]) -> str:
    """Outputs of a recurrent layer by what each stands for: `12 steps`, or `6 outputs of 24 hours`.

    Example:
        >>> name_outputs(6, 24.0, lambda steps: f"{steps:g} hours")
        '6 outputs of 24 hours'
    """
    if steps_per_output == 1:
        return f"{count:,.0f} {'step' if count == 1 else 'steps'}"
    return f"{count:,.0f} {'output' if count == 1 else 'outputs'} of {describe(steps_per_output)}"


def _verdict_in_words(
    flow: GradientFlow,
    verdict: Verdict,
    last: int,
    growth: float,
    steps_per_output: float,
    describe: Callable[[float], str],
) -> str:
    if not len(flow.lags):
        return "no gradient reaches it"
    if len(flow.lags) == 1:
        return "one output is recorded: there is no step back to measure"
    if verdict == "explodes":
        return f"explodes: grows {growth:.3g}x a step back"
    steps, span = name_outputs(last, steps_per_output, describe), describe(last * steps_per_output)
    # "38 steps: 38 characters" says the same twice.
    alone = steps_per_output == 1 and span.split(" ")[0] == steps.split(" ")[0]
    if verdict == "holds":
        return f"holds over all {span}" if alone else f"holds over all {steps} ({span})"
    if not last:
        return "vanishes at once: nothing reaches the step before"
    return f"vanishes after {span}" if alone else f"vanishes after {steps}: {span}"


def _stretches_below(
    flow: GradientFlow, last: int, steps_per_output: float, describe: Callable[[float], str], threshold: float
) -> tuple[Stretch, ...]:
    """Where the median is below the threshold before it reaches it for the last time.

    Lag 0 is none of them: a state that the loss does not look at is first reached one step later.
    """
    lags = 1 + np.flatnonzero(flow.median[1 : last + 1] < threshold)
    runs = np.split(lags, 1 + np.flatnonzero(np.diff(lags) > 1)) if len(lags) else []
    ends = [(float(run[0] * steps_per_output), float(run[-1] * steps_per_output)) for run in runs]
    return tuple(Stretch(first, end, _both(describe(first), describe(end))) for first, end in ends)


def _both(first: str, last: str) -> str:
    """`10 to 35 words`, but `0.9 s to 1.2 min`."""
    if first == last:
        return last
    return f"{first.split(' ')[0] if first.split(' ')[1:] == last.split(' ')[1:] else first} to {last}"


def _dip_in_words(below: tuple[Stretch, ...], threshold: float) -> str:
    """Where the gradient is lost on the way and comes back; empty where it is not."""
    if not below:
        return ""
    where = " and ".join(f"{'at' if one.first == one.last else 'from'} {one.span}" for one in below)
    if len(below) > _MOST_STRETCHES:
        where = f"in {len(below)} stretches, the first {below[0].span}, the last {below[-1].span}"
    return f" (below {100 * threshold:g} % of the gradient {where})"
