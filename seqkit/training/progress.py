"""What is shown and kept while a model trains, at a pace of its own: none of it may cost more the shorter a step is."""

from __future__ import annotations

import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, RichProgressBar
from pytorch_lightning.loggers import TensorBoardLogger

_BAR_MOVES_PER_S = 4
"""Drawing the bar once takes about as long as a small step."""

_SECONDS_BETWEEN_SAVES = 10.0


class PlainProgress(Callback):
    """One line a validation, for logs and pipes: epoch, step, figures."""

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Print the line."""
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        figures = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith(("train/loss", "valid/"))}
        shown = " · ".join(f"{name} {value:.4g}" for name, value in figures.items())
        print(f"epoch {trainer.current_epoch} · step {trainer.global_step} · {shown}", flush=True)


class SteadyProgress(RichProgressBar):
    """The bar of a terminal, which moves a few times a second, however short the steps are."""

    def __init__(self) -> None:
        super().__init__(refresh_rate=_BAR_MOVES_PER_S, leave=False)
        self._moved_s = 0.0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar, if it has not moved just now."""
        now = time.monotonic()
        if now - self._moved_s >= 1 / _BAR_MOVES_PER_S or batch_idx + 1 == self.total_train_batches:
            self._moved_s = now
            super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)


class SteadyTensorBoard(TensorBoardLogger):
    """Puts its figures on the disk a few times a minute: it waits for the disk each time, for longer than a step."""

    _saved_s = 0.0

    def save(self) -> None:
        """Save, if it was not done just now; `finalize` does it at the end, whatever happened."""
        now = time.monotonic()
        if now - self._saved_s >= _SECONDS_BETWEEN_SAVES:
            self._saved_s = now
            super().save()
