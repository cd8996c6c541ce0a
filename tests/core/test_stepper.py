"""A prepared stepper gives the model's own numbers, for every cell, layer and kind of step."""

from typing import Any

import pytest
import torch
from torch import Tensor

from seqkit import Domain, ModelOptions, SequenceModel
from seqkit.backbone.choice import CELLS, MEMORYLESS
from seqkit.build import build_model
from seqkit.inference import stepper as module
from seqkit.inference.stepper import Stepper

B, T = 3, 5

SHAPES = [(1, False), (2, False), (1, True), (3, True)]

CASES = [(cell, *shape) for cell in CELLS for shape in SHAPES if cell not in MEMORYLESS or shape == (1, False)]


def build(domain: Domain, **options: Any) -> SequenceModel:
    torch.manual_seed(0)
    data = domain.datamodule(task="next_step")
    data.setup("fit")
    model = build_model(domain, data, ModelOptions(**{"hidden_size": 7, "d_model": 4} | options)).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    return model


def some_steps(model: SequenceModel) -> Tensor:
    if model.frame is None:
        return torch.randint(8, (B, T))
    steps = 3 + torch.randn(B, T, 1, dtype=torch.float64).cumsum(1)
    steps[1, 2] = torch.nan  # nothing observed
    return steps


@torch.no_grad()
def read_at_once(model: SequenceModel, x: Tensor, state: Any) -> tuple[list[Tensor], Any]:
    outputs, lengths, scale, after = model(x, torch.full((len(x),), x.shape[1]), state)
    raw = model.task(outputs, lengths)
    return ([raw] if scale is None else [raw, scale.mean, scale.deviation]), after


def read_by_steps(stepper: Stepper, x: Tensor) -> list[Tensor]:
    steps = []
    for t in range(x.shape[1]):
        raw, scale = stepper.step(x[:, t])
        steps.append([raw] if scale is None else [raw, scale.mean, scale.deviation])
    return [torch.stack(kind, dim=1) for kind in zip(*steps, strict=True)]


def assert_all_close(found: Any, expected: Any) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12, equal_nan=True)


def hold_steps_to_reading_at_once(model: SequenceModel) -> None:
    x = some_steps(model)
    expected, after = read_at_once(model, x, model.init_state(B))
    stepper = Stepper(model)
    stepper.begin(model.init_state(B))
    assert_all_close(read_by_steps(stepper, x), expected)
    assert_all_close(stepper.state, after)


@pytest.mark.parametrize(("cell", "num_layers", "residual"), CASES)
def test_steps_equal_reading_at_once_for_every_cell(melody: Domain, cell: str, num_layers: int, residual: bool) -> None:
    model = build(melody, cell=cell, num_layers=num_layers, residual=residual)
    x = some_steps(model)
    expected, after = read_at_once(model, x, model.init_state(B))
    stepper = Stepper(model)
    assert stepper._tables is not None and stepper._tables[0].shape[0] == 8
    stepper.begin(model.init_state(B))
    assert_all_close(read_by_steps(stepper, x), expected)
    assert_all_close(stepper.state, after)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell not in MEMORYLESS])
def test_a_convolution_goes_before_each_cell(melody: Domain, cell: str, residual: bool) -> None:
    model = build(melody, cell=cell, num_layers=2, residual=residual, convolution=3)
    hold_steps_to_reading_at_once(model)


@pytest.mark.parametrize("cell", ["lstm", "rglru"])
def test_a_convolved_cell_keeps_its_last_inputs(melody: Domain, cell: str) -> None:
    model = build(melody, cell=cell, convolution=3, num_layers=2, d_model=7)
    hold_steps_to_reading_at_once(model)


@pytest.mark.parametrize("options", [{"nonlinearity": "relu"}, {"initialisation": "identity", "nonlinearity": "relu"}])
def test_a_plain_cell_keeps_its_nonlinearity(melody: Domain, options: dict[str, str]) -> None:
    model = build(melody, cell="rnn", **options)
    x = some_steps(model)
    stepper = Stepper(model)
    stepper.begin(model.init_state(B))
    assert_all_close(read_by_steps(stepper, x), read_at_once(model, x, model.init_state(B))[0])


@pytest.mark.parametrize("cell", ["lstm", "minlstm"])
def test_numbers_are_framed_as_they_are_at_once(series: Domain, cell: str) -> None:
    model = build(series, cell=cell, num_layers=2)
    hold_steps_to_reading_at_once(model)


def test_a_large_vocabulary_is_read_symbol_by_symbol(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ENTRIES", 8 * 4 * 7 - 1)  # one number less than the table of 8 symbols has
    model = build(melody, cell="lstm")
    x = some_steps(model)
    stepper = Stepper(model)
    assert stepper._tables is None
    stepper.begin(model.init_state(B))
    assert_all_close(read_by_steps(stepper, x), read_at_once(model, x, model.init_state(B))[0])


def test_a_stepper_goes_on_from_a_state_and_leaves_it_as_it_was(melody: Domain) -> None:
    model = build(melody, cell="lstm", num_layers=2)
    x = some_steps(model)
    _, before = read_at_once(model, x[:, :2], model.init_state(B))
    kept = tuple(kind.clone() for kind in before)
    stepper = Stepper(model)
    for _ in range(2):
        stepper.begin(before)
        assert_all_close(read_by_steps(stepper, x[:, 2:]), read_at_once(model, x[:, 2:], before)[0])
    assert all(torch.equal(one, other) for one, other in zip(before, kept, strict=True))
