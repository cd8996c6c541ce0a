"""The parallel cells against the formulas of their papers, step by step; shared conduct of cells is under the laws."""

from typing import Any

import pytest
import torch
from torch import Tensor

from seqkit.backbone.choice import PARALLEL, build_cell

B, T, D, H = 2, 70, 3, 4
ALL = pytest.mark.parametrize("name", PARALLEL)


def cell_of(name: str) -> Any:
    torch.manual_seed(1)
    cell = build_cell(name, D, H).double()
    with torch.no_grad():
        for key, parameter in cell.named_parameters():
            if "bias" in key:
                parameter.normal_()
    return cell


def steps() -> Tensor:
    torch.manual_seed(2)
    return torch.randn(B, T, D, dtype=torch.float64)


def positive(v: Tensor) -> Tensor:
    return torch.where(v >= 0, v + 0.5, 1 / (1 + torch.exp(-v)))


def written(name: str, cell: Any, x: Tensor) -> Tensor:
    """Outputs by the equations of the papers, from the cell's weights."""
    weights = dict(cell.named_parameters())
    h = torch.zeros(B, H, dtype=torch.complex128 if name == "lru" else torch.float64)
    outputs = []

    def linear(key: str, value: Tensor) -> list[Tensor]:
        total = value @ weights[f"{key}.weight"].T
        return list((total + weights.get(f"{key}.bias", torch.zeros(1))).split(H, dim=-1))

    for x_t in x.unbind(1):
        if name == "mingru":
            z, v = linear("map", x_t)
            h = (1 - z.sigmoid()) * h + z.sigmoid() * positive(v)
        elif name == "minlstm":
            f, i, v = linear("map", x_t)
            total = f.sigmoid() + i.sigmoid()
            h = f.sigmoid() / total * h + i.sigmoid() / total * positive(v)
        elif name == "rglru":
            (v,) = linear("map", x_t)
            r, i = linear("choose", v)
            a = weights["decay"].sigmoid() ** (8 * r.sigmoid())
            h = a * h + (1 - a**2).sqrt() * i.sigmoid() * v
        else:
            real, imaginary = linear("read", x_t)
            decay = torch.exp(-torch.exp(weights["log_decay"]) + 1j * torch.exp(weights["log_angle"]))
            h = decay * h + torch.exp(weights["log_scale"]) * (real + 1j * imaginary)
            (y,) = linear("write", torch.cat([h.real, h.imag], -1))
            outputs.append(y + linear("skip", x_t)[0])
            continue
        outputs.append(h)
    return torch.stack(outputs, 1)


@ALL
def test_forward_and_its_gradients_are_those_of_the_written_formula(name: str) -> None:
    cell, x = cell_of(name), steps()
    found, expected = cell(x)[0], written(name, cell, x)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)
    parameters = list(cell.parameters())
    gradients = [torch.autograd.grad(y.pow(2).sum(), parameters) for y in (found, expected)]
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-8, atol=1e-9)


@ALL
def test_steps_and_chunks_give_what_one_pass_gives(name: str) -> None:
    cell, x = cell_of(name), steps()
    whole, last = cell(x)
    first, between = cell(x[:, :40])
    _, between = cell(x[:, 40:40], between)
    second, end = cell(x[:, 40:], between)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(end, last, rtol=1e-10, atol=1e-11)
    state, outputs = cell.init_state(B), []
    for x_t in x.unbind(1):
        y_t, state = cell.step(x_t, state)
        outputs.append(y_t)
    torch.testing.assert_close(torch.stack(outputs, 1), whole, rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(state, last, rtol=1e-10, atol=1e-11)


@ALL
def test_gates_lie_in_their_range(name: str) -> None:
    cell, x = cell_of(name), steps()
    for gate in cell.gates(x[:, 0], cell.init_state(B)).values():
        assert gate.value.shape == (B, H)
        assert bool(((gate.value >= gate.low) & (gate.value <= gate.high)).all())


def test_decays_begin_where_the_papers_put_them() -> None:
    torch.manual_seed(0)
    rglru, lru = build_cell("rglru", D, 500), build_cell("lru", D, 500)
    decay = torch.sigmoid(rglru.decay.detach()) ** 8  # type: ignore[operator]
    radius = lru.eigenvalues.detach().abs()  # type: ignore[operator]
    for values in (decay, radius):
        assert 0.9 <= float(values.min()) < 0.91
        assert 0.99 < float(values.max()) <= 0.9991
    angle = lru.eigenvalues.detach().angle()  # type: ignore[operator]
    assert 0 <= float(angle.min()) and float(angle.max()) <= torch.pi / 10 + 1e-6


@pytest.mark.parametrize(("name", "gate"), [("mingru", -7.0), ("minlstm", 7.0), ("rglru", -4.0), ("lru", 0.0)])
@pytest.mark.parametrize("mixed", [True, False])
def test_slow_decays_survive_half_precision(name: str, gate: float, mixed: bool) -> None:
    """1 - 0.0009 is 1 in bfloat16: the state would only grow."""
    torch.manual_seed(0)
    cell, x = build_cell(name, 3, 8), torch.randn(2, 1500, 3)
    with torch.no_grad():
        for kind, bias in cell.named_parameters():
            if kind in ("map.bias", "choose.bias"):
                bias[:8] = gate
        expected, _ = cell(x)
        if mixed:
            with torch.autocast("cpu", torch.bfloat16):
                found, _ = cell(x)
        else:
            cell, x = cell.bfloat16(), x.bfloat16()
            found, state = cell(x)
            assert found.dtype == torch.bfloat16
            assert cell.step(x[:, 0], state)[0].dtype == torch.bfloat16
    gap = (found.float() - expected)[:, -1].abs().max() / expected[:, -1].abs().max()
    assert gap < 0.05


def test_a_decay_that_rounds_to_one_has_a_finite_gradient() -> None:
    cell: Any = build_cell("rglru", D, H)
    with torch.no_grad():
        cell.decay.fill_(40.0)  # sigmoid(40) is 1 in float32
    cell(torch.randn(B, 5, D))[0].sum().backward()
    assert all(bool(torch.isfinite(parameter.grad).all()) for parameter in cell.parameters())
