"""Trainings that a signal ends at a chosen place, and what is compared of two runs."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from seqkit import Domain, SequenceModel
from seqkit.errors import InterruptedRun
from seqkit.flat_options import settings_from
from seqkit.training.fitting import fit

SMALL: dict[str, Any] = {"hidden_size": 6, "max_epochs": 3, "log_every_n_steps": 1, "model_dropout": 0.3}
"""A training that draws random numbers in each step."""

RECORDS: dict[str, Any] = {"task": "classify", "batch_size": 4, "max_epochs": 2}
"""A training of whole records, with several resume points an epoch."""

_NOT_COMPARED = ("seconds", "rungs", "steps_per_second", "detail", "plots", "run")


@contextmanager
def signalled(at: tuple[str, int] | None, number: int = signal.SIGTERM) -> Iterator[None]:
    """This process is sent a signal in the k-th (from 1) call of `training_step` or `validation_step`."""
    if at is None:
        yield
        return
    name, last = f"{at[0]}_step", at[1]
    own, calls = getattr(SequenceModel, name), [0]

    def step(self: SequenceModel, batch: Any, batch_idx: int) -> Any:
        calls[0] += 1
        if calls[0] == last:
            os.kill(os.getpid(), number)
        return own(self, batch, batch_idx)

    setattr(SequenceModel, name, step)
    try:
        yield
    finally:
        setattr(SequenceModel, name, own)


def trained(domain: Domain, run: Path, at: tuple[str, int] | None = None, **options: Any) -> bool:
    """Train until the end or a signal; whether it came to the end."""
    settings = settings_from(domain, SMALL | options, run=run)
    with signalled(at), pytest.MonkeyPatch.context() as patch:
        patch.setattr("seqkit.training.fitting.plot_training", lambda *given: [])
        patch.setattr("seqkit.training.results.plot_evaluation", lambda *given: [])
        try:
            fit(settings, lambda line: None)
        except InterruptedRun as error:
            assert error.exit_code == 143
            return False
    return True


def begun(melody: Domain, run: str | Path, **options: Any) -> list[str]:
    """What is said by a training in this folder."""
    said: list[str] = []
    fit(settings_from(melody, SMALL | RECORDS | options, run=run), said.append)
    return said


def differences(one: Path, other: Path) -> list[str]:
    """What two finished runs differ in: weights, optimiser, schedule, rows of figures, results."""
    found = []
    for name in ("best.ckpt", "last.ckpt"):
        ours, theirs = (torch.load(run / "checkpoints" / name, weights_only=True) for run in (one, other))
        for key in ("state_dict", "optimizer_states", "lr_schedulers", "global_step", "epoch"):
            if not _same(ours[key], theirs[key]):
                found.append(f"{name}: {key}")
    if (one / "metrics.csv").read_text() != (other / "metrics.csv").read_text():
        found.append("metrics.csv")
    results = [json.loads((run / "result.json").read_text()) for run in (one, other)]
    found += [f"result.json: {key}" for key in results[0] if key not in _NOT_COMPARED and _differs(results, key)]
    return found


def _differs(results: list[dict[str, Any]], key: str) -> bool:
    return bool(results[0][key] != results[1].get(key))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return one.shape == other.shape and one.dtype == other.dtype and bool((one == other).all())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    equal: bool = one == other
    return equal
