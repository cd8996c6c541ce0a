"""Who needs Lightning's own way through an epoch gets it: callbacks, hooks, clocks."""

from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning.callbacks import Callback, LambdaCallback, ModelCheckpoint, Timer
from pytorch_lightning.trainer import call

from seqkit import Domain, SequenceModel
from seqkit.training import epoch_loop
from seqkit.training.folder import RunFolder
from seqkit.training.trainer import build_trainer, train
from tests.core.epoch_loops import Counted, figures, fit


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
