"""The law of resume: k batches, an interruption and the rest are all batches, bit for bit."""

from __future__ import annotations

import copy
import signal
import tempfile
from pathlib import Path
from typing import Any

import torch

from seqkit.build import build_model, describe
from seqkit.data.module import SequenceDataModule
from seqkit.errors import InterruptedRun
from seqkit.model import SequenceModel
from seqkit.options import ModelOptions
from seqkit.testing.bench import SIZES, Bench
from seqkit.training.folder import RunFolder
from seqkit.training.resume_points import ResumePoints
from seqkit.training.signals import Interruption
from seqkit.training.trainer import build_trainer, train

MOST_BATCHES = 4
"""Of an epoch; there are two."""

_TRAINER: dict[str, Any] = {
    "max_epochs": 2, "limit_train_batches": MOST_BATCHES, "limit_val_batches": 1, "val_check_interval": 0.5,
    "accelerator": "cpu", "logger": False,
}  # fmt: skip


def check_resume(bench: Bench) -> None:
    """A training that is interrupted twice ends with the weights and the optimiser of one that is not, under dropout.

    Raises:
        AssertionError: Names what differs.
    """
    data = copy.copy(bench.data)
    data.batch_size, data.window = 4, 16
    num_batches = min(len(data.loader("train")), MOST_BATCHES)
    model = _model(bench)
    whole, interrupted = copy.deepcopy(model), copy.deepcopy(model)
    with tempfile.TemporaryDirectory() as folder:
        expected = _train(whole, data, RunFolder(Path(folder) / "whole"))
        run = RunFolder(Path(folder) / "interrupted")
        for place in (1, num_batches + num_batches // 2):  # within the first epoch, and again within the second
            try:
                _train(interrupted, data, run, place)
            except InterruptedRun:
                interrupted = copy.deepcopy(model)  # as in another process: nothing of the old one is there
            else:
                raise AssertionError(f"the training was not interrupted after batch {place}")
        found = _train(interrupted, data, run)
    for name, value in expected.items():
        assert torch.equal(found[name], value), f"{name} differs after a training that was interrupted"


class _After(ResumePoints):
    """Interrupts a training after so many batches.

    Args:
        folder: Of the run.
        place: Batches in all.
    """

    def __init__(self, folder: RunFolder, place: int) -> None:
        super().__init__(folder, Interruption(), minutes=0)
        self.place = place
        self.trainer: Any = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Count from here on."""
        self.trainer = trainer
        super().on_train_start(trainer, pl_module)

    @property
    def is_due(self) -> bool:
        """Whether it is time."""
        if self.trainer.fit_loop.epoch_loop.batch_progress.total.ready >= self.place > 0:
            self.interruption.number = signal.SIGTERM
        return super().is_due


def _model(bench: Bench) -> SequenceModel:
    """A small model that draws random numbers in each step."""
    options = ModelOptions(**(bench.defaults("model") | SIZES | {"dropout": 0.3}))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build_model(bench.domain, bench.data, options, bench.encoder_options)
    model.blueprint = describe(bench.domain, bench.data, model, bench.encoder_options) | {"versions": {}}
    return model


def _train(model: SequenceModel, data: SequenceDataModule, run: RunFolder, place: int = 0) -> dict[str, torch.Tensor]:
    """Train from where the run stands to its end, or to a place; weights and the optimiser's moments."""
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    points = _After(run, place)
    trainer = build_trainer(_TRAINER, run, num_batches=MOST_BATCHES, quiet=True, points=points)
    model.total_steps = 2 * MOST_BATCHES
    train(model.train(), data, trainer, run.resume_point if run.resume_point.exists() else None)
    moments = trainer.optimizers[0].state_dict()["state"]
    ended = {f"moment {n} of parameter {p}": m for p, own in moments.items() for n, m in own.items()}
    return dict(model.state_dict()) | ended
