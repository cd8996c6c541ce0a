"""TrainingLog: loss, learning rate and share of clipped steps, at the loggers' pace only: logging costs time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from seqkit.clipping import GradientClip


class TrainingLog:
    """Figures of training, straight to the loggers: through `self.log` a figure costs as much as a small step.

    Attributes:
        step: The optimiser step that was logged last: while gradients accumulate, several batches belong to it.
    """

    def __init__(self) -> None:
        self.step = -1

    def note(self, trainer: Any, loss: Tensor, clip: GradientClip) -> None:
        """Log a batch, if it is its turn.

        Args:
            trainer: Lightning's.
            loss: Of the batch.
            clip: Knows which steps were clipped since it was last asked.
        """
        pace, step = trainer.log_every_n_steps, trainer.global_step
        if pace <= 0 or (step + 1) % pace or self.step == step:
            return
        self.step = step
        figures = {
            "train/loss": loss,
            "train/clipped_share": torch.tensor(clip.take_share()),
            "train/learning_rate": torch.tensor(trainer.optimizers[0].param_groups[0]["lr"]),
        }
        trainer.logged_metrics.update(figures)
        trainer.callback_metrics.update(figures)
        trainer.progress_bar_metrics["train/loss"] = loss.item()
        row = {name: value.item() for name, value in figures.items()} | {"epoch": trainer.current_epoch}
        for logger in trainer.loggers:
            logger.log_metrics(row, step=trainer.fit_loop.epoch_loop._batches_that_stepped)
            logger.save()
