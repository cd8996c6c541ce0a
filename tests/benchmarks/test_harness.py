"""What all benchmarks refuse, and what they say first."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def started(monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    harness = importlib.import_module("harness")
    monkeypatch.setattr(sys, "argv", ["one.py", *words])
    return harness.parse("What is it?")


@pytest.mark.parametrize(
    "words",
    [["--threads", "0"], ["--threads", "-2"], ["--repeats", "0"], ["--repeats", "-1"], ["--quick", "--save"]],
)
def test_what_measures_nothing_is_refused_in_one_line(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = torch.get_num_threads()
    with pytest.raises(SystemExit) as left:
        started(monkeypatch, *words)
    said = capsys.readouterr().err.splitlines()
    assert left.value.code == 2 and torch.get_num_threads() == threads
    assert len(said) == 1 and said[0].startswith("one.py: error: ") and words[0] in said[0]


def test_quick_is_said_first_and_a_measurement_begins_with_the_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    harness = importlib.import_module("harness")
    options = started(monkeypatch, "--quick")
    harness.Report("one", options)
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert options.repeats == 1 and first == "--quick: does it run? no measurement" and "thread" in second
    harness.Report("one", started(monkeypatch))
    assert capsys.readouterr().out.splitlines()[0] == second


@pytest.mark.parametrize(
    ("script", "words", "reason"),
    [
        ("language_model", ["--data", "{none}"], "{none}: no such file"),
        ("language_model", ["--data", "{here}"], "{here}: a folder, where a file is needed"),
        ("language_model", [], "--data input.txt is needed"),
        ("forecasting", ["--quick", "--data", "{none}"], "{none}: no such folder"),
        ("forecasting", ["--quick", "--data", "{here}"], "{here}/Hourly-train.csv.gz: no such file"),
        ("softmax", ["--data", "{none}"], "{none}: no such file"),
        ("softmax", ["--perplexity"], "--perplexity needs --data"),
        ("reading", ["--only", "parquet"], "--only 'parquet'"),
        ("reading", ["--megabytes", "0"], "--megabytes 0"),
        ("recipes", ["{none}"], "{none}: no such folder"),
        ("recipes", ["{here}", "text/nope"], "text/nope: no such recipe"),
        ("recipes", ["{here}", "text/tiny-shakespeare"], "{here}: the files of these recipes are not there"),
        ("recipe_baselines", ["{none}"], "{none}: no such folder"),
        ("baselines", ["{none}"], "{none}: no such folder"),
        ("baselines", ["{here}"], "{here}: holds none of the sets"),
    ],
)
def test_data_that_are_not_there_are_named_in_one_line(
    script: str,
    words: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"here": tmp_path, "none": tmp_path / "none"}
    monkeypatch.setattr(sys, "argv", [f"{script}.py", *(word.format(**places) for word in words)])
    with pytest.raises(SystemExit) as left:
        importlib.import_module(script).main()
    said = capsys.readouterr().err.splitlines()
    assert left.value.code == 2
    assert len(said) == 1 and said[0].startswith(f"{script}.py: error: {reason.format(**places)}")
