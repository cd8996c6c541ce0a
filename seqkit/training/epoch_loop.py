"""ShortEpochLoop: Lightning's training epoch, with the way from one batch to the next cut short where nothing listens.

Lightning spends about 0.6 ms on each batch for hooks, profilers and results that nobody asked for in that batch
(docs/performance.md, "The loop"). Of a step of 20 ms that is 3 %, of a step of 2 ms it is a quarter. It leans on names
that Lightning does not promise; why, and what holds it to Lightning's way: docs/decisions/0004-short-epoch-loop.md.
"""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint, Timer
from pytorch_lightning.loops.fetchers import _DataFetcher
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.plugins.precision import MixedPrecision, Precision
from pytorch_lightning.profilers import PassThroughProfiler
from pytorch_lightning.strategies import SingleDeviceStrategy

from seqkit.model import SequenceModel
from seqkit.training.progress import SteadyProgress
from seqkit.training.resume_points import ResumePoints, StopValidating

BATCH_HOOKS = (
    "on_train_batch_start",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_train_batch_end",
)
"""What Lightning calls in each callback for each batch."""

_TRANSFER_HOOKS = ("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")
_KNOWN = (ModelCheckpoint, SteadyProgress, Timer)
"""Callbacks of which the short way calls `on_train_batch_end`, without outputs: they have no other hook of a batch.

These classes alone: one that is derived from them may look at more.
"""


class ShortEpochLoop(_TrainingEpochLoop):
    """An epoch of `SequenceModel`: most batches go a short way, all others through Lightning's own code.

    Batches on which something else happens take Lightning's way: the first of an epoch, the last, those before a
    validation, those after a restart; and all of them where `takes_short_way` says no. The short way does the same
    arithmetic in the same order and moves the same counters, so weights, figures and checkpoints are those of
    Lightning's way, bit for bit (tests/core/test_epoch_loop.py holds them against each other).
    """

    points: ResumePoints | None = None
    validation_due = False
    _short = False
    _shortened = False
    _in_full_precision = False
    _after_batches: tuple[Callback, ...] = ()

    def on_run_start(self, data_fetcher: _DataFetcher) -> None:
        """Look once an epoch at who listens."""
        super().on_run_start(data_fetcher)
        self._short = takes_short_way(self.trainer)
        if not self._short:
            return
        data_fetcher._start_profiler = data_fetcher._stop_profiler = _nothing
        self._in_full_precision = type(self.trainer.precision_plugin) is Precision
        self._after_batches = tuple(callback for callback in self.trainer.callbacks if _acts_after_batches(callback))

    def advance(self, data_fetcher: _DataFetcher) -> None:
        """One batch, the short way or Lightning's; none if a run goes on with the validation that was interrupted."""
        if self._restarting and self.points is not None:
            self.restarting = False  # our points leave nothing to be worked out
            if self.validation_due:
                self._shortened = False
                return
        self._shortened = self._short and self._is_ordinary(data_fetcher)
        if not self._shortened:
            super().advance(data_fetcher)
            return
        batch, batch_idx, _ = next(data_fetcher)
        progress = self.batch_progress
        batch_idx = progress.current.ready
        progress.is_last_batch = False
        device = self.trainer.strategy.root_device
        if device.type != "cpu":
            batch = batch.to(device)
        progress.increment_ready()
        progress.increment_started()
        self._learn(batch, batch_idx)
        progress.increment_processed()
        self.scheduler_progress.increment_ready()
        self.trainer.lr_scheduler_configs[0].scheduler.step()
        self.scheduler_progress.increment_completed()
        for callback in self._after_batches:
            callback.on_train_batch_end(self.trainer, self.trainer.lightning_module, {}, batch, batch_idx)
        progress.increment_completed()

    def on_advance_end(self, data_fetcher: _DataFetcher) -> None:
        """Nothing is to be done after an ordinary batch, unless it was the one in which training was told to stop."""
        if self._shortened and not (self.trainer.should_stop or self.trainer.received_sigterm):
            self._batches_that_stepped += 1
        else:
            self._end_in_lightnings_way(data_fetcher)
        points = self.points
        if points is not None and points.is_due and not self.trainer.should_stop and not self._is_training_done:
            points.after_batch(self.trainer)

    def _end_in_lightnings_way(self, data_fetcher: _DataFetcher) -> None:
        try:
            super().on_advance_end(data_fetcher)
        except StopValidating:
            self.trainer.training = True
            assert self.points is not None
            self.points.save(self.trainer, validation_due=True)

    def _should_check_val_fx(self, data_fetcher: _DataFetcher) -> bool:
        """Whether to validate now; a validation that was interrupted is due in any case."""
        due, self.validation_due = self.validation_due, False
        return due or super()._should_check_val_fx(data_fetcher)

    def _is_ordinary(self, data_fetcher: _DataFetcher) -> bool:
        """Whether nothing happens in the next batch but learning."""
        trainer, begun = self.trainer, self.batch_progress.current.ready
        last = data_fetcher.length is None or data_fetcher.fetched + 1 >= data_fetcher.length
        if last or begun == 0 or self.restarting or trainer.should_stop:
            return False
        counted = self.batch_progress.total.ready if trainer.check_val_every_n_epoch is None else begun
        return (counted + 1) % trainer.val_check_batch != 0

    def _learn(self, batch: Any, batch_idx: int) -> None:
        """Forward, backward, clip, step: what Lightning reaches through closures and strategies."""
        trainer, model, optimizer = self.trainer, self.trainer.lightning_module, self.trainer.optimizers[0]
        progress = self.automatic_optimization.optim_progress.optimizer
        progress.step.increment_ready()
        if self._in_full_precision:
            loss = model.training_step(batch, batch_idx)
        else:
            with trainer.precision_plugin.train_step_context():
                loss = model.training_step(batch, batch_idx)
        progress.zero_grad.increment_ready()
        progress.zero_grad.increment_started()
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
        progress.zero_grad.increment_completed()
        torch.autograd.backward(loss)
        model.configure_gradient_clipping(optimizer, trainer.gradient_clip_val, trainer.gradient_clip_algorithm)
        optimizer.step()
        progress.step.increment_completed()


