"""Bench: a domain with a small model and a small batch on it, made when first asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqkit.build import build_model
from seqkit.data.loader import collate, gather
from seqkit.data.module import SequenceDataModule
from seqkit.data.windows import WindowLoader
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
        """Four training records, or windows, of different lengths, numbers in float64."""
        loader = self.data.loader("train")
        if isinstance(loader, WindowLoader):
            return _double(_shortened(loader))
        store = self.data.store("train")
        picked = np.linspace(0, len(store) - 1, NUM_ROWS).astype(int)
        if self.task == "ctc":  # A part of a record has no transcript.
            return _double(collate(store, picked))
        most = MOST_STEPS.get(self.task, MOST_STEPS_WHOLE)
        ranges = [_range(int(store.lengths[index]), place, most) for place, index in enumerate(picked)]
        rows = [store.sequence(int(index))[low:high] for index, (low, high) in zip(picked, ranges, strict=True)]
        if self.data.streams:
            inputs, lengths = _pad([row[:-1] for row in rows])
            targets, _ = _pad([row[1:] for row in rows])
        else:
            inputs, lengths = _pad(rows)
            targets = collate(store, picked).targets
        if self.task == "tag":
            targets, _ = _pad([own[low:high] for own, (low, high) in zip(targets, ranges, strict=True)])
        begun = torch.ones(NUM_ROWS, dtype=torch.bool)
        return _double(Batch(inputs, lengths, targets, begun, torch.from_numpy(picked.astype(np.int64))))

    def fresh_data(self) -> SequenceDataModule:
        """Another data module with the same options, codecs not fitted."""
        return self.domain.datamodule(**({"task": self.task} | self.defaults("data")))

    def defaults(self, group: str) -> dict[str, Any]:
        """The domain's defaults for the task in one group (`data`, `model`, `encoder`)."""
        options = self.domain.defaults.get(self.task, {})
        return {name.partition(".")[2]: value for name, value in options.items() if name.startswith(f"{group}.")}


def _range(length: int, place: int, most: int) -> tuple[int, int]:
    """A part of a record: from different places, so that rows differ even if they share a record."""
    begin = place * max(length - most, 0) // NUM_ROWS
    return begin, begin + max(int(SHARES[place] * min(length - begin, most)), 2)


def _shortened(loader: WindowLoader) -> Batch:
    """Windows from all over the data, each given less of its past than the one before."""
    picked = np.linspace(0, len(loader.place) - 1, NUM_ROWS).astype(int)
    batch, end = loader.windows(picked), loader.place[picked]
    sizes = np.maximum((np.asarray(SHARES) * batch.lengths.numpy()).astype(int), 1)
    inputs, lengths = gather(loader.store.steps, end - sizes, end)
    return replace(batch, inputs=inputs, lengths=lengths)


def _double(batch: Batch) -> Batch:
    return batch.map(lambda tensor: tensor.double() if tensor.is_floating_point() else tensor)


def _pad(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows as one tensor, zeros at the end, and their lengths."""
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])
