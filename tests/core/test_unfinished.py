"""Folders of unfinished runs: damaged points, other processes, moved folders, file systems without locks."""

import errno
import fcntl
import json
import os
import pickle
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint

from seqkit import CheckpointError, ConfigError, DependencyError, DivergedError, Domain
from seqkit.cli.main import main
from seqkit.cli.verbs import parse_verb
from seqkit.errors import InterruptedRun
from seqkit.flat_options import settings_from
from seqkit.training import beginning
from seqkit.training.archive import read_checkpoint
from seqkit.training.checkpoint_io import SafeCheckpointIO
from seqkit.training.fitting import fit
from seqkit.training.folder import RunFolder, checkpoints_of
from seqkit.training.resume_points import ResumePoints
from seqkit.training.unfinished import config_of, finish, locked
from seqkit.training.workflow import evaluate
from tests.core.resuming import SMALL, signalled, trained
from tests.core.test_finite_guard import Poison

RECORDS: dict[str, Any] = {"task": "classify", "batch_size": 4, "max_epochs": 2}


@pytest.fixture
def unfinished(melody: Domain, tmp_path: Path) -> Path:
    assert not trained(melody, tmp_path / "run", ("training", 2), **RECORDS)
    return tmp_path / "run"


def _fit(melody: Domain, run: str | Path, **options: Any) -> list[str]:
    said: list[str] = []
    fit(settings_from(melody, SMALL | RECORDS | options, run=run), said.append)
    return said


def test_a_run_whose_points_are_all_damaged_does_not_begin_anew_unasked(melody: Domain, unfinished: Path) -> None:
    point = unfinished / "checkpoints" / "resume.ckpt"
    point.write_bytes(point.read_bytes()[:-100])
    rows = (unfinished / "metrics.csv").read_text()
    with pytest.raises(CheckpointError, match=r"no resume point can be used: resume.ckpt \(.*cut short") as caught:
        _fit(melody, unfinished)
    assert caught.value.at == str(unfinished) and "--fresh" in str(caught.value.fix)
    assert (unfinished / "metrics.csv").read_text() == rows and point.is_file()


def test_a_damaged_point_is_passed_over_for_the_one_before_it_in_one_line(melody: Domain, unfinished: Path) -> None:
    point = unfinished / "checkpoints" / "resume.ckpt"
    shutil.copy(point, point.with_name("resume.previous.ckpt"))
    point.write_bytes(b"nothing")
    lines = [line for line in _fit(melody, unfinished) if line.startswith("passed over: resume.ckpt (")]
    assert len(lines) == 1 and lines[0].endswith("; resume.previous.ckpt is taken")


