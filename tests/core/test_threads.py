"""How many threads torch gets, and what a rehearsal finds."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml

from seqkit import ConfigError, Domain
from seqkit.flat_options import settings_from
from seqkit.settings import parse_arguments
from seqkit.training import threads, workflow
from seqkit.training.threads import choose_threads, fastest, on_threads

pytestmark = pytest.mark.usefixtures("eight_cores")


def test_torch_gets_no_more_threads_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(5)
    monkeypatch.setattr(threads, "usable_cores", lambda: 3)
    for asked, expected in ((None, 3), ("auto", 3), (4, 4), (1, 1)):
        with on_threads(asked) as number:  # type: ignore[arg-type]
            assert number == expected == torch.get_num_threads()
        assert torch.get_num_threads() == 5
    monkeypatch.setattr(threads, "usable_cores", lambda: 64)
    with on_threads(None) as number:
        assert number == 5


def test_the_users_own_word_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    monkeypatch.setattr(threads, "usable_cores", lambda: 2)
    torch.set_num_threads(6)
    with on_threads(None) as number:
        assert number == 6


def test_no_threads_are_refused() -> None:
    with pytest.raises(ConfigError, match="threads is 0"), on_threads(0):
        pass


def test_the_fewest_threads_that_are_as_fast_are_taken() -> None:
    assert fastest({1: 1.0, 2: 0.99, 4: 0.98}) == 1
    assert fastest({4: 0.3, 1: 1.0, 2: 0.6}) == 4
    assert fastest({1: 1.0, 2: 5.0, 4: 0.5}) == 4


def fit(domain: Domain, folder: Path, *options: str) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    said: list[str] = []
    settings = parse_arguments(domain, ["--run", str(folder), "--trainer.max_steps", "2", *options])
    run, _ = workflow.fit(settings, said.append)
    return yaml.safe_load(run.config.read_text()), json.loads((run.path / "result.json").read_text()), said


def test_the_number_is_in_the_result_and_what_was_asked_for_in_the_configuration(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(3)
    config, result, _ = fit(melody, tmp_path / "default")
    assert config["threads"] is None and result["threads"] == 3
    config, result, _ = fit(melody, tmp_path / "asked", "--threads", "2")
    assert config["threads"] == result["threads"] == 2
    assert torch.get_num_threads() == 3


def test_auto_measures_and_keeps_what_it_found(melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(3)
    seen: list[int] = []

    def rehearse(variants: dict[str, Any]) -> dict[str, list[float]]:
        for variant in variants.values():
            variant()
            seen.append(torch.get_num_threads())
        return {"1": [0.9], "2": [0.2, 0.3, 9.0], "3": [0.29]}

    monkeypatch.setattr(threads, "rehearse", rehearse)
    config, result, said = fit(melody, tmp_path / "measured", "--threads", "auto")
    assert seen == [1, 2, 3]
    assert config["threads"] == result["threads"] == 2
    assert any(line.startswith("threads: 2 (a step with 1: 900 ms, 2: 300 ms, 3: 290 ms)") for line in said)
    assert torch.get_num_threads() == 3


def test_measuring_leaves_the_run_as_it_is(melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(2)
    monkeypatch.setattr(threads, "fastest", lambda seconds: 1)
    _, measured, _ = fit(melody, tmp_path / "measured", "--threads", "auto", "--model.dropout", "0.3")
    _, asked, _ = fit(melody, tmp_path / "asked", "--threads", "1", "--model.dropout", "0.3")
    assert measured["metrics"] == asked["metrics"]


def test_one_thread_is_not_measured(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    settings = settings_from(melody, {"threads": "auto"})
    nobody: Any = SimpleNamespace(advice=lambda number: pytest.fail("asked"))
    choice = choose_threads(settings, "cpu", nobody, nobody, nobody)
    assert (choice.used, choice.note) == (1, "threads: 1 (torch is set to one thread)")
    monkeypatch.setattr(threads, "usable_cores", lambda: 1)
    choice = choose_threads(settings, "cpu", nobody, nobody, nobody)
    assert choice.note == "threads: 1 (only one core is available)"
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert "OMP_NUM_THREADS is 1" in choose_threads(settings, "cpu", nobody, nobody, nobody).note


@pytest.mark.parametrize("asked", [None, "auto"])
def test_nothing_is_measured_or_said_where_the_model_is_on_another_device(melody: Domain, asked: str | None) -> None:
    torch.set_num_threads(3)
    nobody: Any = SimpleNamespace(advice=lambda number: pytest.fail("asked"))
    choice = choose_threads(settings_from(melody, {"threads": asked}), "cuda", nobody, nobody, nobody)
    assert (choice.used, choice.note, torch.get_num_threads()) == (3, "", 3)


def test_what_stops_the_training_is_said_by_the_training(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(2)

    def rehearse(variants: dict[str, Any]) -> dict[str, list[float]]:
        raise ConfigError("a record is too long")

    monkeypatch.setattr(threads, "rehearse", rehearse)
    config, result, said = fit(melody, tmp_path / "run", "--threads", "auto")
    assert config["threads"] == result["threads"] == 2
    assert not any("too long" in line for line in said)
