"""gated_scan: derivatives by hand against torch's, blocks of any length against one pass, mixed precision."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqkit.backbone import gated
from seqkit.backbone.cell import Gate
from seqkit.backbone.choice import PARALLEL, build_cell
from seqkit.backbone.parallel import ParallelCell

B, T, D, H = 2, 23, 3, 4
ALL = pytest.mark.parametrize("name", PARALLEL)
GATED = pytest.mark.parametrize("name", [name for name in PARALLEL if name != "lru"])


def cell_of(name: str, seed: int = 1) -> Any:
    torch.manual_seed(seed)
    cell = build_cell(name, D, H).double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    return cell


def numbers(*shape: int, seed: int = 2) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def gradients(cell: Any, x: Tensor, start: Tensor, y: Tensor, last: Tensor) -> list[Tensor]:
    """Of a loss that reads all outputs and the last state."""
    loss = (y * numbers(*y.shape, seed=5)).sum() + (last * numbers(*last.shape, seed=6)).sum()
    return list(torch.autograd.grad(loss, [x, start, *cell.parameters()]))


@GATED
def test_derivatives_by_hand_are_those_that_torch_finds(name: str) -> None:
    cell = cell_of(name)
    gates = cell.gate_map.out_features
    logits, entry = 4 * numbers(5, B, gates, seed=3), numbers(5, B, cell.gate_map.in_features, seed=4)
    from_a, from_b = numbers(5, B, H, seed=5), numbers(5, B, H, seed=6)
    shared = [tensor.detach() for tensor in cell.share()]
    opened = cell.open(logits, entry, *shared)
    by_hand = cell.pull(opened, from_a.clone(), from_b.clone(), logits, entry, *shared)
    by_torch = ParallelCell.pull(cell, opened, from_a, from_b, logits, entry, *shared)
    torch.testing.assert_close(by_hand.logits, by_torch.logits, rtol=1e-10, atol=1e-12)
    looked_at = by_torch.entry if by_hand.entry is None else by_torch.entry - by_hand.entry
    torch.testing.assert_close(looked_at, torch.zeros_like(entry), rtol=0, atol=1e-12)
    torch.testing.assert_close(by_hand.shared, by_torch.shared, rtol=1e-10, atol=1e-12)


@GATED
def test_a_cell_without_a_derivative_by_hand_learns_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cell, x, start = cell_of(name), numbers(B, T, D).requires_grad_(), numbers(B, H, seed=3).requires_grad_()
    expected = gradients(cell, x, start, *flat(cell(x, (start,))))
    monkeypatch.setattr(type(cell), "pull", ParallelCell.pull)
    torch.testing.assert_close(gradients(cell, x, start, *flat(cell(x, (start,)))), expected, rtol=1e-9, atol=1e-11)


class LeakyCell(ParallelCell):
    """A new cell by its formula alone: h_t = a_t h_{t-1} + x_t, whose input is the caller's own memory."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.map = nn.Linear(size, size)

    @property
    def gate_map(self) -> nn.Linear:
        return self.map

    def open(self, logits: Tensor, entry: Tensor, *shared: Tensor) -> dict[str, Gate]:
        return {"forget": Gate(torch.sigmoid(logits), 0, 1), "update": Gate(entry, -torch.inf, torch.inf)}

    def coefficients(self, gates: dict[str, Gate]) -> tuple[Tensor, Tensor]:
        return gates["forget"].value, gates["update"].value


@pytest.mark.parametrize("batch_size", [1, B])
def test_a_new_cell_needs_its_formula_alone_and_leaves_its_input_as_it_was(batch_size: int) -> None:
    torch.manual_seed(0)
    cell, x = LeakyCell(H).double(), numbers(batch_size, T, H)
    kept = x.clone().requires_grad_()
    y, last = flat(cell(x.requires_grad_()))
    assert torch.equal(x, kept)
    h, states = torch.zeros(batch_size, H, dtype=torch.float64), []
    for x_t in kept.unbind(1):
        h = torch.sigmoid(cell.map(x_t)) * h + x_t
        states.append(h)
    torch.testing.assert_close((y, last), (torch.stack(states, 1), h), rtol=1e-10, atol=1e-12)
    found = torch.autograd.grad(y.pow(2).sum(), [x, *cell.parameters()])
    expected = torch.autograd.grad(torch.stack(states, 1).pow(2).sum(), [kept, *cell.parameters()])
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