def test_the_best_figure_so_far_is_known_after_a_folder_has_moved(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not trained(melody, tmp_path / "run", ("training", 15), **RECORDS)
    (tmp_path / "run").rename(tmp_path / "moved")
    own, found = ModelCheckpoint.load_state_dict, []

    def load(self: ModelCheckpoint, state: dict[str, Any]) -> None:
        own(self, state)
        found.append((self.best_model_score, self.best_model_path, self.best_k_models))

    monkeypatch.setattr(ModelCheckpoint, "load_state_dict", load)
    assert trained(melody, tmp_path / "moved", **RECORDS)
    best = str((tmp_path / "moved" / "checkpoints" / "best.ckpt").resolve())
    assert (best, [best]) in [(path, list(known)) for score, path, known in found if score is not None]


def test_a_file_system_without_locks_is_trained_on(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: Any) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert not trained(melody, tmp_path / "run", ("training", 2), **RECORDS)
    assert trained(melody, tmp_path / "run", **RECORDS)


def test_of_two_that_begin_in_one_folder_the_second_takes_nothing_away(melody: Domain, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    with locked(RunFolder(run)):
        (run / "notes.txt").write_text("of the first")
        with pytest.raises(ConfigError, match="is being trained by another process"):
            _fit(melody, run)
        (run / "checkpoints").mkdir(exist_ok=True)
    assert {path.name for path in run.iterdir()} == {".lock", "notes.txt", "checkpoints"}


def test_a_run_that_was_finished_while_the_data_were_read_is_left_as_it_is(
    melody: Domain, unfinished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = beginning.Beginning.require_files

    def meanwhile(self: beginning.Beginning, files: list[Any]) -> None:
        own(self, files)
        finish(RunFolder(unfinished))

    monkeypatch.setattr(beginning.Beginning, "require_files", meanwhile)
    rows = (unfinished / "metrics.csv").read_text()
    with pytest.raises(ConfigError, match="has been finished by another process"):
        _fit(melody, unfinished)
    assert (unfinished / "metrics.csv").read_text() == rows


def test_fresh_renames_a_run_whose_name_ends_with_a_slash_and_nothing_else(
    melody: Domain, unfinished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _fit(melody, f"{unfinished}/", fresh=True)[0].endswith(f"is in {unfinished}.1 now")
    (tmp_path / "notes").mkdir()
    _fit(melody, tmp_path / "notes", fresh=True)
    assert not (tmp_path / "notes.1").exists()
    monkeypatch.chdir(unfinished)
    with pytest.raises(ConfigError, match="is the folder you are in"):
        _fit(melody, ".", fresh=True)


@pytest.mark.parametrize("content", ["{", "[]", '{"config": 3}', '{"config": {"data": []}}', "[" * 100_000])
def test_what_is_no_beginning_is_no_unfinished_run(content: str, unfinished: Path) -> None:
    (unfinished / "unfinished.json").write_text(content)
    assert config_of(RunFolder(unfinished)) is None


def test_a_beginning_of_wrong_kinds_is_an_error_with_its_place(melody: Domain, unfinished: Path) -> None:
    path = unfinished / "unfinished.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"files": 3}))
    with pytest.raises(ConfigError, match="does not say how the run was begun") as caught:
        _fit(melody, unfinished)
    assert caught.value.at == str(path)


def test_an_interruption_keeps_its_exit_code_between_processes() -> None:
    error = pickle.loads(pickle.dumps(InterruptedRun("ended", number=signal.SIGINT, at="here", fix="again")))
    assert (error.exit_code, str(error)) == (130, "ended\n  at: here\n  fix: again")


def test_the_verbs_say_of_an_unfinished_run_how_it_goes_on(
    unfinished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["test", str(unfinished)]) == 4
    assert "its training is not finished: the seqkit fit command that began it goes on" in capsys.readouterr().err
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


def test_the_seconds_of_a_run_are_those_of_all_its_sessions(melody: Domain, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert not trained(melody, run, ("training", 2), **RECORDS)
    point = read_checkpoint(run / "checkpoints" / "resume.ckpt")
    assert 0 < point["resume"]["seconds"] < 60
    point["resume"]["seconds"] = 1000.0
    SafeCheckpointIO().save_checkpoint(point, run / "checkpoints" / "resume.ckpt")
    assert trained(melody, run, **RECORDS)
    result = json.loads((run / "result.json").read_text())
    assert 1000 < result["seconds"] < 1060 and result["steps_per_second"] > 1


def test_a_signal_after_the_last_point_ends_the_run_before_its_figures(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ResumePoints.on_train_end

    def end(self: ResumePoints, *given: Any) -> None:
        own(self, *given)
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(ResumePoints, "on_train_end", end)
        assert not trained(melody, tmp_path / "run", **RECORDS)
    assert not (tmp_path / "run" / "result.json").exists()
    assert trained(melody, tmp_path / "run", **RECORDS)


def test_a_full_disk_at_a_point_ends_training_and_leaves_both_points(
    melody: Domain, unfinished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not trained(melody, unfinished, ("training", 2), **RECORDS)
    before = {path.name: path.read_bytes() for path in (unfinished / "checkpoints").iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr("seqkit.training.durable._free", lambda path: 7 if "resume" in path.name else 1 << 40)
        patch.setattr(ResumePoints, "is_due", True)
        with pytest.raises(DependencyError, match=r"no space to write resume.ckpt: .* 7 bytes are free") as caught:
            trained(melody, unfinished, **RECORDS)
    assert caught.value.exit_code == 3 and sorted(before) == ["resume.ckpt", "resume.previous.ckpt"]
    assert before == {path.name: path.read_bytes() for path in (unfinished / "checkpoints").iterdir()}
    assert trained(melody, unfinished, **RECORDS)


def test_a_divergence_names_the_best_weights_before_it(melody: Domain, tmp_path: Path) -> None:
    settings = settings_from(melody, SMALL | RECORDS, run=tmp_path / "run")
    settings = replace(settings, trainer=settings.trainer | {"callbacks": [Poison(float("nan"), 20)]})
    with pytest.raises(DivergedError, match="in step 20") as caught:
        fit(settings, lambda line: None)
    assert str(caught.value.fix).endswith(f"the best weights before it are in {tmp_path}/run/checkpoints/best.ckpt")
    assert caught.value.at is not None and caught.value.at.startswith("records ")


def test_other_callbacks_are_other_settings_and_a_users_early_stopping_takes_the_place_of_ours(
    melody: Domain, tmp_path: Path
) -> None:
    settings = settings_from(melody, SMALL | RECORDS | {"patience": 5}, run=tmp_path / "run")
    own = settings.trainer | {"callbacks": [EarlyStopping("valid/loss", patience=1)]}
    with signalled(("training", 2)), pytest.raises(InterruptedRun):
        fit(replace(settings, trainer=own), lambda line: None)
    with pytest.raises(ConfigError, match=r"another trainer.callbacks: \['EarlyStopping'\] then, None now"):
        fit(settings, lambda line: None)
    twice = settings.trainer | {"callbacks": [ModelCheckpoint(monitor="valid/loss")]}
    with pytest.raises(ConfigError, match="more than one stateful callback"):
        fit(replace(settings, trainer=twice, run=str(tmp_path / "other")), lambda line: None)


def test_a_signal_in_lightnings_trial_validation_ends_it_with_one_message(tmp_path: Path) -> None:
    words = ["fit", "--domain", "text", "--data.task", "classify", "--model.hidden_size", "4"]
    with signalled(("validation", 1)):
        code = main([*words, "--trainer.num_sanity_val_steps", "2", "--run", str(tmp_path / "run")])
    assert code == 143 and not (tmp_path / "run").exists()
