"""Small models and a Trainer without files, for tests of what happens in the loop."""

import copy
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from seqkit import Domain, ModelOptions, SequenceModel
from seqkit.build import build_model
from seqkit.training.quiet import quiet_lightning


def build(domain: Domain, task: str = "next_step", data: dict[str, Any] | None = None, **options: Any) -> Any:
    torch.manual_seed(0)
    module = domain.datamodule(task=task, **(data or {}))
    module.setup("fit")
    return build_model(domain, module, ModelOptions(**{"hidden_size": 6} | options)), module


def trainer(**options: Any) -> pl.Trainer:
    quiet: dict[str, Any] = {
        "logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False,
        "num_sanity_val_steps": 0, "accelerator": "cpu",
    }  # fmt: skip
    with quiet_lightning():
        return pl.Trainer(**quiet | options)


def run(model: SequenceModel, data: pl.LightningDataModule, **options: Any) -> pl.Trainer:
    handle = trainer(**options)
    with quiet_lightning():
        handle.fit(model, datamodule=data)
    return handle


class Poison(Callback):
    """Puts a value into the gradient of one parameter after the backward pass of one step."""

    def __init__(self, value: float, step: int) -> None:
        self.value, self.step = value, step
        self.before: dict[str, Any] = {}

    def on_after_backward(self, trainer: Any, pl_module: Any) -> None:
        if trainer.fit_loop.epoch_loop.batch_progress.total.started == self.step + 1:
            self.before = copy.deepcopy(pl_module.state_dict())
            pl_module.task.head.weight.grad[0, 0] = self.value
