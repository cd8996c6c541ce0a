"""Cells against the formulas of their papers, coded here once more, and against torch's own modules."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqkit.backbone.cell import State
from seqkit.backbone.choice import build_cell

VARIANTS: dict[str, dict[str, Any]] = {
    "rnn tanh": {"name": "rnn"},
    "rnn relu": {"name": "rnn", "nonlinearity": "relu"},
    "rnn identity": {"name": "rnn", "nonlinearity": "relu", "initialisation": "identity"},
    "gru": {"name": "gru"},
    "lstm": {"name": "lstm"},
}
ALL = pytest.mark.parametrize("variant", VARIANTS)
B, T, D, H = 2, 5, 3, 4


def cell_of(variant: str, random_biases: bool = True) -> Any:
    torch.manual_seed(1)
    cell = build_cell(input_size=D, hidden_size=H, **VARIANTS[variant]).double()
    if random_biases:
        with torch.no_grad():
            for name, parameter in cell.named_parameters():
                if "bias" in name:
                    parameter.normal_()
    return cell


def core_of(*arguments: Any, **options: Any) -> Any:
    """The torch module that holds a cell's weights, whose parameters mypy does not know by name."""
    return build_cell(*arguments, **options).core


def written(variant: str, cell: Any, x: Tensor, state: State) -> tuple[Tensor, State]:
    """The cell step by step and row by row of its weights, from the formulas in torch's documentation."""
    w, u = cell.core.weight_ih_l0, cell.core.weight_hh_l0
    bias_x, bias_h = cell.core.bias_ih_l0, cell.core.bias_hh_l0

    def gate(number: int, x_t: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        rows = range(number * H, (number + 1) * H)
        return (
            torch.stack([(x_t * w[r]).sum(-1) + bias_x[r] for r in rows], -1),
            torch.stack([(h * u[r]).sum(-1) + bias_h[r] for r in rows], -1),
        )

    def sigmoid(parts: tuple[Tensor, Tensor]) -> Tensor:
        return 1 / (1 + torch.exp(-(parts[0] + parts[1])))

    h, c = state[0], state[-1]
    outputs = []
    for t in range(x.shape[1]):
        x_t = x[:, t]
        if variant.startswith("rnn"):
            total = sum(gate(0, x_t, h))
            assert isinstance(total, Tensor)
            h = torch.tanh(total) if variant == "rnn tanh" else total.clamp(min=0)
        elif variant == "gru":
            r, z, (n_x, n_h) = sigmoid(gate(0, x_t, h)), sigmoid(gate(1, x_t, h)), gate(2, x_t, h)
            h = (1 - z) * torch.tanh(n_x + r * n_h) + z * h
        else:
            i, f, o = sigmoid(gate(0, x_t, h)), sigmoid(gate(1, x_t, h)), sigmoid(gate(3, x_t, h))
            c = f * c + i * torch.tanh(sum(gate(2, x_t, h)))  # type: ignore[arg-type]
            h = o * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs, 1), (h, c) if variant == "lstm" else (h,)


def loss(y: Tensor, state: State) -> Tensor:
    """A different weight for each output, so that no two can be swapped."""
    weights = torch.arange(1, y.numel() + 1, dtype=y.dtype).reshape(y.shape) / y.numel()
    return (weights * y).sum() + sum((n + 2) * (s**2).sum() for n, s in enumerate(state))


def inputs(variant: str) -> tuple[Tensor, State]:
    torch.manual_seed(2)
    state = tuple(torch.randn(B, H, dtype=torch.float64) for _ in range(2 if variant == "lstm" else 1))
    return torch.randn(B, T, D, dtype=torch.float64), state


def close(actual: Any, expected: Any) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


@ALL
def test_forward_and_its_gradients_are_those_of_the_written_formula(variant: str) -> None:
    cell, (x, state) = cell_of(variant), inputs(variant)
    y, last = cell(x, state)
    expected, expected_last = written(variant, cell, x, state)
    close(y, expected)
    close(last, expected_last)
    parameters = list(cell.parameters())
    close(
        torch.autograd.grad(loss(y, last), parameters),
        torch.autograd.grad(loss(expected, expected_last), parameters),
    )


@ALL
def test_steps_give_what_forward_gives_with_the_same_gradients(variant: str) -> None:
    cell, (x, state) = cell_of(variant), inputs(variant)
    y, last = cell(x, state)
    parameters = list(cell.parameters())
    expected_gradients = torch.autograd.grad(loss(y, last), parameters)
    own, outputs = state, []
    for x_t in x.unbind(1):
        y_t, own = cell.step(x_t, own)
        outputs.append(y_t)
    close(torch.stack(outputs, 1), y)
    close(own, last)
    close(torch.autograd.grad(loss(torch.stack(outputs, 1), own), parameters), expected_gradients)


