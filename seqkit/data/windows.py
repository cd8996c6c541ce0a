"""Windows for `forecast`: the steps before a point in time, and those after it."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import Tensor

from seqkit.data.batching import padding_share
from seqkit.data.loader import BatchLoader, fill, gather
from seqkit.data.store import FlatStore, as_steps
from seqkit.steps import Batch, Continuous


@final
class WindowLoader(BatchLoader):
    """Windows of series: the last `look_back` steps before a point as inputs, the `horizon` steps after it as targets.

    Args:
        store: The encoded records; numbers.
        batch_size: Windows a batch.
        look_back: Steps given at most; fewer where a record begins later.
        horizon: Steps to forecast.
        stride: Steps from one window of a record to the next.
        shuffle: False for evaluation.
        seed: Seed of the order.
    """

    def __init__(
        self, store: FlatStore, batch_size: int, look_back: int, horizon: int, stride: int, shuffle: bool, seed: int
    ) -> None:
        super().__init__(store, shuffle, seed)
        self.batch_size, self.look_back, self.horizon, self.stride = batch_size, look_back, horizon, stride
        self.record, self.place = plan_windows(store.offsets, store.context, look_back, horizon, stride)

    def plan(self, epoch: int) -> np.ndarray:
        """Numbers of all windows, in the order of the epoch."""
        order = self._order(epoch)
        return np.arange(len(self.place)) if order is None else order.permutation(len(self.place))

    def count(self, plan: np.ndarray) -> int:
        """Number of batches."""
        return -(-len(plan) // self.batch_size)

    def padding_of(self, plan: np.ndarray) -> float:
        """What windows near the beginning of a record are shorter than the look-back."""
        lengths = self._lengths(plan)
        return padding_share(
            np.split(np.arange(len(plan)), range(self.batch_size, len(plan), self.batch_size)), lengths
        )

    def batch(self, plan: np.ndarray, position: int) -> Batch:
        """Some windows."""
        index = plan[position * self.batch_size : (position + 1) * self.batch_size]
        return self.windows(index)

    def _lengths(self, index: np.ndarray) -> np.ndarray:
        return np.minimum(self.place[index] - self.store.offsets[self.record[index]], self.look_back)

    def windows(self, index: np.ndarray) -> Batch:
        """The windows of these numbers as one batch; what lies past a record's end is NaN."""
        record, place = self.record[index], self.place[index]
        begin, end = self.store.offsets[record], self.store.offsets[record + 1]
        inputs, lengths = gather(self.store.steps, np.maximum(place - self.look_back, begin), place)
        steps = place[:, None] + np.arange(self.horizon)  # (B, H)
        places = np.minimum(steps, len(self.store.steps) - 1)
        future = as_steps(np.take(np.asarray(self.store.steps), places, axis=0))  # (B, H, F)
        future = fill(future, torch.from_numpy(steps >= end[:, None]), float("nan"))
        targets, known = divide_known(future, self.store.spec)
        reset = torch.ones(len(index), dtype=torch.bool)
        return Batch(inputs, lengths, targets, reset, torch.from_numpy(record), known)


def divide_known(future: Tensor, spec: object) -> tuple[Tensor, Tensor | None]:
    """What is predicted of steps (B, H, F), and what is known ahead of them (None if nothing is)."""
    assert isinstance(spec, Continuous)
    if not spec.num_known:
        return future, None
    return future[..., : spec.num_predicted], future[..., spec.num_predicted :]


def plan_windows(
    offsets: np.ndarray, context: np.ndarray, look_back: int, horizon: int, stride: int
) -> tuple[np.ndarray, np.ndarray]:
    """All windows of all records, in order.

    A record with context is forecast from its context on; one without from its `look_back`-th step on, or from
    earlier if it would have no window otherwise. A record that ends before its horizon is over has one window.

    Args:
        offsets: Where each record begins, (num_records + 1,).
        context: Leading steps of each record that are given, (num_records,).
        look_back: Steps given.
        horizon: Steps to forecast.
        stride: Steps from one window to the next.

    Returns:
        The record of each window, and the place in the flat store of the first step to forecast.

    Example:
        >>> plan_windows(np.array([0, 10, 14]), np.array([0, 3]), look_back=4, horizon=3, stride=2)
        (array([0, 0, 1]), array([ 4,  6, 13]))
    """
    sizes = np.diff(offsets)
    last = np.where(context > 0, np.maximum(sizes - horizon, context), sizes - horizon)
    first = np.where(context > 0, context, np.minimum(look_back, last))
    # At least one step is given and one is forecast.
    usable = (first >= 1) & (first <= last) & (first < sizes)
    counts = np.where(usable, (last - first) // stride + 1, 0)
    record = np.repeat(np.arange(len(sizes)), counts)
    number = np.arange(len(record)) - np.repeat(np.cumsum(counts) - counts, counts)
    return record, (offsets[:-1] + first)[record] + number * stride
