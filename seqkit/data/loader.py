"""Loaders: batches out of a store, after a plan. Their position is counted where a batch is handed over."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided
from torch import Tensor

from seqkit.data.ahead import ahead
from seqkit.data.batching import StreamPlan, idle_share, padding_share, plan_buckets, plan_streams
from seqkit.data.store import FlatStore, as_steps
from seqkit.steps import IGNORED, Batch, valid_mask


class BatchLoader(ABC):
    """Batches of one split, epoch after epoch. The order is a pure function of (seed, epoch).

    Args:
        store: The encoded records.
        shuffle: False for evaluation.
        seed: Seed of the order.

    Attributes:
        num_workers: Threads that prepare batches ahead; 0: each is made when it is asked for.
    """

    def __init__(self, store: FlatStore, shuffle: bool, seed: int) -> None:
        self.store, self.shuffle, self.seed = store, shuffle, seed
        self.epoch = 0
        self.position = 0
        self.num_workers = 0
        self._length: int | None = None
        self._limit: int | float = 1.0
        self._repeats = False

    @abstractmethod
    def plan(self, epoch: int) -> Any:
        """The epoch's plan."""

    @abstractmethod
    def count(self, plan: Any) -> int:
        """Number of batches in a plan."""

    @abstractmethod
    def batch(self, plan: Any, position: int) -> Batch:
        """One batch of a plan."""

    def __len__(self) -> int:
        """Number of batches, the same in each epoch."""
        if self._length is None:
            self._length = self.count(self.plan(0))
        return self._length

    def __iter__(self) -> Iterator[Batch]:
        """The rest of the present epoch; of an evaluation always the whole, also after one that was cut short."""
        if not self.shuffle:
            self.epoch, self.position = 0, 0
        plan, end = self.plan(0 if self._repeats else self.epoch), limited(len(self), self._limit)
        positions = range(self.position, end)
        make = functools.partial(self.batch, plan)
        batches = ahead(make, positions, self.num_workers) if self.num_workers else map(make, positions)
        for position, batch in zip(positions, batches, strict=True):
            # Moved before the batch is handed over: Lightning never asks again after the last one.
            done = position + 1 == end
            self.epoch, self.position = (self.epoch + 1, 0) if done else (self.epoch, position + 1)
            yield batch

    def under(self, trainer: Any) -> BatchLoader:
        """This loader, with epochs as a Trainer wants them; `len` stays. Without one (None) as it is.

        `limit_train_batches`: an epoch that is cut short does not go on in the next one. `overfit_batches`: all epochs
        are the first, for Lightning itself can repeat the batches of torch's own loader only.
        """
        if trainer is not None:
            self._limit, self._repeats = trainer.limit_train_batches, trainer.overfit_batches > 0
        return self

    def padding(self) -> float:
        """Share of the steps in an epoch's batches that are there only because the rows of a batch are equally long."""
        return self.padding_of(self.plan(0))

    @abstractmethod
    def padding_of(self, plan: Any) -> float:
        """The same of a plan."""

    def state_dict(self) -> dict[str, int]:
        """Epoch and position, for Lightning's checkpoints."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue where `state_dict` was taken."""
        self.epoch, self.position = state["epoch"], state["position"]

    def _order(self, epoch: int) -> np.random.Generator | None:
        return np.random.default_rng([self.seed, epoch]) if self.shuffle else None


class StreamLoader(BatchLoader):
    """Consecutive chunks for `next_step`: inputs x[:-1], targets x[1:], state to be carried between batches.

    Args:
        store: The encoded records.
        batch_size: Parallel streams.
        window: Predicted steps a chunk.
        shuffle: False for evaluation.
        seed: Seed of the order.
        whole: Cut no record into pieces.
    """

    def __init__(
        self, store: FlatStore, batch_size: int, window: int, shuffle: bool, seed: int, whole: bool = False
    ) -> None:
        super().__init__(store, shuffle, seed)
        self.batch_size, self.window, self.whole = batch_size, window, whole
        self._steps = np.asarray(store.steps)  # A plain view: each index of a memory map makes another map.

    def plan(self, epoch: int) -> StreamPlan:
        """Where each stream is at each batch."""
        store = self.store
        order = self._order(epoch)
        return plan_streams(store.offsets, store.context, self.batch_size, self.window, order, self.whole)

    def count(self, plan: StreamPlan) -> int:
        """Number of chunks of the longest stream."""
        return len(plan.starts)

    def batch(self, plan: StreamPlan, position: int) -> Batch:
        """One chunk of every stream, by one gather."""
        counts = plan.counts[position]
        most = int(counts.max())
        if int(counts.min()) == most and not plan.skipped[position].any():
            return self._whole_rows(plan, position, most)
        steps = np.arange(most + 1)
        places = plan.starts[position][:, None] + np.minimum(steps, counts[:, None])
        chunk = as_steps(np.take(self._steps, places, axis=0))  # (B, T + 1) or (B, T + 1, F)
        inputs, targets = chunk[:, :-1], chunk[:, 1:]
        ended = torch.from_numpy(steps[:-1] >= counts[:, None])
        skipped = torch.from_numpy(steps[:-1] < plan.skipped[position][:, None])
        return Batch(
            inputs=fill(inputs, ended, 0),
            lengths=torch.from_numpy(counts),
            targets=fill(targets, ended | skipped, unscored(targets)),
            reset=torch.from_numpy(plan.reset[position]),
            index=torch.from_numpy(plan.records[position]),
        )

    def padding_of(self, plan: StreamPlan) -> float:
        """What rows wait for the longest chunk of their batch, or until the longest stream has ended."""
        return idle_share(plan.counts)

    def _whole_rows(self, plan: StreamPlan, position: int, most: int) -> Batch:
        """The same where no row ends inside the chunk, as nearly always: rows are copied as wholes, none masked."""
        rows = windows_of(self._steps, most + 1)[plan.starts[position]]  # (B, T + 1) or (B, T + 1, F)
        return Batch(
            inputs=as_steps(rows[:, :-1]).contiguous(),
            lengths=torch.from_numpy(plan.counts[position]),
            targets=as_steps(rows[:, 1:]).contiguous(),
            reset=torch.from_numpy(plan.reset[position]),
            index=torch.from_numpy(plan.records[position]),
        )


