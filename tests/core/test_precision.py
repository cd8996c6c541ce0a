"""bf16-mixed where it helps: what is chosen, and that choosing changes nothing else. No test depends on real times."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml
from pytorch_lightning.plugins.precision import MixedPrecision, Precision

import seqkit
from seqkit import Domain, ModelOptions, Run
from seqkit.build import build_model
from seqkit.settings import Settings, parse_arguments
from seqkit.training import precision, workflow
from seqkit.training.crossval import cross_validate
from seqkit.training.precision import FULL, MIXED, Choice, choose_precision
from seqkit.training.probe import Rehearsal, rehearse

TINY = ["--model.hidden_size", "8", "--data.batch_size", "8", "--data.window", "8", "--trainer.accelerator", "cpu"]
SHORT = [*TINY, "--trainer.max_steps", "3", "--trainer.enable_progress_bar", "false"]


def timings(ratio: float) -> Callable[..., dict[str, list[float]]]:
    """In place of `rehearse`: really takes steps, and says that bf16 took so many times less."""

    def rehearse(variants: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
        for _ in range(2):
            for step in variants.values():
                step()
        return {FULL: [ratio, ratio], MIXED: [1.0, 1.0]}

    return rehearse


def fit(
    melody: Domain, folder: Path, *words: str, task: str = "next_step"
) -> tuple[dict[str, torch.Tensor], dict[str, Any], list[str]]:
    """Weights after a short training with dropout, its result, and what it said."""
    said: list[str] = []
    words = (*SHORT, "--data.task", task, "--model.dropout", "0.3", "--run", str(folder), *words)
    _, result = workflow.fit(parse_arguments(melody, words, task), said.append)
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"], result, said


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_a_run_for_which_float32_is_chosen_is_that_of_float32(
    task: str, melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "rehearse", timings(0.28))
    plain, result, _ = fit(melody, tmp_path / "plain", task=task)
    assert result["precision"] == {"asked": "32-true", "used": "32-true", "ratio": None}
    chosen, result, said = fit(melody, tmp_path / "chosen", "--trainer.precision", "bf16-mixed", task=task)
    assert same(chosen, plain)
    assert result["precision"] == {"asked": "bf16-mixed", "used": "32-true", "ratio": 0.28}
    assert said[-1] == "bf16-mixed is 0.28 times as fast here: float32 used"


def test_a_run_for_which_bf16_is_chosen_is_that_of_bf16(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "rehearse", timings(1.9))
    forced, result, _ = fit(melody, tmp_path / "forced", "--trainer.precision", "bf16-mixed", "--probe", "false")
    assert result["precision"] == {"asked": "bf16-mixed", "used": "bf16-mixed", "ratio": None}
    chosen, result, said = fit(melody, tmp_path / "chosen", "--trainer.precision", "bf16-mixed")
    assert same(chosen, forced)
    assert not same(chosen, fit(melody, tmp_path / "float32")[0])
    assert result["precision"] == {"asked": "bf16-mixed", "used": "bf16-mixed", "ratio": 1.9}
    assert said[-1] == "bf16-mixed: 1.90 times the steps a second of float32 here: used"


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_the_configuration_of_a_run_repeats_its_choice_without_measuring(
    ratio: float, melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "rehearse", timings(ratio))
    first, *_ = fit(melody, tmp_path / "first", "--trainer.precision", "bf16-mixed")
    config = yaml.safe_load((tmp_path / "first" / "config.yaml").read_text())
    assert (config["trainer"]["precision"], config["probe"]) == (FULL if ratio < 1 else MIXED, False)
    monkeypatch.setattr(precision, "rehearse", timings(1 / ratio))  # would be chosen otherwise
    words = ["--config", str(tmp_path / "first" / "config.yaml"), "--run", str(tmp_path / "again")]
    workflow.fit(parse_arguments(melody, words), lambda line: None)
    again = torch.load(tmp_path / "again" / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert same(first, again)


def test_figures_of_a_run_trained_in_bf16_are_those_that_validate_finds(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "rehearse", timings(1.9))
    _, result, _ = fit(melody, tmp_path / "run", "--trainer.precision", "bf16-mixed")
    assert Run(tmp_path / "run", melody).validate() == result["metrics"]


def settings(melody: Domain, *words: str) -> Settings:
    return parse_arguments(melody, [*TINY, *words])


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


def test_all_folds_are_trained_in_the_precision_of_the_first(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratios = iter([1.5])  # a second question would find none
    monkeypatch.setattr(precision, "rehearse", lambda variants: timings(next(ratios))(variants))
    words = [*SHORT, "--data.task", "classify", "--trainer.precision", "bf16-mixed", "--run", str(tmp_path / "folds")]
    result = cross_validate(parse_arguments(melody, words, "classify"), 2, say=lambda line: None)
    assert [row["precision"]["used"] for row in result["folds"]] == [MIXED, MIXED]
    assert json.loads((tmp_path / "folds" / "fold-02" / "result.json").read_text())["precision"]["used"] == MIXED


def test_python_callers_can_leave_the_probe_out(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "rehearse", lambda variants: pytest.fail("measured"))
    run = seqkit.fit(
        melody, run=str(tmp_path / "run"), quiet=True, precision="bf16-mixed", probe=False, hidden_size=8, max_steps=1,
        accelerator="cpu",
    )  # fmt: skip
    assert run.result["precision"]["used"] == MIXED


@pytest.mark.parametrize("options", [{}, {"tie_weights": True}, {"label_smoothing": 0.1}], ids=str)
def test_the_likelihood_of_bf16_training_is_summed_in_float32(options: dict[str, Any], melody: Domain) -> None:
    data = melody.datamodule(task="next_step", batch_size=8, window=8)
    data.setup("fit")
    model = build_model(melody, data, ModelOptions(hidden_size=8, **options))
    batch = next(iter(data.loader("train")))
    exact = model.outcome(batch)[0]
    with MixedPrecision(MIXED, "cpu").forward_context():
        outcome, state = model.outcome(batch)
        loss = model.training_loss(outcome)
        outcome, _ = model.outcome(batch, state)  # as in the next chunk, whatever the state's type
    assert {outcome.raw.dtype, outcome.nll.dtype, loss.dtype, outcome.loss.dtype} == {torch.float32}
    assert loss.item() == pytest.approx(model.training_loss(exact).item(), abs=0.02)
    torch.autograd.backward(loss)
    assert {p.grad.dtype for p in model.parameters() if p.grad is not None} == {torch.float32}


def test_the_optimiser_is_fused_whatever_the_precision(melody: Domain) -> None:
    data = melody.datamodule(task="next_step")
    data.setup("fit")
    model = build_model(melody, data, ModelOptions(hidden_size=8))
    for plugin in (Precision(), MixedPrecision(MIXED, "cpu")):
        model._trainer = SimpleNamespace(precision_plugin=plugin)  # type: ignore[assignment]
        assert model.configure_optimizers()["optimizer"].defaults["fused"] is True
