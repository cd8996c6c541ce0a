"""How likely each step of stored records is: read in chunks with carried state, so that memory does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from seqkit.data.loader import StreamLoader
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore
from seqkit.errors import ConfigError
from seqkit.model import SequenceModel
from seqkit.tasks.base import Outcome
from seqkit.tasks.distributions import LocationScale

_READ_TOGETHER = 1024
"""Steps of a chunk at most: no gradient is kept, so that long ones cost little."""

_MOST_OUTPUTS = 1 << 24
"""Outputs of a chunk at most, 64 MiB: over a vocabulary of words long chunks would take gigabytes."""


@dataclass(frozen=True)
class Piece:
    """Consecutive steps of one record, and how likely each was after those before it.

    Attributes:
        record: Its number in the store.
        start: 0-based place of the first step in the record; at least 1, for nothing predicts step 0.
        steps: As encoded, (n,) or (n, F).
        nll_nats: Summed over features, (n,) float64; NaN where nothing is scored.
        log_tail: Of numbers, ln of the probability of a value at least as far out, (n,); None for symbols.
    """

    record: int
    start: int
    steps: np.ndarray
    nll_nats: np.ndarray
    log_tail: np.ndarray | None


def require_likelihoods(data: SequenceDataModule, domain: str) -> None:
    """Refuse a model that says nothing of the next step.

    Raises:
        ConfigError: Says what to train.
    """
    if data.task != "next_step":
        raise ConfigError(
            f"only models trained on next_step say how likely steps are; this one was trained on {data.task}",
            at="RUN",
            fix=f"train one: seqkit fit --domain {domain} --data.task next_step; predict gives the answers of this one",
        )


def chunk_length(rows: int, trained: int, num_outputs: int) -> int:
    """Steps read together: as many as memory allows, and no fewer than in training, which it allowed too."""
    return max(trained, min(_READ_TOGETHER, _MOST_OUTPUTS // (rows * num_outputs)))


@torch.no_grad()
def read_pieces(model: SequenceModel, data: SequenceDataModule, store: FlatStore, tails: bool) -> Iterator[Piece]:
    """Every predicted step of a store once. Records come side by side, the pieces of each in their order.

    Args:
        model: Trained on `next_step`.
        data: Its data module, for sizes.
        store: What to read.
        tails: Whether numbers get their tail probabilities.
    """
    model.eval()
    state = None
    rows = min(data.batch_size, max(len(store), 1))
    window = chunk_length(rows, data.window, model.task.output.num_parameters)
    place = np.zeros(rows, np.int64)
    for batch in StreamLoader(store, rows, window, shuffle=False, seed=0, whole=True):
        outcome, state = model.outcome(batch.to(model.device), state)
        nll, log_tail = _nll_nats(outcome), _log_tail(outcome) if tails else None
        counts = batch.lengths.numpy()
        place = np.where(batch.reset.numpy(), 0, place)
        for row in np.flatnonzero(counts):
            record, count = int(batch.index[row]), int(counts[row])
            begin = store.offsets[record] + place[row] + 1
            yield Piece(
                record,
                int(place[row]) + 1,
                np.asarray(store.steps[begin : begin + count]),
                nll[row, :count],
                None if log_tail is None else log_tail[row, :count],
            )
        place = place + counts


def _nll_nats(outcome: Outcome) -> np.ndarray:
    """(B, T) float64, features summed, NaN where none is scored."""
    nll, scored = outcome.nll.double(), outcome.scored
    if nll.ndim == 3:
        nll, scored = nll.sum(-1), scored.any(-1)
    return nll.masked_fill(~scored, float("nan")).cpu().numpy()


def _log_tail(outcome: Outcome) -> np.ndarray | None:
    """(B, T): of the features the one farthest out, its probability that of the farthest of so many.

    Features are independent given the past, so the least of F tail probabilities is below p with probability
    1 - (1 - p)^F (Šidák 1967 [sidak1967]).
    """
    if not isinstance(outcome.output, LocationScale):
        return None
    tails = outcome.output.log_tail(outcome.raw, outcome.targets, outcome.scale)
    tails = tails.masked_fill(~outcome.scored, float("inf"))
    least, num_scored = tails.amin(-1), outcome.scored.sum(-1)
    probability = least.exp()
    # Below this the formula is F p to the last digit, and p may be no float.
    joint = torch.where(
        least < -30, least + num_scored.log(), torch.log(-torch.expm1(num_scored * torch.log1p(-probability)))
    )
    joint = torch.where(probability >= 1, torch.zeros_like(joint), joint)
    return joint.masked_fill(num_scored == 0, float("nan")).cpu().numpy()
