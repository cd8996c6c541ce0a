"""What the model says of each whole record, kept while the split is scored: no second pass is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from seqkit.codec import Codec
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import as_steps
from seqkit.steps import IGNORED, Batch, Split
from seqkit.tasks.tag import Tag


@dataclass(frozen=True)
class Answers:
    """One answer a record, in the order of the split.

    Attributes:
        raw: The head's outputs, (N, P) float64.
        truth: Targets, (N,) int64 or (N, F) float32.
        origins: Where each record came from.
    """

    raw: Tensor
    truth: Tensor
    origins: list[str]


class KeepAnswers(Callback):
    """Collects the head's outputs of `classify` while Lightning validates or tests."""

    def __init__(self) -> None:
        self._parts: list[tuple[Tensor, Tensor]] = []

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *place: int
    ) -> None:
        """Keep a batch."""
        self._parts.append((batch.index.cpu(), outputs.detach().double().cpu()))

    def on_test_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *place: int
    ) -> None:
        """As in validation."""
        self.on_validation_batch_end(trainer, pl_module, outputs, batch)

    def answers(self, data: SequenceDataModule, split: Split) -> Answers:
        """All that was kept, with the truth beside it; fewer records than the split has if batches were limited."""
        index, raw = (torch.cat(parts) for parts in zip(*self._parts, strict=True))
        order = index.argsort()
        store, index = data.store(split), index[order]
        assert store.targets is not None
        origins = store.origins()
        truth = as_steps(np.array(store.targets))[index]  # one target step a record
        return Answers(raw[order], truth, [origins[number] for number in index.tolist()])


class KeepGuesses(Callback):
    """Collects what `tag` and `ctc` say of each record, and the truth, both decoded: small beside the outputs.

    Args:
        codec: Of the targets.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.truth: list[Any] = []
        self.guess: list[Any] = []

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *place: int
    ) -> None:
        """Keep a batch."""
        task: Any = pl_module.task
        aligned = isinstance(task, Tag)
        truth, guess = task.targets(batch).cpu(), task.output.mean(outputs).cpu()
        for expected, found in zip(truth, guess, strict=True):
            scored = expected != IGNORED
            own = found[: len(scored)][scored] if aligned else found[found != IGNORED]
            self.truth.append(self.codec.decode(expected[scored]))
            self.guess.append(self.codec.decode(own))

    def on_test_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *place: int
    ) -> None:
        """As in validation."""
        self.on_validation_batch_end(trainer, pl_module, outputs, batch)
