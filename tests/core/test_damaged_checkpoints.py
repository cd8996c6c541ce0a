"""Damaged checkpoints are found, passed over, and never loaded silently."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import seqkit
from seqkit import Domain, Run
from seqkit.cli.main import main
from seqkit.errors import CheckpointError
from seqkit.training.archive import read_checkpoint, seal
from seqkit.training.checkpoint_io import SafeCheckpointIO, _Sink
from seqkit.training.finding import read_run, resume_candidates
from tests.core.damaged import DAMAGES, Damage, empty, with_members_of

_EACH = 7
"""Files of each kind of damage; the soak tier has more."""


@pytest.fixture(scope="module")
def trained(melody: Domain, tmp_path_factory: pytest.TempPathFactory) -> Run:
    options: dict[str, Any] = {"max_epochs": 2, "hidden_size": 8, "batch_size": 4, "probe": False}
    return seqkit.fit(melody, run=tmp_path_factory.mktemp("runs") / "run", quiet=True, **options)


@pytest.fixture
def run(trained: Run, tmp_path: Path) -> Path:
    return shutil.copytree(trained.path, tmp_path / "run")


def another(trained: Run, folder: Path) -> Path:
    """A checkpoint of the same shapes with other weights."""
    content = read_checkpoint(trained.path / "checkpoints" / "last.ckpt")
    for tensor in content["state_dict"].values():
        tensor.add_(1)
    SafeCheckpointIO().save_checkpoint(content, folder / "another.ckpt")
    return folder / "another.ckpt"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_every_damage_is_found(trained: Run, tmp_path: Path, damage: Damage) -> None:
    one, other = (
        path.read_bytes() for path in (trained.path / "checkpoints" / "best.ckpt", another(trained, tmp_path))
    )
    rng = np.random.default_rng(len(damage.__name__))
    for number in range(_EACH):
        path = tmp_path / f"{number}.ckpt"
        path.write_bytes(damage(one, other, rng))
        with pytest.raises(CheckpointError, match="the file") as caught:
            read_checkpoint(path)
        assert caught.value.exit_code == 4 and str(path) in str(caught.value)


def test_weights_of_another_checkpoint_are_found_though_each_checksum_is_right(trained: Run, tmp_path: Path) -> None:
    folder = trained.path / "checkpoints"
    with_members_of(tmp_path / "mixed.ckpt", folder / "best.ckpt", another(trained, tmp_path))
    with pytest.raises(CheckpointError, match="the file is"):
        read_checkpoint(tmp_path / "mixed.ckpt")


def test_the_manifest_finds_what_a_checksum_cannot(trained: Run, tmp_path: Path) -> None:
    content = read_checkpoint(trained.path / "checkpoints" / "last.ckpt")
    changes: tuple[Callable[[dict[str, Any]], Any], ...] = (
        lambda c: c["state_dict"].popitem(), lambda c: c["seqkit"]["data"].update(task="classify"),
        lambda c: c.update(global_step=7), lambda c: c["seqkit"]["codec"].update(alphabet="hgfedcba"),
        lambda c: c["seqkit"].update(plugin=None), lambda c: c.pop("optimizer_states"),
    )  # fmt: skip
    for change in changes:
        other = read_checkpoint(trained.path / "checkpoints" / "last.ckpt")
        change(other)
        other["manifest"] = content["manifest"]
        path = tmp_path / "wrong.ckpt"
        _sealed(other, path)
        with pytest.raises(CheckpointError, match="not what its manifest says"):
            read_checkpoint(path)


def _sealed(content: dict[str, Any], path: Path) -> None:
    """Save a content as it is, its manifest included."""
    with path.open("wb") as file:
        sink = _Sink(file, path)
        torch.save(content, sink)  # type: ignore[arg-type]
        seal(file, sink.crc)


def test_a_damaged_best_checkpoint_is_passed_over_in_one_line(
    melody: Domain, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = run / "checkpoints" / "best.ckpt"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    last = seqkit.load(run / "checkpoints" / "last.ckpt", melody)
    assert capsys.readouterr().err == ""
    loaded = seqkit.load(run, melody)
    shown = capsys.readouterr().err
    assert shown.startswith("seqkit: passed over: best.ckpt (the file ") and shown.endswith("; last.ckpt is taken\n")
    assert shown.count("\n") == 1
    assert loaded.generate(steps=9) == last.generate(steps=9)


def test_a_verb_says_it_once_and_goes_on(
    melody: Domain, run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqkit.plugins.load", lambda name: melody)
    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": melody})
    (run / "checkpoints" / "best.ckpt").write_bytes(b"")
    assert main(["validate", str(run)]) == 0
    assert capsys.readouterr().err.count("passed over") == 1


def test_without_a_valid_checkpoint_each_is_named_with_its_reason(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "checkpoints" / "best.ckpt").write_bytes(b"PK")
    (run / "checkpoints" / "last.ckpt").write_bytes(bytes(1000))
    assert main(["validate", str(run)]) == 4
    shown = capsys.readouterr().err
    assert shown.startswith("seqkit: error: no checkpoint can be used: best.ckpt (the file ")
    assert "; last.ckpt (the file " in shown and f"at: {run}" in shown


def test_training_goes_on_from_the_newest_checkpoint_that_is_whole_and_finite(trained: Run, tmp_path: Path) -> None:
    source, folder = read_checkpoint(trained.path / "checkpoints" / "last.ckpt"), tmp_path / "checkpoints"
    for name, step in (("resume.ckpt", 30), ("resume.previous.ckpt", 20), ("last.ckpt", 40)):
        SafeCheckpointIO().save_checkpoint(source | {"global_step": step}, folder / name)

    def order() -> list[str]:
        return [path.name for path in resume_candidates(tmp_path)]

    assert order() == ["resume.ckpt", "resume.previous.ckpt"]  # the others were no place to go on from
    SafeCheckpointIO().save_checkpoint(source | {"global_step": 35}, folder / "resume.previous.ckpt")
    assert order() == ["resume.previous.ckpt", "resume.ckpt"]
    (folder / "resume.ckpt").write_bytes(empty(b"", b"", np.random.default_rng(0)))
    assert order() == ["resume.previous.ckpt"]
    for place in ("state_dict", "optimizer_states"):
        broken = read_checkpoint(trained.path / "checkpoints" / "last.ckpt") | {"global_step": 40}
        tensors = broken[place] if place == "state_dict" else broken[place][0]["state"][0]
        next(t for t in tensors.values() if t.dim()).view(-1)[0] = float("nan")
        SafeCheckpointIO().save_checkpoint(broken, folder / "resume.ckpt")
        assert order() == ["resume.previous.ckpt"]
    assert resume_candidates(tmp_path / "nowhere") == []


def test_files_from_before_manifests_still_load(melody: Domain, trained: Run, tmp_path: Path) -> None:
    content = read_checkpoint(trained.path / "checkpoints" / "best.ckpt")
    del content["manifest"], content["seqkit"]["plugin"], content["seqkit"]["vocabulary"]
    torch.save(content, tmp_path / "old.ckpt")
    assert seqkit.load(tmp_path / "old.ckpt", melody).generate(steps=9) == trained.generate(steps=9)
    data = bytearray((tmp_path / "old.ckpt").read_bytes())
    weights = max(content["state_dict"].values(), key=lambda tensor: tensor.numel())
    data[data.find(weights.numpy().tobytes()[:64])] ^= 1
    (tmp_path / "old.ckpt").write_bytes(data)
    with pytest.raises(CheckpointError, match="checksum"):
        read_run(tmp_path / "old.ckpt")
