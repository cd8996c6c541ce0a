"""Signals: exit codes, what is saved, what is said; and whether the same command means the same run."""

import os
import signal
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from seqkit import ConfigError, DataError, Domain
from seqkit.cli.main import main
from seqkit.errors import InterruptedRun
from seqkit.flat_options import settings_from
from seqkit.training import same_files
from seqkit.training.fitting import fit
from seqkit.training.folder import RunFolder
from seqkit.training.signals import Interruption
from seqkit.training.unfinished import finish, locked
from tests.core.resuming import SMALL, signalled, trained

TEXT = ["fit", "--domain", "text", "--data.task", "classify", "--model.hidden_size", "4", "--trainer.max_epochs", "1"]
RECORDS: dict[str, Any] = {"task": "classify", "batch_size": 4}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_command_ends_with_the_signals_code_and_one_message(
    number: int, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with signalled(("training", 2), number):
        assert main([*TEXT, "--run", str(tmp_path / "run")]) == code
    said = capsys.readouterr().err
    assert said.count("seqkit: error:") == 1 and "Traceback" not in said
    assert f"interrupted by {signal.Signals(number).name}: saved after step 2\n" in said
    assert "the same command goes on" in said
    assert signal.getsignal(number) == before
    assert (tmp_path / "run" / "checkpoints" / "resume.ckpt").is_file()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_training_listens_says_that_nothing_was_trained(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(name: str) -> None:
        try:
            os.kill(os.getpid(), number)
        except BaseException as error:  # as torch does when half of it was loaded
            raise RecursionError from error

    monkeypatch.setattr("seqkit.cli.main.import_own", load)
    before = signal.getsignal(number)
    assert main(TEXT) == 128 + number
    assert capsys.readouterr().err == "seqkit: interrupted: nothing was trained yet\n"
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_after_the_training_says_that_the_run_is_finished(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def report(*given: Any, **options: Any) -> None:
        os.kill(os.getpid(), number)

    monkeypatch.setattr("seqkit.cli.fit.workflow.fit", lambda settings: (RunFolder(Path("runs/x")), {}))
    monkeypatch.setattr("seqkit.cli.fit.print_result", report)
    assert main(TEXT) == 128 + number
    assert capsys.readouterr().err == "seqkit: interrupted: the run in runs/x is finished\n"


def test_a_signal_in_the_last_moment_of_a_run_does_not_promise_that_it_goes_on(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"

    def end(folder: RunFolder) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        finish(folder)

    monkeypatch.setattr("seqkit.training.fitting.finish", end)
    with pytest.raises(InterruptedRun, match=f"the run in {run} is finished") as caught:
        fit(settings_from(melody, SMALL | RECORDS, run=run), lambda line: None)
    assert caught.value.fix == f"its figures are in {run}/result.json; next: seqkit test {run}"
    assert (run / "result.json").is_file() and not (run / "unfinished.json").exists()


def test_a_signal_that_half_an_import_turns_into_its_own_error_is_still_a_signal() -> None:
    with pytest.raises(InterruptedRun, match="nothing was trained yet") as caught, Interruption().listening():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except BaseException as error:
            raise RecursionError from error
    assert caught.value.exit_code == 143


def test_a_second_ctrl_c_ends_it_at_once(melody: Domain, tmp_path: Path) -> None:
    interruption = Interruption()
    with interruption.listening(), interruption.at_batches():
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.number == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_second_ctrl_c_gives_up_the_point_that_is_being_written(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    assert not trained(melody, run, ("training", 2), **RECORDS)
    before = (run / "checkpoints" / "resume.ckpt").read_bytes()

    def seal(*given: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("seqkit.training.checkpoint_io.seal", seal)
        with signalled(("training", 2), signal.SIGINT), pytest.raises(KeyboardInterrupt):
            fit(settings_from(melody, SMALL | RECORDS, run=run), lambda line: None)
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["resume.ckpt"]
    assert (run / "checkpoints" / "resume.ckpt").read_bytes() == before
    assert trained(melody, run, **RECORDS)


def test_before_training_a_signal_ends_it_at_once_and_leaves_nothing(melody: Domain, tmp_path: Path) -> None:
    class Slow(melody.datamodule):  # type: ignore[name-defined,misc]
        def records(self, split: Any) -> Any:
            os.kill(os.getpid(), signal.SIGTERM)
            return super().records(split)

    domain = Domain("melody", Slow, tasks=melody.tasks)
    with pytest.raises(InterruptedRun, match="nothing was trained yet"):
        fit(settings_from(domain, SMALL | RECORDS, run=tmp_path / "run"), lambda line: None)
    assert not (tmp_path / "run").exists()


def test_a_thread_that_cannot_listen_trains_all_the_same(melody: Domain, tmp_path: Path) -> None:
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(trained(melody, tmp_path / "run", **RECORDS)))
    thread.start()
    thread.join()
    assert ended == [True]


@pytest.mark.parametrize("array", [False, True])
def test_slurm_is_asked_once_to_run_the_job_again_after_the_state_is_saved(
    array: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, asked = tmp_path / "run", tmp_path / "asked"
    stub = tmp_path / "scontrol"
    stub.write_text(f'#!/bin/sh\ntest -s {run}/checkpoints/resume.ckpt && echo "$@" >> {asked}\n')
    stub.chmod(stub.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    if array:
        monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "70")
        monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    with signalled(("training", 2), signal.SIGUSR1):
        assert main([*TEXT, "--run", str(run)]) == 143
    assert asked.read_text() == f"requeue {'70_3' if array else '77'}\n"
    assert "the job is in the queue again" in capsys.readouterr().err


def test_other_settings_in_the_same_folder_are_refused_by_name(melody: Domain, tmp_path: Path) -> None:
    assert not trained(melody, tmp_path / "run", ("training", 2), **RECORDS)
    with pytest.raises(ConfigError, match=r"another model.hidden_size: 6 then, 7 now\n  at: --run\n  fix: .*--fresh"):
        trained(melody, tmp_path / "run", **RECORDS | {"hidden_size": 7})
    assert not trained(melody, tmp_path / "run", ("training", 2), **RECORDS | {"num_workers": 2})


def test_other_data_are_refused_by_name(melody: Domain, tmp_path: Path) -> None:
    path = tmp_path / "tunes.txt"
    path.write_text("up: abcd\ndown: dcba\n" * 40)
    options = RECORDS | {"path": str(path)}
    assert not trained(melody, tmp_path / "run", ("training", 2), **options)
    path.write_text("up: abcd\ndown: dcba\n" * 41)
    with pytest.raises(DataError, match=r"changed its size \(800 bytes then, 820 now\) since the run") as caught:
        trained(melody, tmp_path / "run", **options)
    assert caught.value.at == str(path)
    path.write_text("up: abcd\ndown: dcbb\n" * 40)
    with pytest.raises(DataError, match="changed its content, not its size, since"):
        trained(melody, tmp_path / "run", **options)


@pytest.mark.parametrize("is_small", [True, False])
def test_a_file_of_another_time_is_the_same_if_its_content_is_known_to_be(
    is_small: bool, melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(same_files, "MOST_BYTES", 800 if is_small else 799)
    path = tmp_path / "tunes.txt"
    path.write_text("up: abcd\ndown: dcba\n" * 40)
    options = RECORDS | {"path": str(path)}
    assert not trained(melody, tmp_path / "run", ("training", 2), **options)
    os.utime(path, (1, 1))
    if is_small:
        assert trained(melody, tmp_path / "run", **options)
        return
    with pytest.raises(DataError, match="changed its time, and is too large for its content to be known"):
        trained(melody, tmp_path / "run", **options)


def test_what_is_offered_to_begin_anew_does_so(melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, path = tmp_path / "run", tmp_path / "tunes.txt"
    path.write_text("up: abcd\ndown: dcba\n" * 40)
    options = RECORDS | {"path": str(path)}
    assert not trained(melody, run, ("training", 2), **options)
    with pytest.raises(ConfigError, match=r"holds an unfinished run\n  at: --run\n  fix: begin anew: --fresh"):
        trained(melody, run, **options | {"resume": "never"})
    monkeypatch.chdir(tmp_path)
    with signalled(("training", 2)), pytest.raises(InterruptedRun):
        fit(settings_from(melody, SMALL | options), lambda line: None)
    path.write_text("up: abcd\ndown: dcba\n" * 41)
    with pytest.raises(DataError) as caught:
        trained(melody, run, **options)
    assert "--fresh" in str(caught.value.fix) and "--resume" not in str(caught.value.fix)
    with pytest.raises(DataError, match="since the run runs/melody-classify-1 was begun") as caught:
        fit(settings_from(melody, SMALL | options), lambda line: None)
    assert str(caught.value.fix).endswith("begin anew: --resume never")
    assert trained(melody, run, **options | {"fresh": True})


def test_fresh_keeps_what_was_there_under_another_name(melody: Domain, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert not trained(melody, run, ("training", 2), **RECORDS)
    said: list[str] = []
    settings = settings_from(melody, SMALL | RECORDS | {"fresh": True}, run=run)
    fit(settings, said.append)
    assert (tmp_path / "run.1" / "checkpoints" / "resume.ckpt").is_file() and (run / "result.json").is_file()
    assert said[0] == f"what was in {run} is in {run}.1 now"


def test_without_a_folder_the_newest_unfinished_run_of_the_same_settings_goes_on(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for options in (RECORDS, RECORDS | {"hidden_size": 7}):
        with signalled(("training", 2)), pytest.raises(InterruptedRun):
            fit(settings_from(melody, SMALL | options), lambda line: None)
    said: list[str] = []
    folder, _ = fit(settings_from(melody, SMALL | RECORDS), said.append)
    assert folder.path.name == "melody-classify-1"
    assert any("going on with the unfinished run runs/melody-classify-1" in line for line in said)
    folder, _ = fit(settings_from(melody, SMALL | RECORDS | {"hidden_size": 7, "resume": "never"}), said.append)
    assert folder.path.name == "melody-classify-3"


def test_a_run_that_is_being_trained_is_not_gone_on_with(melody: Domain, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert not trained(melody, run, ("training", 2), **RECORDS)
    with locked(RunFolder(run)), pytest.raises(ConfigError, match="is being trained by another process"):
        trained(melody, run, **RECORDS)


def test_a_run_ended_before_its_first_point_begins_anew_in_its_folder(melody: Domain, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert not trained(melody, run, ("training", 30), **RECORDS)
    for point in (run / "checkpoints").glob("resume*"):
        point.unlink()
    rows = (run / "metrics.csv").read_text()
    assert trained(melody, run, **RECORDS)
    assert (run / "metrics.csv").read_text().startswith(rows.splitlines()[0])
    assert trained(melody, tmp_path / "whole", **RECORDS)
    assert (run / "metrics.csv").read_text() == (tmp_path / "whole" / "metrics.csv").read_text()
