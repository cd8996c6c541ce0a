"""The trainer as a whole against sources whose best possible loss is known: near it after a fixed budget, never below.

What each domain is asked is `next_step` over a small source of its own; the share is (loss - optimum) / (chance -
optimum) on validation. Budgets are a few seconds on one thread; limits are about twice what was measured.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

import seqkit
from seqkit import Batch, SequenceModel, plugins
from seqkit.lecture.sources.optimum import gap_share
from seqkit.tasks.base import mark_ended
from seqkit.tasks.next_step import NextStep

LEAST = -0.005
"""A model cannot know more than the source: what lies below the optimum by more is no sampling noise but a leak."""


class Budget(NamedTuple):
    """What is learnt, how long, and the share of chance - optimum that may be left."""

    most: float
    options: dict[str, Any]


BUDGETS = {
    "text": Budget(0.06, {"path": "made:markov,order=2,symbols=5,size=40000", "batch_size": 16, "max_epochs": 3}),
    "dna": Budget(
        0.03,
        {
            "path": "made:markov,order=2,train_bases=40000,held_out_bases=20000,record_bases=5000",
            "batch_size": 16,
            "max_epochs": 2,
        },
    ),
    "audio": Budget(
        0.2,
        {
            "path": "made:noise,loudness=0.001,train_s=10,held_out_s=2,recording_s=1",
            "batch_size": 32,
            "learning_rate": 2e-2,
            "max_epochs": 4,
        },
    ),
    "timeseries": Budget(
        0.05,
        {
            "path": "made:ar,train_steps=1000,held_out_steps=250",
            "batch_size": 8,
            "distribution": "normal",
            "num_layers": 1,
            "max_epochs": 10,
        },
    ),
}


def left_by(domain: str, folder: Path, **changes: Any) -> float:
    """The share that a training leaves."""
    options: dict[str, Any] = {"task": "next_step", "window": 32, "hidden_size": 48, "learning_rate": 1e-2}
    options |= BUDGETS[domain].options | {"accelerator": "cpu"} | changes
    run = seqkit.fit(domain, run=folder / "run", quiet=True, **options)
    return gap_share(run.result)


def is_sound(domain: str, share: float) -> bool:
    return LEAST <= share <= BUDGETS[domain].most


def test_every_domain_is_held_against_a_source() -> None:
    assert BUDGETS.keys() == set(plugins.installed()) & {"text", "dna", "audio", "timeseries"}


@pytest.mark.parametrize("domain", BUDGETS)
def test_training_comes_near_the_optimum_and_never_below_it(domain: str, tmp_path: Path) -> None:
    share = left_by(domain, tmp_path)
    assert is_sound(domain, share), f"{share:.2%} of chance - optimum is left"


Patch = pytest.MonkeyPatch


def climb(patch: Patch) -> None:
    """Gradients of the wrong sign."""
    step = SequenceModel.training_step
    patch.setattr(SequenceModel, "training_step", lambda self, batch, batch_idx: -step(self, batch, batch_idx))


def shift_targets(patch: Patch) -> None:
    """The step after the next one is to be predicted."""

    def targets(self: NextStep, batch: Batch) -> torch.Tensor:
        return mark_ended(replace(batch, targets=batch.targets.roll(-1, dims=1)))

    patch.setattr(NextStep, "targets", targets)


def forget(patch: Patch) -> None:
    """The state is lost between the chunks of a stream."""
    patch.setattr(SequenceModel, "_carry", lambda self, stage, batch: self.outcome(batch)[0])


def look_ahead(patch: Patch) -> None:
    """The model is given the step that it predicts."""
    forward = SequenceModel.forward

    def ahead(self: SequenceModel, inputs: torch.Tensor, *rest: Any) -> Any:
        return forward(self, inputs.roll(-1, dims=1), *rest)

    patch.setattr(SequenceModel, "forward", ahead)


@pytest.mark.parametrize(
    ("domain", "mutant", "too_good"),
    [("text", climb, False), ("text", shift_targets, False), ("timeseries", forget, False), ("text", look_ahead, True)],
)
def test_a_trainer_that_is_wrong_is_noticed(
    domain: str, mutant: Callable[[Patch], None], too_good: bool, tmp_path: Path, monkeypatch: Patch
) -> None:
    mutant(monkeypatch)
    share = left_by(domain, tmp_path)
    assert not is_sound(domain, share)
    assert (share < LEAST) is too_good


def test_a_trainer_that_learns_nothing_is_noticed(tmp_path: Path) -> None:
    share = left_by("text", tmp_path, learning_rate=0.0, max_epochs=1)
    assert not is_sound("text", share)
    assert share > 0.9  # not better than chance
