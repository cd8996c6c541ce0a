"""The short way through an epoch: what it leaves out is time; weights, figures and checkpoints are Lightning's own."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint, Timer

from seqkit import Domain, SequenceModel
from seqkit.training import epoch_loop
from seqkit.training.archive import read_checkpoint
from tests.core.epoch_loops import Counted, figures, fit


def assert_same(one: Any, other: Any, at: str = "") -> None:
    """Two checkpoints' contents, value by value."""
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), at
    elif isinstance(one, dict):
        one, other = ({_without_folder(name): inner for name, inner in value.items()} for value in (one, other))
        assert one.keys() == other.keys(), at
        for name in one:
            assert_same(one[name], other[name], f"{at}/{name}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), at
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            assert_same(left, right, f"{at}/{number}")
    elif not at.endswith("dirpath"):
        assert _without_folder(one) == _without_folder(other), at


def _without_folder(value: Any) -> Any:
    """Each way has a folder of its own."""
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value


@pytest.mark.parametrize("task", ["classify", "next_step"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"val_check_interval": 5},
        {"val_check_interval": 7, "check_val_every_n_epoch": None},
        {"max_steps": 17, "max_epochs": -1},
        {"limit_train_batches": 7},
        {"limit_val_batches": 0},
        {"check_val_every_n_epoch": 2},
        {"gradient_clip_algorithm": "value"},
        {"precision": "bf16-mixed"},
    ],
    ids=lambda settings: "-".join(settings) or "defaults",
)
def test_both_ways_end_with_the_same_checkpoints_and_figures(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, settings: dict[str, Any]
) -> None:
    counted = Counted(monkeypatch)
    short = fit(melody, tmp_path / "short", task, **settings)
    on_short_way, counted.batches = counted.batches, 0
    monkeypatch.setattr(epoch_loop, "takes_short_way", lambda trainer: False)
    own = fit(melody, tmp_path / "own", task, **settings)
    assert own.global_step == short.global_step == counted.batches
    assert on_short_way < counted.batches / 2
    assert_same(dict(own.lightning_module.state_dict()), dict(short.lightning_module.state_dict()))
    names = {path.name for path in (tmp_path / "own" / "checkpoints").iterdir()}
    assert names == {path.name for path in (tmp_path / "short" / "checkpoints").iterdir()}
    assert "last.ckpt" in names
    for name in names:
        one, other = (read_checkpoint(tmp_path / way / "checkpoints" / name) for way in ("short", "own"))
        assert one.pop("manifest")["step"] == other.pop("manifest")["step"]  # their folders differ, and so their hashes
        assert_same(one, other)
    rows = figures(tmp_path / "short")
    assert rows == figures(tmp_path / "own") and sum(bool(row["train/loss"]) for row in rows) >= own.global_step // 3


def test_most_batches_of_an_epoch_go_the_short_way(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    trainer = fit(melody, tmp_path / "run", max_epochs=3)
    assert trainer.global_step == 3 * trainer.num_training_batches > 30
    assert counted.batches == 3 * 2  # the first and the last of each epoch


@pytest.mark.parametrize("settings", [{}, {"limit_train_batches": 10}, {"val_check_interval": 5}], ids=str)
@pytest.mark.parametrize("step", [10, 15])
def test_a_training_resumed_in_mid_epoch_ends_as_one_that_was_not_interrupted(
    melody: Domain, tmp_path: Path, settings: dict[str, Any], step: int
) -> None:
    keeper = ModelCheckpoint(tmp_path / "kept", "{step}", every_n_train_steps=5, save_top_k=-1)
    whole = fit(melody, tmp_path / "whole", dropout=0.0, callbacks=[keeper], **settings)
    kept = tmp_path / "kept" / f"step={step}.ckpt"
    resumed = fit(melody, tmp_path / "resumed", dropout=0.0, resumed=kept, **settings)
    assert resumed.global_step == whole.global_step == 2 * whole.num_training_batches
    one, other = whole.lightning_module.state_dict(), resumed.lightning_module.state_dict()
    assert_same(dict(one), dict(other))
    losses = [
        [(row["step"], row["train/loss"]) for row in figures(tmp_path / way) if row["train/loss"]]
        for way in ("whole", "resumed")
    ]
    assert losses[1] and losses[1] == losses[0][-len(losses[1]) :]


@pytest.mark.parametrize("task", ["classify", "next_step"])
def test_batches_to_overfit_are_the_same_in_each_epoch(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    seen: list[Any] = []
    own = SequenceModel.training_step

    def step(model: SequenceModel, batch: Any, batch_idx: int) -> torch.Tensor:
        seen.append(batch.inputs.tolist())
        return own(model, batch, batch_idx)

    monkeypatch.setattr(SequenceModel, "training_step", step)
    fit(melody, tmp_path / "run", task, overfit_batches=3)
    assert len(seen) == 6 and seen[:3] == seen[3:] and seen[0] != seen[1]


def test_accumulated_batches_are_logged_once_a_step(melody: Domain, tmp_path: Path) -> None:
    trainer = fit(melody, tmp_path / "run", max_epochs=1, accumulate_grad_batches=2, log_every_n_steps=1)
    steps = [int(row["step"]) for row in figures(tmp_path / "run") if row["train/loss"]]
    assert steps == list(range(trainer.global_step)) and trainer.global_step == -(-trainer.num_training_batches // 2)


def test_a_checkpoint_every_few_steps_is_written_on_the_short_way(melody: Domain, tmp_path: Path) -> None:
    keeper = ModelCheckpoint(tmp_path / "kept", "{step}", every_n_train_steps=5, save_top_k=-1)
    fit(melody, tmp_path / "run", max_epochs=1, callbacks=[keeper])
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["step=10.ckpt", "step=5.ckpt"]


def test_training_ends_when_its_time_is_over(melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    monkeypatch.setattr(Timer, "time_elapsed", lambda timer, stage=None: 9.0 if counted_steps() >= 4 else 0.0)
    trainers: list[pl.Trainer] = []

    class Keep(Callback):
        def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            trainers.append(trainer)

    def counted_steps() -> int:
        return trainers[0].global_step if trainers else 0

    trainer = fit(melody, tmp_path / "run", max_epochs=5, max_time={"seconds": 5}, callbacks=[Keep()])
    assert trainer.global_step == 4 and counted.batches == 1
