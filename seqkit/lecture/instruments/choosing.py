"""Which records a diagnosis reads: long enough ones of a split, chosen by their lengths alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from seqkit.data.loader import collate, fill, gather, unscored
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore
from seqkit.data.windows import WindowLoader
from seqkit.steps import Batch, Split


@dataclass(frozen=True)
class Chosen:
    """Records, or parts of them, as one batch.

    Attributes:
        batch: With its targets; no row is empty.
        begins: First step of each row within its record, (B,).
        origins: Where each row came from.
    """

    batch: Batch
    begins: np.ndarray
    origins: list[str]


def choose_records(
    data: SequenceDataModule, split: Split, num_records: int, num_steps: int, num_rows: int = 1
) -> Chosen:
    """Records of a split with at least `num_steps` steps, or the longest where there are too few.

    `next_step` gets chunks of streams: up to `num_steps` steps to warm up, as a carried state would be, and as many to
    look at. Other tasks get whole records, the shortest of those that are long enough; `forecast` gets windows.

    Args:
        data: The module.
        split: Which records.
        num_records: Rows of the batch at most.
        num_steps: Steps of the records that are to be looked at.
        num_rows: Rows that the model makes of one window.

    Raises:
        DataError: If the split holds nothing to read.
    """
    loader = data.loader(split)
    store = data.store(split)
    if isinstance(loader, WindowLoader):
        return _windows(loader, store, max(num_records // num_rows, 1))
    if data.streams:
        return _chunks(store, num_records, num_steps)
    index = _long_enough(store.lengths, num_records, num_steps)
    return _chosen(store, collate(store, index), np.zeros(len(index), np.int64))


def spread(size: int, count: int) -> np.ndarray:
    """At most `count` whole numbers below `size`, evenly spaced, the last among them.

    Example:
        >>> spread(10, 4).tolist()
        [0, 3, 6, 9]
        >>> spread(10, 1).tolist()
        [9]
    """
    if count == 1:
        return np.array([size - 1])
    return np.unique(np.linspace(0, size - 1, min(count, size)).round().astype(np.int64))


def _windows(loader: WindowLoader, store: FlatStore, count: int) -> Chosen:
    """Windows spread over all of those with as many steps as any has."""
    given = np.minimum(loader.place - store.offsets[loader.record], loader.look_back)
    whole = np.flatnonzero(given == given.max())
    index = whole[spread(len(whole), count)]
    begins = loader.place[index] - store.offsets[loader.record[index]] - given[index]
    return _chosen(store, loader.windows(index), begins)


def _chunks(store: FlatStore, num_records: int, num_steps: int) -> Chosen:
    """Consecutive steps and the ones that follow them, from places spread over all streams."""
    sizes = np.maximum(store.lengths - 1, 0)  # The last step of a record predicts nothing.
    if (sizes // num_steps).sum() >= num_records:
        usable = np.flatnonzero(sizes >= num_steps)
        room = np.cumsum(sizes[usable])
        places = (np.arange(num_records) + 0.5) / num_records * room[-1]
        rows = np.searchsorted(room, places, side="right")
        index = usable[rows]
        counts = np.minimum(sizes[index], 2 * num_steps)
        begins = np.clip((places - (room[rows] - sizes[index])).astype(np.int64), 0, sizes[index] - counts)
    else:
        index = _long_enough(sizes, num_records, num_steps)
        counts, begins = np.minimum(sizes[index], 2 * num_steps), np.zeros(len(index), np.int64)
    first = store.offsets[index] + begins
    chunk, lengths = gather(store.steps, first, first + counts + 1)
    ended = torch.arange(chunk.shape[1] - 1) >= (lengths - 1)[:, None]
    targets = fill(chunk[:, 1:], ended, unscored(chunk))
    reset = torch.ones(len(index), dtype=torch.bool)
    batch = Batch(fill(chunk[:, :-1], ended, 0), lengths - 1, targets, reset, torch.from_numpy(index))
    return _chosen(store, batch, begins)


def _long_enough(lengths: np.ndarray, num_records: int, num_steps: int) -> np.ndarray:
    """Numbers of the shortest records with so many steps; of the longest where there are too few."""
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    first = min(int(np.searchsorted(lengths[order], num_steps)), max(len(order) - num_records, 0))
    return order[first : first + num_records]


def _chosen(store: FlatStore, batch: Batch, begins: np.ndarray) -> Chosen:
    names = store.origins()
    return Chosen(batch, begins, [names[i] for i in batch.index.tolist()])
