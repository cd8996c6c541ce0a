"""Cross-validation: what each round is trained and tested on, the table of rounds, and mistakes."""

import json
import shutil
import statistics
from pathlib import Path
from typing import Any

import pytest

import seqkit
from seqkit import ConfigError, Domain
from seqkit.cli.crossval import take_options
from seqkit.cli.main import main
from seqkit.cli.report import print_folds
from seqkit.flat_options import settings_from
from seqkit.training import workflow
from seqkit.training.crossval import cross_validate

TINY: dict[str, Any] = {"task": "classify", "hidden_size": 8, "max_epochs": 1, "accelerator": "cpu"}


@pytest.fixture(scope="module")
def rounds(melody: Domain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Three folds."""
    folder = tmp_path_factory.mktemp("crossval") / "cv"
    return seqkit.crossval(melody, folds=3, run=folder, quiet=True, test_every=5, **TINY)


def test_each_record_is_tested_once_and_never_trained_on_in_its_round(rounds: dict[str, Any], melody: Domain) -> None:
    tested: list[str] = []
    for row in rounds["folds"]:
        data = workflow.reload(Path(rounds["run"]) / row["run"], domain=melody).data
        parts = {split: set(data.store(split).origins()) for split in ("train", "valid", "test")}
        assert not parts["test"] & (parts["train"] | parts["valid"]) and parts["valid"]
        assert row["records"] == len(parts["test"])
        tested += parts["test"]
    assert sorted(tested) == sorted(f"demo:{n}" for n in range(60))


def test_mean_and_deviation_are_those_of_the_rounds(rounds: dict[str, Any]) -> None:
    accuracies = [row["metrics"]["accuracy"] for row in rounds["folds"]]
    assert rounds["mean"]["accuracy"] == pytest.approx(statistics.mean(accuracies))
    assert rounds["deviation"]["accuracy"] == pytest.approx(statistics.stdev(accuracies))
    saved = json.loads((Path(rounds["run"]) / "crossval.json").read_text())
    assert saved["mean"] == rounds["mean"] and [row["fold"] for row in saved["folds"]] == ["1/3", "2/3", "3/3"]


def test_rounds_are_whole_runs_with_a_plot_of_all(rounds: dict[str, Any], melody: Domain) -> None:
    root = Path(rounds["run"])
    assert (root / "plots" / "folds.png").exists()
    assert {p.name for p in root.iterdir() if p.is_dir()} == {"fold-01", "fold-02", "fold-03", "plots"}
    again = seqkit.load(root / "fold-02", melody).test()
    assert again["accuracy"] == rounds["folds"][1]["metrics"]["accuracy"]


def test_the_table_of_folds_fits_a_terminal(rounds: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    print_folds(rounds)
    shown = capsys.readouterr().out
    assert all(len(line) <= 80 for line in shown.splitlines() if line[:1] in "┏┃┡│└")
    for words in ("1/3", "3/3", "mean", "deviation", "not stratified", f"{rounds['mean']['accuracy']:.4f}"):
        assert words in shown


def test_each_group_is_left_out_once(melody: Domain, tmp_path: Path) -> None:
    lines: list[str] = []
    settings = settings_from(melody, TINY | {"group_match": r":([12])\d"}, run=tmp_path / "cv")
    result = cross_validate(settings, leave_one_group_out=True, say=lines.append)
    assert [row["fold"] for row in result["folds"]] == ["1", "2"]  # the other forty are of no group
    assert all(row["records"] == 10 for row in result["folds"]) and len(lines) == 2
    assert lines[0].startswith("1 · 10 test records · loss")
    assert result["rule"] == "leave one group out"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "folds is 1"),
        ({"folds": 61}, "60 records cannot be divided into 61 folds"),
        ({"leave_one_group_out": True}, "nothing says what a group is"),
        ({"leave_one_group_out": True, "folds": 3, "group_match": "x"}, "two ways to divide"),
        ({"leave_one_group_out": True, "group_match": "(demo)"}, "one group only"),
        ({"leave_one_group_out": True, "group_match": "(piano)"}, "finds none of the records"),
    ],
)
def test_what_cannot_be_divided_is_refused_before_training(
    melody: Domain, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        seqkit.crossval(melody, run=tmp_path / "cv", quiet=True, **options, **TINY)
    assert not (tmp_path / "cv").exists()


def test_a_finished_crossval_is_never_overwritten(melody: Domain, rounds: dict[str, Any], tmp_path: Path) -> None:
    shutil.copytree(Path(rounds["run"]), tmp_path / "cv")
    with pytest.raises(ConfigError, match="already holds a run"):
        seqkit.crossval(melody, folds=2, run=tmp_path / "cv", quiet=True, **TINY)


def test_options_of_the_verb_are_told_from_those_of_fit() -> None:
    words = ["--folds=4", "--domain", "text", "--leave-one-group-out", "--data.fold", "1/3"]
    assert take_options(words) == (
        ["--domain", "text", "--data.fold", "1/3"],
        {"folds": 4, "leave_one_group_out": True},
    )
    with pytest.raises(ConfigError, match="'three' is not a whole number"):
        take_options(["--folds", "three"])


def test_the_command_line_names_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crossval", "--help"]) == 0 and "--leave_one_group_out" in capsys.readouterr().out
    assert main(["crossval"]) == 2 and "no domain given" in capsys.readouterr().err
    assert main(["crossval", "--domain", "text", "--fold", "3"]) == 2 and "'folds'" in capsys.readouterr().err
    assert main(["fit", "--domain", "text", "--folds", "3"]) == 2 and "unknown option" in capsys.readouterr().err
