"""Judge: what a trained model says of values that are no records of its data, for a domain's own scorers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any, final

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from seqkit.backbone.cell import State
from seqkit.data.module import SequenceDataModule
from seqkit.errors import ConfigError
from seqkit.inference.likelihood import chunk_length
from seqkit.model import SequenceModel
from seqkit.steps import Batch, Discrete

_ROWS = 64
"""Values that are read together."""

_MOST_ALTERNATIVES = 4096
"""Alternatives of values that are read together: for each a state is kept."""

Group = tuple[Any, Sequence[Any]]
"""A value and its alternatives."""


@dataclass(frozen=True)
class _Departure:
    """An alternative: the value it belongs to, itself, and the step up to which both are read alike."""

    owner: int
    value: Any
    cut: int


@final
class Judge:
    """Asks a trained model about values: what a codec encodes, from wherever a scorer has them.

    Values are encoded by the data module's codec and read from a fresh state, many at a time. No result depends on
    what is read beside it, but for the last digits of the model's floats.

    Args:
        model: A trained model.
        data: Its data module.

    Attributes:
        data: The data module; `data.task` says what was trained.
        notes: Lines for the user, shown when all rows are saved; a scorer may add to them.
    """

    def __init__(self, model: SequenceModel, data: SequenceDataModule) -> None:
        self._model = model.eval()
        self.data = data
        self.notes: list[str] = []

    def log_likelihoods(self, values: Iterable[Any]) -> Iterator[np.ndarray]:
        """Nats of each step but the first, which nothing predicts: (T - 1,) float64 for each value, in their order.

        Their sum is the log-likelihood of the value given its first step. Steps are summed over features; what was
        not observed counts 0.

        Raises:
            ConfigError: If the model was not trained on `next_step`.
        """
        self._require("next_step")
        values = iter(values)
        while chunk := list(islice(values, _ROWS)):
            yield from self._read([self._encode(value) for value in chunk])

    def alternatives(self, groups: Iterable[Group]) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
        """`log_likelihoods` of values and of alternatives to each, which are alike up to some step.

        What an alternative shares with its value is read once: the state at each departure is kept, and the
        alternative read from there.

        Args:
            groups: Values, each with its alternatives; the sequence of these is walked through twice.

        Raises:
            ConfigError: If the model was not trained on `next_step`.
        """
        self._require("next_step")
        together: list[Group] = []
        for group in groups:
            together.append(group)
            if len(together) == _ROWS or sum(len(others) for _, others in together) >= _MOST_ALTERNATIVES:
                yield from self._compare(together)
                together = []
        if together:
            yield from self._compare(together)

    @torch.no_grad()
    def answers(self, values: Iterable[Any]) -> Iterator[np.ndarray]:
        """The answer to each whole value: log-probabilities of the classes (K,), or the numbers as encoded (F,).

        Raises:
            ConfigError: If the model was not trained on `classify`.
        """
        self._require("classify")
        values, discrete = iter(values), isinstance(self.data.target_codec.spec, Discrete)
        while chunk := list(islice(values, _ROWS)):
            steps = [self._encode(value) for value in chunk]
            padded = pad_sequence(steps, batch_first=True)
            raws, _, _ = self._model.answer(self._batch(padded, padded, torch.tensor([len(s) for s in steps])))
            output = self._model.task.output
            yield from (raws.double().log_softmax(-1) if discrete else output.mean(raws)).cpu().numpy()

    def _compare(self, groups: list[Group]) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
        own = [self._encode(value) for value, _ in groups]
        departures = [
            _Departure(owner, other, _shared(own[owner], self._encode(other)))
            for owner, (_, others) in enumerate(groups)
            for other in others
        ]
        cuts = sorted({departure.cut for departure in departures})
        states: dict[tuple[int, int], State] = {}
        wanted = {(departure.owner, departure.cut) for departure in departures}
        nats = self._read(own, cuts, wanted, states)
        found: list[list[np.ndarray]] = [[] for _ in groups]
        for begin in range(0, len(departures), _ROWS):
            rows = departures[begin : begin + _ROWS]
            kinds = zip(*(states[row.owner, row.cut] for row in rows), strict=True)
            state = tuple(torch.cat(kind, 1) for kind in kinds)
            tails = self._read([self._encode(row.value)[row.cut :] for row in rows], state=state)
            for row, tail in zip(rows, tails, strict=True):
                found[row.owner].append(np.concatenate([nats[row.owner][: row.cut], tail]))
        yield from zip(nats, found, strict=True)

    @torch.no_grad()
    def _read(
        self,
        sequences: list[Tensor],
        cuts: Sequence[int] = (),
        wanted: Iterable[tuple[int, int]] = (),
        states: dict[tuple[int, int], State] | None = None,
        state: State | None = None,
    ) -> list[np.ndarray]:
        """Nats of every step but the first of each sequence.

        Args:
            sequences: Encoded values.
            cuts: Steps before which states are kept, in rising order.
            wanted: Rows and cuts whose states are kept.
            states: Takes them, by (row, cut).
            state: Where reading begins; None is a fresh state.
        """
        sizes = torch.tensor([max(len(sequence) - 1, 0) for sequence in sequences])
        width = int(sizes.max())
        padded = pad_sequence(sequences, batch_first=True)  # (B, T) or (B, T, F)
        state = self._model.init_state(len(sequences)) if state is None else state
        rows_at: dict[int, list[int]] = {}
        for row, cut in wanted:
            rows_at.setdefault(cut, []).append(row)
        kept = {} if states is None else states
        found = np.zeros((len(sequences), width))
        bounds = self._bounds(width, len(sequences), cuts)
        for begin, end in zip_longest(bounds, bounds[1:]):
            for row in rows_at.get(begin, []):
                kept[row, begin] = tuple(kind[:, row : row + 1] for kind in state)
            if end is None:
                break
            counts = (sizes - begin).clamp(0, end - begin)
            batch = self._batch(padded[:, begin:end], padded[:, begin + 1 : end + 1], counts)
            raw, scale, state = self._model.answer(batch, state)
            targets = self._model.task.targets(batch)
            # Differences of long sums are what scorers look at: in float64 from the outputs on.
            nll, _ = self._model.task.output.nll(raw.double(), targets, scale)
            found[:, begin:end] = -(nll if nll.ndim == 2 else nll.sum(-1)).cpu().numpy()
        return [row[:size] for row, size in zip(found, sizes.tolist(), strict=True)]

    def _bounds(self, width: int, rows: int, cuts: Sequence[int]) -> list[int]:
        """Where chunks begin and end: at every cut, and no farther apart than memory allows."""
        length = chunk_length(rows, 1, self._model.task.output.num_parameters)
        return sorted({0, width, *range(0, width, length), *cuts})

    def _batch(self, inputs: Tensor, targets: Tensor, lengths: Tensor) -> Batch:
        index = torch.arange(len(lengths))
        batch = Batch(inputs, lengths, targets, reset=torch.zeros(len(lengths), dtype=torch.bool), index=index)
        return batch.to(self._model.device)

    def _encode(self, value: Any) -> Tensor:
        steps = self.data.codec.encode(value)
        return steps.to(next(self._model.parameters()).dtype) if steps.is_floating_point() else steps

    def _require(self, task: str) -> None:
        if self.data.task != task:
            raise ConfigError(
                f"this needs a model trained on {task}, not on {self.data.task}",
                at="RUN",
                fix=f"train one with --data.task {task}",
            )


def _shared(value: Tensor, other: Tensor) -> int:
    """Inputs that may be read once for both: all before the one that predicts the first step that differs."""
    size = min(len(value), len(other))
    differs = (value[:size] != other[:size]).flatten(1).any(-1) if value.ndim > 1 else value[:size] != other[:size]
    first = int(differs.int().argmax()) if bool(differs.any()) else size
    return max(first - 1, 0)
