"""Weight drop: one mask a call, in training only, by the same kernel, and gradients where weights were kept."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from seqkit.backbone.choice import FUSED, build_cell
from seqkit.backbone.weight_drop import drop

B, T, D, H = 3, 7, 5, 8
SHARE = 0.25


def cell_of(name: str, share: float = SHARE, **options: Any) -> Any:
    torch.manual_seed(1)
    return build_cell(name, D, H, weight_drop=share, **options).train()


def values(steps: int = T) -> Tensor:
    return torch.randn(B, steps, D, generator=torch.Generator().manual_seed(2))


def masked(name: str, seed: int) -> Any:
    """A plain cell whose recurrent matrix is multiplied by the mask that the next draw from `seed` gives."""
    plain = cell_of(name, share=0.0)
    torch.manual_seed(seed)
    with torch.no_grad():
        plain.core.weight_hh_l0.copy_(drop(plain.core.weight_hh_l0, SHARE))
    return plain


@pytest.mark.parametrize("name", FUSED)
def test_it_is_the_plain_cell_with_masked_weights_bit_for_bit(name: str) -> None:
    cell, plain, x = cell_of(name), masked(name, seed=3), values()
    expected, last = plain(x)
    torch.manual_seed(3)
    y, state = cell(x)
    assert torch.equal(y, expected)
    assert all(torch.equal(a, b) for a, b in zip(state, last, strict=True)) and len(state) == cell.num_states
    y.square().sum().backward()
    expected.square().sum().backward()
    kept = plain.core.weight_hh_l0 != 0
    raw, dropped = cell.core.weight_hh_l0.grad, plain.core.weight_hh_l0.grad
    torch.testing.assert_close(raw, torch.where(kept, dropped / (1 - SHARE), 0.0))
    assert kept.any() and not kept.all()
    for weight in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
        torch.testing.assert_close(getattr(cell.core, weight).grad, getattr(plain.core, weight).grad)


def test_relu_has_its_own_kernel() -> None:
    cell = cell_of("rnn", nonlinearity="relu")
    assert (cell(values())[0] >= 0).all()


@pytest.mark.parametrize("name", FUSED)
def test_evaluation_reads_all_weights(name: str) -> None:
    cell, x = cell_of(name).eval(), values()
    assert torch.equal(cell(x)[0], cell_of(name, share=0.0).eval()(x)[0])


def test_each_call_draws_its_own_mask_and_leaves_the_parameters_alone() -> None:
    cell, x = cell_of("lstm"), values()
    before = {name: value.clone() for name, value in cell.state_dict().items()}
    assert not torch.equal(cell(x)[0], cell(x)[0])
    assert list(before) == list(cell_of("lstm", share=0.0).state_dict())
    assert all(torch.equal(value, before[name]) for name, value in cell.state_dict().items())
    assert list(dict(cell.named_parameters())) == [
        f"core.{n}_l0" for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]


def test_one_mask_holds_at_all_steps_and_in_all_rows() -> None:
    cell = build_cell("rnn", 1, 40, nonlinearity="relu", initialisation="identity", weight_drop=0.5).train()
    with torch.no_grad():
        cell.core.weight_ih_l0.zero_()  # type: ignore[union-attr, operator]
    state = (torch.ones(B, 40),)
    y, _ = cell(torch.zeros(B, 4, 1), state)
    # The identity carries 1 on and on: doubled at each step where its weight is kept, gone where it is dropped.
    kept = y[0, 0] == 2
    assert 8 <= kept.sum() <= 32
    for t in range(4):
        assert torch.equal(y[:, t], torch.where(kept, 2.0 ** (t + 1), 0.0).expand(B, 40))


def test_the_share_is_dropped_and_the_mean_kept() -> None:
    cell, drawn = build_cell("rnn", 1, 100, nonlinearity="relu", weight_drop=0.3).train(), []
    with torch.no_grad():
        cell.core.weight_hh_l0.fill_(0.01)  # type: ignore[union-attr, operator]
        for _ in range(20):
            drawn.append(cell(torch.zeros(1, 1, 1), (torch.ones(1, 100),))[0])
    # Each output is the mean of 100 weights of 0 or 1 / 0.7: 2000 means of deviation 0.065.
    assert torch.stack(drawn).mean().item() == pytest.approx(1.0, abs=0.01)


def test_single_weights_are_dropped_with_the_same_zeros_in_the_gradient() -> None:
    torch.manual_seed(0)
    weight = torch.ones(400, 300, requires_grad=True)
    found = drop(weight, 0.3)
    (gradient,) = torch.autograd.grad(found.sum(), weight)
    assert sorted(set(found.flatten().tolist())) == [0.0, pytest.approx(1 / 0.7)]
    assert torch.equal(gradient, found)
    gone = (found == 0).double()
    assert gone.mean().item() == pytest.approx(0.3, abs=0.005)  # 120,000 draws: a deviation of 0.0013
    assert gone.mean(0).max() < 0.45 and gone.mean(1).max() < 0.45  # by single weights, not by rows or columns


def test_the_onednn_kernel_is_used_as_without() -> None:
    def operators(cell: Any) -> set[str]:
        with profile(activities=[ProfilerActivity.CPU]) as found:
            cell(values())[0].sum().backward()
        return {event.key for event in found.key_averages() if "rnn" in event.key or "lstm" in event.key}

    plain = operators(cell_of("lstm", share=0.0))
    assert operators(cell_of("lstm")) == plain
    if torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        assert {"aten::mkldnn_rnn_layer", "aten::mkldnn_rnn_layer_backward"} <= plain


def test_bfloat16_autocast_reads_the_masked_weights_too() -> None:
    cell, plain, x = cell_of("lstm"), masked("lstm", seed=3), values()
    with torch.autocast("cpu", torch.bfloat16):
        torch.manual_seed(3)
        y, expected = cell(x)[0], plain(x)[0]
    assert torch.equal(y, expected)
    y.float().sum().backward()
    kept = plain.core.weight_hh_l0 != 0
    assert torch.equal(cell.core.weight_hh_l0.grad != 0, kept)


def test_an_empty_chunk_leaves_the_state_as_it_is() -> None:
    cell, state = cell_of("lstm"), (torch.rand(B, H), torch.rand(B, H))
    y, after = cell(values(steps=0), state)
    assert y.shape == (B, 0, H) and after is state
