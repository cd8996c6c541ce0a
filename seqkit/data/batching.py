"""Plans: which steps go into which batch. A plan is a pure function of lengths, sizes, seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_MOST_IDLE = 0.03
"""Share of idle row time above which long records are cut into more pieces."""

_BUCKET_RATIO = 1.15
"""Lengths within this ratio share a bucket: padding stays below it, and batches are still mixed."""


@dataclass(frozen=True)
class StreamPlan:
    """Consecutive chunks of parallel streams; row b of batch k continues row b of batch k - 1.

    A record begins at the beginning of a chunk, so `reset` is one flag a row and the fused kernels of a whole
    chunk stay in use (docs/decisions/0002). All arrays are (num_batches, batch_size) int64, or bool for `reset`.

    Attributes:
        starts: First step of the chunk, in the flat store.
        counts: Predicted steps; 0 where the row has come to its end.
        reset: The chunk begins a record, or a piece of a long one.
        skipped: Leading predicted steps that are not scored.
        records: The record's number.
    """

    starts: np.ndarray
    counts: np.ndarray
    reset: np.ndarray
    skipped: np.ndarray
    records: np.ndarray


def plan_streams(
    offsets: np.ndarray,
    context: np.ndarray,
    batch_size: int,
    window: int,
    order: np.random.Generator | None,
    whole: bool = False,
) -> StreamPlan:
    """Lay all records into `batch_size` parallel streams of equal length and cut these into chunks.

    Long records are cut into pieces so that every row has work; a record with context is never cut. The number
    of batches does not depend on `order`.

    Args:
        offsets: Where each record begins, (num_records + 1,).
        context: Leading steps that are not scored, (num_records,).
        batch_size: Number of rows.
        window: Predicted steps of a chunk at most.
        order: Shuffles which row a record falls to and when; None keeps the order.
        whole: Cut no record, so that what is said of one does not depend on the others.
    """
    record, start, size = _pieces(offsets, context, batch_size, window, whole)
    if order is not None:
        shuffled = order.permutation(len(size))
        record, start, size = record[shuffled], start[shuffled], size[shuffled]
    chunks = -(-size // window)
    row = _balance(chunks, batch_size)
    first = _times(row, chunks, order)
    num_batches = int((first + chunks).max(initial=0))
    # One entry a chunk: the piece it belongs to, and its number inside the piece.
    piece = np.repeat(np.arange(len(size)), chunks)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(chunks) - chunks, chunks)
    place = (first[piece] + number, row[piece])
    begin = number * window
    plan = {name: np.zeros((num_batches, batch_size), np.int64) for name in ("starts", "counts", "skipped", "records")}
    plan["starts"][place] = start[piece] + begin
    plan["counts"][place] = np.minimum(window, size[piece] - begin)
    plan["records"][place] = record[piece]
    plan["skipped"][place] = np.clip(context[record[piece]] - 1 - begin, 0, window)
    reset = np.zeros((num_batches, batch_size), bool)
    reset[place] = number == 0
    return StreamPlan(reset=reset, **plan)


def plan_buckets(
    lengths: np.ndarray, batch_size: int, step_budget: int, order: np.random.Generator | None
) -> list[np.ndarray]:
    """Groups of records of like length: at most `batch_size` of them and `step_budget` padded steps.

    Records are sorted into buckets of like length, shuffled inside their bucket, cut into batches, and the
    batches shuffled. Each record is in exactly one batch; the number of batches does not depend on `order`.

    Args:
        lengths: Steps of each record, (num_records,).
        batch_size: Most records a batch.
        step_budget: Most steps a batch, padding counted; a single longer record is a batch of its own.
        order: Randomness; None for evaluation.
    """
    bucket = np.ceil(np.log(np.maximum(lengths, 1)) / np.log(_BUCKET_RATIO)).astype(np.int64)
    # Cuts are made by each bucket's longest record, not by the batch's own: so they depend on the lengths alone.
    widest = np.zeros(int(bucket.max(initial=0)) + 1, np.int64)
    np.maximum.at(widest, bucket, lengths)
    tie = np.arange(len(lengths)) if order is None else order.permutation(len(lengths))
    members = np.lexsort((tie, bucket))
    widths = np.maximum(widest[bucket[members]], 1)
    batches, begin = [], 0
    while begin < len(members):
        window = widths[begin : begin + batch_size]
        size = max(int((np.arange(1, len(window) + 1) * window <= step_budget).sum()), 1)
        batches.append(members[begin : begin + size])
        begin += size
    return batches if order is None else [batches[i] for i in order.permutation(len(batches))]


def consecutive_runs(sizes: np.ndarray, most: int, most_records: int) -> Iterator[np.ndarray]:
    """Numbers of records that follow each other and are held together, until they can be handed on in their order.

    Args:
        sizes: What each record holds, (num_records,).
        most: Sum of the sizes of a run at most; a single larger record is a run of its own.
        most_records: Records of a run at most.

    Example:
        >>> [run.tolist() for run in consecutive_runs(np.array([2, 2, 9, 1, 1, 1]), most=4, most_records=2)]
        [[0, 1], [2], [3, 4], [5]]
    """
    held = np.cumsum(sizes)
    begin = 0
    while begin < len(sizes):
        before = held[begin - 1] if begin else 0
        end = int(np.searchsorted(held, before + most, side="right"))
        end = min(max(end, begin + 1), begin + most_records)
        yield np.arange(begin, end)
        begin = end


def padding_share(batches: list[np.ndarray], lengths: np.ndarray) -> float:
    """Share of the steps in these batches that is padding."""
    padded = sum(len(batch) * int(lengths[batch].max()) for batch in batches)
    return 1 - float(lengths.sum()) / padded if padded else 0.0


def idle_share(counts: np.ndarray) -> float:
    """Share of the steps of a stream's batches that nothing is predicted in.

    Args:
        counts: Predicted steps of each row, (num_batches, batch_size).

    Example:
        >>> round(idle_share(np.array([[4, 4], [4, 2], [2, 0]])), 3)
        0.2
    """
    padded = int(counts.max(axis=1, initial=0).sum()) * counts.shape[1]
    return 1 - float(counts.sum()) / padded if padded else 0.0


def _pieces(
    offsets: np.ndarray, context: np.ndarray, batch_size: int, window: int, whole: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Records cut so that rows come out even: (record, first step, predicted steps) of each piece."""
    sizes = np.maximum(np.diff(offsets) - 1, 0)  # The last step of a record predicts nothing.
    usable = sizes > 0
    pieces = (np.zeros(0, np.int64),) * 3
    for divisor in (1, 2, 4, 8, 16):
        limit = -(-int(sizes.sum()) // (batch_size * divisor))
        if divisor > 1 and limit < window:
            break
        # A piece begins with a fresh state, so none is made that would be shorter than a window.
        wanted = np.minimum(-(-sizes // max(limit, 1)), np.maximum(sizes // window, 1))
        cuts = np.where((context > 0) | whole, 1, wanted) * usable
        record = np.repeat(np.arange(len(sizes)), cuts)
        number = np.arange(len(record)) - np.repeat(np.cumsum(cuts) - cuts, cuts)
        length = -(-sizes[record] // cuts[record])
        begin = number * length
        size = np.minimum(length, sizes[record] - begin)
        kept = size > 0
        pieces = (record[kept], (offsets[record] + begin)[kept], size[kept])
        chunks = -(-pieces[2] // window)
        load = np.bincount(_balance(chunks, batch_size), chunks, batch_size)
        if 1 - load.sum() / (load.max(initial=1) * batch_size) <= _MOST_IDLE:
            break
    return pieces


def _balance(chunks: np.ndarray, batch_size: int) -> np.ndarray:
    """A row for each piece, longest first and to and fro, so that the loads depend on the sizes alone."""
    rank = np.empty(len(chunks), np.int64)
    rank[np.argsort(-chunks, kind="stable")] = np.arange(len(chunks))
    lap, place = rank // batch_size, rank % batch_size
    return np.where(lap % 2 == 0, place, batch_size - 1 - place)


def _times(row: np.ndarray, chunks: np.ndarray, order: np.random.Generator | None) -> np.ndarray:
    """The batch in which each piece begins: pieces of a row follow each other."""
    tie = np.arange(len(row)) if order is None else order.permutation(len(row))
    by_row = np.lexsort((tie, row))
    ends = np.cumsum(chunks[by_row])
    begins = ends - chunks[by_row]
    is_first = np.diff(row[by_row], prepend=-1) != 0
    row_begin = np.maximum.accumulate(np.where(is_first, begins, 0))
    first = np.empty(len(row), np.int64)
    first[by_row] = begins - row_begin
    return first
