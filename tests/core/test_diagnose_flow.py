"""Gradient flow and its verdict, against products worked by hand and against autograd through torch's own cells."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqkit.backbone.choice import CELLS, build_cell
from seqkit.backbone.stack import BothDirections, Stack, flip
from seqkit.lecture.instruments.gradient_flow import Norms, follow_gradients, summarise
from seqkit.lecture.instruments.measured import GradientFlow, Stretch
from seqkit.lecture.instruments.memory import fit_growth, judge_memory
from seqkit.lecture.instruments.recorder import Recorder

B, T, D, H = 3, 7, 2, 4


def stack(cell: str = "lstm", seed: int = 4, **options: object) -> Stack:
    torch.manual_seed(seed)
    return Stack(lambda d, h: build_cell(cell, d, h, width=3), D, H, **options).double()  # type: ignore[arg-type]


def values() -> Tensor:
    torch.manual_seed(5)
    return torch.randn(B, T, D, dtype=torch.float64)


def follow(backbone: Stack, x: Tensor, on_outputs: Tensor, lengths: Tensor | None = None, positions: int = 1) -> Norms:
    recorder = Recorder(backbone, most=100)
    recorder(x, lengths=lengths)
    (norms,) = follow_gradients(recorder.traces[0], on_outputs, positions)
    return norms


def scalar(weight: float) -> Stack:
    """h_t = relu(weight h_{t-1} + x_t), linear as long as x and the weight are positive."""
    one = Stack(lambda d, h: build_cell("rnn", d, h, "relu"), 1, 1).double()
    with torch.no_grad():
        core = one.cells[0].core
        core.weight_hh_l0.fill_(weight)  # type: ignore[union-attr, operator]
        core.weight_ih_l0.fill_(1.0)  # type: ignore[union-attr, operator]
    return one


@pytest.mark.parametrize("weight", [0.5, 1.0, 1.25])
def test_a_linear_cell_of_one_unit_passes_on_the_power_of_its_weight(weight: float) -> None:
    x = torch.rand(2, 9, 1, dtype=torch.float64) + 0.1
    on_outputs = torch.ones(2, 9, 1, dtype=torch.float64)
    on_outputs[:, -1] = 3.0
    flow = next(f for f in summarise(follow(scalar(weight), x, on_outputs)) if f.part == "state")
    # Followed from the last output, where the loss puts 3: |dL / dh_{t-k}| = 3 weight^k.
    np.testing.assert_allclose(flow.median, weight ** np.arange(9), rtol=1e-12)
    np.testing.assert_allclose(flow.rms, weight ** np.arange(9), rtol=1e-12)
    np.testing.assert_allclose(flow.geometric, weight ** np.arange(9), rtol=1e-12)
    assert flow.initial == pytest.approx(3.0)
    assert fit_growth(flow.lags, flow.median) == pytest.approx(weight)


def test_the_flow_is_that_of_autograd_through_torchs_unrolled_rnn() -> None:
    backbone, x = stack("rnn"), values()
    reference = nn.RNNCell(D, H).double()
    weights = {name.removesuffix("_l0"): v for name, v in backbone.cells[0].core.state_dict().items()}  # type: ignore[union-attr]
    reference.load_state_dict(weights)
    target = torch.randn(B, H, dtype=torch.float64)
    states, h = [], torch.zeros(B, H, dtype=torch.float64)
    for t in range(T):
        h = reference(x[:, t], h)
        states.append(h)
    loss = ((h - target) ** 2).sum()
    expected = torch.stack(torch.autograd.grad(loss, states)).norm(dim=2)  # (T, B)
    on_outputs = torch.zeros(B, T, H, dtype=torch.float64)
    on_outputs[:, -1] = 2 * (h - target).detach()
    norms = follow(backbone, x, on_outputs)
    np.testing.assert_allclose(norms.parts["state"], expected.flip(0).T.numpy(), rtol=1e-10)


def test_the_flow_is_that_of_autograd_through_torchs_unrolled_lstm_of_two_layers() -> None:
    backbone, x = stack("lstm", num_layers=2), values()
    reference = [nn.LSTMCell(D, H).double(), nn.LSTMCell(H, H).double()]
    for own, cell in zip(backbone.cells, reference, strict=True):
        cell.load_state_dict({n.removesuffix("_l0"): v for n, v in own.core.state_dict().items()})  # type: ignore[union-attr]
    on_outputs = torch.randn(B, T, H, dtype=torch.float64)
    zeros = torch.zeros(B, H, dtype=torch.float64)
    state, hs, cs = [(zeros, zeros), (zeros, zeros)], [[], []], [[], []]  # type: ignore[var-annotated]
    for t in range(T):
        entry = x[:, t]
        for n, cell in enumerate(reference):
            h, c = cell(entry, state[n])
            # What is carried on is a tensor of its own: c's path through this step's h is no part of it.
            entry, carried = h, c.clone()
            state[n] = (h, carried)
            hs[n].append(h)
            cs[n].append(carried)
    loss = (hs[1][-1] * on_outputs[:, -1]).sum()
    recorder = Recorder(backbone, most=100)
    recorder(x)
    for n, norms in enumerate(follow_gradients(recorder.traces[0], on_outputs, 1)):
        for name, points in (("h", hs[n]), ("c", cs[n])):
            found = torch.autograd.grad(loss, points, retain_graph=True, allow_unused=True)
            expected = torch.stack([torch.zeros_like(zeros) if g is None else g for g in found]).norm(dim=2)
            np.testing.assert_allclose(norms.parts[name], expected.flip(0).T.numpy(), rtol=1e-9, atol=1e-300)
        squares = norms.parts["h"] ** 2 + norms.parts["c"] ** 2
        np.testing.assert_allclose(norms.parts["state"] ** 2, squares, rtol=1e-10)
        assert (norms.parts["c"][:, 0] == 0).all()  # the newest c is looked at by the next step only


def test_the_flow_of_the_backward_direction_counts_from_the_records_end() -> None:
    both, x, lengths = BothDirections(stack("gru"), stack("gru", seed=6)), values(), torch.tensor([7, 4, 6])
    recorder = Recorder(both, most=100)
    recorder(x, lengths=lengths)
    on_outputs = torch.randn(B, T, H, dtype=torch.float64)
    (found,) = follow_gradients(recorder.traces[1], on_outputs, 1)
    expected = follow(both.back, flip(x, lengths), on_outputs, lengths)
    np.testing.assert_allclose(found.parts["state"], expected.parts["state"], rtol=1e-12)
    assert np.isnan(found.parts["state"]).sum(1).tolist() == [0, 3, 1]
    assert found.layer == "layer 1 backward"


def test_gradients_are_followed_from_several_outputs_of_each_row() -> None:
    x, on_outputs = torch.rand(2, 8, 1, dtype=torch.float64) + 0.1, torch.ones(2, 8, 1, dtype=torch.float64)
    lengths = torch.tensor([8, 3])
    norms = follow(scalar(0.5), x, on_outputs, lengths, positions=4)
    # Offsets 0, 1, 2, 3 from each row's last step; the row of 3 steps has no fourth.
    assert (~np.isnan(norms.parts["state"])).sum(1).tolist() == [8, 3, 7, 2, 6, 1, 5]
    flow = next(f for f in summarise(norms) if f.part == "state")
    assert flow.counts.tolist() == [7, 6, 5, 4, 4, 3, 2]  # lag 7 is reached by one sample of seven, below a quarter
    np.testing.assert_allclose(flow.median, 0.5 ** np.arange(7), rtol=1e-12)


def test_outputs_that_the_loss_does_not_look_at_are_no_samples() -> None:
    x, on_outputs = torch.rand(2, 8, 1, dtype=torch.float64) + 0.1, torch.zeros(2, 8, 1, dtype=torch.float64)
    on_outputs[1, 7] = 1.0
    assert follow(scalar(0.5), x, on_outputs, positions=4).parts["state"].shape == (1, 8)


def test_a_loss_that_looks_at_few_outputs_is_followed_from_the_last_of_them() -> None:
    on_outputs = torch.zeros(B, T, H, dtype=torch.float64)
    on_outputs[0, 3] = on_outputs[1, 5] = 1.0  # as maximum pooling may do; nothing of the third row
    backbone = stack("rnn")
    norms = follow(backbone, values(), on_outputs)
    assert norms.parts["state"].shape[0] == 2
    alone = torch.zeros_like(on_outputs)
    alone[0, 3] = 1.0
    expected = follow(backbone, values(), alone).parts["state"][0]
    np.testing.assert_allclose(norms.parts["state"][0], expected, rtol=1e-12)
    assert np.isfinite(expected[:4]).all() and np.isnan(expected[4:]).all()  # four steps up to the fourth output


def test_small_gradients_are_followed_below_the_range_of_float32() -> None:
    x = torch.rand(1, 30, 1) + 0.1
    on_outputs = torch.full((1, 30, 1), 1e-30)
    norms = follow(scalar(0.1).float(), x, on_outputs)
    np.testing.assert_allclose(norms.parts["state"][0], 1e-30 * 0.1 ** np.arange(30), rtol=1e-4)


def test_a_window_passes_gradients_as_far_as_it_is_wide_and_no_further() -> None:
    backbone, on_outputs = stack("window"), torch.ones(B, T, H, dtype=torch.float64)
    norms = follow(backbone, values().abs() + 1, on_outputs)
    assert ((norms.parts["input"] > 0).any(0) == [True, True, True, False, False, False, False]).all()
    assert norms.judged == "input"


def test_a_bag_passes_every_step_the_same_gradient() -> None:
    backbone = stack("bag")
    with torch.no_grad():
        backbone.cells[0].map.bias.fill_(9.0)  # type: ignore[union-attr, operator]
    norms = follow(backbone, values(), torch.ones(B, T, H, dtype=torch.float64))
    sizes = norms.parts["input"]
    np.testing.assert_allclose(sizes, np.repeat(sizes[:, :1], T, axis=1), rtol=1e-12)
    assert judge_memory(next(f for f in summarise(norms) if f.part == "input"), 1.0, str).verdict == "holds"


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_has_a_flow(cell: str) -> None:
    norms = follow(stack(cell), values(), torch.ones(B, T, H, dtype=torch.float64), positions=2)
    for flow in summarise(norms):
        assert flow.quantiles.shape == (5, len(flow.lags))
        assert np.isfinite(flow.quantiles).all() and (flow.quantiles >= 0).all()


def test_a_gradient_that_overflows_is_infinite_and_not_lost() -> None:
    x = torch.rand(1, 60, 1) * 0
    norms = follow(scalar(10.0).float(), x + 1e-30, torch.ones(1, 60, 1))
    flow = next(f for f in summarise(norms) if f.part == "state")
    assert flow.median[20] == pytest.approx(1e20, rel=1e-4)
    assert np.isinf(flow.median[50]) and len(flow.lags) == 60
    assert judge_memory(flow, 1.0, str).verdict == "explodes"


def flow_of(median: list[float]) -> GradientFlow:
    line = np.array(median)
    ones = np.ones(len(line), np.int64)
    return GradientFlow("layer 1", "state", np.arange(len(line)), ones, line, line, np.stack([line] * 5), 1.0)


def milliseconds(num_steps: float) -> str:
    return f"{num_steps / 8:g} ms"


def test_a_gradient_that_decays_vanishes_after_the_last_step_at_the_threshold() -> None:
    memory = judge_memory(flow_of([0.5**k for k in range(20)]), 1.0, milliseconds)
    # 0.5^6 = 0.0156, 0.5^7 = 0.0078
    assert (memory.verdict, memory.num_steps, memory.most) == ("vanishes", 6, 19)
    assert memory.line == "layer 1: vanishes after 6 steps: 0.75 ms"
    assert memory.growth == pytest.approx(0.5) and memory.half_life == pytest.approx(1.0)


def test_a_gradient_that_stays_holds_over_all_that_was_measured() -> None:
    memory = judge_memory(flow_of([0.99**k for k in range(17)]), 160.0, lambda n: f"{n / 8000:.3g} s")
    assert (memory.verdict, memory.num_steps) == ("holds", 2560)
    assert memory.limited
    assert memory.line == (
        "layer 1: holds over all 16 outputs of 0.02 s (0.32 s); "
        "the records are too short to tell how much further it reaches"
    )


def test_a_gradient_that_grows_a_hundredfold_explodes() -> None:
    memory = judge_memory(flow_of([1.08**k for k in range(80)]), 1.0, milliseconds)
    assert memory.verdict == "explodes" and memory.line == "layer 1: explodes: grows 1.08x a step back"


def test_steps_that_are_the_unit_are_named_once() -> None:
    memory = judge_memory(flow_of([1.0, 0.1, 0.001]), 1.0, lambda n: f"{n:g} bp")
    assert memory.line == "layer 1: vanishes after 1 bp"


def test_the_memory_reaches_to_the_last_lag_above_the_threshold_even_after_a_dip() -> None:
    memory = judge_memory(flow_of([1.0, 0.5, 0.005, 0.02, 0.001]), 1.0, lambda n: f"{n:g} bp", 0.01)
    assert memory.num_steps == 3 and not memory.limited
    assert memory.line == "layer 1: vanishes after 3 bp (below 1 % of the gradient at 2 bp)"


def words(num_steps: float) -> str:
    return f"{num_steps:g} words"


def test_a_gradient_that_is_lost_on_the_way_and_comes_back_is_said_to_be() -> None:
    memory = judge_memory(flow_of([1.0] * 10 + [0.007] * 26 + [0.02] * 7), 1.0, words)
    assert memory.verdict == "holds" and memory.limited
    assert memory.below == (Stretch(10.0, 35.0, "10 to 35 words"),)
    assert memory.line == (
        "layer 1: holds over all 42 words (below 1 % of the gradient from 10 to 35 words); "
        "the records are too short to tell how much further it reaches"
    )


def test_outputs_that_stand_for_many_steps_are_counted_apart_from_the_unit() -> None:
    memory = judge_memory(flow_of([1.0] * 7), 24.0, lambda n: f"{n / 24:g} days" if n > 24 else f"{n:g} hours", 0.01)
    assert memory.line.startswith("layer 1: holds over all 6 outputs of 24 hours (6 days); the records")
    lost = judge_memory(flow_of([1.0, 0.5, 0.001, 0.0]), 24.0, lambda n: f"{n:g} hours")
    assert lost.line == "layer 1: vanishes after 1 output of 24 hours: 24 hours"


def test_many_stretches_are_summed_up_and_none_is_lost() -> None:
    memory = judge_memory(flow_of([1.0, 0.001] * 4 + [1.0]), 2.0, words, 0.01, "8 outputs are too few")
    assert [stretch.span for stretch in memory.below] == ["2 words", "6 words", "10 words", "14 words"]
    assert memory.line == (
        "layer 1: holds over all 8 outputs of 2 words (16 words; below 1 % of the gradient in 4 stretches, the first "
        "2 words, the last 14 words); 8 outputs are too few to tell how much further it reaches"
    )


def test_a_stretch_across_units_names_both() -> None:
    memory = judge_memory(flow_of([1.0, 0.001, 0.001, 1.0]), 1.0, lambda n: f"{n:g} {'word' if n == 1 else 'words'}")
    assert memory.below[0].span == "1 word to 2 words"


@pytest.mark.parametrize(("lost_at", "limited"), [(41, True), (38, True), (30, False)])
def test_a_gradient_lost_near_the_end_of_the_records_may_reach_further(lost_at: int, limited: bool) -> None:
    memory = judge_memory(flow_of([1.0] * lost_at + [0.001] * (42 - lost_at)), 1.0, words)
    assert memory.verdict == "vanishes" and memory.limited == limited
    assert ("too short to tell" in memory.line) == limited


def test_a_state_that_the_loss_does_not_look_at_is_not_lost_at_lag_0() -> None:
    assert judge_memory(flow_of([0.0, 1.0, 1.0, 1.0]), 1.0, words).below == ()


def test_a_layer_that_no_gradient_reaches_is_called_so() -> None:
    x, nothing = torch.rand(2, 8, 1, dtype=torch.float64), torch.zeros(2, 8, 1, dtype=torch.float64)
    flow = next(f for f in summarise(follow(scalar(0.5), x, nothing)) if f.part == "state")
    assert judge_memory(flow, 1.0, str).line == "layer 1: no gradient reaches it"
