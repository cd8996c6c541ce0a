"""A training as `seqkit fit` does it, and how many of its batches went Lightning's own way."""

import csv
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop

from seqkit import Domain, ModelOptions
from seqkit.build import build_model, describe
from seqkit.training.denormals import flushed_denormals
from seqkit.training.folder import RunFolder
from seqkit.training.quiet import quiet_lightning
from seqkit.training.trainer import build_trainer, train

SIZES = {"batch_size": 4}


class Counted:
    """How many batches went Lightning's own way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches = 0
        own = _TrainingEpochLoop.advance

        def advance(loop: Any, fetcher: Any) -> None:
            self.batches += 1
            own(loop, fetcher)

        monkeypatch.setattr(_TrainingEpochLoop, "advance", advance)


def fit(
    domain: Domain,
    folder: Path,
    task: str = "classify",
    resumed: Path | None = None,
    dropout: float = 0.2,
    **settings: Any,
) -> pl.Trainer:
    """Train a small model as `seqkit fit` does, with dropout, and a rate that some steps are clipped by."""
    run = RunFolder(folder)
    run.checkpoints.mkdir(parents=True)
    torch.manual_seed(0)
    data = domain.datamodule(task=task, **SIZES)
    data.setup("fit")
    model = build_model(domain, data, ModelOptions(hidden_size=6, dropout=dropout, learning_rate=0.05))
    model.blueprint = describe(domain, data, model, {}) | {"versions": {}}
    model.total_steps = 20
    defaults: dict[str, Any] = {"accelerator": "cpu", "max_epochs": 2, "log_every_n_steps": 3, "gradient_clip_val": 0.5}
    trainer = build_trainer(defaults | settings, run, num_batches=9, patience=9, quiet=True)
    if resumed is None:
        train(model, data, trainer)
    else:
        torch.manual_seed(0)
        with quiet_lightning(), flushed_denormals():
            trainer.fit(model, datamodule=data, ckpt_path=resumed, weights_only=True)
    return trainer


def figures(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))
