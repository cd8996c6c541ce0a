"""Locked dropout: one mask a row for all steps; and where in a stack each share is dropped."""

import pytest
import torch
from torch import Tensor, nn

from seqkit.backbone.choice import build_cell
from seqkit.backbone.locked_dropout import LockedDropout
from seqkit.backbone.stack import BothDirections, Stack

B, T, D, H = 3, 6, 2, 4


def stack(**options: object) -> Stack:
    torch.manual_seed(4)
    return Stack(lambda d, h: build_cell("gru", d, h), D, H, **options).train()  # type: ignore[arg-type]


def values(steps: int = T) -> Tensor:
    return torch.randn(B, steps, D, generator=torch.Generator().manual_seed(5))


def test_the_same_features_are_dropped_at_all_steps_and_others_in_each_row() -> None:
    torch.manual_seed(0)
    found = LockedDropout(0.25)(torch.ones(50, 7, 40))
    assert torch.equal(found, found[:, :1].expand(50, 7, 40))
    assert found.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    dropped = (found[:, 0] == 0).float()
    assert dropped.mean().item() == pytest.approx(0.25, abs=0.04)  # 2000 draws: a deviation of 0.01
    assert len({tuple(row) for row in dropped.tolist()}) == 50


def test_the_mean_is_kept() -> None:
    torch.manual_seed(0)
    assert LockedDropout(0.6)(torch.ones(400, 2, 300)).mean().item() == pytest.approx(1.0, abs=0.015)


def test_a_gradient_reaches_what_was_kept_alone() -> None:
    x = torch.ones(B, T, H, requires_grad=True)
    y = LockedDropout(0.5)(x)
    y.sum().backward()
    assert x.grad is not None and torch.equal(x.grad, y)


@pytest.mark.parametrize("share", [0.0, 0.9])
def test_evaluation_and_a_share_of_zero_change_nothing(share: float) -> None:
    layer, x = LockedDropout(share), values()
    assert layer.eval()(x) is x
    assert LockedDropout(0.0).train()(x) is x


@pytest.mark.parametrize("steps", [0, 1])
def test_short_chunks_and_single_steps_keep_their_shape(steps: int) -> None:
    layer = LockedDropout(0.5)
    assert layer(values(steps)).shape == (B, steps, D)
    assert layer(torch.ones(B, D)).shape == (B, D)


def test_shares_left_out_draw_what_dropout_alone_always_drew() -> None:
    x, model = values(), stack(num_layers=2, dropout=0.5)
    torch.manual_seed(7)
    found, _ = model(x)
    torch.manual_seed(7)
    first = nn.functional.dropout(model.cells[0](x)[0], 0.5)
    assert torch.equal(found, nn.functional.dropout(model.cells[1](first)[0], 0.5))


@pytest.mark.parametrize("locked", [False, True])
def test_each_share_is_dropped_in_its_own_place(locked: bool) -> None:
    kind = LockedDropout if locked else nn.Dropout
    model = stack(num_layers=2, dropout=0.2, input_dropout=0.4, output_dropout=0.6, locked=locked)
    x = values()
    torch.manual_seed(7)
    found, _ = model(x)
    torch.manual_seed(7)
    first, _ = model.cells[0](kind(0.4)(x))
    second, _ = model.cells[1](kind(0.2)(first))
    assert torch.equal(found, kind(0.6)(second))


def test_in_residual_blocks_the_output_is_dropped_after_the_last_norm() -> None:
    model, x = stack(num_layers=1, dropout=0.2, output_dropout=0.6, residual=True, locked=True), values()
    torch.manual_seed(7)
    found, _ = model(x)
    torch.manual_seed(7)
    stream = model.project(x)
    y, _ = model.cells[0](model.norms[0](stream))
    assert torch.equal(found, LockedDropout(0.6)(model.norms[1](stream + LockedDropout(0.2)(y))))


def test_the_carried_state_is_not_dropped() -> None:
    y, (h,) = stack(dropout=0.9, locked=True)(values())
    assert (y == 0).any() and (h != 0).all()


def test_both_directions_draw_masks_of_their_own_that_hold_for_whole_records() -> None:
    torch.manual_seed(0)
    both = BothDirections(*(Stack(lambda d, h: build_cell("gru", d, h), D, 30, dropout=0.5, locked=True) for _ in "ab"))
    y, _ = both.train()(values(), lengths=torch.tensor([6, 6, 6]))
    gone = y == 0
    assert torch.equal(gone, gone[:, :1].expand_as(gone))
    assert not torch.equal(gone[..., :30], gone[..., 30:])
