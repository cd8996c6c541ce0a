"""Which precision is chosen, and that choosing leaves weights, random numbers and the loader alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from pytorch_lightning.plugins.precision import MixedPrecision, Precision

from seqkit import Domain, ModelOptions
from seqkit.build import build_model
from seqkit.training import precision
from seqkit.training.precision import FULL, MIXED, Choice, choose_precision
from seqkit.training.probe import Rehearsal, rehearse
from tests.core.probing import same, settings, timings


def choose(melody: Domain, device: str = "cpu", **changes: Any) -> Choice:
    data = melody.datamodule(task="next_step", batch_size=8, window=8)
    data.setup("fit")
    model = build_model(melody, data, ModelOptions(hidden_size=8, dropout=0.2))
    own = settings(melody, "--trainer.precision", "bf16-mixed")
    return choose_precision(replace(own, **changes), device, model, data)


@pytest.mark.parametrize(("ratio", "used"), [(1.04, FULL), (1.05, MIXED)])
def test_a_twentieth_more_steps_a_second_is_asked_for(
    ratio: float, used: str, melody: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "rehearse", timings(ratio))
    assert choose(melody).used == used


@pytest.mark.parametrize("name", ["bf16", "16-mixed", 16])
def test_other_names_of_bf16_mixed_on_a_processor_are_measured_as_well(
    name: Any, melody: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "rehearse", timings(1.9))
    assert choose(melody, trainer={"precision": name}) == Choice(str(name), MIXED, 1.9, choose(melody).note)


def test_a_machine_without_bf16_kernels_trains_in_float32_and_says_why(
    melody: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:

    def missing(self: MixedPrecision) -> Any:
        raise NotImplementedError("mkldnn_rnn: no bf16 here\nsecond line")

    monkeypatch.setattr(MixedPrecision, "forward_context", missing)
    choice = choose(melody)
    assert (choice.used, choice.ratio) == (FULL, None)
    assert choice.note == "bf16-mixed could not be tried (mkldnn_rnn: no bf16 here): float32 used"
    assert choice.settle(settings(melody)).probe is False


def test_a_gpu_is_asked_and_not_timed(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "rehearse", lambda variants: pytest.fail("timed"))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: not including_emulation)
    assert choose(melody, "cuda") == Choice(MIXED, MIXED)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation)
    assert choose(melody, "cuda").used == FULL


@pytest.mark.parametrize("name", [None, "32-true", "bf16-true", "64-true"])
def test_nothing_else_is_measured(name: str | None, melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "rehearse", lambda variants: pytest.fail("measured"))
    choice = choose(melody, trainer={"precision": name})
    assert choice == Choice(name or FULL, name or FULL)
    own = settings(melody)
    assert choice.settle(own) is own
    assert choose(melody, "mps") == choose(melody, probe=False) == Choice(MIXED, MIXED)


def test_probing_leaves_weights_random_numbers_and_the_loader_alone(
    melody: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = melody.datamodule(task="next_step", batch_size=8, window=8)
    data.setup("fit")
    model = build_model(melody, data, ModelOptions(hidden_size=8, dropout=0.2))
    loader = data.loader("train")
    weights, random = {n: v.clone() for n, v in model.state_dict().items()}, torch.get_rng_state()
    monkeypatch.setattr(precision, "rehearse", timings(1.9))
    choose_precision(settings(melody, "--trainer.precision", "bf16-mixed"), "cpu", model, data)
    assert same(model.state_dict(), weights)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training and loader.state_dict() == data.loader("train").state_dict() == {"epoch": 0, "position": 0}


def test_a_rehearsal_really_trains_its_copy(melody: Domain) -> None:
    data = melody.datamodule(task="classify")
    data.setup("fit")
    torch.manual_seed(0)
    model = build_model(melody, data, ModelOptions(hidden_size=8, warmup_steps=0, learning_rate=0.02))
    rehearsal = Rehearsal(model, [next(iter(data.loader("train")))])
    (batch,) = rehearsal.batches
    before = model.outcome(batch)[0].loss.item()
    step = rehearsal.steps(Precision())
    for _ in range(20):
        step()
    assert rehearsal.model.outcome(batch)[0].loss.item() < 0.5 * before
    assert model.outcome(batch)[0].loss.item() == before


class Clock:
    """Seconds that pass when a variant is called."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def variant(self, *seconds: float) -> Callable[[], None]:
        """Takes these times in turn, the last one for ever."""
        left = list(seconds)

        def call() -> None:
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return call


def test_the_first_round_does_not_count_if_there_is_time_for_more() -> None:
    clock = Clock()
    found = rehearse({"a": clock.variant(0.25, 0.125), "b": clock.variant(0.25, 0.0625)}, budget_s=1.5, clock=clock)
    assert found == {"a": [0.125] * 5, "b": [0.0625] * 5}  # 0.5 s, then rounds of 0.1875 s
    assert clock.now <= 1.5


def test_long_steps_are_taken_once_and_short_ones_a_few_times() -> None:
    clock = Clock()
    assert rehearse({"a": clock.variant(3.0), "b": clock.variant(1.0)}, clock=clock) == {"a": [3.0], "b": [1.0]}
    short = rehearse({"a": clock.variant(0.0), "b": clock.variant(0.0)}, clock=clock)
    assert {name: len(seconds) for name, seconds in short.items()} == {"a": 20, "b": 20}
