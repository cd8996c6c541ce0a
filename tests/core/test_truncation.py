"""Truncated gradients: hand-worked on a scalar linear rnn, exact at full length, and harmless to the model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from seqkit import (
    Batch,
    ConfigError,
    Domain,
    Encoder,
    ModelOptions,
    PathOption,
    Record,
    SequenceDataModule,
    Split,
    StandardCodec,
)  # fmt: skip
from seqkit.build import build_model
from seqkit.lecture.instruments.gradient_gap import GradientGap
from seqkit.lecture.instruments.truncated_stack import truncated, without_noise
from seqkit.lecture.instruments.truncation import Truncation, default_lengths, measure_truncation, read_batches
from seqkit.plots.style import save_figure
from seqkit.plots.truncation import draw_truncation


def build(domain: Domain, task: str = "next_step", **options: Any) -> Any:
    torch.manual_seed(0)
    data = domain.datamodule(task=task, batch_size=5, window=7)
    data.setup("fit")
    model = build_model(domain, data, ModelOptions(**({"hidden_size": 6, "num_layers": 2, "dropout": 0.4} | options)))
    return model.double().train(), data


def scalar_recurrence(weight: float) -> Any:
    """h_t = w h_{t-1} + x_t: a relu cell of one unit on positive numbers; the loss is the answer of the last step."""
    domain = Domain("numbers", Numbers, encoder=lambda *_: AsTheyAre(), tasks=("classify",))
    options = {"cell": "rnn", "nonlinearity": "relu", "hidden_size": 1, "num_layers": 1, "dropout": 0.0}
    model, data = build(domain, "classify", **options, distribution="normal", pooling="last")
    core = model.backbone.cells[0].core
    with torch.no_grad():
        core.weight_hh_l0.fill_(weight)
        core.weight_ih_l0.fill_(1.0)
        core.bias_ih_l0.zero_()
    for parameter in model.parameters():
        parameter.requires_grad_(parameter is core.weight_hh_l0)
    model.task.outcome = lambda raw, batch, scale: Answer(raw)
    model.task.head = torch.nn.Identity()
    return model, data


class Answer:
    """Stands for an outcome: the loss is the answer itself."""

    def __init__(self, raw: Tensor) -> None:
        self.loss, self.scored = raw.sum(), torch.tensor([True])


class AsTheyAre(Encoder):
    """The number itself."""

    d_model = 1

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return x[..., :1], lengths


class Numbers(SequenceDataModule):
    """One record: 1, 2, 3, 4."""

    def __init__(self, path: PathOption = None, task: str = "classify", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = StandardCodec(1, standardise=False)
        self.target_codec = StandardCodec(1, standardise=False)

    def records(self, split: Split) -> Iterator[Record]:
        yield Record(np.arange(1.0, 5.0), target=[0.0], origin="numbers:0")


def test_a_scalar_recurrence_gives_the_gradient_worked_by_hand() -> None:
    # w = 1/2, x = 1 2 3 4: h = 1, 2.5, 4.25, 6.125.
    # Exact: dh_4/dw = h_3 + w (h_2 + w h_1) = 4.25 + (2.5 + 0.5) / 2 = 5.75.
    # K = 1: h_3 = 4.25. K = 2: h_3 + w h_2 = 5.5. K = 3 begins anew at step 4: h_3 = 4.25.
    model, data = scalar_recurrence(0.5)
    found = measure_truncation(model, data, lengths=[1, 2, 3, 4, 9])
    assert (found.num_batches, found.num_steps, found.steps_per_feature) == (1, 4, 1.0)
    expected = {1: 4.25, 2: 5.5, 3: 4.25, 4: 5.75, 9: 5.75}
    for one in found.lengths:
        gradient = expected[one.num_steps]
        assert one.norm_ratio.median == pytest.approx(gradient / 5.75, rel=1e-12)
        assert one.bias == pytest.approx(1 - gradient / 5.75, rel=1e-12, abs=0)
        assert one.recurrent_bias == one.bias
        assert one.cosine.median == 1  # one weight, positive gradients
    assert found.faithful == 1


def test_cosine_ratio_and_bias_of_two_batches_by_hand() -> None:
    gap = GradientGap()
    gap.add(torch.tensor([3.0, 0.0]), torch.tensor([3.0, 4.0]))  # cosine 3/5, ratio 3/5
    gap.add(torch.tensor([0.0, 4.0]), torch.tensor([0.0, 8.0]))  # cosine 1, ratio 1/2
    assert gap.cosine.median == pytest.approx(0.8)
    assert gap.norm_ratio.median == pytest.approx(0.55)
    # Sums (3, 4) and (3, 12): they differ by 8, and the exact one has the size sqrt(153).
    assert gap.bias == pytest.approx(8 / 153**0.5)


def test_gradients_that_are_nothing_are_alike_and_unlike_all_others() -> None:
    gap, nothing = GradientGap(), torch.zeros(2)
    gap.add(nothing, nothing)
    assert (gap.cosine.median, gap.norm_ratio.median, gap.bias) == (1, 1, 0)
    gap.add(nothing, torch.ones(2))
    assert (gap.cosine.median, gap.bias) == (0.5, 1)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_the_whole_length_is_exact_and_shorter_ones_are_not(melody: Domain, cell: str, task: str) -> None:
    model, data = build(melody, task, cell=cell, residual=cell == "gru")
    found = measure_truncation(model, data, lengths=[1, 3, 50, 99], num_records=4, num_steps=9, num_batches=3)
    assert 4 < found.num_steps <= 11
    short, middle, *whole = found.lengths
    for one in whole:
        assert (one.cosine.median, one.cosine.low, one.cosine.high) == (1, 1, 1)
        assert (one.bias, one.norm_ratio.median, one.recurrent_bias) == (0, 1, 0)
        assert one.recurrent_cosine == one.cosine
    for one in (short, middle):
        assert one.cosine.low < one.cosine.median < 1
        assert one.bias > 1e-3
        assert one.recurrent_bias is not None
        assert one.recurrent_bias > one.bias  # the recurrent weights have no other way to learn
    assert short.bias > middle.bias


def test_numbers_in_a_running_scale_are_read_in_pieces_too(series: Domain) -> None:
    model, data = build(series)
    found = measure_truncation(model, data, num_records=3, num_steps=6, num_batches=2)
    assert [one.num_steps for one in found.lengths] == [1, 2, 4, 6]
    assert found.lengths[-1].bias == 0 < found.lengths[1].bias < found.lengths[0].bias
    assert found.window == 7
    # Of each record the last 5 of 21 or 22 steps are scored: chunks before them have no gradient, and are passed over.
    assert found.num_batches == 2
    assert all(one.norm_ratio.high != 1 for one in found.lengths[:-1])


def test_pieces_give_the_outputs_and_the_state_of_the_whole(melody: Domain) -> None:
    model, data = build(melody)
    model.eval()
    (batch, *_) = read_batches(data, "train", 3, 11, 4)
    state = tuple(torch.randn(2, 3, 6, dtype=torch.float64) for _ in range(2))
    raw, _, after = model.answer(batch, state)
    for num_steps in (1, 2, 4, 5):
        with truncated(model, num_steps) as backbone:
            own, _, own_after = model.answer(batch, state)
        assert backbone.num_read == batch.inputs.shape[1] > 5
        torch.testing.assert_close(own, raw)
        torch.testing.assert_close(own_after, after)


def test_the_model_is_left_as_it_was(melody: Domain) -> None:
    model, data = build(melody)
    model.encoder.eval()  # a part may be in another mode than the rest
    backbone, weights = model.backbone, {n: v.clone() for n, v in model.state_dict().items()}
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 3.0)
    modes, random = [m.training for m in model.modules()], torch.get_rng_state()
    measure_truncation(model, data, num_records=2, num_steps=5, num_batches=2)
    assert model.backbone is backbone
    assert list(model.state_dict()) == list(weights)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert all((parameter.grad == 3).all() for parameter in model.parameters())
    assert [m.training for m in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), random)


def test_the_backbone_is_put_back_after_a_failure(melody: Domain) -> None:
    model, _ = build(melody)
    backbone = model.backbone
    with pytest.raises(RuntimeError, match="midway"), without_noise(model), truncated(model, 2):
        raise RuntimeError("midway")
    assert model.backbone is backbone
    assert model.training


def test_a_bidirectional_model_and_a_length_of_nothing_are_refused(melody: Domain) -> None:
    model, data = build(melody, "classify", bidirectional=True)
    with pytest.raises(ConfigError, match="bidirectional model is not truncated"):
        measure_truncation(model, data)
    model, data = build(melody)
    with pytest.raises(ConfigError, match="a truncation length is 0"):
        measure_truncation(model, data, lengths=[4, 0])


def test_lengths_are_powers_of_two_up_to_the_whole() -> None:
    assert default_lengths(1) == [1]
    assert default_lengths(16) == [1, 2, 4, 8, 16]
    assert default_lengths(16_000) == [*(1 << power for power in range(5, 14)), 16_000]


def test_whole_records_are_taken_from_every_length(melody: Domain) -> None:
    _, data = build(melody, "classify")
    batches: list[Batch] = list(read_batches(data, "train", 4, 99, 3))
    assert [len(batch.lengths) for batch in batches] == [4, 4, 4]
    assert batches[0].lengths.max() < batches[1].lengths.min() <= batches[1].lengths.max() < batches[2].lengths.min()


def test_the_picture_shows_each_length_once(melody: Domain, tmp_path: Path) -> None:
    model, data = build(melody)
    found = measure_truncation(model, data, num_records=4, num_steps=9, num_batches=3)
    assert draw(found, tmp_path / "truncation.png") == [1, 2, 4, 8, 9]


def draw(found: Truncation, path: Path) -> list[int]:
    """The numbers of steps that the picture has a point for."""
    drawn: list[int] = []

    def both(figure: Any) -> None:
        draw_truncation(figure, found, lambda steps: f"{steps:g} notes")
        drawn.extend(int(x) for x in figure.axes[0].lines[0].get_xdata())

    assert save_figure(path, both) == path
    return drawn