def takes_short_way(trainer: Any) -> bool:
    """Whether a Trainer needs nothing of Lightning between ordinary batches.

    It does with callbacks of the user's own that look at batches, with a profiler, with accumulated gradients, with
    scaled losses (float16), with more than one device, with validations by the clock, and with data modules that move
    batches in their own way.
    """
    plugin = trainer.precision_plugin
    schedules = [(one.interval, one.frequency, one.reduce_on_plateau) for one in trainer.lr_scheduler_configs]
    return (
        type(trainer.lightning_module) is SequenceModel
        and type(trainer.strategy) is SingleDeviceStrategy
        and type(trainer.profiler) is PassThroughProfiler
        and (type(plugin) is Precision or (type(plugin) is MixedPrecision and plugin.scaler is None))
        and trainer.accumulate_grad_batches == 1
        and not trainer.fast_dev_run
        and isinstance(trainer.val_check_batch, int)
        and schedules == [("step", 1, False)]
        and not any(map(_listens, trainer.callbacks))
        and not any(_is_own(trainer.datamodule, name, pl.LightningDataModule) for name in _TRANSFER_HOOKS)
    )


def _listens(callback: Callback) -> bool:
    """Whether a callback looks at batches in a way that is not known here."""
    known = "on_train_batch_end" if type(callback) in _KNOWN else None
    return any(_is_own(callback, name, Callback) for name in BATCH_HOOKS if name != known)


def _acts_after_batches(callback: Callback) -> bool:
    """Whether a callback has anything to do after a batch that is not logged."""
    if type(callback) is ModelCheckpoint:
        return callback._every_n_train_steps > 0 or callback._train_time_interval is not None
    return _is_own(callback, "on_train_batch_end", Callback)


def _is_own(value: Any, name: str, base: type) -> bool:
    """Whether a method is not the one of the base class, but a derived class's or (`LambdaCallback`) the value's."""
    method = getattr(value, name, None)
    return value is not None and getattr(method, "__func__", method) is not getattr(base, name)


def _nothing() -> None:
    """In place of a profiler."""
