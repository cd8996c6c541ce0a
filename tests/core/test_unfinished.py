"""Folders of unfinished runs: damaged points, other processes, moved folders, file systems without locks."""

import errno
import fcntl
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from seqkit import CheckpointError, ConfigError, Domain
from seqkit.training import beginning
from seqkit.training.folder import RunFolder
from seqkit.training.unfinished import config_of, finish, locked
from tests.core.resuming import RECORDS, begun, trained


def test_a_run_whose_points_are_all_damaged_does_not_begin_anew_unasked(melody: Domain, unfinished: Path) -> None:
    point = unfinished / "checkpoints" / "resume.ckpt"
    point.write_bytes(point.read_bytes()[:-100])
    rows = (unfinished / "metrics.csv").read_text()
    with pytest.raises(CheckpointError, match=r"no resume point can be used: resume.ckpt \(.*cut short") as caught:
        begun(melody, unfinished)
    assert caught.value.at == str(unfinished) and "--fresh" in str(caught.value.fix)
    assert (unfinished / "metrics.csv").read_text() == rows and point.is_file()


def test_a_damaged_point_is_passed_over_for_the_one_before_it_in_one_line(melody: Domain, unfinished: Path) -> None:
    point = unfinished / "checkpoints" / "resume.ckpt"
    shutil.copy(point, point.with_name("resume.previous.ckpt"))
    point.write_bytes(b"nothing")
    lines = [line for line in begun(melody, unfinished) if line.startswith("passed over: resume.ckpt (")]
    assert len(lines) == 1 and lines[0].endswith("; resume.previous.ckpt is taken")


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
            begun(melody, run)
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
        begun(melody, unfinished)
    assert (unfinished / "metrics.csv").read_text() == rows


def test_fresh_renames_a_run_whose_name_ends_with_a_slash_and_nothing_else(
    melody: Domain, unfinished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert begun(melody, f"{unfinished}/", fresh=True)[0].endswith(f"is in {unfinished}.1 now")
    (tmp_path / "notes").mkdir()
    begun(melody, tmp_path / "notes", fresh=True)
    assert not (tmp_path / "notes.1").exists()
    monkeypatch.chdir(unfinished)
    with pytest.raises(ConfigError, match="is the folder you are in"):
        begun(melody, ".", fresh=True)


@pytest.mark.parametrize("content", ["{", "[]", '{"config": 3}', '{"config": {"data": []}}', "[" * 100_000])
def test_what_is_no_beginning_is_no_unfinished_run(content: str, unfinished: Path) -> None:
    (unfinished / "unfinished.json").write_text(content)
    assert config_of(RunFolder(unfinished)) is None


def test_a_beginning_of_wrong_kinds_is_an_error_with_its_place(melody: Domain, unfinished: Path) -> None:
    path = unfinished / "unfinished.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"files": 3}))
    with pytest.raises(ConfigError, match="does not say how the run was begun") as caught:
        begun(melody, unfinished)
    assert caught.value.at == str(path)
