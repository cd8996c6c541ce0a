"""Figures of probabilistic forecasts, from samples: CRPS, weighted quantile loss, coverage."""

from __future__ import annotations

import numpy as np

QUANTILE_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Levels that the weighted quantile loss is the mean over."""


def crps(truth: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of samples: E|X - y| - E|X - X'| / 2, in the units of the values.

    Both expectations are over the samples themselves, X' among all of them. For one sample it is the absolute error.
    Source: Gneiting and Raftery 2007, eq. 21 [gneiting2007].

    Args:
        truth: (...).
        samples: (S, ...).

    Example:
        >>> crps(np.array([2.0]), np.array([[0.0], [4.0]]))
        array([1.])
    """
    ordered = np.sort(samples, axis=0)
    count = len(ordered)
    # In order, sum over pairs |x_i - x_j| is sum_i (2 i - S - 1) x_i, doubled.
    weights = (2 * np.arange(1, count + 1) - count - 1).reshape(-1, *[1] * truth.ndim)
    spread = 2 * (weights * ordered).sum(0) / count**2
    return np.abs(ordered - truth).mean(0) - spread / 2


def pinball(truth: np.ndarray, forecast: np.ndarray, level: float) -> np.ndarray:
    """Pinball loss of a quantile forecast. Source: Koenker and Bassett 1978 [koenker1978].

    Example:
        >>> pinball(np.array([3.0, 3.0]), np.array([1.0, 5.0]), 0.9)
        array([1.8, 0.2])
    """
    return np.maximum(level * (truth - forecast), (level - 1) * (truth - forecast))


def weighted_quantile_loss(truth: np.ndarray, samples: np.ndarray) -> tuple[float, float]:
    """Twice the summed pinball loss, mean over `QUANTILE_LEVELS`, and the summed |truth| that it is divided by.

    The quotient of the sums over all windows is the weighted quantile loss of Salinas et al. 2020, section 4.3
    [salinas2020]. NaN truth is left out.

    Args:
        truth: (...).
        samples: (S, ...).
    """
    known = np.isfinite(truth)
    levels = np.quantile(samples, QUANTILE_LEVELS, axis=0)
    losses = [2 * pinball(truth, forecast, q)[known].sum() for q, forecast in zip(QUANTILE_LEVELS, levels, strict=True)]
    return float(np.mean(losses)), float(np.abs(truth[known]).sum())


def covered(truth: np.ndarray, samples: np.ndarray, share: float) -> np.ndarray:
    """Whether the truth lies in the central interval that holds a share of the samples, (...) bool.

    Example:
        >>> covered(np.array([1.0, 9.5]), np.arange(11.0)[:, None].repeat(2, 1), 0.8)
        array([ True, False])
    """
    low, high = np.quantile(samples, [(1 - share) / 2, (1 + share) / 2], axis=0)
    return (low <= truth) & (truth <= high)
