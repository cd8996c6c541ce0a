"""A comparison that is begun again: what is missing is trained, what is there is kept."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

import seqkit
from seqkit import ConfigError, Domain
from seqkit.errors import InterruptedRun
from seqkit.training.folder import RunFolder
from seqkit.training.unfinished import locked
from tests.core.comparing import TINY
from tests.core.resuming import signalled
from tests.core.test_compare import row_of


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


def test_fresh_means_what_it_means_for_a_training(notes: Domain, tmp_path: Path) -> None:
    run = tmp_path / "run"
    options: dict[str, Any] = {"rungs": ["bag"], "path": "made:first", "run": run, **TINY}
    with signalled(("training", 1)), pytest.raises(InterruptedRun):
        seqkit.compare(notes, **options)
    with pytest.raises(ConfigError, match="no rung 'bags'"):
        seqkit.compare(notes, **options | {"rungs": ["bags"]}, fresh=True)
    assert not (tmp_path / "run.1").exists()
    seqkit.compare(notes, **options, fresh=True)
    assert (tmp_path / "run.1" / "bag" / "unfinished.json").is_file()
    first = (run / "bag" / "rung.json").stat()
    seqkit.compare(notes, **options | {"max_steps": 9}, fresh=True)  # other settings: nothing is taken over
    assert (tmp_path / "run.2" / "bag" / "rung.json").stat() == first
    assert not (run / ".lock").exists()


def test_two_processes_do_not_compare_in_the_same_folder(notes: Domain, tmp_path: Path) -> None:
    options: dict[str, Any] = {"rungs": ["bag"], "path": "made:first", "run": tmp_path / "run", **TINY}
    with signalled(("training", 2)), pytest.raises(InterruptedRun):
        seqkit.compare(notes, **options)
    for anew in (False, True):
        with locked(RunFolder(tmp_path / "run")), pytest.raises(ConfigError, match="trained by another process"):
            seqkit.compare(notes, **options, fresh=anew)
    assert (tmp_path / "run" / "bag" / "checkpoints" / "resume.ckpt").is_file()


def test_a_folder_of_something_else_is_left_alone(notes: Domain, tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="something else"):
        seqkit.compare(notes, path="made:first", rungs=["bag"], run=tmp_path, **TINY)
    assert (tmp_path / "bag" / "thesis.txt").read_text() == "mine"


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
