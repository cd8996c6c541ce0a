"""Models that have exploded: said to be so, neither shown as vanishing nor handed to LAPACK."""

import numpy as np
import pytest
import torch

from seqkit import DivergedError, Domain
from seqkit.build import build_model
from seqkit.lecture.instruments.diagnose import DiagnoseOptions, diagnose
from seqkit.options import ModelOptions
from seqkit.training.checkpoint import Loaded

STEPS = 48
OPTIONS = DiagnoseOptions(num_steps=STEPS, num_records=2, num_jacobians=2, num_batches=1)


def growing(melody: Domain, factor: float) -> Loaded:
    """A ReLU cell that multiplies its state, and is fed something positive, at each step."""
    data = melody.datamodule(task="next_step", batch_size=2)
    data.setup()
    torch.manual_seed(0)
    options = ModelOptions(cell="rnn", nonlinearity="relu", initialisation="identity", hidden_size=8)
    model = build_model(melody, data, options).eval()
    with torch.no_grad():
        weights = dict(model.named_parameters())
        weights["backbone.cells.0.core.weight_hh_l0"].mul_(factor)
        weights["backbone.cells.0.core.bias_ih_l0"].fill_(10.0)
    return Loaded(melody, data, model, {})


def test_a_state_that_overflows_is_said_to_explode(melody: Domain) -> None:
    with pytest.raises(DivergedError, match=r"infinite from their step \d+ on: the state explodes\n  at: .*:\d+\n"):
        diagnose(growing(melody, 1e12), OPTIONS)


def test_weights_that_are_no_numbers_are_named(melody: Domain) -> None:
    loaded = growing(melody, 1.0)
    with torch.no_grad():
        dict(loaded.model.named_parameters())["backbone.cells.0.core.weight_hh_l0"][3, 1] = torch.nan
    with pytest.raises(DivergedError, match=r"no finite numbers\n  at: backbone.cells.0.core.weight_hh_l0\n"):
        diagnose(loaded, OPTIONS)


def test_large_activations_are_shown_as_they_are(melody: Domain) -> None:
    found = diagnose(growing(melody, 4.0), OPTIONS)
    shown = found.gates[0].values
    assert np.isfinite(shown).all() and shown.max() > float(np.finfo(np.float16).max)
    assert found.memories[0].verdict == "explodes"
