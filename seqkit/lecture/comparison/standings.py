"""Standings: the figure a comparison turns on, the best row of each, and the rows that do not beat what is counted."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from seqkit.lecture.comparison.study import TRAINED
from seqkit.lecture.rungs.unbeaten import is_better, is_ideal

Row = dict[str, Any]
"""A rung in a column: `panel`, `column`, `rung`, `kind`, `status`, `figures` ..."""

_Top = tuple[Row, Row, bool]
"""The best trained row of a column, the best counted one, and whether the first beats the second."""

BITS = "bits"
"""The loss in bits a target: the same unit in every row, where the loss is a likelihood."""

_NATIVE = {
    "classify": ("accuracy", "matthews", "macro_f1", "mse", "mae"),
    "tag": ("matthews", "accuracy", "macro_f1", "mse", "mae"),
    "ctc": ("symbol_error_rate", "word_error_rate"),
    "forecast": ("owa", "mase", "crps", "smape", "mse"),
    "next_step": ("mase", "bits_per_character", "perplexity", "accuracy", "mse"),
}
_MAIN = {
    "classify": ("accuracy", "mse"),
    "tag": ("matthews", "mse"),
    "ctc": ("symbol_error_rate",),
    "forecast": ("owa", "mase", "mse"),
    "next_step": (BITS, "mse"),
}


def with_bits(figures: dict[str, float], unit: str = "nats") -> dict[str, float]:
    """Figures with the loss in bits a target before them.

    Args:
        figures: As a model or a counted rung gives them.
        unit: Of the loss; empty where it is no likelihood.

    Example:
        >>> with_bits({"bits_per_step": 2.0})
        {'bits': 2.0, 'bits_per_step': 2.0}
    """
    if "bits_per_step" in figures:
        return {BITS: figures["bits_per_step"]} | figures
    return ({BITS: figures["loss"] / math.log(2)} if unit and "loss" in figures else {}) | figures


def main_figure(task: str, rows: Sequence[Row]) -> str:
    """The figure that a comparison turns on: the first of the task's that a trained row has, else a counted one."""
    for chosen in ([row for row in rows if row["kind"] in TRAINED], rows):
        for name in _MAIN[task]:
            if any(name in row["figures"] for row in chosen):
                return name
    return BITS


def native_figures(task: str, rows: Sequence[Row]) -> list[str]:
    """The task's own figures that rows have, the most telling first."""
    return [name for name in _NATIVE[task] if any(name in row["figures"] for row in rows)]


def best_row(name: str, rows: Iterable[Row]) -> Row | None:
    """The row that is best in a figure; what is known of the source takes no part."""
    found: Row | None = None
    for row in rows:
        value = _value(row, name)
        if row["kind"] != "known" and not math.isnan(value):
            if found is None or is_better(name, value, found["figures"][name]):
                found = row
    return found


def best_rows(name: str, rows: Iterable[Row], column: dict[str, Any]) -> list[Row]:
    """Rows that none is better than; none of a single row, and of an accuracy none that chance may explain.

    Args:
        name: Of the figure.
        rows: Of one column.
        column: `num_records` that a share is of (0: not known), and `chance` of the source; two accuracies within two
            standard errors of the share are not told apart.
    """
    able = [row for row in rows if row["kind"] != "known" and not math.isnan(_value(row, name))]
    top = best_row(name, able)
    if top is None or len(able) < 2:
        return []
    least = _value(top, name)
    if name != "accuracy":
        return [row for row in able if _value(row, name) == least]
    least -= 2 * _standard_error(least, column["num_records"])
    blind = [_value(row, name) for row in able if row["kind"] == "blind"]
    chance = max([column["chance"].get(name, -math.inf), *blind])
    if math.isfinite(chance):
        chance += 2 * _standard_error(chance, column["num_records"])
    return [row for row in able if _value(row, name) >= least and _value(row, name) > chance]


def beats(name: str, row: Row, other: Row, num_records: int = 0) -> bool:
    """Whether a row is better than another in a figure.

    Args:
        name: Of the figure.
        row: What is to be better,
        other: than this.
        num_records: Records that a share is of: it must then be better by more than two standard errors.
    """
    margin = 0.0
    if name == "accuracy" and num_records:
        margin = 2 * _standard_error(other["figures"][name], num_records)
    return is_better(name, _value(row, name) - margin, other["figures"][name])


