"""Pictures of a comparison: lines, edges and names."""

from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from seqkit.lecture.comparison.ladder_pictures import _view
from seqkit.plots.compare import PanelView, draw_across
from seqkit.plots.ladder import Line, Mark, draw_ladder
from tests.core.test_compare_said import make_row


def test_columns_in_any_order_are_inside_the_picture() -> None:
    figure, marks = Figure(), [Mark(0.1), Mark(0.2), Mark(0.3)]
    nothing = [None, None, None]
    draw_across(
        figure, PanelView("p", [16, 4, 64], [Line("bag", "feedforward", marks)], nothing, nothing, "share"), "lag"
    )
    low, high = figure.axes[0].get_xlim()
    assert low < 4 and high > 64


@pytest.mark.parametrize("lower_is_better", [True, False])
def test_a_training_that_diverged_stands_at_the_bad_edge(lower_is_better: bool) -> None:
    lines = [Line("bag", "feedforward", [Mark(0.2), Mark(0.3, 0.1, 0.9)]),
             Line("rnn", "recurrent", [Mark(0.1), Mark(None, diverged=True)])]  # fmt: skip
    figure, nothing = Figure(), [None, None]
    draw_across(figure, PanelView("p", [4, 16], lines, nothing, nothing, "x", lower_is_better=lower_is_better), "lag")
    (axis,) = figure.axes
    low, high = axis.get_ylim()
    assert low < 0.1 and high > 0.9  # seeds, too
    places = {text.get_text(): text.xy for text in axis.texts if isinstance(text, Annotation)}
    assert places["×"] == places["diverged"] == (16, high if lower_is_better else low)
    ladder, rungs = Figure(), [Line(line.name, line.group, line.marks[1:]) for line in lines]
    draw_ladder(ladder, rungs, "x", lower_is_better=lower_is_better)
    words = {text.get_text(): text.xy for text in ladder.axes[0].texts if isinstance(text, Annotation)}
    assert words["diverged"][0] == (1 if lower_is_better else 0)
    assert ladder.axes[0].get_xlim()[0] < 0.1 and ladder.axes[0].get_xlim()[1] > 0.9


def test_lines_of_the_same_values_stand_side_by_side_in_the_picture() -> None:
    lines = [Line(name, "recurrent", [Mark(0.5), Mark(0.6)]) for name in ("rnn", "gru")]
    figure = Figure()
    draw_across(figure, PanelView("p", [4, 16], lines, [0.5, 0.5], [None, None], "x", "uniform"), "lag")
    drawn = {line.get_label(): line for line in figure.axes[0].get_lines()}
    places = [drawn[name].get_transform().transform((4, 0.5))[0] for name in ("rnn", "gru")]
    assert places[1] - places[0] > 3 and "uniform" in drawn


def test_the_picture_of_variants_names_the_only_counted_rung_and_whose_chance_it_is() -> None:
    rows = [make_row("uniform", "blind", lag, bits=3.0) for lag in (4, 16)]
    rows += [make_row("plain", "recurrent", lag, bits=2.0) for lag in (4, 16)]
    columns: list[dict[str, Any]] = [{"value": lag, "chance": {}, "optimum": {}} for lag in (4, 16)]
    panel = {"name": "p", "figure": "bits", "columns": columns}
    view = _view(panel, {"rows": rows, "variants": {"plain": {}}})
    assert [line.name for line in view.lines] == ["uniform", "plain"] and view.lower_is_better
    assert view.chance == [None, None]  # drawn already
    assert [mark.value for mark in view.lines[0].marks] == [3.0, 3.0]
    more = [*rows, make_row("markov_2", "window", 4, bits=2.5)]
    source = panel | {"columns": [column | {"chance": {"bits": 2.9}} for column in columns]}
    view = _view(panel, {"rows": more, "variants": None})
    assert (view.lines[0].name, view.chance_name, view.chance) == ("best counted", "uniform", [3.0, 3.0])
    view = _view(source, {"rows": more, "variants": None})
    assert (view.lines[0].name, view.chance_name, view.chance) == ("best counted", "chance (source)", [2.9, 2.9])
