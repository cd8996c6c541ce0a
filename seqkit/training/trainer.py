"""The Trainer and what surrounds it: loggers, checkpoints, early stopping, progress."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint
from pytorch_lightning.loggers import Logger

from seqkit.data.loader import limited
from seqkit.errors import ConfigError, DependencyError, did_you_mean
from seqkit.model import SequenceModel
from seqkit.training.checkpoint_io import SafeCheckpointIO
from seqkit.training.denormals import flushed_denormals
from seqkit.training.durable import sweep
from seqkit.training.epoch_loop import ShortEpochLoop
from seqkit.training.folder import RunFolder
from seqkit.training.last_validation import LastValidation
from seqkit.training.memory import keep_freed_memory
from seqkit.training.metrics_log import MetricsLog
from seqkit.training.progress import PlainProgress, SteadyProgress, SteadyTensorBoard
from seqkit.training.quiet import quiet_lightning
from seqkit.training.resume_points import ResumePoints
from seqkit.training.run_loop import RunLoop
from seqkit.training.signals import NoSignals

TRAINER_DEFAULTS: dict[str, Any] = {
    "max_epochs": 10,
    "gradient_clip_val": 1.0,
    "log_every_n_steps": 50,
    "num_sanity_val_steps": 0,
    "enable_model_summary": False,
}
"""Where we depart from Lightning's own defaults; every one is an option."""

MONITOR = "valid/loss"

_PRECISIONS = ("32-true", "32", "bf16-mixed", "bf16", "16-mixed", "16")
"""Those that keep the weights in float32, as metrics, carried state and checkpoints have them."""


_ACCELERATORS = ("cpu", "gpu", "cuda", "mps", "tpu", "auto")


def require_device(settings: dict[str, Any]) -> str:
    """Refuse an accelerator that this machine does not have, before any data is read.

    Returns:
        The kind of device that the others run on, as torch has it: `cpu`, `cuda`.

    Raises:
        DependencyError: Names what was asked for.
    """
    asked = {name: settings[name] for name in ("accelerator", "devices") if settings.get(name) is not None}
    try:
        with quiet_lightning():
            trainer = pl.Trainer(**asked, logger=False, enable_checkpointing=False, enable_progress_bar=False)
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        options = ", ".join(f"--trainer.{name} {value}" for name, value in asked.items())
        raise DependencyError(str(error), at=options, fix="use --trainer.accelerator cpu, or auto") from error
    return trainer.strategy.root_device.type


def require_trainable(settings: dict[str, Any]) -> None:
    """Refuse options of Lightning that no run can be trained with, before any data is read.

    Args:
        settings: Lightning's own options by name.

    Raises:
        ConfigError: Names the option.
    """
    _require_duration(settings.get("max_time"))
    _require_counts(settings)
    _require_accelerator(settings.get("accelerator"))
    precision, batches = settings.get("precision"), settings.get("accumulate_grad_batches")
    if precision is not None and str(precision) not in _PRECISIONS:
        raise ConfigError(
            f"weights are not trained in {precision}",
            at="--trainer.precision",
            fix="use 32-true or bf16-mixed, or 16-mixed on CUDA",
        )
    if batches is not None and batches < 1:
        raise ConfigError(
            f"accumulate_grad_batches is {batches}", at="--trainer.accumulate_grad_batches", fix="give 1 or more"
        )
    if settings.get("barebones"):
        raise ConfigError(
            "barebones trains without checkpoints, figures and progress, and a run is made of them",
            at="--trainer.barebones",
            fix="leave it out",
        )


def _require_counts(settings: dict[str, Any]) -> None:
    """Refuse counts of epochs and steps of which nothing is trained; -1 is Lightning's word for no limit."""
    for name in ("max_epochs", "max_steps", "min_epochs", "min_steps"):
        value = settings.get(name)
        if value is not None and (value < -1 or (value == -1 and name.startswith("min"))):
            unlimited = ", or -1 for no limit" if name.startswith("max") else ""
            raise ConfigError(f"{name} is {value}", at=f"--trainer.{name}", fix=f"give 1 or more{unlimited}")


def _require_accelerator(name: Any) -> None:
    """Refuse an accelerator that Lightning has no word for; one that is not here is another matter."""
    if isinstance(name, str) and name not in _ACCELERATORS:
        known = did_you_mean(name, _ACCELERATORS) or f"choose from {', '.join(_ACCELERATORS)}"
        raise ConfigError(f"no accelerator {name!r}", at="--trainer.accelerator", fix=known)


def _require_duration(max_time: Any) -> None:
    """Refuse a time to train for that Lightning cannot read."""
    if isinstance(max_time, str) and not re.fullmatch(r"\d+:\d\d:\d\d:\d\d", max_time.strip()):
        raise ConfigError(
            f"{max_time!r} is no time to train for",
            at="--trainer.max_time",
            fix="give days:hours:minutes:seconds as DD:HH:MM:SS, such as 00:12:00:00",
        )