def judge(panel: dict[str, Any], rows: Sequence[Row], across: str | None) -> list[str]:
    """Sentences: which trained rows do not beat the best counted one, and last whether the best of them does.

    Args:
        panel: `task`, `figure`, and `columns` with `value`, `num_records` and `optimum`.
        rows: Of this panel.
        across: What differs between columns.
    """
    name, values = panel["figure"], [column["value"] for column in panel["columns"]]
    unbeaten: dict[str, list[Any]] = {}
    tops: dict[Any, _Top | None] = {}  # None: all diverged
    perfect: list[Any] = []
    for column in panel["columns"]:
        here = [row for row in rows if row["column"] == column["value"]]
        tried = [row for row in here if row["kind"] in TRAINED and "own_data" not in row]
        trained = [row for row in tried if row["status"] == "done"]
        counted, top = best_row(name, (row for row in here if row["kind"] not in TRAINED)), best_row(name, trained)
        if counted is None or (top is None and not any(row["status"] == "diverged" for row in tried)):
            continue
        best = counted["figures"][name]
        if is_ideal(name, best) or (name in column["optimum"] and not is_better(name, column["optimum"][name], best)):
            perfect.append(column["value"])
            continue
        if top is None:
            tops[column["value"]] = None
            continue
        num_records = column["num_records"] if panel["task"] == "classify" else 0
        tops[column["value"]] = (top, counted, beats(name, top, counted, num_records))
        for row in trained:
            if not beats(name, row, counted, num_records):
                unbeaten.setdefault(row["rung"], []).append(column["value"])
    said = [f"what was counted is at the optimum{_where(perfect, values, across, 'every')}: nothing can beat it"]
    if perfect:
        return said + _unbeaten(unbeaten, values, across) + _tops(name, tops, values, across)
    if not any(row["kind"] in TRAINED and row["status"] == "done" for row in rows):
        return ["nothing was trained that could be held against what was counted"]
    if not tops:
        return ["nothing was counted that the trained rungs could be held against"]
    return _unbeaten(unbeaten, values, across) + _tops(name, tops, values, across)


def _unbeaten(unbeaten: dict[str, list[Any]], values: Sequence[Any], across: str | None) -> list[str]:
    """Rungs that do not beat the best counted one, those of the same columns in one sentence."""
    groups: dict[str, list[str]] = {}
    for rung, places in unbeaten.items():
        groups.setdefault(_where(places, values, across, "any"), []).append(rung.replace("_", " "))
    return [
        f"{', '.join(rungs)} {'does' if len(rungs) == 1 else 'do'} not beat the best that was counted{where}"
        for where, rungs in groups.items()
    ]


def _tops(name: str, tops: dict[Any, _Top | None], values: Sequence[Any], across: str | None) -> list[str]:
    """The best trained rung against the best counted one: with names and values where there is one column."""
    if across is None:
        return [_top(name, *top) for top in tops.values() if top is not None]
    beaten = [value for value, top in tops.items() if top is not None and top[2]]
    lost = [value for value in tops if value not in beaten]
    won = f"the best that was trained beats the best that was counted{_where(beaten, values, across, 'every')}"
    not_won = f"nothing trained beats the best that was counted{_where(lost, values, across, 'any')}"
    return [won] * bool(beaten) + [not_won] * bool(lost)


def _top(name: str, top: Row, counted: Row, beaten: bool) -> str:
    best, other = (f"{row['rung'].replace('_', ' ')} ({row['figures'][name]:.4g})" for row in (top, counted))
    equal = f"{top['figures'][name]:.4g}" == f"{counted['figures'][name]:.4g}"
    word = "beats" if beaten else "equals" if equal else "does not beat"
    return f"the best that was trained, {best}, {word} the best that was counted, {other}"


def _where(places: Sequence[Any], values: Sequence[Any], across: str | None, all_of_them: str) -> str:
    """` at lag 4, 16`; nothing where there is one column."""
    if across is None:
        return ""
    return (
        f" at {all_of_them} {across}" if len(places) == len(values) else f" at {across} {', '.join(map(str, places))}"
    )


def method(row: Row) -> str:
    """A counted rung without the size of its window, which may differ between columns: `markov` of `markov_2`."""
    return row["rung"] if row["kind"] in TRAINED else re.sub(r"_\d+$", "", row["rung"])


def title_of(row: Row, rows: Iterable[Row]) -> str:
    """The name of a method in all columns: with the size of its window where that is the same in all of them."""
    names = {other["rung"] for other in rows if method(other) == method(row)}
    return (row["rung"] if len(names) == 1 else method(row)).replace("_", " ")


def _standard_error(share: float, num_records: int) -> float:
    """Of a share of records; 0 where their number is not known."""
    return math.sqrt(share * (1 - share) / num_records) if num_records else 0.0


def _value(row: Row, name: str) -> float:
    value = row["figures"].get(name)
    return math.nan if value is None else float(value)
