"""Divergence: training stops in the step that brings no finite number, its weights those before it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from seqkit import Batch, DivergedError, Domain
from seqkit.finite_guard import FiniteGuard
from seqkit.flat_options import settings_from
from seqkit.training.workflow import fit
from tests.core.small_training import Poison, build, run


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("clipping", [1.0, None])
def test_a_gradient_that_is_no_number_stops_before_the_weights_take_it_in(
    value: float, clipping: float | None, melody: Domain
) -> None:
    model, data = build(melody, "classify", data={"batch_size": 4})
    poison = Poison(value, step=2)
    with pytest.raises(
        DivergedError, match=r"the norm of the gradient became (nan|inf) at a loss of .+ in step 2"
    ) as caught:
        run(model, data, max_steps=6, callbacks=[poison], gradient_clip_val=clipping)
    assert caught.value.exit_code == 5
    assert all(torch.equal(model.state_dict()[name], kept) for name, kept in poison.before.items())


def test_the_records_named_are_those_of_all_accumulated_batches(melody: Domain) -> None:
    model, data = build(melody, "classify", data={"batch_size": 2})
    with pytest.raises(DivergedError) as caught:
        run(model, data, max_steps=6, callbacks=[Poison(float("nan"), step=1)], accumulate_grad_batches=2)
    loader = data.loader("train")
    origins, batches = loader.store.origins(), iter(loader)
    read = [number for batch in (next(batches), next(batches)) for number in batch.index.tolist()]
    assert caught.value.at == "records " + ", ".join(origins[number] for number in sorted(set(read)))


def _guarded(value: float) -> tuple[FiniteGuard, nn.Parameter, torch.optim.Optimizer, Batch]:
    weight = nn.Parameter(torch.ones(3))
    weight.grad = torch.full((3,), value)
    batch = Batch(torch.zeros(1, 2), torch.tensor([2]), torch.zeros(1, 2), torch.ones(1).bool(), torch.tensor([7]))
    return (
        FiniteGuard(lambda records: [f"f:{n}" for n in records]),
        weight,
        torch.optim.AdamW([weight], fused=True),
        batch,
    )


def test_a_device_that_is_not_waited_for_leaves_the_step_out_and_is_asked_one_step_later() -> None:
    guard, weight, optimizer, batch = _guarded(float("inf"))
    guard._defer(torch.tensor(float("inf")), 4, optimizer, [batch])
    optimizer.step()
    assert weight.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(DivergedError, match=r"became inf in step 4\n  at: records f:7"):
        guard._defer(torch.tensor(1.0), 5, optimizer, [batch])


def test_what_is_pending_is_looked_at_before_the_weights_are_saved() -> None:
    guard, weight, optimizer, batch = _guarded(1.0)
    guard._defer(torch.tensor(1.0), 0, optimizer, [batch])
    optimizer.step()
    assert weight[0] < 1.0
    guard.settle()
    guard._defer(torch.tensor(float("nan")), 1, optimizer, [batch])
    with pytest.raises(DivergedError, match="in step 1"):
        guard.settle()
    guard.settle()


def test_best_and_last_stay_as_they_were(melody: Domain, tmp_path: Path) -> None:
    options: dict[str, Any] = {"task": "classify", "batch_size": 4, "hidden_size": 8, "val_check_interval": 2}
    settings = settings_from(melody, options | {"max_steps": 40, "callbacks": []}, run=tmp_path / "run")
    settings.trainer["callbacks"] = [Poison(float("nan"), step=5)]
    with pytest.raises(DivergedError, match="in step 5"):
        fit(settings, say=lambda line: None)
    saved = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert saved["global_step"] == 4
    assert all(torch.isfinite(value).all() for value in saved["state_dict"].values() if value.is_floating_point())


def test_under_a_loss_scaler_no_batches_pile_up() -> None:
    guard, weight, optimizer, batch = _guarded(float("inf"))
    for step in range(3):
        guard.see_loss(torch.tensor(1.0), batch, step)
        guard.see_gradient(weight.grad.norm(), step, optimizer, scaled=True)  # type: ignore[union-attr]
        assert guard._batches == []
