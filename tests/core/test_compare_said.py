"""What a comparison says of its figures: what is beaten, what is equal, and what proves nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit.cli.compare_tables import print_comparison
from seqkit.lecture.comparison.ladder_pictures import _mark
from seqkit.lecture.comparison.standings import (
    beats,
    best_row,
    best_rows,
    judge,
    main_figure,
    method,
    title_of,
    with_bits,
)
from seqkit.lecture.rungs.unbeaten import unbeaten
from seqkit.plots.ladder import Line, draw_ladder
from seqkit.plots.style import save_figure


def make_row(rung: str, kind: str, column: Any = None, status: str = "done", **figures: float) -> dict[str, Any]:
    return {"panel": "p", "column": column, "rung": rung, "kind": kind, "status": status, "figures": figures}


def test_a_share_must_be_better_by_two_standard_errors() -> None:
    # sqrt(0.5 * 0.5 / 100) = 0.05, so that 0.6 is the limit
    counted = make_row("majority", "blind", accuracy=0.5)
    assert not beats("accuracy", make_row("bag", "feedforward", accuracy=0.59), counted, 100)
    assert beats("accuracy", make_row("lstm", "recurrent", accuracy=0.61), counted, 100)
    assert beats("bits", make_row("lstm", "recurrent", bits=1.99), make_row("unigram", "counts", bits=2.0))
    assert not beats("bits", make_row("lstm", "recurrent"), make_row("unigram", "counts", bits=2.0))


def test_what_is_said_names_the_rungs_that_beat_nothing() -> None:
    rows = [
        make_row("markov_2", "window", bits=2.0), make_row("bag", "feedforward", bits=2.5),
        make_row("rnn", "recurrent", status="diverged"), make_row("lstm", "recurrent", bits=1.5),
        make_row("optimum", "known", bits=1.0),
    ]  # fmt: skip
    panel = {"task": "next_step", "figure": "bits", "columns": [{"value": None, "num_records": 3, "optimum": {}}]}
    assert judge(panel, rows, None) == [
        "bag does not beat the best that was counted",
        "the best that was trained, lstm (1.5), beats the best that was counted, markov 2 (2)",
    ]
    best = best_row("bits", rows)
    assert best is not None and best["rung"] == "lstm"  # the optimum takes no part
    assert judge(panel, rows[1:], None) == ["nothing was counted that the trained rungs could be held against"]


def test_what_is_said_of_columns_names_them() -> None:
    rows = [make_row("majority", "blind", lag, accuracy=0.5) for lag in (4, 16)]
    rows += [make_row("rnn", "recurrent", 4, accuracy=1.0), make_row("rnn", "recurrent", 16, accuracy=0.5)]
    rows += [make_row("bag", "feedforward", lag, accuracy=0.5) for lag in (4, 16)]
    columns: list[dict[str, Any]] = [{"value": lag, "num_records": 1000, "optimum": {}} for lag in (4, 16)]
    assert judge({"task": "classify", "figure": "accuracy", "columns": columns}, rows, "lag") == [
        "bag does not beat the best that was counted at any lag",
        "rnn does not beat the best that was counted at lag 16",
        "the best that was trained beats the best that was counted at lag 4",
        "nothing trained beats the best that was counted at lag 16",
    ]


def test_what_cannot_be_beaten_is_not_held_against_a_rung() -> None:
    rows = [make_row("markov_2", "window", lag, accuracy=share) for lag, share in ((4, 1.0), (16, 0.5))]
    rows += [make_row("lstm", "recurrent", lag, accuracy=1.0) for lag in (4, 16)]
    columns = [{"value": lag, "num_records": 100, "optimum": {"accuracy": 1.0}} for lag in (4, 16)]
    assert judge({"task": "classify", "figure": "accuracy", "columns": columns}, rows, "lag") == [
        "what was counted is at the optimum at lag 4: nothing can beat it",
        "the best that was trained beats the best that was counted at lag 16",
    ]


def test_columns_in_which_all_that_was_trained_diverged_are_lost() -> None:
    rows = [make_row("majority", "blind", lag, accuracy=0.5) for lag in (4, 16)]
    rows += [make_row("rnn", "recurrent", 4, accuracy=1.0), make_row("rnn", "recurrent", 16, "diverged")]
    columns: list[dict[str, Any]] = [{"value": lag, "num_records": 1000, "optimum": {}} for lag in (4, 16)]
    assert judge({"task": "classify", "figure": "accuracy", "columns": columns}, rows, "lag") == [
        "the best that was trained beats the best that was counted at lag 4",
        "nothing trained beats the best that was counted at lag 16",
    ]


def test_what_is_equal_is_said_to_be() -> None:
    rows = [make_row("uniform", "blind", bits=2.0), make_row("rnn", "recurrent", bits=2.0)]
    panel = {"task": "next_step", "figure": "bits", "columns": [{"value": None, "num_records": 3, "optimum": {}}]}
    assert judge(panel, rows, None)[-1].endswith("rnn (2), equals the best that was counted, uniform (2)")


def test_stars_are_for_what_chance_and_the_number_of_records_do_not_explain() -> None:
    # Two standard errors of 0.9 of 100 records: 0.06; of chance 0.5: 0.1.
    shares = {"rnn": 0.9, "gru": 0.85, "lstm": 0.83, "window": 0.9}
    rows = [make_row("majority", "blind", accuracy=0.5)]
    rows += [make_row(name, "recurrent", accuracy=share) for name, share in shares.items()]
    column: dict[str, Any] = {"num_records": 100, "chance": {}}
    assert [row["rung"] for row in best_rows("accuracy", rows, column)] == ["rnn", "gru", "window"]
    assert [row["rung"] for row in best_rows("accuracy", rows, column | {"num_records": 0})] == ["rnn", "window"]
    near = [rows[0], make_row("rnn", "recurrent", accuracy=0.59)]
    assert best_rows("accuracy", near, column) == []
    assert best_rows("accuracy", [near[1], make_row("bag", "feedforward", accuracy=0.3)], column) == near[1:]
    assert best_rows("accuracy", rows[1:2], column) == []  # alone
    assert best_rows("bits", [make_row("uniform", "blind", bits=2.0)], column) == []


def test_the_order_of_a_chain_stays_where_it_is_the_same_in_all_columns() -> None:
    rows = [make_row(name, "window", column) for column in (4, 16) for name in ("markov_12", f"window_{column}")]
    assert [title_of(row, rows) for row in rows[:2]] == ["markov 12", "window"]
    assert method(make_row("naive2", "domain")) == "naive2"


def test_bits_are_the_loss_where_it_is_a_likelihood() -> None:
    assert with_bits({"loss": np.log(2)})["bits"] == pytest.approx(1.0)
    assert "bits" not in with_bits({"loss": 3.0}, unit="")
    assert main_figure("next_step", [make_row("lstm", "recurrent", mse=2.0)]) == "mse"


def test_what_is_perfect_cannot_be_beaten() -> None:
    rows = [make_row("markov_2", "window", accuracy=1.0), make_row("lstm", "recurrent", accuracy=1.0)]
    columns: list[dict[str, Any]] = [{"value": None, "num_records": 100, "optimum": {}}]
    panel = {"task": "classify", "figure": "accuracy", "columns": columns}
    assert judge(panel, rows, None) == ["what was counted is at the optimum: nothing can beat it"]
    assert judge(panel, rows[:1], None) == ["nothing was trained that could be held against what was counted"]
    result = {"task": "classify", "metrics": {"accuracy": 1.0}, "baselines": {"markov_2": {"accuracy": 1.0}}}
    assert unbeaten(result) is None
    assert unbeaten(result | {"metrics": {"accuracy": 0.9}}) is not None


def test_figures_that_are_no_numbers_take_no_part(tmp_path: Path) -> None:
    rows = [make_row("naive", "last value", mase=np.nan), make_row("lstm", "recurrent", mase=2.0)]
    best = best_row("mase", rows)
    assert best is not None and best["rung"] == "lstm"
    lines = [Line("naive", "counted", [_mark(rows[0], "mase")]), Line("lstm", "recurrent", [_mark(rows[1], "mase")])]
    assert save_figure(tmp_path / "ladder.png", lambda figure: draw_ladder(figure, lines, "MASE")) is not None


def test_many_columns_are_told_in_several_tables(capsys: pytest.CaptureFixture[str]) -> None:
    values = list(range(100, 120))
    rows = [make_row("bag", "feedforward", value, accuracy=value / 1000) for value in values]
    rows += [make_row("majority", "blind", value, accuracy=0.0) for value in values]
    columns = [{"value": value, "num_records": 9, "chance": {}} for value in values]
    panel = {"name": "p", "domain": "text", "task": "tag", "figure": "accuracy", "verdict": [], "columns": columns}
    print_comparison({
        "panels": [panel], "rows": rows, "across": {"name": "lag", "values": values}, "seeds": [0], "split": "valid",
        "plots": [], "run": "run", "seconds": 1.0,
    })  # fmt: skip
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80 and "…" not in shown
    assert all(f"0.{value}0 *" in shown for value in values)
