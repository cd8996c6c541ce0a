"""Pictures of a diagnosis: records above their gates, gradients, axes in the unit of the data."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import StandardCodec, SymbolCodec
from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.measured import ClippingReport, GateReport, GradientFlow
from seqkit.lecture.instruments.memory import judge_memory
from seqkit.lecture.reporting import diagnosis_pictures
from seqkit.lecture.reporting.record_track import RecordTrack, record_track
from seqkit.plots.clipping import draw_clipping
from seqkit.plots.gates import draw_gates, shown_steps
from seqkit.plots.gradient_flow import draw_gradient_flow
from seqkit.plots.span_axis import name_steps, round_step, round_steps
from seqkit.plots.style import save_figure


def gate(name: str, low: float, high: float, stuck_low: float) -> GateReport:
    none = np.zeros(0)
    return GateReport("layer 1", name, low, high, 0.5, 0.5, 0.1, stuck_low, 0.0, none, none, none, none, none)


def test_a_record_stands_above_its_gates_as_letters_words_or_values() -> None:
    letters = record_track(SymbolCodec("ab \n"), np.array([0, 2, 1, 3]))
    assert letters.labels == ("a", "␣", "b", "↵")
    assert (len(letters), letters.width, letters.first(2).labels) == (4, 1, ("a", "␣"))
    values = record_track(StandardCodec(2, standardise=False), np.array([[1.0, 2.0], [3.0, np.nan]], np.float32))
    assert values.labels == ()
    np.testing.assert_array_equal(values.values, [[1, 2], [3, np.nan]])


def test_a_state_that_no_gradient_reaches_has_no_picture(found: Diagnosis, tmp_path: Path) -> None:
    read = GradientFlow("layer 1", "input", np.arange(1), np.ones(1), np.ones(1), np.ones(1), np.ones((5, 1)), 1.0)
    carried = replace(read, part="state", lags=np.arange(0), quantiles=np.ones((5, 0)))
    one_step = replace(found, cell="lru", flows=(read, carried))
    drawn = diagnosis_pictures.draw_pictures(
        one_step, None, SymbolCodec("ab"), lambda steps: f"{steps:g} steps", tmp_path
    )
    assert [picture.section for picture in drawn] == []


def painted(tmp_path: Path, draw: Any) -> Any:
    """The figure after it was drawn."""
    kept: list[Any] = []
    save_figure(tmp_path / "drawn.png", lambda figure: kept.append(figure) or draw(figure))  # type: ignore[func-returns-value]
    return kept[0]


def test_a_stretch_below_the_threshold_is_a_bar_and_the_end_a_ring(tmp_path: Path) -> None:
    line = np.array([1.0, 0.5, 0.005, 0.005, 0.05, 0.05, 0.002, 0.001, 0.001, 0.001])
    flow = GradientFlow("layer 1", "state", np.arange(10), np.ones(10), line, line, np.stack([line] * 5), 1.0)
    memory = judge_memory(flow, 1.0, lambda n: f"{n:g} words")
    figure = painted(tmp_path, lambda f: draw_gradient_flow(f, [flow], [memory], lambda n: f"{n:g} words"))
    (axis,) = figure.axes
    drawn = [mark.get_xydata().tolist() for mark in axis.lines]
    assert [[1.5, 0.01], [3.5, 0.01]] in drawn and [[5.0, 0.01]] in drawn
    assert {text.get_text() for text in axis.texts} >= {"below: 2 to 3 words", "5 words"}


@pytest.mark.parametrize("high", [1.1, 3.0, 8.0, 500.0, 1e9])
def test_norms_stand_on_an_axis_with_numbers_and_batches_are_whole(high: float, tmp_path: Path) -> None:
    norms = np.array([high / 3, high / 2, high])
    report = ClippingReport(norms, 1.0, 0.5, 0.0, np.array([49]), np.array([0.25]), 0.25)
    figure = painted(tmp_path, lambda f: draw_clipping(f, report))
    (axis,) = figure.axes
    assert 3 <= len(axis.get_xticks()) <= 9
    assert all(tick == round(tick) for tick in axis.get_yticks())
    assert figure.get_supxlabel() == "training logged its clipping once: 25 % of the updates up to update 50"


@pytest.mark.parametrize(("layer", "told"), [("layer 1 backward", True), ("layer 1 forward", False)])
def test_the_gates_of_a_backward_layer_say_in_which_order_it_reads(layer: str, told: bool, tmp_path: Path) -> None:
    values = np.linspace(0, 1, 8, dtype=np.float32).reshape(4, 2)
    forget = replace(gate("forget", 0.0, 1.0, 0.1), layer=layer, mean_by_unit=values.mean(0), values=values)
    track = RecordTrack(tuple("abcd"), np.zeros((4, 0)))
    figure = painted(tmp_path, lambda f: draw_gates(f, [forget], track, lambda n: f"{n:g} letters"))
    names = "".join(axis.get_xlabel() for axis in figure.axes)
    assert names.startswith("time in the record (letters)") and ("from right to left" in names) == told


def test_long_records_are_drawn_as_far_as_they_can_be_read() -> None:
    one, word = RecordTrack(("a",) * 500, np.zeros((500, 0))), RecordTrack(("word",) * 500, np.zeros((500, 0)))
    wave = RecordTrack((), np.zeros((100_000, 1)))
    assert (shown_steps(one), shown_steps(word), shown_steps(one.first(7))) == (80, 50, 7)
    assert (shown_steps(wave), shown_steps(wave, 160.0)) == (300, 48_000)


def test_ticks_are_round_in_steps_and_in_the_unit_of_the_data() -> None:
    def days(hours: float) -> str:
        return f"{hours / 24:.3g} days" if hours >= 48 else f"{hours:g} hours"

    assert round_step(300, days) == 48
    assert round_step(73, days) == 10
    assert round_step(300, lambda samples: f"{samples / 8:.3g} ms") == 40
    assert round_step(300, lambda steps: f"{steps:g} characters") == 50
    assert round_step(1, days) == 1


@pytest.mark.parametrize(("per_second", "name"), [(None, "back (letters)"), (8.0, "back (steps)")])
def test_a_second_axis_is_drawn_where_the_unit_is_not_a_step(
    per_second: float | None, name: str, tmp_path: Path
) -> None:
    seen: list[str] = []

    def draw(figure: Any) -> None:
        axis = figure.subplots()
        span = "{:g} letters".format if per_second is None else lambda steps: f"{steps / per_second:g} s"
        round_steps(axis, 0, 24, span)
        name_steps(axis, "back", span)
        seen.append(axis.get_xlabel())
        seen.extend(label.get_text() for twin in axis.child_axes for label in twin.get_xticklabels())

    save_figure(tmp_path / "axis.png", draw)
    assert seen == [name, *([] if per_second is None else ["0.5 s", "1 s", "1.5 s", "2 s", "2.5 s", "3 s"])]
