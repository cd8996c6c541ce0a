"""The convolution in front of a cell: the written sum, any chunking, and every place that looks into a stack."""

from typing import Any

import pytest
import torch
from torch import Tensor

from seqkit import ConfigError, ModelOptions, plugins
from seqkit.backbone.choice import build_cell
from seqkit.backbone.convolution import ConvolvedCell
from seqkit.backbone.stack import BothDirections, Stack
from seqkit.build import build_model
from seqkit.lecture.instruments.gates import measure_gates, measure_time_constants
from seqkit.lecture.instruments.gradient_flow import follow_gradients
from seqkit.lecture.instruments.jacobian import jacobian
from seqkit.lecture.instruments.recorder import Recorder
from seqkit.testing import Bench

B, T, D, H, K = 2, 7, 3, 4, 3
WRAPPED = ("rnn", "gru", "lstm", "mingru", "minlstm", "rglru", "lru")
ALL = pytest.mark.parametrize("name", WRAPPED)


def cell_of(name: str, width: int = K) -> ConvolvedCell:
    torch.manual_seed(1)
    cell = ConvolvedCell(build_cell(name, D, H), D, width).double()
    torch.nn.init.normal_(cell.bias)
    return cell


def values(steps: int = T) -> Tensor:
    return torch.randn(B, steps, D, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def carried(cell: ConvolvedCell) -> tuple[Tensor, ...]:
    """A state of no zeros, as an earlier chunk leaves it."""
    generator = torch.Generator().manual_seed(3)
    return tuple(torch.rand(s.shape, dtype=s.dtype, generator=generator) for s in cell.init_state(B))


def written(cell: ConvolvedCell, x: Tensor, past: Tensor) -> Tensor:
    """u_t = b + sum over k of w_k * x_{t - K + 1 + k}, step by step and feature by feature."""
    known = [*past.view(B, cell.width - 1, D).unbind(1), *x.unbind(1)]
    rows = []
    for t in range(x.shape[1]):
        features = [
            cell.bias[d] + sum(cell.weight[k, d] * known[t + k][:, d] for k in range(cell.width)) for d in range(D)
        ]
        rows.append(torch.stack(features, 1))
    return torch.stack(rows, 1)


def close(actual: Any, expected: Any) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


@ALL
def test_it_is_the_cell_over_the_written_sum_with_the_same_gradients(name: str) -> None:
    cell, x = cell_of(name), values()
    state = carried(cell)
    y, after = cell(x, state)
    expected, own = cell.cell(written(cell, x, state[-1]), state[:-1])
    close(y, expected)
    close(after[:-1], own)
    close(after[-1], x[:, -(K - 1) :].flatten(1))
    weights = torch.arange(1.0, y.numel() + 1, dtype=y.dtype).view_as(y) / y.numel()
    parameters = list(cell.parameters())
    assert len(parameters) == len(list(cell.cell.parameters())) + 2
    found, wanted = (torch.autograd.grad((weights * out).sum(), parameters) for out in (y, expected))
    close(found, wanted)


@ALL
@pytest.mark.parametrize("sizes", [[1] * T, [2, 5], [0, 3, 0, 4], [7, 0]])
def test_any_chunks_give_what_the_whole_gives(name: str, sizes: list[int]) -> None:
    cell, x = cell_of(name, width=4), values()
    expected, last = cell(x)
    state, parts = cell.init_state(B), []
    for chunk in torch.split(x, sizes, dim=1):
        part, state = cell(chunk, state)
        parts.append(part)
    close(torch.cat(parts, 1), expected)
    close(state, last)


@ALL
@pytest.mark.parametrize("width", [2, 5, 9])
def test_steps_give_what_forward_gives(name: str, width: int) -> None:
    cell, x = cell_of(name, width), values()
    expected, last = cell(x)
    state, outputs = cell.init_state(B), []
    assert len(state) == len(last) == cell.num_states == cell.cell.num_states + 1
    for x_t in x.unbind(1):
        y_t, state = cell.step(x_t, state)
        outputs.append(y_t)
    close(torch.stack(outputs, 1), expected)
    close(state, last)


@ALL
def test_gates_are_those_of_the_cell_over_the_sum(name: str) -> None:
    cell, x = cell_of(name), values(steps=1)
    state = carried(cell)
    found = cell.gates(x[:, 0], state)
    expected = cell.cell.gates(written(cell, x, state[-1])[:, 0], state[:-1])
    assert list(found) == list(expected)
    for gate in expected:
        close(found[gate].value, expected[gate].value)
        assert found[gate][1:] == expected[gate][1:]


def stack(cell: str = "gru", input_size: int = D, **options: Any) -> Stack:
    torch.manual_seed(4)
    return Stack(lambda d, h: build_cell(cell, d, h), input_size, H, convolution=K, **options).double()


@pytest.mark.parametrize("residual", [False, True])
@ALL
def test_a_stack_carries_the_inputs_of_each_layer(name: str, residual: bool) -> None:
    model, x = stack(name, num_layers=2, residual=residual), values()
    expected, last = model(x)
    assert last[-1].shape == (2, B, (K - 1) * H)
    _, state = model(x[:, :4])
    found, after = model(x[:, 4:], state)
    close(found, expected[:, 4:])
    close(after, last)
    state = model.init_state(B)
    for t, x_t in enumerate(x.unbind(1)):
        y_t, state = model.step(x_t, state)
        close(y_t, expected[:, t])
    close(state, last)


def test_an_input_of_another_size_is_mapped_first_and_one_of_the_same_is_not() -> None:
    assert stack(num_layers=2).project(values()).shape == (B, T, H)
    assert isinstance(stack(input_size=H).project, torch.nn.Identity)
    plain = Stack(lambda d, h: build_cell("gru", d, h), D, H)
    assert isinstance(plain.project, torch.nn.Identity)


def test_a_reset_row_forgets_its_inputs_too_and_the_others_do_not() -> None:
    model, x = stack(num_layers=2), values()
    _, state = model(x + 1)
    found, _ = model(x, state, reset=torch.tensor([True, False]))
    close(found[0], model(x)[0][0])
    close(found[1], model(x, state)[0][1])


def test_both_directions_convolve_in_their_own_reading_order() -> None:
    both, lengths, x = BothDirections(stack(), stack("lstm")), torch.tensor([4, 7]), values()
    y, _ = both(x, lengths=lengths)
    alone, _ = both(x[:1, :4], lengths=lengths[:1])
    close(y[:1, :4], alone)


@pytest.mark.parametrize("most", [3, 20])
@pytest.mark.parametrize("cell", ["gru", "lstm", "rglru", "lru"])
def test_the_recorder_reads_what_the_stack_reads(cell: str, most: int) -> None:
    model, x = stack(cell, num_layers=2, residual=True), values()
    recorder = Recorder(model, most)
    expected, last = model(x)
    found, after = recorder(x)
    close(found, expected.detach())
    close(after, last)


def test_instruments_tell_the_state_of_the_cell_from_that_of_the_convolution() -> None:
    model, x = stack("gru"), values()
    recorder = Recorder(model, T)
    recorder(x)
    (trace,) = recorder.traces
    (layer,) = trace.layers
    gates = list(measure_gates(trace, layer, 0))
    found = measure_time_constants(layer, gates, 1.0, str)
    update = next(gate for gate in gates if gate.gate == "update")
    assert found is not None and found.by_unit == pytest.approx(1 / (1 - update.mean_by_unit))
    (norms,) = follow_gradients(trace, torch.ones(B, T, H, dtype=torch.float64), 2)
    assert set(norms.parts) == {"input", "state", "h"}


def test_the_jacobian_shifts_the_inputs_and_drops_the_oldest() -> None:
    cell = cell_of("rnn")
    state = torch.cat(carried(cell), dim=1)[:1]
    (found,) = jacobian(cell, values()[:1, 0], state)
    oldest, newer = slice(H, H + D), slice(H + D, H + 2 * D)
    close(found[oldest, newer], torch.eye(D, dtype=torch.float64))
    assert not found[newer].any() and not found[oldest, : H + D].any()
    close(found[:H, oldest], found[:H, newer] @ torch.diag(cell.weight[0] / cell.weight[1]).detach())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"convolution": 1}, "convolution is 1"),
        ({"convolution": -4}, "convolution is -4"),
        ({"convolution": 65}, "convolution is 65(.|\n)*2 to 64"),
        ({"convolution": 4, "cell": "window"}, r"nothing around it.*\n  at: --model\.convolution\n.*it out.*mingru"),
        (
            {"num_layers": 2, "residual": True, "cell": "bag"},
            r"at: --model\.num_layers, --model\.residual\n  fix: leave them out",
        ),
    ],
)
def test_what_a_convolution_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    bench = Bench(plugins.load("text"), "next_step")
    with pytest.raises(ConfigError, match=message):
        build_model(bench.domain, bench.data, ModelOptions(**options))


def test_bfloat16_keeps_what_was_carried_in_float32() -> None:
    cell, x = cell_of("mingru").float(), values().float()
    expected, _ = cell(x)
    with torch.autocast("cpu", torch.bfloat16):
        _, state = cell(x[:, :3])
        found, _ = cell(x[:, 3:], state)
    torch.testing.assert_close(found.float(), expected[:, 3:], rtol=0.05, atol=0.05)
