"""The law of resume is red where any part of its mechanism is missing, and where nothing is missing it is green."""

from typing import Any

import pytest
import torch

from seqkit import SequenceModel, plugins
from seqkit.data.loader import BatchLoader
from seqkit.testing.bench import Bench
from seqkit.testing.laws_resume import check_resume
from seqkit.training.resume_points import ResumePoints


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(plugins.load("text"), "next_step")


def _no_step_randomness(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("seqkit.model.seed_step", lambda *numbers: None)


def _no_loader_state(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(BatchLoader, "load_state_dict", lambda self, state: None)


def _no_carried_state(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SequenceModel, "restore_moving_state", lambda self, moving: None)


def _no_optimizer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("pytorch_lightning.strategies.Strategy.load_optimizer_state_dict", lambda self, checkpoint: None)


@pytest.mark.parametrize("mutate", [_no_step_randomness, _no_loader_state, _no_carried_state, _no_optimizer])
def test_a_part_that_is_missing_is_found(mutate: Any, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch)
    with pytest.raises(AssertionError, match="interrupted"):
        check_resume(bench)


def test_draws_of_others_do_no_harm(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    own = SequenceModel.validation_step

    def step(self: SequenceModel, batch: Any, batch_idx: int) -> Any:
        torch.rand(3)
        return own(self, batch, batch_idx)

    monkeypatch.setattr(SequenceModel, "validation_step", step)
    check_resume(bench)


def test_points_taken_from_time_to_time_are_as_good(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ResumePoints, "is_due", property(lambda self: True))
    check_resume(bench)