@ALL
@pytest.mark.parametrize("num_steps", [1, 3, 40])
@pytest.mark.parametrize("batch_size", [1, B])
def test_blocks_of_any_length_give_what_one_gives(
    name: str, num_steps: int, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, x = cell_of(name), numbers(batch_size, T, D).requires_grad_()
    start = numbers(batch_size, cell.init_state(1)[0].shape[1], seed=3).requires_grad_()
    y, last = flat(cell(x, (start,)))
    expected = [y, last, *gradients(cell, x, start, y, last)]
    width = 8 * batch_size * H * (2 if name == "lru" else 1)
    monkeypatch.setattr(gated, "_IN_CACHE", num_steps * width)
    y, last = flat(cell(x, (start,)))
    torch.testing.assert_close([y, last, *gradients(cell, x, start, y, last)], expected, rtol=1e-9, atol=1e-11)


@ALL
@pytest.mark.parametrize("num_steps", [5, 70])
def test_other_devices_take_the_same_formula_through_linear_scan(
    name: str, num_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, x = cell_of(name), numbers(B, num_steps, D).requires_grad_()
    start = numbers(B, cell.init_state(1)[0].shape[1], seed=3).requires_grad_()
    y, last = flat(cell(x, (start,)))
    expected = [y, last, *gradients(cell, x, start, y, last)]
    monkeypatch.setattr(gated, "_has_cache", lambda entry: False)
    y, last = flat(cell(x, (start,)))
    torch.testing.assert_close([y, last, *gradients(cell, x, start, y, last)], expected, rtol=1e-9, atol=1e-11)


@ALL
def test_gradients_are_those_of_small_differences(name: str) -> None:
    cell = cell_of(name)
    names = [key for key, _ in cell.named_parameters()]

    def run(x: Tensor, start: Tensor, *parameters: Tensor) -> tuple[Tensor, Tensor]:
        return flat(torch.func.functional_call(cell, dict(zip(names, parameters, strict=True)), (x, (start,))))

    start = numbers(B, cell.init_state(1)[0].shape[1], seed=3).requires_grad_()
    leaves = [parameter.detach().clone().requires_grad_() for parameter in cell.parameters()]
    assert torch.autograd.gradcheck(run, (numbers(B, 5, D).requires_grad_(), start, *leaves))


@GATED
def test_a_second_derivative_is_refused(name: str) -> None:
    cell, x = cell_of(name), numbers(B, T, D).requires_grad_()
    first: Any = torch.autograd.grad(cell(x)[0].pow(2).sum(), x, create_graph=True)[0]
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


@ALL
def test_mixed_precision_stays_near_float32_and_leaves_float64_alone(name: str) -> None:
    cell, x = cell_of(name), numbers(B, T, D)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(cell(x)[0], cell_of(name)(x)[0])
    cell, x = cell.float(), x.float()
    expected = torch.autograd.grad(cell(x)[0].pow(2).sum(), list(cell.parameters()))
    with torch.autocast("cpu", torch.bfloat16):
        y = cell(x)[0]
    found = torch.autograd.grad(y.float().pow(2).sum(), list(cell.parameters()))
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == torch.float32
        assert float((one - other).norm() / other.norm()) < 0.05


@ALL
def test_without_gradients_the_same_outputs_come_from_less_memory(name: str) -> None:
    cell, x = cell_of(name), numbers(B, T, D)
    with torch.no_grad():
        y, last = flat(cell(x))
    assert not y.requires_grad
    torch.testing.assert_close((y, last), flat(cell(x)), rtol=0, atol=0)


@ALL
def test_a_gradient_that_comes_in_is_not_written_to(name: str) -> None:
    """One row alone is in one piece whichever axis comes first: nothing copies it by chance."""
    cell, x = cell_of(name), numbers(1, T, D)
    y, last = flat(cell(x))
    incoming = numbers(1, T, H, seed=7)
    kept = incoming.clone()
    torch.autograd.grad((y, last), list(cell.parameters()), (incoming, torch.ones_like(last)))
    assert torch.equal(incoming, kept)


def test_gates_far_below_zero_keep_a_minlstm_finite() -> None:
    cell: Any = build_cell("minlstm", D, H)
    with torch.no_grad():
        cell.map.bias[: 2 * H] = -500.0
    y = cell(torch.randn(B, T, D))[0]
    y.sum().backward()
    assert bool(torch.isfinite(y).all())
    assert bool(torch.isfinite(cell.map.weight.grad).all())


def flat(result: tuple[Tensor, tuple[Tensor, ...]]) -> tuple[Tensor, Tensor]:
    y, (last,) = result
    return y, last
