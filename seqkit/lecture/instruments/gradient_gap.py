"""GradientGap: how far one gradient is from another, gathered over batches without keeping any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class Spread:
    """The median over batches, and the lowest and highest tenth."""

    median: float
    low: float
    high: float


@final
class GradientGap:
    """Pairs of gradients, a cut one and the exact one of the same batch; sums of products are all that is kept."""

    def __init__(self) -> None:
        self._products: list[tuple[float, float, float]] = []  # cut times exact, cut squared, exact squared
        self._gap: Tensor | float = 0.0
        self._exact: Tensor | float = 0.0

    def add(self, cut: Tensor, exact: Tensor) -> None:
        """One batch: gradients (P,)."""
        # Sums of many small squares, so in float64.
        a, b = cut.double(), exact.double()
        self._products.append((float(a @ b), float(a @ a), float(b @ b)))
        self._gap = self._gap + (cut - exact)
        self._exact = self._exact + exact

    @property
    def cosine(self) -> Spread:
        """Of the angle between both gradients of a batch; 1 where both are nothing, 0 where one is."""
        # The root of a product, not the product of roots: equal gradients give exactly 1.
        return _spread([both / np.sqrt(a * b) if a and b else float(a == b) for both, a, b in self._products])

    @property
    def norm_ratio(self) -> Spread:
        """Norm of the cut gradient as a share of the exact one's."""
        return _spread([np.sqrt(a / b) if b else float(a == b) for _, a, b in self._products])

    @property
    def bias(self) -> float:
        """|mean over batches of the cut gradient - that of the exact one| / |that of the exact one|."""
        gap, exact = _norm(self._gap), _norm(self._exact)
        return gap / exact if exact else gap


def _norm(values: Tensor | float) -> float:
    return float(values.double().norm()) if isinstance(values, Tensor) else abs(values)


def _spread(values: list[float]) -> Spread:
    low, median, high = np.quantile(values, [0.1, 0.5, 0.9])
    return Spread(float(median), float(low), float(high))
