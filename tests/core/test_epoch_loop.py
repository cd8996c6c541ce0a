"""The short way through an epoch: what it leaves out is time; weights, figures and checkpoints are Lightning's own."""

import csv
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, LambdaCallback, ModelCheckpoint, Timer
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.trainer import call

from seqkit import Domain, ModelOptions, SequenceModel
from seqkit.build import build_model, describe
from seqkit.training import epoch_loop
from seqkit.training.archive import read_checkpoint
from seqkit.training.denormals import flushed_denormals
from seqkit.training.folder import RunFolder
from seqkit.training.quiet import quiet_lightning
from seqkit.training.trainer import build_trainer, train

SIZES = {"batch_size": 4}


class Counted:
    """How many batches went Lightning's own way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches = 0
        own = _TrainingEpochLoop.advance

        def advance(loop: Any, fetcher: Any) -> None:
            self.batches += 1
            own(loop, fetcher)

        monkeypatch.setattr(_TrainingEpochLoop, "advance", advance)


def fit(
    domain: Domain,
    folder: Path,
    task: str = "classify",
    resumed: Path | None = None,
    dropout: float = 0.2,
    **settings: Any,
) -> pl.Trainer:
    """Train a small model as `seqkit fit` does, with dropout, and a rate that some steps are clipped by."""
    run = RunFolder(folder)
    run.checkpoints.mkdir(parents=True)
    torch.manual_seed(0)
    data = domain.datamodule(task=task, **SIZES)
    data.setup("fit")
    model = build_model(domain, data, ModelOptions(hidden_size=6, dropout=dropout, learning_rate=0.05))
    model.blueprint = describe(domain, data, model, {}) | {"versions": {}}
    model.total_steps = 20
    defaults: dict[str, Any] = {"accelerator": "cpu", "max_epochs": 2, "log_every_n_steps": 3, "gradient_clip_val": 0.5}
    trainer = build_trainer(defaults | settings, run, num_batches=9, patience=9, quiet=True)
    if resumed is None:
        train(model, data, trainer)
    else:
        torch.manual_seed(0)
        with quiet_lightning(), flushed_denormals():
            trainer.fit(model, datamodule=data, ckpt_path=resumed, weights_only=True)
    return trainer


def figures(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


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


class Watcher(Callback):
    """Counts what Lightning promises a callback of the user's own."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.losses.append(float(outputs["loss"]))


def test_a_callback_of_the_users_own_sees_every_batch(melody: Domain, tmp_path: Path) -> None:
    watcher = Watcher()
    trainer = fit(melody, tmp_path / "run", max_epochs=1, callbacks=[watcher])
    assert len(watcher.losses) == len(set(watcher.losses)) == trainer.num_training_batches


@pytest.mark.parametrize("base", [ModelCheckpoint, Timer])
def test_a_callback_derived_from_one_that_is_known_sees_every_batch(
    melody: Domain, tmp_path: Path, base: type[Callback]
) -> None:
    seen: list[float] = []

    class Derived(base):  # type: ignore[valid-type, misc]
        def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
            seen.append(0.0)

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
            seen.append(float(outputs["loss"]))

    trainer = fit(melody, tmp_path / "run", max_epochs=1, callbacks=[Derived()])
    assert len(seen) == 2 * trainer.global_step


def test_functions_in_place_of_a_callbacks_methods_see_every_batch(melody: Domain, tmp_path: Path) -> None:
    seen: list[float] = []
    functions = LambdaCallback(
        on_train_batch_end=lambda trainer, model, outputs, batch, batch_idx: seen.append(float(outputs["loss"])),
        on_before_backward=lambda trainer, model, loss: seen.append(loss.item()),
    )
    trainer = fit(melody, tmp_path / "run", max_epochs=1, callbacks=[functions])
    assert len(seen) == 2 * trainer.global_step


def test_validations_by_the_clock_go_lightnings_way(melody: Domain, tmp_path: Path) -> None:
    trainer = fit(melody, tmp_path / "run", max_epochs=1, val_check_interval="00:00:00:01")
    assert not epoch_loop.takes_short_way(trainer)
    assert (tmp_path / "run" / "checkpoints" / "best.ckpt").exists()


def test_a_model_is_logged_in_its_second_training_too(melody: Domain, tmp_path: Path) -> None:
    trainer = fit(melody, tmp_path / "one", max_epochs=1, max_steps=3)
    again = build_trainer({"accelerator": "cpu", "max_steps": 3}, RunFolder(tmp_path / "two"), 3, quiet=True)
    train(trainer.lightning_module, trainer.datamodule, again)  # type: ignore[attr-defined, arg-type]
    assert [row["step"] for row in figures(tmp_path / "two") if row["train/loss"]] == ["2"]


@pytest.mark.parametrize(
    "settings",
    [{"accumulate_grad_batches": 2}, {"profiler": "simple"}, {"fast_dev_run": 3}],
    ids=lambda settings: "-".join(settings),
)
def test_what_needs_lightnings_way_takes_it(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    counted = Counted(monkeypatch)
    trainer = fit(melody, tmp_path / "run", max_epochs=1, **settings)
    assert not epoch_loop.takes_short_way(trainer)
    assert counted.batches == trainer.fit_loop.epoch_loop.batch_progress.total.completed


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


MODEL_HOOKS = {
    *epoch_loop.BATCH_HOOKS,
    *("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer"),
    *("optimizer_step", "optimizer_zero_grad", "lr_scheduler_step", "configure_gradient_clipping"),
}
STRATEGY_HOOKS = {"batch_to_device", "on_train_batch_start", "training_step", "backward"}


def test_lightning_calls_nothing_else_between_two_batches(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version of Lightning with another hook in a batch has to be looked at before it is let in."""
    monkeypatch.setattr(epoch_loop, "takes_short_way", lambda trainer: False)
    called: dict[str, set[str]] = {"callback_hooks": set(), "lightning_module_hook": set(), "strategy_hook": set()}
    for kind, names in called.items():
        own = getattr(call, f"_call_{kind}")

        def spy(trainer: Any, name: str, *given: Any, own: Any = own, names: set[str] = names, **more: Any) -> Any:
            if 2 <= trainer.fit_loop.epoch_loop.batch_progress.current.started <= 5:
                names.add(name)
            return own(trainer, name, *given, **more)

        monkeypatch.setattr(call, f"_call_{kind}", spy)
    fit(melody, tmp_path / "run", max_epochs=1, limit_train_batches=9)
    assert called["callback_hooks"] == set(epoch_loop.BATCH_HOOKS)
    assert called["lightning_module_hook"] == MODEL_HOOKS
    assert called["strategy_hook"] == STRATEGY_HOOKS


def test_the_model_of_the_short_way_is_ours_alone() -> None:
    """Hooks that the short way leaves out are not written in the model."""
    left_out = (MODEL_HOOKS | {"backward"}) - {"configure_gradient_clipping"}
    assert not left_out & vars(SequenceModel).keys()
