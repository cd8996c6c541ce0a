"""The recorder reads as the backbone does; Jacobians and gates of what it kept are those of the formulas."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqkit.backbone.cells import LSTMCell, RNNCell
from seqkit.backbone.choice import CELLS, build_cell
from seqkit.backbone.stack import BothDirections, Stack
from seqkit.lecture.instruments import jacobian as instrument
from seqkit.lecture.instruments.gates import measure_gates, measure_time_constants
from seqkit.lecture.instruments.jacobian import jacobian, lyapunov_exponents, measure_jacobian, push_forward
from seqkit.lecture.instruments.measured import GateReport
from seqkit.lecture.instruments.recorder import LayerTrace, Recorder, StackTrace

B, T, D, H = 3, 7, 2, 4


def stack(cell: str = "lstm", seed: int = 4, **options: object) -> Stack:
    torch.manual_seed(seed)
    built = Stack(lambda d, h: build_cell(cell, d, h, width=3), D, H, **options)  # type: ignore[arg-type]
    for parameter in built.parameters():
        nn.init.normal_(parameter, 0.3, 0.4)
    return built.double().eval()


def values(seed: int = 5) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(B, T, D, dtype=torch.float64)


def trace_of(backbone: Stack | BothDirections, x: Tensor, lengths: Tensor | None = None, most: int = 100) -> StackTrace:
    recorder = Recorder(backbone, most)
    recorder(x, lengths=lengths)
    return recorder.traces[0]


def close(actual: object, expected: object) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("most", [100, 3])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_recorded_stack_reads_as_the_fused_one(cell: str, residual: bool, most: int) -> None:
    backbone, x = stack(cell, num_layers=1 if cell in ("bag", "window") else 2, residual=residual), values()
    _, state = backbone(values(6))
    reset = torch.tensor([False, True, False])
    recorder = Recorder(backbone, most)
    outputs, after = recorder(x, state, reset)
    expected, last = backbone(x, state, reset)
    close(outputs, expected.detach())
    close(tuple(s.detach() for s in after), tuple(s.detach() for s in last))
    close(recorder.traces[0].outputs.detach(), expected[:, -most:].detach())


@pytest.mark.parametrize("most", [100, 3])
def test_recorded_directions_read_as_the_fused_ones_up_to_each_rows_end(most: int) -> None:
    both, x, lengths = BothDirections(stack(num_layers=2), stack("gru", seed=6)), values(), torch.tensor([7, 4, 2])
    recorder = Recorder(both, most)
    outputs, state = recorder(x, lengths=lengths)
    expected, _ = both(x, lengths=lengths)
    assert state == ()
    for row, length in enumerate(lengths.tolist()):
        close(outputs[row, :length], expected[row, :length].detach())
    assert [layer.name for trace in recorder.traces for layer in trace.layers] == [
        "layer 1 forward", "layer 2 forward", "layer 1 backward",
    ]  # fmt: skip
    assert [trace.backward for trace in recorder.traces] == [False, True]


def test_the_last_steps_of_each_row_are_recorded() -> None:
    x, lengths = values(), torch.tensor([7, 4, 2])
    trace = trace_of(stack("rnn"), x, lengths, most=3)
    assert (trace.begins.tolist(), trace.counts.tolist()) == ([4, 1, 0], [3, 3, 2])
    assert trace.places.tolist() == [[4, 5, 6], [1, 2, 3], [0, 1, 1]]
    for t in range(3):
        close(trace.layers[0].entries[t].detach()[:2], torch.stack([x[0, 4 + t], x[1, 1 + t]]))


def state_at(trace: StackTrace, t: int) -> Tensor:
    return torch.cat(trace.layers[0].before[t], dim=1).detach()


def test_the_jacobian_of_the_tanh_cell_is_its_slope_times_its_weights() -> None:
    trace = trace_of(stack("rnn"), values())
    layer = trace.layers[0]
    assert isinstance(layer.cell, RNNCell)
    found = jacobian(layer.cell, layer.entries[2].detach(), state_at(trace, 2))
    h = layer.after[2][0].detach()  # (B, H)
    expected = (1 - h**2)[:, :, None] * layer.cell.core.weight_hh_l0.detach()  # diag(1 - h^2) W_hh
    close(found, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_the_jacobian_is_that_of_autograd(cell: str) -> None:
    trace = trace_of(stack(cell), values())
    layer = trace.layers[0]
    widths = [s.shape[1] for s in layer.before[0]]

    def after(row: int, state: Tensor) -> Tensor:
        _, new = layer.cell.step(layer.entries[3].detach()[row : row + 1], torch.split(state[None], widths, dim=1))
        return torch.cat(new, dim=1)[0]

    found = jacobian(layer.cell, layer.entries[3].detach(), state_at(trace, 3))
    for row in range(B):
        start = state_at(trace, 3)[row]
        expected = torch.autograd.functional.jacobian(lambda s, row=row: after(row, s), start)  # type: ignore[no-untyped-call]
        close(found[row], expected)
        vector = torch.randn(B, len(start), dtype=torch.float64)
        pushed = push_forward(layer.cell, layer.entries[3].detach(), state_at(trace, 3), vector)
        close(pushed[row], expected @ vector[row])


def test_radius_and_norm_are_those_of_the_matrix_and_power_iteration_finds_them_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = trace_of(stack("lstm"), values())
    layer = trace.layers[0]
    report = measure_jacobian(trace, layer, num_samples=2, num_exponents=3)
    assert report.exact and report.state_size == 2 * H
    assert report.steps.tolist() == [0, 6]
    row = {0: 0, 6: 1}  # samples go through the rows in turn
    for step, radius, norm in zip(report.steps, report.radius, report.norm, strict=True):
        state = state_at(trace, step)[row[step]]
        (matrix,) = jacobian(layer.cell, layer.entries[step].detach()[row[step]][None], state[None])
        assert radius == pytest.approx(np.abs(np.linalg.eigvals(matrix.numpy())).max())
        assert norm == pytest.approx(np.linalg.svd(matrix.numpy(), compute_uv=False)[0])
    monkeypatch.setattr(instrument, "_MOST_EXACT", 3)
    iterated = measure_jacobian(trace, layer, num_samples=2, num_exponents=3)
    assert not iterated.exact
    np.testing.assert_allclose(iterated.norm, report.norm, rtol=1e-3)
    np.testing.assert_allclose(iterated.radius, report.radius, rtol=0.05)
    np.testing.assert_allclose(iterated.exponents, report.exponents)


def test_a_matrix_with_what_is_no_number_has_no_finite_radius() -> None:
    matrices = torch.eye(3).repeat(2, 1, 1)
    matrices[1, 0, 2] = torch.nan
    for found in instrument._decompose(matrices):
        assert found.tolist() == [1.0, np.inf]


def test_lyapunov_exponents_are_the_singular_values_of_the_product_in_the_long_run() -> None:
    torch.manual_seed(7)
    backbone = Stack(lambda d, h: build_cell("rnn", d, h), D, H).double()
    with torch.no_grad():  # symmetric weights and no input: the Jacobian is W at every step
        core = backbone.cells[0].core
        turn = torch.linalg.qr(torch.randn(H, H, dtype=torch.float64))[0]
        scale = torch.tensor([1.1, 0.9, 0.5, 0.2], dtype=torch.float64)
        core.weight_hh_l0.copy_(turn @ torch.diag(scale) @ turn.T)  # type: ignore[union-attr, operator]
    trace = trace_of(backbone, torch.zeros(2, 200, D, dtype=torch.float64), torch.tensor([200, 120]), most=200)
    found = lyapunov_exponents(trace, trace.layers[0], 4)
    np.testing.assert_allclose(np.exp(found), [1.1, 0.9, 0.5, 0.2], rtol=0.03)


def gates_of(cell: str, lengths: Tensor | None = None, most: int = 100) -> tuple[LayerTrace, list[GateReport]]:
    trace = trace_of(stack(cell), values(), lengths, most)
    return trace.layers[0], list(measure_gates(trace, trace.layers[0], row=1))


def test_gates_of_the_lstm_are_those_of_the_formula() -> None:
    layer, gates = gates_of("lstm")
    assert isinstance(layer.cell, LSTMCell)
    core = layer.cell.core
    weights = torch.cat([core.weight_ih_l0, core.weight_hh_l0], dim=1)
    for t in range(T):
        seen = torch.cat([values()[1, t], layer.before[t][0].detach()[1]])
        i, f, g, o = (weights @ seen + core.bias_ih_l0 + core.bias_hh_l0).detach().chunk(4)
        expected = {"store": i.sigmoid(), "forget": f.sigmoid(), "update": g.tanh(), "output": o.sigmoid()}
        assert {gate.gate for gate in gates} == set(expected)
        for gate in gates:
            np.testing.assert_allclose(gate.values[t].astype(float), expected[gate.gate].numpy(), atol=1e-3)


def test_shares_of_saturated_values_leave_out_padding_and_what_was_not_recorded() -> None:
    lengths = torch.tensor([7, 4, 2])
    layer, gates = gates_of("gru", lengths, most=3)
    update = next(gate for gate in gates if gate.gate == "update")
    kept = []
    for row, count in enumerate([3, 3, 2]):
        for t in range(count):
            x_t, state = layer.entries[t][row : row + 1], tuple(s[row : row + 1] for s in layer.before[t])
            kept.append(layer.cell.gates(x_t, state)["update"].value[0].detach().numpy())
    values_kept = np.stack(kept)
    assert update.values.shape == (3, H)
    assert update.mean == pytest.approx(values_kept.mean())
    assert update.share_low == pytest.approx((values_kept <= 0.1).mean())
    assert update.share_high == pytest.approx((values_kept >= 0.9).mean())
    assert update.stuck_high == pytest.approx(((values_kept >= 0.9).mean(0) >= 0.99).mean())
    np.testing.assert_allclose(update.high_by_unit, (values_kept >= 0.9).mean(0))
    np.testing.assert_allclose(update.mean_by_unit, values_kept.mean(0))
    np.testing.assert_allclose(update.mean_by_step, update.values.astype(float).mean(1), atol=1e-3)


def test_units_of_a_relu_that_never_answer_are_dead() -> None:
    backbone = Stack(lambda d, h: build_cell("rnn", d, h, "relu"), D, H).double()
    with torch.no_grad():
        backbone.cells[0].core.bias_ih_l0.copy_(torch.tensor([-99.0, 9.0, -99.0, 9.0]))  # type: ignore[union-attr, operator]
    trace = trace_of(backbone, values())
    (gate,) = measure_gates(trace, trace.layers[0], 0)
    assert gate.stuck_low >= 0.5 and gate.low_by_unit[[0, 2]].tolist() == [1.0, 1.0]
    assert (gate.share_high, gate.stuck_high, gate.high) == (0.0, 0.0, np.inf)


def test_the_backward_direction_is_shown_in_the_order_of_the_record() -> None:
    both, x, lengths = BothDirections(stack("rnn"), stack("rnn", seed=6)), values(), torch.tensor([7, 4, 6])
    recorder = Recorder(both, 100)
    outputs, _ = recorder(x, lengths=lengths)
    back = recorder.traces[1]
    (gate,) = measure_gates(back, back.layers[0], row=1)
    np.testing.assert_allclose(gate.values.astype(float), outputs[1, :4, H:].detach().numpy(), atol=1e-3)


@pytest.mark.parametrize(("cell", "sign"), [("lstm", 1), ("gru", 1), ("mingru", -1)])
def test_time_constants_are_one_over_what_the_gate_lets_go(cell: str, sign: int) -> None:
    layer, gates = gates_of(cell)
    constants = measure_time_constants(layer, gates, 2.0, lambda n: f"{n:.2f} steps")
    assert constants is not None
    mean = next(gate.mean_by_unit for gate in gates if gate.gate == constants.gate)
    kept = mean if sign > 0 else 1 - mean
    np.testing.assert_allclose(constants.by_unit, 2.0 / (1 - kept))
    assert constants.spans[2] == f"{constants.quantiles[2]:.2f} steps"


def test_a_cell_without_a_gate_that_keeps_has_no_time_constants() -> None:
    layer, gates = gates_of("rnn")
    assert measure_time_constants(layer, gates, 1.0, str) is None
