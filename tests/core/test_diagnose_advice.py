"""What a diagnosis advises, and in which words."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from seqkit.cli import diagnose as verb
from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.gradient_gap import Spread
from seqkit.lecture.instruments.measured import TimeConstants
from seqkit.lecture.instruments.truncation import TruncatedGradient, Truncation
from seqkit.lecture.reporting.advice import advise
from seqkit.lecture.reporting.diagnosis_tables import gate_table, layer_table, truncation_table
from seqkit.lecture.reporting.report import Findings
from tests.core.test_diagnose_pictures import gate


def test_advice_follows_from_what_was_found(found: Diagnosis) -> None:
    def advice(truncation: Truncation | None = None, **changes: Any) -> str:
        return "\n".join(advise(replace(found, **changes), truncation, lambda steps: f"{steps:g} characters"))

    assert "tanh cell's gradient vanishes after 12 characters (layer 1)" in advice()
    assert "`--model.initialisation identity`" in advice()
    assert "identity" not in advice(cell="rnn (relu, identity)")
    assert "The relu cell's" in advice(cell="rnn (relu, identity)")
    assert "--model.initialisation chrono" in advice(cell="gru")
    assert "chrono" not in advice(cell="lstm (chrono)")
    assert "--model.width" in advice(cell="window (8 steps)")
    assert advice(memories=found.memories[1:]) == ""
    exploded = replace(found.memories[1], verdict="explodes")
    assert "gradient of layer 2 grows" in advice(memories=(exploded,))
    assert "80 % of the updates were clipped" in advice(clipping=replace(found.clipping, trained_share=0.8))
    assert "infinite or no number" in advice(clipping=replace(found.clipping, share_non_finite=0.1))
    stuck = gate("forget", 0.0, 1.0, stuck_low=0.5)
    assert "50 % of the units of layer 1 have their forget gate at one end" in advice(cell="lstm", gates=(stuck,))
    dead = gate("activation", 0.0, math.inf, stuck_low=0.5)
    assert "50 % of the units of layer 1 are 0 at almost every step" in advice(gates=(dead,))
    assert "--model.nonlinearity" in advice(gates=(dead,))
    assert "--model.nonlinearity" not in advice(gates=(dead,), cell="bag")  # it has none


def test_what_was_measured_too_short_is_not_called_lost(found: Diagnosis) -> None:
    nearly = replace(found.memories[0], num_steps=95.0, limited=True)
    assert advise(replace(found, memories=(nearly,)), None, str) == []
    table = layer_table(replace(found, memories=(nearly, found.memories[0])), lambda n: f"{n:g} characters")
    assert [row[2] for row in table.rows] == ["≥ 95 characters", "12 characters"]


def test_figures_have_their_unit_where_an_output_stands_for_many_steps(found: Diagnosis) -> None:
    daily = replace(found, steps_per_output=24.0, memories=(replace(found.memories[0], num_steps=144.0),))
    table = layer_table(daily, lambda hours: f"{hours:g} hours")
    assert [row[2] for row in table.rows] == ["6 outputs of 24 hours"]
    assert table.note == "growth, radius, norm: factors a step of the recurrent layer (24 hours)"
    even = Spread(1.0, 1.0, 1.0)
    cut = Truncation((TruncatedGradient(2, even, even, 0.0, None, None),), 1, 7, 24.0, None)
    one = truncation_table(cut, lambda hours: f"{hours:g} hours")
    assert one.title == "truncated gradients against the exact one over 7 outputs of 24 hours"
    assert (one.heads[0], one.rows[0][0]) == ("cut after", "2 outputs of 24 hours")


def test_ends_of_a_gate_are_named_after_its_range(found: Diagnosis) -> None:
    forget, update = gate("forget", 0.0, 1.0, 0.1), gate("update", -1.0, 1.0, 0.1)
    held = TimeConstants("layer 1", "forget", np.ones(5), np.ones(5), ("9 words",) * 5)
    mixed = gate_table(replace(found, gates=(forget, update), time_constants=(held,)))
    assert mixed.heads[3:] == ("shut", "open", "stuck units", "time constant")
    assert mixed.note == "update (-1 to 1): near -1, near 1 in place of shut, open"
    assert gate_table(replace(found, gates=(forget,))).note == ""
    tanh = gate_table(replace(found, gates=(gate("activation", -1.0, 1.0, 0.1),)))
    assert tanh.heads[3:5] == ("near -1", "near 1") and "near -1, near 1" in tanh.title and not tanh.note


def test_the_terminal_shows_the_three_most_pressing_pieces_of_advice(
    found: Diagnosis, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(advice: list[str]) -> str:
        monkeypatch.setattr(verb, "advise", lambda *given: advice)
        verb._advise(Findings("run", found, None, "", [], str))
        return capsys.readouterr().out

    assert (
        shown(["Try `--a 1`.", "b", "c", "d", "e"]) == "What to try:\n- Try --a 1.\n- b\n- c\n- 2 more in the report\n"
    )
    assert "Nothing stands out" in shown([])


def test_advice_on_truncation_looks_at_the_window_of_training(found: Diagnosis) -> None:
    def cut(num_steps: int, cosine: float) -> TruncatedGradient:
        even = Spread(cosine, cosine, cosine)
        return TruncatedGradient(num_steps, even, even, 0.1, None, None)

    points = (cut(4, 0.5), cut(16, 0.8), cut(64, 0.97), cut(128, 1.0))
    span = "{:g} characters".format
    short = Truncation(points, 4, 128, 1.0, window=16)
    assert short.faithful == 64
    told = "\n".join(advise(found, short, span))
    assert "cut the gradient after 16 characters" in told
    assert "cosine 0.80" in told
    assert "`--data.window 64` or more" in told
    assert "layer 2 reaches further than training's window of 16 characters" in told
    assert "window" not in "\n".join(advise(found, replace(short, window=128), span))
    assert "window" not in "\n".join(advise(found, replace(short, window=None), span))
