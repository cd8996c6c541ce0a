"""Figures of probabilistic forecasts, from samples: CRPS, weighted quantile loss, coverage.

All take samples in rising order along their first axis: whoever needs several figures sorts once.
"""

from __future__ import annotations

import numpy as np

QUANTILE_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Levels that the weighted quantile loss is the mean over."""


def quantile(ordered: np.ndarray, level: float) -> np.ndarray:
    """A quantile of samples in rising order, (S, ...) -> (...), on a straight line between two of them.

    Example:
        >>> quantile(np.array([0.0, 1.0, 5.0]), 0.75)
        np.float64(3.0)
    """
    place = level * (len(ordered) - 1)
    below = min(int(place), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def crps(truth: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of samples: E|X - y| - E|X - X'| / 2, in the units of the values.

    Both expectations are over the samples themselves, X' among all of them. For one sample it is the absolute error.
    Source: Gneiting and Raftery 2007, eq. 21 [gneiting2007].

    Args:
        truth: (...).
        ordered: Samples in rising order, (S, ...).

    Example:
        >>> crps(np.array([2.0]), np.array([[0.0], [4.0]]))
        array([1.])
    """
    count = len(ordered)
    # In order, sum over pairs |x_i - x_j| is sum_i (2 i - S - 1) x_i, doubled.
    weights = 2.0 * np.arange(1, count + 1) - count - 1
    spread = 2 * np.tensordot(weights, ordered, axes=1) / count**2
    return np.abs(ordered - truth).mean(0) - spread / 2


def pinball(truth: np.ndarray, forecast: np.ndarray, level: float) -> np.ndarray:
    """Pinball loss of a quantile forecast. Source: Koenker and Bassett 1978 [koenker1978].

    Example:
        >>> pinball(np.array([3.0, 3.0]), np.array([1.0, 5.0]), 0.9)
        array([1.8, 0.2])
    """
    return np.maximum(level * (truth - forecast), (level - 1) * (truth - forecast))


def weighted_quantile_loss(truth: np.ndarray, ordered: np.ndarray) -> tuple[float, float]:
    """Twice the summed pinball loss, mean over `QUANTILE_LEVELS`, and the summed |truth| that it is divided by.

    The quotient of the sums over all windows is the weighted quantile loss of Salinas et al. 2020, section 4.3
    [salinas2020]. NaN truth is left out.

    Args:
        truth: (...).
        ordered: Samples in rising order, (S, ...).
    """
    known = np.isfinite(truth)
    losses = [2 * pinball(truth, quantile(ordered, q), q)[known].sum() for q in QUANTILE_LEVELS]
    return float(np.mean(losses)), float(np.abs(truth[known]).sum())


def covered(truth: np.ndarray, ordered: np.ndarray, share: float) -> np.ndarray:
    """Whether the truth lies in the central interval that holds a share of the samples, (...) bool.

    Example:
        >>> covered(np.array([1.0, 9.5]), np.arange(11.0)[:, None].repeat(2, 1), 0.8)
        array([ True, False])
    """
    low, high = quantile(ordered, (1 - share) / 2), quantile(ordered, (1 + share) / 2)
    return (low <= truth) & (truth <= high)
