"""Places: the steps of a store that are counted or scored, and the symbols around each in its own record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from seqkit.data.store import FlatStore

_BLOCK = 1 << 12
"""Neighbouring places that are kept together where only a part is taken."""


@final
@dataclass(frozen=True)
class Places:
    """Places in the flat steps of a store.

    Attributes:
        steps: All symbols of the store, (N,) unsigned.
        at: The places, (P,) int64, rising.
        begins: First step of the record of each, (P,).
        ends: Where that record ends, (P,).
        total: Places that there are; more than P if only a part of them was taken.
    """

    steps: np.ndarray
    at: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    total: int

    def __len__(self) -> int:
        """P."""
        return len(self.at)

    @property
    def is_part(self) -> bool:
        """Whether there are more."""
        return len(self.at) < self.total

    def symbols(self, offset: int) -> np.ndarray:
        """The symbol so many steps later (earlier, if negative), (P,) int64; -1 outside of the record."""
        where = self.at + offset
        inside = (where >= self.begins) & (where < self.ends)
        found = np.full(len(where), -1, np.int64)
        found[inside] = self.steps[where[inside]]
        return found

    def parts(self, size: int) -> Iterator[tuple[slice, Places]]:
        """Consecutive parts of at most `size` places."""
        for begin in range(0, len(self.at), size):
            part = slice(begin, begin + size)
            yield part, replace(self, at=self.at[part], begins=self.begins[part], ends=self.ends[part])


def target_places(store: FlatStore, most: int) -> Places:
    """What `next_step` predicts: of each record the steps after its context, and after its first step.

    Args:
        store: Of symbols.
        most: Places at most, or one block of them; of more, blocks spread evenly over all are taken.
    """
    return _places(store, np.maximum(store.context, 1), most)


def all_places(store: FlatStore, most: int) -> Places:
    """Every step.

    Args:
        store: Of symbols.
        most: Places at most, as for `target_places`.
    """
    return _places(store, np.zeros(len(store), np.int64), most)


def num_targets(store: FlatStore) -> int:
    """How many steps `next_step` predicts."""
    return int(np.maximum(store.lengths - np.maximum(store.context, 1), 0).sum())


def leading_counts(store: FlatStore, num_symbols: int) -> np.ndarray:
    """How often each symbol is among the steps that are given and not predicted, (num_symbols,)."""
    given = np.minimum(np.maximum(store.context, 1), store.lengths)
    counts = np.zeros(num_symbols)
    for at in np.array_split(_spread(store.offsets[:-1], given), max(int(given.sum()) >> 20, 1)):
        counts += np.bincount(store.steps[at], minlength=num_symbols)
    return counts


def _places(store: FlatStore, first: np.ndarray, most: int) -> Places:
    sizes = np.maximum(store.lengths - first, 0)
    total = int(sizes.sum())
    if total <= max(most, _BLOCK):
        at = _spread(store.offsets[:-1] + first, sizes)
        record = np.repeat(np.arange(len(sizes)), sizes)
    else:
        blocks = max(most // _BLOCK, 1)
        numbers = (np.linspace(0, total - _BLOCK, blocks).astype(np.int64)[:, None] + np.arange(_BLOCK)).reshape(-1)
        ends = np.cumsum(sizes)
        record = np.searchsorted(ends, numbers, side="right")
        at = (store.offsets[:-1] + first)[record] + numbers - (ends - sizes)[record]
    return Places(store.steps, at, store.offsets[:-1][record], store.offsets[1:][record], total)


def _spread(begins: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """begins[i], begins[i] + 1, ... for `sizes[i]` numbers, end to end.

    Example:
        >>> _spread(np.array([5, 0]), np.array([2, 3]))
        array([5, 6, 0, 1, 2])
    """
    before = np.cumsum(sizes) - sizes
    numbers: np.ndarray = np.arange(int(sizes.sum())) + np.repeat(begins - before, sizes)
    return numbers
