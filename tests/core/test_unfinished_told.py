"""Unfinished runs are told of: by the verbs, when they are passed over, and when checkpoints are missing."""

import json
import pickle
import signal
from pathlib import Path

import pytest

from seqkit import CheckpointError, Domain
from seqkit.cli.main import main
from seqkit.cli.verbs import parse_verb
from seqkit.errors import InterruptedRun
from seqkit.flat_options import settings_from
from seqkit.training.archive import read_checkpoint
from seqkit.training.fitting import fit
from seqkit.training.folder import checkpoints_of
from seqkit.training.workflow import evaluate
from tests.core.resuming import RECORDS, SMALL, signalled, trained


def test_an_interruption_keeps_its_exit_code_between_processes() -> None:
    error = pickle.loads(pickle.dumps(InterruptedRun("ended", number=signal.SIGINT, at="here", fix="again")))
    assert (error.exit_code, str(error)) == (130, "ended\n  at: here\n  fix: again")


def test_the_verbs_say_of_an_unfinished_run_how_it_goes_on(
    unfinished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["test", str(unfinished)]) == 4
    assert "it is not finished: the command that began it goes on" in capsys.readouterr().err
    assert json.loads((unfinished / "unfinished.json").read_text())["config"]["domain"] == "melody"


def test_figures_of_an_unfinished_run_are_told_to_be_those_so_far(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqkit.training.results.plot_evaluation", lambda *given: [])
    run = tmp_path / "run"
    assert not trained(melody, run, ("training", 15), **RECORDS)
    assert "is not finished" in evaluate(run, "test", domain=melody)["notes"][0]
    assert (run / "result-test.json").is_file()
    assert trained(melody, run, **RECORDS)
    assert not (run / "result-test.json").exists() and (run / "result.json").is_file()
    assert evaluate(run, "test", domain=melody)["notes"] == []


def test_a_verb_says_on_standard_error_how_far_an_unfinished_run_came(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("seqkit.cli.verbs.load_domain", lambda blueprint: melody)
    run = tmp_path / "run"
    assert not trained(melody, run, ("training", 15), **RECORDS)
    capsys.readouterr()
    parse_verb("predict", [str(run)], {})
    said = capsys.readouterr()
    step = read_checkpoint(run / "checkpoints" / "best.ckpt")["global_step"]
    assert said.err == f"seqkit: {run} is unfinished: best.ckpt, trained to step {step}, is taken\n" and not said.out
    assert trained(melody, run, **RECORDS)
    capsys.readouterr()
    parse_verb("predict", [str(run)], {})
    assert capsys.readouterr().err == ""


def test_an_unfinished_run_that_is_passed_over_is_named_with_the_reason(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for hidden_size in (6, 7):
        with signalled(("training", 2)), pytest.raises(InterruptedRun):
            fit(settings_from(melody, SMALL | RECORDS | {"hidden_size": hidden_size}), lambda line: None)

    def first_line(hidden_size: int) -> str:
        said: list[str] = []
        with signalled(("training", 2)), pytest.raises(InterruptedRun):
            fit(settings_from(melody, SMALL | RECORDS | {"hidden_size": hidden_size}), said.append)
        return said[0]

    newest = "a new run begins; unfinished and passed over: runs/melody-classify-2 "
    assert first_line(8) == f"{newest}(with another model.hidden_size: 7 then, 8 now), and 1 more"
    Path("runs/melody-classify-3/unfinished.json").write_text("{")
    assert "runs/melody-classify-3 (its unfinished.json is damaged), and 2 more" in first_line(9)
    assert first_line(6).startswith("seqkit ")


@pytest.mark.parametrize("was_done", [False, True])
def test_a_run_without_checkpoints_is_told_how_it_came_to_that(was_done: bool, tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "config.yaml").write_text("domain: melody")
    if was_done:
        (tmp_path / "result.json").write_text("{}")
    with pytest.raises(CheckpointError, match="holds no checkpoint") as caught:
        checkpoints_of(tmp_path)
    cause = "its checkpoints are missing: put a copy" if was_done else "its training was interrupted early"
    assert str(caught.value.fix).startswith(cause)
    assert f"seqkit fit --config {tmp_path}/config.yaml --run {tmp_path} --fresh" in str(caught.value.fix)


def test_what_a_folder_without_checkpoints_is_told_to_do_trains_it_anew(tmp_path: Path) -> None:
    run, config = tmp_path / "run", tmp_path / "run" / "config.yaml"
    run.mkdir()
    config.write_text("domain: text\ndata:\n  task: classify\nmodel:\n  hidden_size: 4\n")
    with signalled(("training", 2)):
        assert main(["fit", "--config", str(config), "--run", str(run), "--fresh"]) == 143
    assert (tmp_path / "run.1" / "config.yaml").is_file() and (run / "checkpoints" / "resume.ckpt").is_file()