class RecordLoader(BatchLoader):
    """Whole records, bucketed by length, for the tasks whose records have targets.

    Args:
        store: The encoded records with their targets.
        batch_size: Most records a batch.
        step_budget: Most steps a batch, padding counted.
        shuffle: False for evaluation.
        seed: Seed of the order.
    """

    def __init__(self, store: FlatStore, batch_size: int, step_budget: int, shuffle: bool, seed: int) -> None:
        super().__init__(store, shuffle, seed)
        self.batch_size, self.step_budget = batch_size, step_budget

    def plan(self, epoch: int) -> list[np.ndarray]:
        """Record numbers of each batch."""
        return plan_buckets(self.store.lengths, self.batch_size, self.step_budget, self._order(epoch))

    def count(self, plan: list[np.ndarray]) -> int:
        """Number of batches."""
        return len(plan)

    def padding_of(self, plan: list[np.ndarray]) -> float:
        """What records are padded to the longest of their batch."""
        return padding_share(plan, self.store.lengths)

    def batch(self, plan: list[np.ndarray], position: int) -> Batch:
        """Some records, padded to the longest of them."""
        return collate(self.store, plan[position])


def limited(num_batches: int, limit: int | float) -> int:
    """Batches of an epoch under Lightning's `limit_train_batches`: so many at most, or a share of them."""
    return min(num_batches, limit) if isinstance(limit, int) else int(num_batches * limit)


def collate(store: FlatStore, index: np.ndarray) -> Batch:
    """Whole records as one batch.

    Args:
        store: The encoded records.
        index: Numbers of the records, (B,).
    """
    inputs, lengths = gather(store.steps, store.offsets[index], store.offsets[index + 1])
    targets = torch.zeros((len(index), 1), dtype=torch.int64)
    if store.targets is not None and store.target_offsets is not None:
        begins, ends = store.target_offsets[index], store.target_offsets[index + 1]
        targets, counts = gather(store.targets, begins, ends)
        targets = fill(targets, ~valid_mask(counts, targets.shape[1]), unscored(targets))
    reset = torch.ones(len(index), dtype=torch.bool)
    return Batch(inputs, lengths, targets, reset, torch.from_numpy(np.asarray(index, np.int64)))


def gather(flat: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> tuple[Tensor, Tensor]:
    """Rows of unequal length out of a flat array: (B, T) or (B, T, F), zero after the end, and lengths (B,)."""
    lengths = ends - begins
    steps = np.arange(int(lengths.max(initial=0)))
    places = np.minimum(begins[:, None] + steps, max(len(flat) - 1, 0))
    rows = as_steps(np.take(np.asarray(flat), places, axis=0))  # several times as fast as an index where F is 1 or more
    ended = torch.from_numpy(steps >= lengths[:, None])
    rows.masked_fill_(ended if rows.ndim == 2 else ended[..., None], 0)
    return rows, torch.from_numpy(lengths.astype(np.int64))


def windows_of(flat: np.ndarray, size: int) -> np.ndarray:
    """All runs of `size` consecutive steps as one view, (N - size + 1, size) or (N - size + 1, size, F).

    Example:
        >>> windows_of(np.array([5, 6, 7, 8]), 3)[[1, 0]].tolist()
        [[6, 7, 8], [5, 6, 7]]
    """
    shape = (max(len(flat) - size + 1, 0), size, *flat.shape[1:])
    return as_strided(flat, shape, (flat.strides[0], *flat.strides), writeable=False)


def fill(values: Tensor, where: Tensor, value: float) -> Tensor:
    """A copy with `value` where the (B, T) mask is true."""
    return values.masked_fill(where if values.ndim == 2 else where[..., None], value)


def unscored(targets: Tensor) -> float:
    """The mark of a target that does not count."""
    return float("nan") if targets.is_floating_point() else IGNORED
