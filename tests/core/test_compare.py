"""A comparison trains each rung on the same records; its rows are held against what is known."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqkit
from seqkit import Domain
from seqkit.cli.compare_tables import print_comparison
from seqkit.lecture.comparison.study import neural_rungs
from tests.core.comparing import TINY


@pytest.fixture(scope="module")
def ladder(notes: Domain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two seeds of three cells."""
    run = tmp_path_factory.mktemp("compare") / "ladder"
    return seqkit.compare(notes, path="made:first", rungs=["lstm", "bag", "rnn"], seeds=2, run=run, **TINY)


@pytest.fixture(scope="module")
def grid(notes: Domain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Variants over lags; one diverges, one does not exist."""
    variants: dict[str, dict[str, Any]] = {
        "plain": {"model.cell": "rnn"},
        "wild": {"model.cell": "rnn", "model.nonlinearity": "relu", "model.learning_rate": 1e9,
                 "trainer.gradient_clip_val": None},
        "wrong": {"model.cell": "gru", "model.nonlinearity": "relu"},
    }  # fmt: skip
    run = tmp_path_factory.mktemp("compare") / "grid"
    return seqkit.compare(notes, path="made:first,lag=9", variants=variants, across={"lag": [2, 30]}, run=run, **TINY)


def row_of(result: dict[str, Any], rung: str, column: Any = None) -> dict[str, Any]:
    return next(row for row in result["rows"] if (row["rung"], row["column"]) == (rung, column))


def test_the_ladder_goes_from_chance_over_counts_and_cells_to_the_optimum(ladder: dict[str, Any]) -> None:
    rungs = [row["rung"] for row in ladder["rows"]]
    assert rungs[0] == "uniform" and rungs[-4:] == ["bag", "rnn", "lstm", "optimum"]
    assert [row["kind"] for row in ladder["rows"][-4:]] == ["feedforward", "recurrent", "recurrent", "known"]
    assert neural_rungs()[:2] == ("bag", "window") and set(neural_rungs()) > {"rnn", "gru", "lstm", "lru"}


def test_figures_are_medians_of_the_seeds_with_their_range(ladder: dict[str, Any]) -> None:
    row = row_of(ladder, "rnn")
    assert [run["seed"] for run in row["runs"]] == ladder["seeds"] == [0, 1]
    one, other = (run["metrics"]["accuracy"] for run in row["runs"])
    assert row["figures"]["accuracy"] == pytest.approx((one + other) / 2)  # the median of two
    assert row["spread"]["accuracy"] == pytest.approx(abs(one - other))
    losses = [run["metrics"]["loss"] for run in row["runs"]]
    assert row["figures"]["bits"] == pytest.approx(sum(losses) / 2 / np.log(2))
    assert losses[0] != losses[1]


def test_each_training_is_a_run_on_the_same_records(ladder: dict[str, Any], notes: Domain) -> None:
    root = Path(ladder["run"])
    assert {p.name for p in root.iterdir() if p.is_dir()} == {
        "bag", "bag-seed-1", "rnn", "rnn-seed-1", "lstm", "lstm-seed-1", "plots",
    }  # fmt: skip
    run = seqkit.load(root / "lstm", notes)
    assert run.validate()["accuracy"] == row_of(ladder, "lstm")["runs"][0]["metrics"]["accuracy"]
    assert run.result["num_parameters"] == row_of(ladder, "lstm")["num_parameters"]


def test_what_is_known_stands_beside_the_figures(ladder: dict[str, Any]) -> None:
    (column,) = ladder["panels"][0]["columns"]
    assert column["optimum"] == {"bits": 0.0, "accuracy": 1.0, "loss": 0.0}
    assert column["chance"] == {"accuracy": 0.5} and column["num_records"] == 60
    assert row_of(ladder, "optimum")["figures"]["accuracy"] == 1.0


def test_the_files_hold_what_was_found(ladder: dict[str, Any]) -> None:
    root = Path(ladder["run"])
    saved = json.loads((root / "compare.json").read_text())
    assert saved["rows"] == json.loads(json.dumps(ladder["rows"])) and saved["complete"]
    assert set(saved["versions"]) == {"python", "seqkit", "torch", "pytorch-lightning"}
    with (root / "compare.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["rung"] for row in table] == [row["rung"] for row in ladder["rows"]]
    assert float(table[-2]["accuracy"]) == row_of(ladder, "lstm")["figures"]["accuracy"]
    assert (root / "plots" / "ladder-notes.png").stat().st_size > 5000


def test_the_table_fits_a_terminal(
    ladder: dict[str, Any], grid: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = {"range": ladder, "parameters": ladder, "2 seeds": ladder, "diverged": grid, "by lag": grid}
    for word, result in wanted.items():
        print_comparison(result)
        shown = capsys.readouterr().out
        lines = [line for line in shown.splitlines() if line[:1] in "┏┃┡│├└"]
        assert lines and all(len(line) <= 80 for line in lines)
        assert word in shown


def test_a_training_that_diverged_is_a_row_and_one_that_cannot_be_built_a_line(
    grid: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert row_of(grid, "wild", 2)["status"] == "diverged" and "loss became" in row_of(grid, "wild", 2)["reason"]
    assert row_of(grid, "wrong", 30)["status"] == "refused"
    assert row_of(grid, "plain", 30)["status"] == "done" and row_of(grid, "plain", 30)["figures"]["accuracy"] >= 0
    print_comparison(grid)
    shown = capsys.readouterr().out
    assert "wrong is left out: cell 'gru' has no choice of nonlinearity (lag 2, 30)" in shown


def test_an_option_of_the_source_makes_the_columns(grid: dict[str, Any], notes: Domain) -> None:
    for lag in (2, 30):
        data = seqkit.load(Path(grid["run"]) / f"lag-{lag}" / "plain", notes).loaded.data
        assert set(data.store("train").lengths.tolist()) == {lag + 1}
    assert (Path(grid["run"]) / "plots" / "by-lag.png").exists()


def test_streams_are_compared_in_bits(notes: Domain, tmp_path: Path) -> None:
    result = seqkit.compare(notes, rungs=["window", "unigram"], run=tmp_path / "run", **TINY | {"task": "next_step"})
    assert [row["rung"] for row in result["rows"]] == ["unigram", "window"]  # counted rungs that are named
    assert result["panels"][0]["figure"] == "bits"
    figures = row_of(result, "window")["figures"]
    assert figures["bits"] == pytest.approx(figures["bits_per_step"])


def test_whole_forecasts_are_held_against_the_naive_ones(tmp_path: Path) -> None:
    options = TINY | {"task": "forecast", "rungs": ["lstm"], "run": tmp_path / "run", "horizon": 12}
    result = seqkit.compare("timeseries", **options)
    name = result["panels"][0]["figure"]
    assert name in ("owa", "mase")
    for rung in ("naive", "seasonal_naive", "linear_window", "lstm"):
        assert row_of(result, rung)["figures"][name] > 0
    assert "linear window" in result["panels"][0]["verdict"][-1]
    again = seqkit.compare("timeseries", **options)  # the training is taken over, and what was scored beside it
    assert row_of(again, "naive")["figures"] == row_of(result, "naive")["figures"]


def test_the_table_of_classes_has_matthews_beside_accuracy(
    ladder: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    longest = row_of(ladder, "uniform") | {"rung": "nearest_neighbour"}
    print_comparison(ladder | {"seeds": [0], "rows": [longest, *ladder["rows"]]})
    (head,) = (line for line in capsys.readouterr().out.splitlines() if "accuracy" in line)
    assert "matthews" in head and len(head) <= 80
