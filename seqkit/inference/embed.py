"""Embeddings: the hidden state that a trained model has of each record, or of each of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from seqkit.backbone.cell import State
from seqkit.data.batching import consecutive_runs, plan_buckets
from seqkit.data.loader import gather
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore
from seqkit.errors import DataError
from seqkit.inference.running_pool import RunningPool
from seqkit.model import SequenceModel
from seqkit.steps import Batch, Split

EmbedPooling = Literal["last", "mean", "every"]

_READ_TOGETHER = 1024
"""Steps of a chunk at most, of streams."""

_MOST_RECORDS = 1024
"""Records whose embeddings are held until they can be handed on in the order of the source."""

_MOST_NUMBERS = 1 << 24
"""Numbers of outputs held at most, 64 MiB; a single longer record comes in chunks or, whole, alone."""

Piece = tuple[int, int, np.ndarray]
"""Number of the record, its first step here, outputs (n, H)."""


@dataclass(frozen=True)
class Embedding:
    """What a model made of a record, or of consecutive steps of it.

    Attributes:
        origin: Of the record.
        begin: The step, 0-based, of the first row; 0 unless each step has a row.
        values: (1, H) float32, or one row a step.
    """

    origin: str
    begin: int
    values: np.ndarray


def embed_records(
    model: SequenceModel, data: SequenceDataModule, pooling: EmbedPooling = "mean", split: Split = "predict"
) -> Iterator[Embedding]:
    """The last layer's outputs for each record, in the order of the source; no result depends on the batch.

    Records are read forwards only, whatever other reading of them (`Codec.mirror`) predictions average. Under
    `next_step` the state is carried over long records in chunks. Under `forecast` it is the window before the first
    step to come, and where each channel is a window of its own the mean of the channels.

    Args:
        model: A trained model; both directions of a bidirectional one stand side by side.
        data: Its data module, with the paths to read.
        pooling: The `last` output of each direction, the `mean` over a record's steps, or `every` output. An encoder
            that shortens time leaves fewer outputs than steps.
        split: Which records; `predict` takes all.

    Raises:
        DataError: If there is no record.
    """
    model.eval()
    store = data.store(split)
    if not len(store):
        raise DataError(f"the {split} split is empty", at=f"path {data.path!r}", fix="name another --split or path")
    origins = store.origins()
    reader = _Reader(model, data, store, pooling)
    for block in _blocks(store.lengths, pooling, model.backbone.output_size):
        pieces = reader.streams(block) if data.streams else reader.records(block)
        if len(block) > 1:  # Read in the order of their lengths.
            pieces = iter(sorted(pieces, key=lambda piece: piece[:2]))
        for number, begin, values in pieces:
            yield Embedding(origins[number], begin, values)


def gather_embeddings(
    embeddings: Iterable[Embedding], pooling: EmbedPooling
) -> tuple[list[str], np.ndarray | list[np.ndarray]]:
    """Origins and embeddings in memory: (N, H) float32, or under `every` an array (T, H) a record."""
    origins: list[str] = []
    rows: list[list[np.ndarray]] = []
    for embedding in embeddings:
        if embedding.begin == 0:
            origins.append(embedding.origin)
            rows.append([])
        rows[-1].append(embedding.values)
    arrays = [np.concatenate(pieces) for pieces in rows]
    return origins, arrays if pooling == "every" else np.concatenate(arrays)


class _Reader:
    """Reads records of a store, many at once."""

    def __init__(self, model: SequenceModel, data: SequenceDataModule, store: FlatStore, pooling: EmbedPooling) -> None:
        self.model, self.data, self.store, self.pooling = model, data, store, pooling
        self.dtype = model.task.head.weight.dtype
        self.size = model.backbone.output_size

    @torch.no_grad()
    def streams(self, block: np.ndarray) -> Iterator[Piece]:
        """Records of any length, in chunks with carried state."""
        begins, sizes = self.store.offsets[block], self.store.lengths[block]
        together = self.data.batch_size
        for rows in np.split(np.argsort(-sizes, kind="stable"), range(together, len(block), together)):
            pool, state = self._pool(len(rows)), None
            width = max(min(_READ_TOGETHER, _MOST_NUMBERS // (len(rows) * self.size)), 1)
            for begin in range(0, int(sizes[rows].max()), width):
                active = rows[sizes[rows] > begin]  # The longest come first, so that those that go on do.
                ends = begins[active] + np.minimum(sizes[active], begin + width)
                batch = self._batch(begins[active] + begin, ends)
                state = None if state is None else tuple(s[:, : len(active)] for s in state)
                outputs, lengths, state = self._outputs(batch, state)
                if pool is not None:
                    pool.add(outputs, lengths)
                else:
                    yield from self._rows(block[active], begin, outputs, lengths)
            if pool is not None:
                yield from self._vectors(block[rows], pool)

    @torch.no_grad()
    def records(self, block: np.ndarray) -> Iterator[Piece]:
        """Whole records, of like length together."""
        ends = self.store.offsets[block + 1]
        begins = self.store.offsets[block]
        if self.model.window is not None:
            begins = np.maximum(begins, ends - self.data.look_back)
        for rows in plan_buckets(ends - begins, self.data.batch_size, self.data.step_budget, None):
            outputs, lengths, _ = self._outputs(self._batch(begins[rows], ends[rows]))
            pool = self._pool(len(rows))
            if pool is not None:
                pool.add(outputs, lengths)
                yield from self._vectors(block[rows], pool)
            else:
                yield from self._rows(block[rows], 0, outputs, lengths)

    def _batch(self, begins: np.ndarray, ends: np.ndarray) -> Batch:
        inputs, lengths = gather(self.store.steps, begins, ends)
        inputs = inputs.to(self.dtype) if inputs.is_floating_point() else inputs
        nothing = torch.zeros(len(begins), dtype=torch.int64)
        return Batch(inputs, lengths, nothing[:, None], nothing.bool(), nothing).to(self.model.device)

    def _outputs(self, batch: Batch, state: State | None = None) -> tuple[Tensor, Tensor, State]:
        num_rows = len(batch.lengths)
        if self.model.window is not None:
            batch, _ = self.model.window(batch)
        outputs, lengths, _, after = self.model(batch.inputs, batch.lengths, state)
        if len(lengths) > num_rows:  # a row for each channel
            outputs, lengths = outputs.unflatten(0, (num_rows, -1)).mean(dim=1), lengths[:: len(lengths) // num_rows]
        return outputs, lengths, after

    def _pool(self, num_rows: int) -> RunningPool | None:
        if self.pooling == "every":
            return None
        directions = 2 if self.model.backbone.bidirectional else 1
        return RunningPool(self.pooling, num_rows, self.size, directions=directions, device=self.model.device)

    def _vectors(self, numbers: np.ndarray, pool: RunningPool) -> Iterator[Piece]:
        values = pool.value.float().cpu().numpy()
        yield from ((int(number), 0, values[row : row + 1]) for row, number in enumerate(numbers))

    def _rows(self, numbers: np.ndarray, begin: int, outputs: Tensor, lengths: Tensor) -> Iterator[Piece]:
        values = outputs.float().cpu().numpy()
        for row, (number, length) in enumerate(zip(numbers.tolist(), lengths.tolist(), strict=True)):
            yield number, begin, values[row, :length]


def _blocks(lengths: np.ndarray, pooling: EmbedPooling, size: int) -> Iterator[np.ndarray]:
    """Numbers of consecutive records whose embeddings fit in memory together."""
    rows = lengths if pooling == "every" else np.ones_like(lengths)
    return consecutive_runs(rows * size, _MOST_NUMBERS, _MOST_RECORDS)
