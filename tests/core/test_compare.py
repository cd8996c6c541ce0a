"""The ladder: its order, what is said of it, columns and variants, what is taken over, and mistakes."""

import csv
import json
import os
import signal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

import seqkit
from seqkit import ConfigError, DataError, Domain, Known, Made, MadeSource, Split
from seqkit.cli.compare import take_options
from seqkit.cli.compare_tables import print_comparison
from seqkit.cli.main import main
from seqkit.errors import InterruptedRun
from seqkit.lecture.comparison.ladder_pictures import _mark, _view
from seqkit.lecture.comparison.panel import panels_of_words
from seqkit.lecture.comparison.standings import (
    beats,
    best_row,
    best_rows,
    judge,
    main_figure,
    method,
    title_of,
    with_bits,
)
from seqkit.lecture.comparison.study import Study, build_study, neural_rungs, with_made_option
from seqkit.lecture.rungs.unbeaten import unbeaten
from seqkit.plots.compare import PanelView, draw_across
from seqkit.plots.ladder import Line, Mark, draw_ladder
from seqkit.plots.style import save_figure
from tests.core.conftest import MelodyData
from tests.core.resuming import signalled

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
TINY: dict[str, Any] = {"task": "classify", "hidden_size": 8, "max_steps": 8, "accelerator": "cpu", "quiet": True}


def write_first_note(folder: Path, seed: int, lag: int = 4) -> Made:
    """The label is the first note, the rest are drawn.

    Args:
        folder: Where to.
        seed: Of the draws.
        lag: Notes after the first.
    """
    rng = np.random.default_rng(seed)
    for split in SPLITS:
        notes = rng.integers(0, 2, (60, lag + 1))
        lines = ("up" * int(row[0]) + "down" * int(1 - row[0]) + ":" + "".join("ab"[n] for n in row) for row in notes)
        (folder / f"{split}.txt").write_text("\n".join(lines) + "\n")
    known = Known({"accuracy": 1.0, "loss": 0.0}, {"accuracy": 0.5})
    return Made({split: f"{split}.txt" for split in SPLITS}, dict.fromkeys(SPLITS, known))


class NotesData(MelodyData):
    """Melodies, with a source of them."""

    made: ClassVar[dict[str, MadeSource]] = {"first": MadeSource(write_first_note, ("classify",))}


@pytest.fixture(scope="module")
def notes() -> Domain:
    return Domain("notes", NotesData, tasks=("next_step", "classify"))


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


def test_a_repeated_command_trains_only_what_is_missing(notes: Domain, tmp_path: Path) -> None:
    run = tmp_path / "run"
    options = TINY | {"path": "made:first", "run": run}
    first = seqkit.compare(notes, rungs=["bag"], **options)
    before = (run / "bag" / "rung.json").stat().st_mtime_ns
    (run / "rnn").mkdir()  # as an interrupted training leaves it
    (run / "rnn" / "config.yaml").write_text("domain: notes\n")
    second = seqkit.compare(notes, rungs=["bag", "rnn"], **options)
    assert (run / "bag" / "rung.json").stat().st_mtime_ns == before
    assert row_of(second, "bag") == row_of(first, "bag")
    assert row_of(second, "rnn")["status"] == "done"
    tested = seqkit.compare(notes, rungs=["bag"], split="test", **options)
    assert tested["split"] == "test"
    assert row_of(tested, "bag")["seconds"] == row_of(first, "bag")["seconds"]  # scored anew, not trained anew
    with pytest.raises(ConfigError, match="other settings or data"):
        seqkit.compare(notes, rungs=["bag"], **options | {"max_steps": 9})


