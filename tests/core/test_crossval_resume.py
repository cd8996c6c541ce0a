"""A cross-validation that was ended: the same command goes on, and it ends as one that was left alone."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqkit import CheckpointError, ConfigError, DataError, Domain
from seqkit.cli.main import main
from seqkit.errors import InterruptedRun
from seqkit.flat_options import settings_from
from seqkit.settings import Settings
from seqkit.training import workflow
from seqkit.training.crossval import cross_validate
from seqkit.training.folder import RunFolder
from seqkit.training.unfinished import locked
from tests.core.resuming import SMALL, differences, signalled

RECORDS: dict[str, Any] = {"task": "classify", "batch_size": 4, "max_epochs": 2}


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fitting.plot_training", "results.plot_evaluation"):
        monkeypatch.setattr(f"seqkit.training.{name}", lambda *given: [])
    monkeypatch.setattr("seqkit.training.crossval.save_figure", lambda *given: None)


@pytest.fixture
def run_on(melody: Domain) -> Callable[..., dict[str, Any]]:
    """A cross-validation with two folds, or others."""

    def run(folder: Path | None, folds: int = 2, say: Callable[[str], None] = lambda line: None, **options: Any) -> Any:
        return cross_validate(settings_from(melody, SMALL | RECORDS | options, run=folder), folds, say=say)

    return run


def _figures(result: dict[str, Any]) -> Any:
    """All that does not tell time or place."""
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in result["folds"]]
    return rows, result["mean"], result["deviation"], result["rule"]


def _of_second_fold(run_on: Callable[..., Any], path: Path | None, number: int = signal.SIGTERM) -> InterruptedRun:
    """End a cross-validation in the training of its second fold."""
    evaluate, caught = workflow.evaluate, []

    with pytest.MonkeyPatch.context() as patch:

        def then_signal(*given: Any, **options: Any) -> Any:
            result = evaluate(*given, **options)
            context = signalled(("training", 7), number)
            context.__enter__()
            caught.append(context)
            return result

        patch.setattr(workflow, "evaluate", then_signal)
        with pytest.raises(InterruptedRun) as error:
            run_on(path)
        for context in caught:
            context.__exit__(None, None, None)
    return error.value


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_it_ends_as_if_it_had_never_been_interrupted(
    number: int, code: int, run_on: Callable[..., Any], tmp_path: Path
) -> None:
    whole = run_on(tmp_path / "whole")
    ended = _of_second_fold(run_on, tmp_path / "run", number)
    assert ended.exit_code == code and ended.fix == "the same command goes on"
    assert ended.what.endswith(f"saved after step 7; 1 of 2 rounds are done, in {tmp_path}/run")
    first = (tmp_path / "run" / "fold-01" / "checkpoints" / "last.ckpt").stat().st_mtime_ns
    said: list[str] = []
    again = run_on(tmp_path / "run", say=said.append)
    assert _figures(again) == _figures(whole)
    for fold in ("fold-01", "fold-02"):
        assert differences(tmp_path / "run" / fold, tmp_path / "whole" / fold) == []
    assert (tmp_path / "run" / "fold-01" / "checkpoints" / "last.ckpt").stat().st_mtime_ns == first
    assert said[0].startswith(f"going on with the unfinished cross-validation {tmp_path}/run (begin anew: --fresh")
    assert said[1].endswith("kept from before") and not said[2].endswith("kept from before")
    saved = json.loads((tmp_path / "run" / "crossval.json").read_text())
    assert saved["mean"] == whole["mean"]
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"crossval.json", "fold-01", "fold-02"}


def test_a_round_that_is_trained_and_not_tested_is_only_tested(
    run_on: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_on(tmp_path / "whole")

    def end(*given: Any, **options: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with (
        monkeypatch.context() as patch,
        pytest.raises(InterruptedRun, match="SIGTERM: 0 of 2 rounds are done") as caught,
    ):
        patch.setattr(workflow, "evaluate", end)
        run_on(tmp_path / "run")
    assert caught.value.exit_code == 143
    trained: list[str | None] = []
    fit = workflow.fit

    def noted(own: Settings, say: workflow.Say) -> tuple[RunFolder, dict[str, Any]]:
        trained.append(own.run)
        return fit(own, say)

    monkeypatch.setattr(workflow, "fit", noted)
    assert _figures(run_on(tmp_path / "run")) == _figures(whole)
    assert trained == [str(tmp_path / "run" / "fold-02")]


def test_without_a_folder_the_newest_unfinished_one_of_the_same_settings_goes_on(
    run_on: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _of_second_fold(run_on, None)
    with signalled(("training", 1)), pytest.raises(InterruptedRun):
        run_on(None, hidden_size=7)
    assert run_on(None)["run"] == "runs/melody-crossval-1"
    assert run_on(None, resume="never", hidden_size=7)["run"] == "runs/melody-crossval-3"
    assert run_on(None, hidden_size=7)["run"] == "runs/melody-crossval-2"


def test_other_settings_rounds_or_data_are_refused_by_name(run_on: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "tunes.txt"
    path.write_text("up: abcd\ndown: dcba\n" * 40)
    with signalled(("training", 1)), pytest.raises(InterruptedRun):
        run_on(tmp_path / "run", path=str(path))
    with pytest.raises(ConfigError, match=r"another model.hidden_size: 6 then, 7 now"):
        run_on(tmp_path / "run", path=str(path), hidden_size=7)
    with pytest.raises(ConfigError, match=r"another crossval.folds: 2 then, 3 now"):
        run_on(tmp_path / "run", 3, path=str(path))
    path.write_text("up: abcd\ndown: dcbb\n" * 40)
    with pytest.raises(DataError, match=r"content, not its size, since the run .*/run was begun"):
        run_on(tmp_path / "run", path=str(path))


def test_a_training_and_a_cross_validation_do_not_go_on_with_each_other(
    melody: Domain, run_on: Callable[..., Any], tmp_path: Path
) -> None:
    settings = settings_from(melody, SMALL | RECORDS, run=tmp_path / "run")
    with signalled(("training", 1)), pytest.raises(InterruptedRun):
        workflow.fit(settings, lambda line: None)
    with pytest.raises(ConfigError, match="another crossval: not given then"):
        run_on(tmp_path / "run")
    with signalled(("training", 1)), pytest.raises(InterruptedRun):
        run_on(tmp_path / "folds")
    with pytest.raises(ConfigError, match=r"another crossval: .* then, not given now"):
        workflow.fit(settings_from(melody, SMALL | RECORDS, run=tmp_path / "folds"), lambda line: None)


def test_fresh_and_never_mean_what_they_mean_for_a_training(run_on: Callable[..., Any], tmp_path: Path) -> None:
    run = tmp_path / "run"
    with signalled(("training", 1)), pytest.raises(InterruptedRun):
        run_on(run)
    with pytest.raises(ConfigError, match=r"holds an unfinished run\n  at: --run\n  fix: begin anew: --fresh"):
        run_on(run, resume="never")
    with pytest.raises(ConfigError, match="give 2 or more"):
        run_on(run, 1, fresh=True)
    assert not (tmp_path / "run.1").exists()
    run_on(run, fresh=True)
    assert (tmp_path / "run.1" / "unfinished.json").is_file() and (run / "crossval.json").is_file()
    run_on(run, fresh=True)
    assert (tmp_path / "run.2" / "crossval.json").is_file()


def test_two_processes_do_not_go_on_with_the_same_one(run_on: Callable[..., Any], tmp_path: Path) -> None:
    with signalled(("training", 1)), pytest.raises(InterruptedRun):
        run_on(tmp_path / "run")
    with locked(RunFolder(tmp_path / "run")), pytest.raises(ConfigError, match="trained by another process"):
        run_on(tmp_path / "run")


def test_a_round_whose_points_are_damaged_is_named(run_on: Callable[..., Any], tmp_path: Path) -> None:
    with signalled(("training", 3)), pytest.raises(InterruptedRun):
        run_on(tmp_path / "run")
    fold = tmp_path / "run" / "fold-01"
    for point in (fold / "checkpoints").glob("resume*"):
        point.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="no resume point can be used") as caught:
        run_on(tmp_path / "run")
    assert f"remove {fold}: that round begins anew" in str(caught.value.fix)
    shutil.rmtree(fold)
    assert len(run_on(tmp_path / "run")["folds"]) == 2


def test_a_signal_before_the_first_batch_leaves_nothing(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*given: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("seqkit.training.fitting.build_model", end)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "notes.txt").write_text("mine")
    for run in (tmp_path / "run", tmp_path / "here"):
        with pytest.raises(InterruptedRun) as caught:
            cross_validate(settings_from(melody, SMALL | RECORDS, run=run), 2)
        assert caught.value.what == "interrupted by SIGINT: nothing was trained yet"
    assert not (tmp_path / "run").exists()
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["notes.txt"]


def test_rounds_of_something_else_are_not_taken(run_on: Callable[..., Any], tmp_path: Path) -> None:
    with signalled(("training", 1)), pytest.raises(InterruptedRun):
        run_on(tmp_path / "run")
    (tmp_path / "run" / "unfinished.json").unlink()
    with pytest.raises(ConfigError, match="holds a run, fold-01"):
        run_on(tmp_path / "run")


def test_the_command_ends_with_one_message_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["crossval", "--domain", "text", "--data.task", "classify", "--model.hidden_size", "4", "--folds", "2"]
    words += ["--trainer.max_epochs", "1", "--run", str(tmp_path / "run")]
    with signalled(("training", 1)):
        assert main(words) == 143
    said = capsys.readouterr().err
    assert said.count("seqkit: error:") == 1 and "Traceback" not in said
    assert "0 of 2 rounds are done" in said and "the same command goes on" in said
    assert main(words) == 0
    assert "going on with the unfinished cross-validation" in capsys.readouterr().out
