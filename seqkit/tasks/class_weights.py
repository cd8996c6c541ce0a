"""How often each class occurs, and the weights that make all of them count the same."""

from __future__ import annotations

import numpy as np

_COUNTED_TOGETHER = 1 << 20
"""Symbols counted at once: `bincount` copies to int64."""


def class_counts(steps: np.ndarray, num_classes: int) -> np.ndarray:
    """How often each symbol occurs, (num_classes,) float64."""
    counts = np.zeros(num_classes)
    for begin in range(0, len(steps), _COUNTED_TOGETHER):
        counts += np.bincount(steps[begin : begin + _COUNTED_TOGETHER], minlength=num_classes)
    return counts


def balanced_weights(counts: np.ndarray) -> np.ndarray:
    """Weights inverse to the frequencies, such that their mean over all targets is 1; a class never seen has 0.

    Source: King and Zeng 2001, eq. 8 [king2001].

    Example:
        >>> balanced_weights(np.array([30.0, 10.0, 0.0]))
        array([0.66666667, 2.        , 0.        ])
    """
    seen = counts > 0
    return np.divide(counts.sum() / seen.sum(), counts, out=np.zeros_like(counts), where=seen)
