"""LastValidation: the validation that Lightning leaves out after `max_steps` and `max_time`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from seqkit.training.resume_points import ResumePoints, StopValidating


class LastValidation(Callback):
    """Validates once more when training ends between two validations: else its last steps would be in no checkpoint.

    Args:
        points: Takes a point if a signal interrupts the validation; None if nothing does.
    """

    def __init__(self, points: ResumePoints | None = None) -> None:
        self.points = points
        self.validated = -1

    def state_dict(self) -> dict[str, Any]:
        """The step of the last validation."""
        return {"validated": self.validated}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take it over."""
        self.validated = state_dict["validated"]

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the step."""
        self.validated = trainer.global_step

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Run the validation that Lightning leaves out after `max_steps` and `max_time`."""
        if self.validated < trainer.global_step and trainer.limit_val_batches:
            trainer.validating = True
            try:
                with _last_step(trainer):
                    trainer.fit_loop.epoch_loop.val_loop.run()
                    trainer.training = True
                    # Where Lightning saves, unless it validates several times an epoch: then it has saved already.
                    for checkpoint in trainer.checkpoint_callbacks:
                        checkpoint.on_train_epoch_end(trainer, pl_module)
            except StopValidating:
                trainer.training = True
                assert self.points is not None
                self.points.save(trainer, between_epochs=True)


@contextmanager
def _last_step(trainer: pl.Trainer) -> Iterator[None]:
    """Figures are those of the last step and its epoch: when training has ended, Lightning's counters are one ahead."""
    epoch_loop, epochs = trainer.fit_loop.epoch_loop, trainer.fit_loop.epoch_progress.current
    epoch_loop._batches_that_stepped -= 1
    epochs.completed -= 1
    try:
        yield
    finally:
        epoch_loop._batches_that_stepped += 1
        epochs.completed += 1
