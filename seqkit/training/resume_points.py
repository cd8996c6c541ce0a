"""ResumePoints: where an unfinished training can go on from, written between batches as if nothing had happened since.

Lightning saves whatever its counters say at the moment, and works out from them what to do on a restart: the validation
at the end of an epoch is lost, a batch is skipped or read twice (docs/reliability.md). Here a point is taken at three
places only, each of which has one way to go on:

- after a batch that is not the last of its epoch, its validation done, if one was due;
- after an epoch, before the next one begins or training ends;
- before a validation that was interrupted: it is run anew, first of all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from seqkit.errors import CheckpointError
from seqkit.training.checkpoint_io import KEEP_PREVIOUS
from seqkit.training.folder import RunFolder
from seqkit.training.metrics_log import MetricsLog
from seqkit.training.requeue import requeue
from seqkit.training.signals import Interruption

_EPOCH = "epoch_loop."
_VALIDATION = "epoch_loop.val_loop."


class StopValidating(Exception):
    """Ends a validation between two of its batches; who runs it takes a point from which it is run anew."""


class ResumePoints(Callback):
    """Writes `checkpoints/resume.ckpt` from time to time and when a signal has come, and restores what it holds.

    Args:
        folder: Of the run.
        interruption: What signals have asked for.
        minutes: Between two points; 0 takes them at signals only.
        clock: Seconds that only grow.

    Attributes:
        first_step: Optimiser steps that were done before this process went on.
        seconds_before: Of training that led to the point that this process went on from.
    """

    def __init__(
        self,
        folder: RunFolder,
        interruption: Interruption,
        minutes: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.interruption = folder, interruption
        self._seconds = minutes * 60 if minutes > 0 else float("inf")
        self._clock, self._start = clock, clock()
        self._next = clock() + self._seconds
        self.first_step, self.seconds_before = 0, 0.0
        self._restored: dict[str, Any] | None = None

    @property
    def is_due(self) -> bool:
        """Whether a point is to be taken at the next place."""
        return self.interruption.number != 0 or self._clock() >= self._next

    @property
    def goes_on(self) -> bool:
        """Whether a point has been read, and training has not begun yet."""
        return self._restored is not None

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep what is to be restored when training begins; rows of figures from after the point go at once."""
        if not isinstance(checkpoint.get("resume"), dict):
            raise CheckpointError("it is a checkpoint, but no resume point", at=str(self.folder.resume_point))
        self._move_paths(trainer, checkpoint["callbacks"])
        self._restored, self.first_step = checkpoint["resume"], checkpoint["global_step"]
        self.seconds_before = float(checkpoint["resume"].get("seconds", 0.0))  # older points do not say
        logs = [log for log in trainer.loggers if isinstance(log, MetricsLog)]
        for log, num_rows in zip(logs, checkpoint["resume"]["metrics_rows"], strict=False):
            log.keep(num_rows)

    def _move_paths(self, trainer: pl.Trainer, states: dict[str, Any]) -> None:
        """Paths of our checkpoints are those of this folder: if it has moved, Lightning forgets which was the best."""
        for callback in trainer.checkpoint_callbacks:
            state, folder = states.get(callback.state_key), getattr(callback, "dirpath", None)
            if state is None or folder != os.path.realpath(self.folder.checkpoints):
                continue
            for name in ("best_model_path", "kth_best_model_path", "last_model_path"):
                state[name] = state[name] and os.path.join(folder, os.path.basename(state[name]))
            best = state["best_k_models"].items()
            state["best_k_models"] = {os.path.join(folder, os.path.basename(path)): score for path, score in best}
            state["dirpath"] = folder

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Restore what moves from batch to batch."""
        moving, self._restored = self._restored, None
        if moving is None:
            return
        pl_module.restore_moving_state(moving["model"])  # type: ignore[operator]
        trainer.should_stop = moving["should_stop"]
        trainer.callback_metrics.update(moving["figures"])
        loop: Any = trainer.fit_loop.epoch_loop
        loop.validation_due = moving["validation_due"]

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A point after all of it: what follows, such as plots, may be interrupted, too."""
        self.save(trainer, between_epochs=True)

    def on_validation_batch_start(self, trainer: pl.Trainer, *rest: Any) -> None:
        """End a validation that a signal interrupts."""
        if self.interruption.number and trainer.sanity_checking:
            raise self.interruption.error(self.interruption.lost)
        if self.interruption.number:
            raise StopValidating

    def after_batch(self, trainer: pl.Trainer) -> None:
        """A place for a point: after a batch within an epoch."""
        if self.is_due:
            self.save(trainer)

    def after_epoch(self, trainer: pl.Trainer) -> None:
        """A place for a point: between two epochs, or after the last one."""
        if self.is_due:
            self.save(trainer, between_epochs=True)

    def save(self, trainer: pl.Trainer, between_epochs: bool = False, validation_due: bool = False) -> None:
        """Write a point, the one before it kept.

        Args:
            trainer: Lightning's.
            between_epochs: The next batch begins an epoch.
            validation_due: A validation has begun and is not done.

        Raises:
            InterruptedRun: Afterwards, if a signal has come.
            DependencyError: If it cannot be written.
        """
        model: Any = trainer.lightning_module
        connector = trainer._checkpoint_connector
        content = connector.dump_checkpoint(weights_only=False)
        content["loops"]["fit_loop"] = _told_simply(content["loops"]["fit_loop"], between_epochs)
        accumulating = not between_epochs and trainer.fit_loop.epoch_loop._should_accumulate()
        content["resume"] = {
            "model": model.moving_state(accumulating),
            "should_stop": trainer.should_stop,
            "figures": dict(trainer.callback_metrics),
            "validation_due": validation_due,
            "seconds": self.seconds_before + self._clock() - self._start,
            "metrics_rows": [log.save_rows() for log in trainer.loggers if isinstance(log, MetricsLog)],
        }
        trainer.strategy.save_checkpoint(content, self.folder.resume_point, storage_options=KEEP_PREVIOUS)
        self._next = self._clock() + self._seconds
        if self.interruption.number:
            queued = " and the job is in the queue again" if self.interruption.requeues and requeue() else ""
            raise self.interruption.error(f"saved after step {trainer.global_step}{queued}")


def _told_simply(state: dict[str, Any], between_epochs: bool) -> dict[str, Any]:
    """The state of Lightning's loops, with counts of nothing but what goes on."""
    fresh = {}
    for name, value in state.items():
        if name.startswith(_VALIDATION):
            fresh[name] = _without_counts(value, ("total", "current"))
        elif between_epochs and name.startswith(_EPOCH):
            fresh[name] = _without_counts(value, ("current",))
        else:
            fresh[name] = value
    if between_epochs:
        fresh[f"{_EPOCH}batch_progress"] = fresh[f"{_EPOCH}batch_progress"] | {"is_last_batch": False}
    return fresh


def _without_counts(value: Any, names: tuple[str, ...]) -> Any:
    """A copy with zero for each number below one of these names."""
    if not isinstance(value, dict):
        return value
    return {
        name: dict.fromkeys(inner, 0) if name in names and isinstance(inner, dict) else _without_counts(inner, names)
        for name, inner in value.items()
    }