@ALL
def test_forward_is_torchs_module_with_the_same_weights(variant: str) -> None:
    cell, (x, state) = cell_of(variant), inputs(variant)
    kind: dict[str, Any] = {"gru": nn.GRU, "lstm": nn.LSTM}
    options: dict[str, Any] = {} if variant in kind else {"nonlinearity": "tanh" if variant == "rnn tanh" else "relu"}
    torch_module = kind.get(variant, nn.RNN)(D, H, batch_first=True, **options).double()
    torch_module.load_state_dict(cell.core.state_dict())
    packed = tuple(s[None] for s in state)
    expected, last = torch_module(x, packed if variant == "lstm" else packed[0])
    expected_state = tuple(s[0] for s in (last if variant == "lstm" else (last,)))
    y, own = cell(x, state)
    close(y, expected)
    close(own, expected_state)
    close(
        torch.autograd.grad(loss(y, own), list(cell.parameters())),
        torch.autograd.grad(loss(expected, expected_state), list(torch_module.parameters())),
    )


@ALL
def test_two_chunks_with_the_state_carried_are_one_long_chunk(variant: str) -> None:
    cell, (x, state) = cell_of(variant), inputs(variant)
    whole, last = cell(x, state)
    first, between = cell(x[:, :2], state)
    second, end = cell(x[:, 2:], between)
    close(torch.cat([first, second], 1), whole)
    close(end, last)


@ALL
def test_an_empty_chunk_leaves_the_state_as_it_is(variant: str) -> None:
    cell, (x, state) = cell_of(variant), inputs(variant)
    y, after = cell(x[:, :0], state)
    assert y.shape == (B, 0, H)
    for one, other in zip(after, state, strict=True):
        assert torch.equal(one, other)


@ALL
def test_a_fresh_state_is_zero_and_has_the_weights_type(variant: str) -> None:
    cell, (x, _) = cell_of(variant), inputs(variant)
    state = cell.init_state(B)
    assert len(state) == cell.num_states == (2 if variant == "lstm" else 1)
    assert all(s.shape == (B, H) and s.dtype == torch.float64 and not s.any() for s in state)
    close(cell(x)[0], cell(x, state)[0])


@pytest.mark.parametrize(("name", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_recurrent_weights_start_orthogonal_gate_by_gate(name: str, gates: int) -> None:
    core = core_of(name, D, H)
    assert core.weight_hh_l0.shape == (gates * H, H)
    for matrix in core.weight_hh_l0.chunk(gates):
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(H), rtol=0, atol=1e-5)


def test_identity_initialisation_is_the_identity_with_zero_biases() -> None:
    core = core_of("rnn", D, H, "relu", "identity")
    assert torch.equal(core.weight_hh_l0, torch.eye(H))
    assert not core.bias_ih_l0.any() and not core.bias_hh_l0.any()
    assert core.weight_ih_l0.any()


def test_the_forget_gate_starts_with_a_total_bias_of_one_and_no_other_gate_does() -> None:
    core = core_of("lstm", D, H)
    total = core.bias_ih_l0 + core.bias_hh_l0
    assert total.tolist() == [0.0] * H + [1.0] * H + [0.0] * 2 * H  # i, f, g, o


def test_chrono_biases_spread_the_time_scales_of_the_gates_up_to_the_memory() -> None:
    torch.manual_seed(3)
    lstm, gru = (core_of(name, D, 400, initialisation="chrono", memory=50) for name in ("lstm", "gru"))
    store, forget, update, output = (lstm.bias_ih_l0 + lstm.bias_hh_l0).chunk(4)
    assert torch.equal(store, -forget)
    assert not update.any() and not output.any()
    keep = (gru.bias_ih_l0 + gru.bias_hh_l0).chunk(3)[1]
    for bias in (forget.detach(), keep.detach()):
        scales = 1 / (1 - torch.sigmoid(bias.double()))  # 1 + exp(bias), so U(2, 50)
        assert 2 <= float(scales.min()) < 3 and 49 < float(scales.max()) <= 50
        assert float(scales.mean()) == pytest.approx(26, abs=2)  # 400 draws of deviation 14: standard error 0.7


@ALL
def test_gates_lie_in_their_range_and_carry_the_words_of_the_lecture(variant: str) -> None:
    cell, (x, state) = cell_of(variant), inputs(variant)
    gates = cell.gates(x[:, 0], state)
    expected = {"lstm": ["forget", "store", "update", "output"], "gru": ["reset", "update", "candidate"]}
    assert list(gates) == expected.get(variant, ["activation"])
    for gate in gates.values():
        assert gate.value.shape == (B, H)
        assert bool(((gate.value >= gate.low) & (gate.value <= gate.high)).all())
