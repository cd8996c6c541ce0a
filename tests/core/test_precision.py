"""bf16-mixed where it helps: the run is that of the precision that was chosen. No test depends on real times."""

import json
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
from seqkit.settings import parse_arguments
from seqkit.training import precision, workflow
from seqkit.training.crossval import cross_validate
from seqkit.training.precision import FULL, MIXED
from tests.core.probing import SHORT, same, timings


def fit(
    melody: Domain, folder: Path, *words: str, task: str = "next_step"
) -> tuple[dict[str, torch.Tensor], dict[str, Any], list[str]]:
    """Weights after a short training with dropout, its result, and what it said."""
    said: list[str] = []
    words = (*SHORT, "--data.task", task, "--model.dropout", "0.3", "--run", str(folder), *words)
    _, result = workflow.fit(parse_arguments(melody, words, task), said.append)
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"], result, said


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