@pytest.mark.parametrize("is_damaged", [False, True])
def test_an_interrupted_training_goes_on_from_its_point_if_it_can(
    is_damaged: bool, notes: Domain, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    options: dict[str, Any] = {"rungs": ["rnn"], "path": "made:first", **TINY}
    with signalled(("training", 2)), pytest.raises(InterruptedRun):
        seqkit.compare(notes, run=run, **options)
    point = run / "rnn" / "checkpoints" / "resume.ckpt"
    if is_damaged:
        point.write_bytes(b"nothing")
    with (
        signalled(("training", 2)),
        pytest.raises(InterruptedRun, match=f"after step {2 if is_damaged else 4}; 0 of 1"),
    ):
        seqkit.compare(notes, run=run, **options)
    assert point.is_file()
    whole = seqkit.compare(notes, run=tmp_path / "whole", **options)
    assert row_of(seqkit.compare(notes, run=run, **options), "rnn")["figures"] == row_of(whole, "rnn")["figures"]


@pytest.mark.parametrize(
    ("place", "said"),
    [("count_rungs", "nothing was trained yet"), ("plot_comparison", "1 of 1 trainings are done, in runs/")],
)
def test_a_signal_beside_the_trainings_ends_with_what_is_done_and_how_to_go_on(
    place: str, said: str, notes: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def end(*given: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    options: dict[str, Any] = {"rungs": ["bag"], "path": "made:first", **TINY}
    with monkeypatch.context() as patch, pytest.raises(InterruptedRun, match=f"by SIGTERM: {said}") as caught:
        patch.setattr(f"seqkit.lecture.comparison.compare.{place}", end)
        seqkit.compare(notes, **options)
    assert caught.value.exit_code == 143
    if place == "count_rungs":
        assert caught.value.fix == "the same command goes on" and not Path("runs").exists()
        return
    (run,) = Path("runs").iterdir()
    assert caught.value.fix == f"the same command with --run {run} goes on"
    assert row_of(seqkit.compare(notes, run=run, **options), "bag")["runs"][0]["run"] == "bag"


def test_a_folder_of_something_else_is_left_alone(notes: Domain, tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="something else"):
        seqkit.compare(notes, path="made:first", rungs=["bag"], run=tmp_path, **TINY)
    assert (tmp_path / "bag" / "thesis.txt").read_text() == "mine"


def test_streams_are_compared_in_bits(notes: Domain, tmp_path: Path) -> None:
    result = seqkit.compare(notes, rungs=["window", "unigram"], run=tmp_path / "run", **TINY | {"task": "next_step"})
    assert [row["rung"] for row in result["rows"]] == ["unigram", "window"]  # counted rungs that are named
    assert result["panels"][0]["figure"] == "bits"
    figures = row_of(result, "window")["figures"]
    assert figures["bits"] == pytest.approx(figures["bits_per_step"])


def make_row(rung: str, kind: str, column: Any = None, status: str = "done", **figures: float) -> dict[str, Any]:
    return {"panel": "p", "column": column, "rung": rung, "kind": kind, "status": status, "figures": figures}


def test_a_share_must_be_better_by_two_standard_errors() -> None:
    # sqrt(0.5 * 0.5 / 100) = 0.05, so that 0.6 is the limit
    counted = make_row("majority", "blind", accuracy=0.5)
    assert not beats("accuracy", make_row("bag", "feedforward", accuracy=0.59), counted, 100)
    assert beats("accuracy", make_row("lstm", "recurrent", accuracy=0.61), counted, 100)
    assert beats("bits", make_row("lstm", "recurrent", bits=1.99), make_row("unigram", "counts", bits=2.0))
    assert not beats("bits", make_row("lstm", "recurrent"), make_row("unigram", "counts", bits=2.0))


def test_what_is_said_names_the_rungs_that_beat_nothing() -> None:
    rows = [
        make_row("markov_2", "window", bits=2.0), make_row("bag", "feedforward", bits=2.5),
        make_row("rnn", "recurrent", status="diverged"), make_row("lstm", "recurrent", bits=1.5),
        make_row("optimum", "known", bits=1.0),
    ]  # fmt: skip
    panel = {"task": "next_step", "figure": "bits", "columns": [{"value": None, "num_records": 3, "optimum": {}}]}
    assert judge(panel, rows, None) == [
        "bag does not beat the best that was counted",
        "the best that was trained, lstm (1.5), beats the best that was counted, markov 2 (2)",
    ]
    best = best_row("bits", rows)
    assert best is not None and best["rung"] == "lstm"  # the optimum takes no part
    assert judge(panel, rows[1:], None) == ["nothing was counted that the trained rungs could be held against"]


def test_what_is_said_of_columns_names_them() -> None:
    rows = [make_row("majority", "blind", lag, accuracy=0.5) for lag in (4, 16)]
    rows += [make_row("rnn", "recurrent", 4, accuracy=1.0), make_row("rnn", "recurrent", 16, accuracy=0.5)]
    rows += [make_row("bag", "feedforward", lag, accuracy=0.5) for lag in (4, 16)]
    columns: list[dict[str, Any]] = [{"value": lag, "num_records": 1000, "optimum": {}} for lag in (4, 16)]
    assert judge({"task": "classify", "figure": "accuracy", "columns": columns}, rows, "lag") == [
        "bag does not beat the best that was counted at any lag",
        "rnn does not beat the best that was counted at lag 16",
        "the best that was trained beats the best that was counted at lag 4",
        "nothing trained beats the best that was counted at lag 16",
    ]


def test_what_cannot_be_beaten_is_not_held_against_a_rung() -> None:
    rows = [make_row("markov_2", "window", lag, accuracy=share) for lag, share in ((4, 1.0), (16, 0.5))]
    rows += [make_row("lstm", "recurrent", lag, accuracy=1.0) for lag in (4, 16)]
    columns = [{"value": lag, "num_records": 100, "optimum": {"accuracy": 1.0}} for lag in (4, 16)]
    assert judge({"task": "classify", "figure": "accuracy", "columns": columns}, rows, "lag") == [
        "what was counted is at the optimum at lag 4: nothing can beat it",
        "the best that was trained beats the best that was counted at lag 16",
    ]


def test_columns_in_which_all_that_was_trained_diverged_are_lost() -> None:
    rows = [make_row("majority", "blind", lag, accuracy=0.5) for lag in (4, 16)]
    rows += [make_row("rnn", "recurrent", 4, accuracy=1.0), make_row("rnn", "recurrent", 16, "diverged")]
    columns: list[dict[str, Any]] = [{"value": lag, "num_records": 1000, "optimum": {}} for lag in (4, 16)]
    assert judge({"task": "classify", "figure": "accuracy", "columns": columns}, rows, "lag") == [
        "the best that was trained beats the best that was counted at lag 4",
        "nothing trained beats the best that was counted at lag 16",
    ]


def test_the_table_of_classes_has_matthews_beside_accuracy(
    ladder: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    longest = row_of(ladder, "uniform") | {"rung": "nearest_neighbour"}
    print_comparison(ladder | {"seeds": [0], "rows": [longest, *ladder["rows"]]})
    (head,) = (line for line in capsys.readouterr().out.splitlines() if "accuracy" in line)
    assert "matthews" in head and len(head) <= 80


def test_what_is_equal_is_said_to_be() -> None:
    rows = [make_row("uniform", "blind", bits=2.0), make_row("rnn", "recurrent", bits=2.0)]
    panel = {"task": "next_step", "figure": "bits", "columns": [{"value": None, "num_records": 3, "optimum": {}}]}
    assert judge(panel, rows, None)[-1].endswith("rnn (2), equals the best that was counted, uniform (2)")


def test_stars_are_for_what_chance_and_the_number_of_records_do_not_explain() -> None:
    # Two standard errors of 0.9 of 100 records: 0.06; of chance 0.5: 0.1.
    shares = {"rnn": 0.9, "gru": 0.85, "lstm": 0.83, "window": 0.9}
    rows = [make_row("majority", "blind", accuracy=0.5)]
    rows += [make_row(name, "recurrent", accuracy=share) for name, share in shares.items()]
    column: dict[str, Any] = {"num_records": 100, "chance": {}}
    assert [row["rung"] for row in best_rows("accuracy", rows, column)] == ["rnn", "gru", "window"]
    assert [row["rung"] for row in best_rows("accuracy", rows, column | {"num_records": 0})] == ["rnn", "window"]
    near = [rows[0], make_row("rnn", "recurrent", accuracy=0.59)]
    assert best_rows("accuracy", near, column) == []
    assert best_rows("accuracy", [near[1], make_row("bag", "feedforward", accuracy=0.3)], column) == near[1:]
    assert best_rows("accuracy", rows[1:2], column) == []  # alone
    assert best_rows("bits", [make_row("uniform", "blind", bits=2.0)], column) == []


def test_the_order_of_a_chain_stays_where_it_is_the_same_in_all_columns() -> None:
    rows = [make_row(name, "window", column) for column in (4, 16) for name in ("markov_12", f"window_{column}")]
    assert [title_of(row, rows) for row in rows[:2]] == ["markov 12", "window"]
    assert method(make_row("naive2", "domain")) == "naive2"


def test_bits_are_the_loss_where_it_is_a_likelihood() -> None:
    assert with_bits({"loss": np.log(2)})["bits"] == pytest.approx(1.0)
    assert "bits" not in with_bits({"loss": 3.0}, unit="")
    assert main_figure("next_step", [make_row("lstm", "recurrent", mse=2.0)]) == "mse"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rung": ["bag"]}, "unknown option 'rung'"),
        ({"rungs": [""]}, "no rung is named"),
        ({"rungs": ["bag"], "variants": {"a": {"model.cell": "rnn"}}}, "no variant 'bag'(.|\n)*variants: a"),
        ({"variants": {"a": {"cell": "rnn"}}}, "'cell' is no dotted option"),
        ({"variants": ["rnn"]}, "no group of options"),
        ({"across": {"lag": 4}}, "'4' is no list of columns\n  at: compare.across.lag"),
        ({"across": {"lag": [4], "size": [3]}}, "lag and size cannot both"),
        ({"across": "lag="}, "'lag=' is no list of columns"),
        ({"across": "=4"}, "'=4' is no list of columns"),
        ({"seeds": 0}, "0 is no number of seeds"),
        ({"split": "train"}, "no split 'train'"),
        ({"across": "lag=[1,2"}, "no list of columns"),
        ({"across": "model.cell=rnn,gru"}, "set by the rows themselves"),
        ({"across": {"model.cell": ["rnn"]}, "variants": {"a": {"model.cell": "gru"}, "b": {}}}, "rows themselves: a"),
    ],
)
def test_options_of_a_study_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_study([], options, None)


def test_across_of_the_command_line_is_read_as_values() -> None:
    study = build_study([], {"across": "lag=4,16,0.5,word", "rungs": "lstm,bag,lstm"}, None)
    assert study.across is not None and study.across.values == (4, 16, 0.5, "word")
    assert study.rungs == ("lstm", "bag")
    assert with_made_option("made:memory,lag=4,language=pt", "lag", 64) == "made:memory,language=pt,lag=64"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rungs": ["lsm"]}, "no rung 'lsm'"),
        ({"across": {"lagg": [3]}, "path": "made:first"}, "no option 'lagg'\n  at: --across lagg=3"),
        ({"across": {"lag": ["x"]}, "path": "made:first"}, "'x' is not a whole number\n  at: --across lag=x"),
        ({"across": {"lag": [3]}}, "is an option of made data"),
        ({"across": {"model.hiden_size": [3]}}, "hiden_size"),
        ({"variants": {"a": {"model.cel": "rnn"}}}, "cel"),
    ],
)
def test_mistakes_are_found_before_training(
    notes: Domain, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        seqkit.compare(notes, run=tmp_path / "run", **options, **TINY)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variants": {"a b": {"model.cell": "rnn"}, "A, b": {"model.cell": "gru"}}}, "'a b' and 'A, b' would share"),
        ({"variants": {"rnn": {}, "rnn-seed-1": {}}, "seeds": 2}, "'rnn' and 'rnn-seed-1' would share"),
        ({"rungs": ["bag"], "across": {"lag": [4, 4]}, "path": "made:first"}, "'bag 4' and 'bag 4' would share"),
        ({"variants": {"..": {}}}, "'..' cannot name a folder"),
        ({"variants": {"": {}}}, "'' cannot name a folder"),
        ({"variants": {"plots": {}}}, "'plots' cannot name a folder"),
    ],
)
def test_two_trainings_never_share_a_folder(
    notes: Domain, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match=message):
        seqkit.compare(notes, run=tmp_path / "run", **options, **TINY)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_variant_with_data_of_its_own_is_trained_again_when_they_change(notes: Domain, tmp_path: Path) -> None:
    lines = "up:abab\ndown:baba\nup:aab\ndown:bba\n" * 30
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(lines)
    variants = {"own": {"model.cell": "rnn", "data.path": str(tmp_path / "two.txt")}, "plain": {"model.cell": "rnn"}}
    options = TINY | {"path": str(tmp_path / "one.txt"), "run": tmp_path / "run", "variants": variants}
    result = seqkit.compare(notes, **options)
    assert "not held against" in row_of(result, "own")["note"] and "note" not in row_of(result, "plain")
    assert row_of(seqkit.compare(notes, **options), "own") == row_of(result, "own")
    (tmp_path / "two.txt").write_text(lines + "up:ab\n")
    with pytest.raises(ConfigError, match="other settings or data"):
        seqkit.compare(notes, **options)


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


