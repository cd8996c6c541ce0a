"""Bench: a domain with a small model and a small batch on it, made when first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqkit.build import build_model
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore
from seqkit.domain import Domain
from seqkit.model import SequenceModel
from seqkit.options import ModelOptions
from seqkit.steps import Batch

SIZES: dict[str, Any] = {"hidden_size": 16, "d_model": None, "num_layers": 2, "dropout": 0.0}
"""Of the model on the bench: small, and without randomness."""

NUM_ROWS = 4
SHARES = (1.0, 0.8, 0.6, 0.4)
"""Rows are cut to these shares of the longest, so that every batch is padded."""

MOST_STEPS = {"next_step": 25}
"""Tasks whose records are cut short: any part of a stream is a stream."""

MOST_STEPS_WHOLE = 4096


class Bench:
    """A domain and a task under test; data, model and batch are made on first use and kept.

    Laws leave all of it as it is. To check something else than the domain's own parts, put it in their place:
    `bench.model = other`.

    Args:
        domain: What is checked; its defaults for the task apply, sizes excepted.
        task: One of its tasks.
    """

    def __init__(self, domain: Domain, task: str) -> None:
        self.domain, self.task = domain, task

    def __repr__(self) -> str:
        return f"{self.domain.name}-{self.task}"

    @property
    def encoder_options(self) -> dict[str, Any]:
        """The domain's own defaults for the encoder."""
        return self.defaults("encoder")

    @cached_property
    def data(self) -> SequenceDataModule:
        """The data module on demo data, codecs fitted."""
        data = self.fresh_data()
        data.fit_codecs()
        return data

    @cached_property
    def model(self) -> SequenceModel:
        """A small untrained model in float64 and evaluation mode."""
        options = ModelOptions(**(self.defaults("model") | SIZES))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return build_model(self.domain, self.data, options, self.encoder_options).double().eval()

    @cached_property
    def batch(self) -> Batch:
        """Four training records of different lengths, numbers in float64."""
        store = self.data.store("train")
        most = MOST_STEPS.get(self.task, MOST_STEPS_WHOLE)
        picked = np.linspace(0, len(store) - 1, NUM_ROWS).astype(int)
        rows = [_cut(store, int(index), place, most) for place, index in enumerate(picked)]
        if self.data.streams:
            inputs, lengths = _pad([row[:-1] for row in rows])
            targets, _ = _pad([row[1:] for row in rows])
        else:
            inputs, lengths = _pad(rows)
            targets = _record_targets(store, picked)
        begun = torch.ones(NUM_ROWS, dtype=torch.bool)
        return Batch(inputs, lengths, targets, begun, torch.from_numpy(picked.astype(np.int64)))

    def fresh_data(self) -> SequenceDataModule:
        """Another data module with the same options, codecs not fitted."""
        return self.domain.datamodule(**({"task": self.task} | self.defaults("data")))

    def defaults(self, group: str) -> dict[str, Any]:
        """The domain's defaults for the task in one group (`data`, `model`, `encoder`)."""
        options = self.domain.defaults.get(self.task, {})
        return {name.partition(".")[2]: value for name, value in options.items() if name.startswith(f"{group}.")}


def _cut(store: FlatStore, index: int, place: int, most: int) -> Tensor:
    """Part of a record, (T,) or (T, F): from different places, so that rows differ even if they share a record."""
    steps = store.sequence(index)
    begin = place * max(len(steps) - most, 0) // NUM_ROWS
    steps = steps[begin : begin + most]
    steps = steps[: max(int(SHARES[place] * len(steps)), 2)]
    return steps.double() if steps.is_floating_point() else steps


def _pad(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows as one tensor, zeros at the end, and their lengths."""
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def _record_targets(store: FlatStore, picked: np.ndarray) -> Tensor:
    """One target a record, (B,) int64 or (B, F) float64."""
    assert store.targets is not None and store.target_offsets is not None
    targets = np.asarray(store.targets[store.target_offsets[picked]])
    return torch.from_numpy(targets.astype(np.float64 if targets.dtype.kind == "f" else np.int64))