def build_trainer(
    settings: dict[str, Any],
    folder: RunFolder | None,
    num_batches: int = 0,
    patience: int = 0,
    quiet: bool = False,
    points: ResumePoints | None = None,
) -> pl.Trainer:
    """A Trainer with our loggers and callbacks beside the user's.

    Args:
        settings: Lightning's own options by name; `TRAINER_DEFAULTS` fill the gaps.
        folder: Where a training keeps its files; None for evaluation, which writes nothing itself.
        num_batches: Training batches an epoch, so that short epochs are logged too.
        patience: Validations without a better loss before training stops; 0 never stops.
        quiet: No progress bar and no lines.
        points: Writes where the training can go on from; None writes none.
    """
    merged = TRAINER_DEFAULTS | settings
    if num_batches:
        pace = merged["log_every_n_steps"] or TRAINER_DEFAULTS["log_every_n_steps"]
        merged["log_every_n_steps"] = max(min(pace, num_batches), 1)
    callbacks: list[Callback] = list(merged.pop("callbacks", None) or [])
    bar = merged.get("enable_progress_bar") is not False and not quiet
    merged["enable_progress_bar"] = bar and sys.stdout.isatty()
    if merged["enable_progress_bar"]:
        callbacks.append(SteadyProgress())
    elif bar:
        callbacks.append(PlainProgress())
    logger: Any = False
    if folder is not None:
        merged["plugins"] = [*_as_list(merged.get("plugins")), SafeCheckpointIO()]
        for place in (folder.path, folder.checkpoints):
            sweep(place)
        callbacks.append(LastValidation(points))
        # Not `save_last` of one: that writes the last state only when it is the best, or when training ends.
        callbacks += [
            ModelCheckpoint(folder.checkpoints, name, monitor=monitor, enable_version_counter=False)
            for name, monitor in (("best", MONITOR), ("last", None))
        ]
        own = any(isinstance(one, EarlyStopping) and one.monitor == MONITOR for one in callbacks)
        if patience and not own:
            callbacks.append(_early_stopping(patience, merged.get("val_check_interval")))
        given = merged.pop("logger", None)
        logger = _loggers(folder, points) if given in (None, True) else given
    if points is not None:
        callbacks.append(points)
    merged.pop("logger", None)
    try:
        with quiet_lightning():
            trainer = pl.Trainer(**merged, logger=logger, callbacks=callbacks, enable_checkpointing=folder is not None)
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        raise ConfigError(str(error), at="--trainer.*", fix="see seqkit fit --domain NAME --help") from error
    if trainer.world_size > 1:
        raise ConfigError(
            f"{trainer.world_size} devices: streams are not divided among devices yet",
            at="--trainer.devices",
            fix="use --trainer.devices 1",
        )
    _replace_loops(trainer, points)
    return trainer


def _replace_loops(trainer: pl.Trainer, points: ResumePoints | None) -> None:
    """Our loops in the place of Lightning's, and signals left to those who listen to them."""
    epochs, batches = trainer.fit_loop, trainer.fit_loop.epoch_loop
    trainer.fit_loop = RunLoop(trainer, epochs.min_epochs, epochs.max_epochs)
    trainer.fit_loop.epoch_loop = ShortEpochLoop(trainer, batches.min_steps, batches.max_steps)
    trainer.fit_loop.points = trainer.fit_loop.epoch_loop.points = points
    trainer._signal_connector = NoSignals(trainer)


def _as_list(plugins: Any) -> list[Any]:
    """Lightning's `plugins` may be one, several or none."""
    return list(plugins) if isinstance(plugins, list | tuple) else [] if plugins is None else [plugins]


def total_steps(trainer: pl.Trainer, num_batches: int) -> int:
    """Optimiser steps of the whole training, for the schedule.

    Counted here: asking `trainer.estimated_stepping_batches` would lose the loader's state.
    """
    an_epoch = -(-limited(num_batches, trainer.limit_train_batches) // trainer.accumulate_grad_batches)
    bounds = [trainer.max_steps] if trainer.max_steps > 0 else []
    if trainer.max_epochs is not None and trainer.max_epochs > 0:
        bounds.append(trainer.max_epochs * an_epoch)
    return min(bounds, default=0)


def train(
    model: SequenceModel, data: pl.LightningDataModule, trainer: pl.Trainer, go_on_from: Path | None = None
) -> None:
    """Run the loop.

    Args:
        model: What to train.
        data: On what.
        trainer: From `build_trainer`.
        go_on_from: A resume point; None begins.
    """
    keep_freed_memory()
    try:
        with quiet_lightning(), flushed_denormals():
            trainer.fit(model, datamodule=data, weights_only=True, ckpt_path=go_on_from)
    except SystemExit as stopped:
        # Lightning turns Ctrl+C into `sys.exit(1)`.
        raise (KeyboardInterrupt if isinstance(stopped.__context__, KeyboardInterrupt) else stopped) from None


def _early_stopping(patience: int, interval: Any) -> EarlyStopping:
    """Looks at the loss when Lightning's own would, or after each validation where validations go by the clock."""
    # Lightning 2.6 finds out by an attribute that its Trainer lacks if the interval is a time.
    when = None if interval is None or isinstance(interval, int | float) else False
    return EarlyStopping(MONITOR, patience=patience, check_finite=True, strict=False, check_on_train_epoch_end=when)


def _loggers(folder: RunFolder, points: ResumePoints | None) -> list[Logger]:
    # TensorBoard forgets figures from that step on: they are written again.
    again = points.first_step if points is not None and points.first_step else None
    return [
        MetricsLog(folder.path),
        SteadyTensorBoard(str(folder.path), name="tensorboard", version="", default_hp_metric=False, purge_step=again),
    ]
