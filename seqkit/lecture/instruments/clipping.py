"""Exploding gradients: their norms on training batches, as training sees them, and how many updates it clipped."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqkit.backbone.cell import State
from seqkit.data.module import SequenceDataModule
from seqkit.errors import SeqkitError
from seqkit.lecture.instruments.measured import ClippingReport
from seqkit.model import SequenceModel
from seqkit.safe_yaml import read_yaml
from seqkit.training.trainer import TRAINER_DEFAULTS

_LOGGED = "train/clipped_share"


def measure_clipping(
    model: SequenceModel, data: SequenceDataModule, run: Path | None, num_batches: int = 10
) -> ClippingReport:
    """Norms of the gradient on the first batches of an epoch, and what the run logged.

    Args:
        model: A trained model; it is left as it was.
        data: What it was trained on.
        run: Its folder or checkpoint, for settings and log; None: neither is known.
        num_batches: Training batches that are read.
    """
    threshold = clip_threshold(run)
    steps, shares = logged_shares(run)
    norms, note = np.zeros(0), ""
    try:
        with training_mode(model):
            norms = np.array(list(_norms(model, data, num_batches)))
    except (SeqkitError, OSError) as error:
        note = f"the training data cannot be read: {str(error).splitlines()[0]}"
    # What is no number is above, too.
    above = float((~(norms <= threshold)).mean()) if threshold is not None and len(norms) else math.nan
    return ClippingReport(
        norms=norms,
        threshold=threshold,
        share_above=above,
        share_non_finite=float((~np.isfinite(norms)).mean()) if len(norms) else math.nan,
        logged_steps=steps,
        logged_shares=shares,
        trained_share=float(np.average(shares, weights=np.diff(steps, prepend=-1))) if len(steps) else math.nan,
        note=note,
    )


def clip_threshold(run: Path | None) -> float | None:
    """`--trainer.gradient_clip_val` of a run, our default if it says nothing; None if it did not clip by norm."""
    settings: dict[str, Any] = {}
    path = None if run is None else _folder(run) / "config.yaml"
    if path is not None and path.exists():
        settings = (read_yaml(path) or {}).get("trainer") or {}
    if settings.get("gradient_clip_algorithm") == "value":
        return None
    value = (TRAINER_DEFAULTS | settings)["gradient_clip_val"]
    return float(value) if value else None


def logged_shares(run: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Steps at which training logged its share of clipped steps, and the shares; empty without a log."""
    path = None if run is None else _folder(run) / "metrics.csv"
    if path is None or not path.exists():
        return np.zeros(0, np.int64), np.zeros(0)
    with path.open(newline="", encoding="utf-8") as lines:
        found = [(int(row["step"]), float(row[_LOGGED])) for row in csv.DictReader(lines) if row.get(_LOGGED)]
    return np.array([step for step, _ in found], np.int64), np.array([share for _, share in found])


@contextmanager
def training_mode(model: SequenceModel) -> Iterator[None]:
    """Training mode, dropout and all; modes, buffers and random state are as before afterwards."""
    modes = {module: module.training for module in model.modules()}
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    devices = [model.device] if model.device.type == "cuda" else []
    weights = model.class_weights
    model.train()
    try:
        with torch.random.fork_rng(devices), torch.enable_grad():
            torch.manual_seed(0)
            yield
    finally:
        model.class_weights = weights
        for module, mode in modes.items():
            module.training = mode
        for name, buffer in model.named_buffers():
            buffer.copy_(buffers[name])


def _norms(model: SequenceModel, data: SequenceDataModule, num_batches: int) -> Iterator[float]:
    """The norm that `--trainer.gradient_clip_val` is held against, a batch; state is carried as in training."""
    loader = data.loader("train")
    model.weigh_classes(data)
    parameters = [p for p in model.parameters() if p.requires_grad]
    state: State | None = None
    dtype = next(model.parameters()).dtype
    plan = loader.plan(0)
    for position in range(min(num_batches, len(loader))):
        batch = loader.batch(plan, position).map(
            lambda t: t.to(model.device, dtype if t.is_floating_point() else t.dtype)
        )
        outcome, after = model.outcome(batch, state)
        if not model.task.whole_records:
            state = tuple(s.detach() for s in after)
        found = torch.autograd.grad(model.training_loss(outcome), parameters, allow_unused=True)
        squares = [gradient.double().square().sum() for gradient in found if gradient is not None]
        yield float(torch.stack(squares).sum().sqrt())


def _folder(run: Path) -> Path:
    """The run's folder, also for a checkpoint in it."""
    return run if run.is_dir() else run.parent.parent
