"""CodeIndex: numbers 0, 1, 2 ... for the codes that were seen, among many that might have been."""

from __future__ import annotations

from typing import final

import numpy as np

_MOST_DENSE = 1 << 22
"""Codes up to here are found in a table of their own, larger ones by bisection."""


@final
class CodeIndex:
    """Which codes were seen, and how often.

    Args:
        codes: What was seen, (N,) int64, each below `size`.
        size: How many codes there may be.

    Attributes:
        codes: Different ones, rising, (M,).
        counts: Of each, (M,) int32.
    """

    def __init__(self, codes: np.ndarray, size: int) -> None:
        self._table: np.ndarray | None = None
        if size <= _MOST_DENSE:
            counts = np.bincount(codes, minlength=size)
            self.codes = np.flatnonzero(counts)
            self.counts = counts[self.codes].astype(np.int32)
            self._table = np.full(size, -1, np.int32)
            self._table[self.codes] = np.arange(len(self.codes))
        else:
            self.codes, found = np.unique(codes, return_counts=True)
            self.counts = found.astype(np.int32)

    def __len__(self) -> int:
        """Different codes."""
        return len(self.codes)

    def find(self, codes: np.ndarray) -> np.ndarray:
        """Numbers of codes of any shape, -1 for one never seen; a negative code was never seen."""
        if self._table is not None:
            return np.where(codes >= 0, self._table[np.maximum(codes, 0)], -1).astype(np.int64)
        # In order the bisections touch neighbouring memory: several times as fast.
        flat = codes.reshape(-1)
        order = np.argsort(flat)
        place: np.ndarray = np.empty(len(flat), np.int64)
        place[order] = np.searchsorted(self.codes, flat[order])
        place = np.minimum(place, len(self.codes) - 1).reshape(codes.shape)
        return np.where(self.codes[place] == codes, place, -1)
