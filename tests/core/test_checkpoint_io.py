"""Checkpoints are written whole or not at all, and say what they are of."""

import os
import resource
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.plugins.precision import MixedPrecision

import seqkit
from seqkit import Domain
from seqkit.errors import CheckpointError, DependencyError
from seqkit.training.archive import read_checkpoint
from seqkit.training.checkpoint_io import KEEP_PREVIOUS, SafeCheckpointIO, _Sink
from seqkit.training.durable import sweep
from seqkit.training.finding import read_run, resume_candidates
from seqkit.training.folder import RunFolder
from seqkit.training.trainer import build_trainer
from tests.core.child_processes import KILLED, dying_at, in_child

TINY: dict[str, Any] = {"max_epochs": 2, "hidden_size": 8, "batch_size": 4, "probe": False}


def content(step: int, **more: Any) -> dict[str, Any]:
    return {
        "epoch": 0, "global_step": step, "state_dict": {"w": torch.full((300, 7), float(step))}, "seqkit": {}, **more
    }  # fmt: skip


def save(step: int, path: Path, options: Any = None) -> None:
    SafeCheckpointIO().save_checkpoint(content(step), path, options)


def step_of(path: Path) -> int:
    """Of a checkpoint whose weights are those of its step."""
    read = read_checkpoint(path)
    assert read["manifest"]["step"] == read["global_step"]
    assert (read["state_dict"]["w"] == read["global_step"]).all()
    return int(read["global_step"])


def test_a_kill_at_any_step_of_a_save_loses_no_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    path, number, codes, newest = folder / "resume.ckpt", 0, [KILLED], []
    while codes[-1] == KILLED:
        number += 1
        save(1, path)
        save(2, path, KEEP_PREVIOUS)

        def work(number: int = number) -> None:
            wrap = dying_at(number)
            for name in ("open", "fsync", "replace"):
                setattr(os, name, wrap(getattr(os, name)))
            _Sink.write = wrap(_Sink.write)  # type: ignore[method-assign]
            save(3, path, KEEP_PREVIOUS)

        codes.append(in_child(work))
        sweep(folder)
        assert {place.name for place in folder.iterdir()} <= {"resume.ckpt", "resume.previous.ckpt"}
        newest.append(step_of(resume_candidates(tmp_path)[0]))
    assert codes[-1] == 0 and len(codes) > 12
    assert newest == sorted(newest) and set(newest) == {2, 3}


def test_the_checkpoint_before_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "resume.ckpt"
    for step in (1, 2, 3):
        save(step, path, KEEP_PREVIOUS)
    assert [step_of(path), step_of(tmp_path / "resume.previous.ckpt")] == [3, 2]
    save(4, path)
    assert [step_of(path), step_of(tmp_path / "resume.previous.ckpt")] == [4, 2]


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize(
    "value",
    [Path("x"), Colour.RED, np.float64(1.5), np.arange(3), {1.5: 0}, object(), torch.nn.Linear(1, 1), {"a": [Colour]}],
    ids=lambda value: type(value).__name__,
)
def test_what_could_not_be_loaded_without_code_is_refused_when_it_is_saved(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "last.ckpt"
    save(1, path)
    with pytest.raises(CheckpointError, match=r"callbacks\.Mine"):
        SafeCheckpointIO().save_checkpoint(content(2, callbacks={"Mine": value}), path)
    assert step_of(path) == 1 and list(tmp_path.iterdir()) == [path]


def test_code_is_never_run_from_a_checkpoint_whatever_is_asked_for(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "canary"),)

    torch.save({"seqkit": {}, "state_dict": {}, "evil": Evil()}, tmp_path / "evil.ckpt")
    with pytest.raises(CheckpointError, match="without running code"):
        SafeCheckpointIO().load_checkpoint(tmp_path / "evil.ckpt", weights_only=False)
    assert not (tmp_path / "canary").exists()


def test_a_file_that_is_read_back_otherwise_is_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.ckpt"
    save(1, path)
    flushed = os.fsync

    def damage(descriptor: int) -> None:
        flushed(descriptor)
        os.pwrite(descriptor, b"\xff\xff\xff", os.fstat(descriptor).st_size // 2)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", damage)
        with pytest.raises(CheckpointError, match="not what is read back"):
            save(2, path)
    assert step_of(path) == 1 and list(tmp_path.iterdir()) == [path]


class FillTheDisk(Callback):
    """From the second epoch on no file may be as large as a checkpoint."""

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        if trainer.current_epoch == 1:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 13, resource.RLIM_INFINITY))


def test_a_disk_that_gets_full_while_training_ends_it_with_the_bytes_needed_and_nothing_lost(
    melody: Domain, tmp_path: Path
) -> None:
    run = tmp_path / "run"

    def work() -> None:
        try:
            seqkit.fit(melody, run=run, quiet=True, callbacks=[FillTheDisk()], **TINY)
        except DependencyError as error:
            assert error.exit_code == 3 and "bytes are needed" in error.what and "8,192 bytes are allowed" in error.what
            return
        raise AssertionError("the disk was full")

    assert in_child(work) == 0
    names = {path.name for path in (run / "checkpoints").iterdir()}
    assert names == {"best.ckpt", "last.ckpt"}
    path, read = read_run(run)
    assert path.name == "best.ckpt" and read["manifest"]["epoch"] == 0


def test_a_training_begins_by_sweeping_what_a_killed_one_left(melody: Domain, tmp_path: Path) -> None:
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    stale = tmp_path / "run" / "checkpoints" / ".last.ckpt.tmp-99999999999999999999"
    stale.write_bytes(b"PK")
    seqkit.fit(melody, run=tmp_path / "run", quiet=True, **TINY | {"max_epochs": 1})
    assert not stale.exists()
    assert not [path for path in (tmp_path / "run").rglob("*") if ".tmp-" in path.name]


def test_plugins_of_the_user_are_kept_beside_the_writer(tmp_path: Path) -> None:
    mixed = MixedPrecision("bf16-mixed", "cpu")
    for given in (mixed, [mixed]):
        trainer = build_trainer({"plugins": given, "accelerator": "cpu"}, RunFolder(tmp_path), quiet=True)
        assert trainer.precision_plugin is mixed
        assert isinstance(trainer.strategy.checkpoint_io, SafeCheckpointIO)


def test_tied_weights_are_written_once(tmp_path: Path) -> None:
    table = torch.randn(500, 100)
    path = tmp_path / "last.ckpt"
    SafeCheckpointIO().save_checkpoint(content(1) | {"state_dict": {"a": table, "b": table}}, path)
    assert path.stat().st_size < 1.5 * table.nbytes
    read = read_checkpoint(path)["state_dict"]
    assert torch.equal(read["a"], table) and read["a"].data_ptr() == read["b"].data_ptr()