def test_many_columns_are_told_in_several_tables(capsys: pytest.CaptureFixture[str]) -> None:
    values = list(range(100, 120))
    rows = [make_row("bag", "feedforward", value, accuracy=value / 1000) for value in values]
    rows += [make_row("majority", "blind", value, accuracy=0.0) for value in values]
    columns = [{"value": value, "num_records": 9, "chance": {}} for value in values]
    panel = {"name": "p", "domain": "text", "task": "tag", "figure": "accuracy", "verdict": [], "columns": columns}
    print_comparison({
        "panels": [panel], "rows": rows, "across": {"name": "lag", "values": values}, "seeds": [0], "split": "valid",
        "plots": [], "run": "run", "seconds": 1.0,
    })  # fmt: skip
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80 and "…" not in shown
    assert all(f"0.{value}0 *" in shown for value in values)


def test_a_split_without_records_is_found_before_training(notes: Domain, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("up:abab\ndown:baba\n" * 30)
    options = TINY | {"path": str(tmp_path / "notes.txt"), "run": tmp_path / "run", "test_fraction": 0.0}
    with pytest.raises(DataError, match="the test split is empty"):
        seqkit.compare(notes, rungs=["bag"], split="test", **options)
    assert not (tmp_path / "run").exists()


def test_figures_that_are_no_numbers_take_no_part(tmp_path: Path) -> None:
    rows = [make_row("naive", "last value", mase=np.nan), make_row("lstm", "recurrent", mase=2.0)]
    best = best_row("mase", rows)
    assert best is not None and best["rung"] == "lstm"
    lines = [Line("naive", "counted", [_mark(rows[0], "mase")]), Line("lstm", "recurrent", [_mark(rows[1], "mase")])]
    assert save_figure(tmp_path / "ladder.png", lambda figure: draw_ladder(figure, lines, "MASE")) is not None


def test_columns_in_any_order_are_inside_the_picture() -> None:
    figure, marks = Figure(), [Mark(0.1), Mark(0.2), Mark(0.3)]
    nothing = [None, None, None]
    draw_across(
        figure, PanelView("p", [16, 4, 64], [Line("bag", "feedforward", marks)], nothing, nothing, "share"), "lag"
    )
    low, high = figure.axes[0].get_xlim()
    assert low < 4 and high > 64


@pytest.mark.parametrize("lower_is_better", [True, False])
def test_a_training_that_diverged_stands_at_the_bad_edge(lower_is_better: bool) -> None:
    lines = [Line("bag", "feedforward", [Mark(0.2), Mark(0.3, 0.1, 0.9)]),
             Line("rnn", "recurrent", [Mark(0.1), Mark(None, diverged=True)])]  # fmt: skip
    figure, nothing = Figure(), [None, None]
    draw_across(figure, PanelView("p", [4, 16], lines, nothing, nothing, "x", lower_is_better=lower_is_better), "lag")
    (axis,) = figure.axes
    low, high = axis.get_ylim()
    assert low < 0.1 and high > 0.9  # seeds, too
    places = {text.get_text(): text.xy for text in axis.texts if isinstance(text, Annotation)}
    assert places["×"] == places["diverged"] == (16, high if lower_is_better else low)
    ladder, rungs = Figure(), [Line(line.name, line.group, line.marks[1:]) for line in lines]
    draw_ladder(ladder, rungs, "x", lower_is_better=lower_is_better)
    words = {text.get_text(): text.xy for text in ladder.axes[0].texts if isinstance(text, Annotation)}
    assert words["diverged"][0] == (1 if lower_is_better else 0)
    assert ladder.axes[0].get_xlim()[0] < 0.1 and ladder.axes[0].get_xlim()[1] > 0.9


def test_lines_of_the_same_values_stand_side_by_side_in_the_picture() -> None:
    lines = [Line(name, "recurrent", [Mark(0.5), Mark(0.6)]) for name in ("rnn", "gru")]
    figure = Figure()
    draw_across(figure, PanelView("p", [4, 16], lines, [0.5, 0.5], [None, None], "x", "uniform"), "lag")
    drawn = {line.get_label(): line for line in figure.axes[0].get_lines()}
    places = [drawn[name].get_transform().transform((4, 0.5))[0] for name in ("rnn", "gru")]
    assert places[1] - places[0] > 3 and "uniform" in drawn


def test_the_picture_of_variants_names_the_only_counted_rung_and_whose_chance_it_is() -> None:
    rows = [make_row("uniform", "blind", lag, bits=3.0) for lag in (4, 16)]
    rows += [make_row("plain", "recurrent", lag, bits=2.0) for lag in (4, 16)]
    columns: list[dict[str, Any]] = [{"value": lag, "chance": {}, "optimum": {}} for lag in (4, 16)]
    panel = {"name": "p", "figure": "bits", "columns": columns}
    view = _view(panel, {"rows": rows, "variants": {"plain": {}}})
    assert [line.name for line in view.lines] == ["uniform", "plain"] and view.lower_is_better
    assert view.chance == [None, None]  # drawn already
    assert [mark.value for mark in view.lines[0].marks] == [3.0, 3.0]
    more = [*rows, make_row("markov_2", "window", 4, bits=2.5)]
    source = panel | {"columns": [column | {"chance": {"bits": 2.9}} for column in columns]}
    view = _view(panel, {"rows": more, "variants": None})
    assert (view.lines[0].name, view.chance_name, view.chance) == ("best counted", "uniform", [3.0, 3.0])
    view = _view(source, {"rows": more, "variants": None})
    assert (view.lines[0].name, view.chance_name, view.chance) == ("best counted", "chance (source)", [2.9, 2.9])


def test_what_is_perfect_cannot_be_beaten() -> None:
    rows = [make_row("markov_2", "window", accuracy=1.0), make_row("lstm", "recurrent", accuracy=1.0)]
    columns: list[dict[str, Any]] = [{"value": None, "num_records": 100, "optimum": {}}]
    panel = {"task": "classify", "figure": "accuracy", "columns": columns}
    assert judge(panel, rows, None) == ["what was counted is at the optimum: nothing can beat it"]
    assert judge(panel, rows[:1], None) == ["nothing was trained that could be held against what was counted"]
    result = {"task": "classify", "metrics": {"accuracy": 1.0}, "baselines": {"markov_2": {"accuracy": 1.0}}}
    assert unbeaten(result) is None
    assert unbeaten(result | {"metrics": {"accuracy": 0.9}}) is not None


def write_recipe(folder: Path, text: str) -> str:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return str(path)


def study_of(words: list[str]) -> Study:
    words, own = take_options(words)
    panels, described = panels_of_words(words)
    return build_study(panels, described | own, None)


def test_a_recipe_describes_panels_and_variants(tmp_path: Path) -> None:
    recipe = write_recipe(
        tmp_path,
        "model: {hidden_size: 16}\ndata: {task: classify}\n"
        "compare:\n"
        "  domains:\n    text: {model: {hidden_size: 24}}\n    dna: {data: {batch_size: 3}}\n"
        "  variants:\n    free: {model.cell: rnn, trainer.gradient_clip_val: null}\n    lstm: {}\n"
        "  across: {data.window: [8, 16]}\n  seeds: 3\n",
    )
    study = study_of(["--config", recipe, "--seeds", "1", "--model.num_layers", "2"])
    assert [panel.name for panel in study.panels] == ["text", "dna"] and study.seeds == 1
    text, dna = (panel.settings({}) for panel in study.panels)
    assert (text.model.hidden_size, dna.model.hidden_size, dna.data["batch_size"]) == (24, 16, 3)
    assert text.model.num_layers == dna.model.num_layers == 2 and text.data["task"] == "classify"
    free = study.panels[0].settings(study.trained()["free"])
    assert free.trainer["gradient_clip_val"] is None and text.trainer["gradient_clip_val"] == 1.0
    assert study.across is not None and study.across.overrides(text, 8) == {"data.window": 8}
    assert [panel.name for panel in study_of(["--config", recipe, "--domain", "dna"]).panels] == ["dna"]


def test_words_win_over_a_panel_and_a_column_over_words(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "compare:\n  domains: {text: {model: {hidden_size: 24}}}\n")
    words = ["--config", recipe, "--model.hidden_size=48", "--data.path", "made:memory,lag=9"]
    (panel,) = study_of(words).panels
    assert panel.settings({}).model.hidden_size == 48
    assert panel.settings({"data.path": "made:memory,lag=2"}).data["path"] == "made:memory,lag=2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("domain: text\ncompare: {rung: [bag]}\n", "unknown option 'rung'"),
        ("compare: {domains: {text: {modle: {}}}}\n", "unknown group 'modle'"),
        ("compare: {domains: {txt: {}}}\n", "txt"),
        ("compare: {domains: {text: {}}}\nmodel: {hiden_size: 3}\n", "hiden_size"),
        ("compare: [bag]\n", "no group of options"),
        ("model: {hidden_size: 3}\n", "no domain given"),
    ],
)
def test_mistakes_of_a_recipe_are_named(
    tmp_path: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "--config", write_recipe(tmp_path, text), "--run", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err


def test_a_recipe_of_variants_is_asked_for_some_of_them_and_for_its_own_domain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, "domain: text\ncompare: {variants: {a: {}, b: {}, c: {}}}\n")
    study = study_of(["--config", recipe, "--rungs", "c,a"])
    assert list(study.trained()) == ["a", "c"] and study.rungs is None
    words = ["compare", "--config", recipe, "--run", str(tmp_path / "run")]
    assert main([*words, "--domain", "dna"]) == 2
    assert "the recipe is for text only, and not for dna" in capsys.readouterr().err
    assert main([*words, "--across", "lag=4", "--across=lag=8"]) == 2
    assert "--across is given twice" in capsys.readouterr().err


def test_a_recipe_of_a_comparison_is_no_single_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path, "domain: text\ncompare: {rungs: [bag]}\n")
    for verb in ("fit", "crossval"):
        assert main([verb, "--config", recipe]) == 2
        assert "use seqkit compare" in capsys.readouterr().err


def test_the_command_line_names_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--help"]) == 0 and "--across NAME=V1,V2" in capsys.readouterr().out
    assert main(["compare"]) == 2 and "no domain given" in capsys.readouterr().err
    assert main(["compare", "--domain", "text", "--rung", "bag"]) == 2 and "'rungs'" in capsys.readouterr().err
    assert take_options(["--seeds=2", "--json", "--seed", "4"]) == (["--seed", "4"], {"seeds": "2", "json": True})
