"""The bag and the window: their formulas, their state, and what each of them cannot see."""

import pytest
import torch
from torch import Tensor

from seqkit.backbone.cell import Cell
from seqkit.backbone.choice import build_cell

B, T, D, H, WIDTH = 2, 6, 3, 4, 3
BOTH = pytest.mark.parametrize("name", ["bag", "window"])


def cell_of(name: str) -> Cell:
    torch.manual_seed(1)
    return build_cell(name, D, H, width=WIDTH).double()


def steps() -> Tensor:
    torch.manual_seed(2)
    return torch.randn(B, T, D, dtype=torch.float64)


def written(name: str, cell: Cell, x: Tensor) -> Tensor:
    """The formulas of the docstrings, one step after another."""
    weights = dict(cell.named_parameters())
    outputs = []
    for t in range(T):
        if name == "bag":
            total = x[:, : t + 1].mean(1) @ weights["map.weight"].T
        else:
            kernel = weights["map.weight"]  # (H, D, width), the present step last
            total = sum((x[:, t - k] @ kernel[:, :, WIDTH - 1 - k].T for k in range(min(WIDTH, t + 1))), torch.zeros(1))
        outputs.append((total + weights["map.bias"]).clamp(min=0))
    return torch.stack(outputs, 1)


@BOTH
def test_forward_is_the_written_formula(name: str) -> None:
    cell, x = cell_of(name), steps()
    torch.testing.assert_close(cell(x)[0], written(name, cell, x), rtol=1e-12, atol=1e-12)


@BOTH
def test_steps_and_chunks_give_what_one_pass_gives(name: str) -> None:
    cell, x = cell_of(name), steps()
    whole, last = cell(x)
    assert len(last) == cell.num_states
    first, between = cell(x[:, :2])
    empty, between = cell(x[:, 2:2], between)
    second, end = cell(x[:, 2:], between)
    assert empty.shape == (B, 0, H)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(end, last, rtol=1e-12, atol=1e-12)
    state, outputs = cell.init_state(B), []
    for x_t in x.unbind(1):
        y_t, state = cell.step(x_t, state)
        outputs.append(y_t)
    torch.testing.assert_close(torch.stack(outputs, 1), whole, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(state, last, rtol=1e-12, atol=1e-12)


def test_the_bag_does_not_see_the_order() -> None:
    cell, x = cell_of("bag"), steps()
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(cell(x[:, order])[0][:, -1], cell(x)[0][:, -1], rtol=1e-12, atol=1e-12)
    assert not torch.allclose(cell(x[:, order])[0][:, 2], cell(x)[0][:, 2])  # but it sees which steps there were


def test_the_window_sees_its_width_and_nothing_before_it() -> None:
    cell, x = cell_of("window"), steps()
    other = x.clone()
    other[:, T - 1 - WIDTH] += 1
    assert torch.equal(cell(other)[0][:, -1], cell(x)[0][:, -1])
    other[:, T - WIDTH] += 1
    assert not torch.allclose(cell(other)[0][:, -1], cell(x)[0][:, -1])


def test_a_window_of_one_step_is_a_feed_forward_layer() -> None:
    torch.manual_seed(1)
    cell, x = build_cell("window", D, H, width=1).double(), steps()
    y, state = cell(x)
    assert state[0].shape == (B, 0)
    for t in range(T):
        torch.testing.assert_close(cell.step(x[:, t], cell.init_state(B))[0], y[:, t], rtol=1e-12, atol=1e-12)
