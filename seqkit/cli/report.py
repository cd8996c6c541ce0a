"""How results look on a terminal of 80 columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from seqkit.cli.console import plain_console
from seqkit.lecture.rungs.unbeaten import is_better, main_figure, unbeaten
from seqkit.lecture.sources.optimum import describe_gap
from seqkit.plots.style import NO_PLOTS, can_plot
from seqkit.training.leakage import describe_leaks
from seqkit.wording import plural

UNITS = {
    "bits_per_step": "bits", "perplexity": "", "accuracy": "share", "macro_f1": "0 to 1",
    "matthews": "-1 to 1", "auroc": "0 to 1", "auprc": "0 to 1", "calibration_error": "share", "smape": "%",
    "symbol_error_rate": "share", "exact_match": "share", "word_error_rate": "share", "crps": "value",
    "coverage_50": "share", "coverage_80": "share", "coverage_90": "share", "mse": "value²", "mae": "value",
}  # fmt: skip
"""Of the figures that have one."""

_WIDTH = 80
_MOST_IN_CONFUSION = 12
_MOST_CLASSES = 25
_MOST_GROUPS = 20
_MOST_IN_FOLDS = 5


def print_result(result: dict[str, Any], full: bool = True) -> None:
    """A table of figures, the model's first, baselines beside it as far as there is room; then what lies behind them.

    Args:
        result: Of `fit`, `validate` or `test`.
        full: Also classes, confusion and groups.
    """
    shown = columns_that_fit(result)
    columns = {"model": result["metrics"]} | {name: result["baselines"][name] for name in shown}
    heads = [_head(name, values, result) for name, values in columns.items()]
    table = _table(f"{result['domain']} · {result['task']} · {result['split']}", "", *heads, "unit")
    table.columns[-1].justify = "left"
    for metric in result["metrics"]:
        table.add_row(metric, *(_figure(values.get(metric)) for values in columns.values()), _unit(metric, result))
    _show(table)
    if left_out := [name.replace("_", " ") for name in result["baselines"] if name not in shown]:
        print(f"also in the JSON file: {', '.join(left_out)}")
    detail = result.get("detail", {})
    if full:
        _print_detail(detail)
    _print_facts(result)
    if gap := describe_gap(result):
        print(gap)
    for note in result.get("notes", []):
        print(note)
    if full and (line := describe_leaks(detail.get("leaked", {}), result["num_records"], result["split"])):
        print(line)
    for row in result.get("rungs", {}).values():
        if row["note"]:
            print(row["note"])
    if verdict := unbeaten(result):
        print(verdict)


def columns_that_fit(result: dict[str, Any]) -> list[str]:
    """Baselines whose columns fit into the terminal: the worst of a kind with several of them is left out first.

    Args:
        result: Of `fit`, `validate` or `test`: `metrics`, `baselines` by name, and `rungs` with the kind of each.
    """
    figure = main_figure(result)
    kept = [name for name, figures in result["baselines"].items() if figures.keys() & result["metrics"].keys()]
    kinds = {name: result.get("rungs", {}).get(name, {}).get("kind", name) for name in kept}

    def worst_first(name: str) -> tuple[bool, float]:
        value = result["baselines"][name].get(figure) if figure else None
        alone = sum(kinds[other] == kinds[name] for other in kept) == 1
        sign = 1 if figure and is_better(figure, 1, 0) else -1
        return alone, sign * value if value is not None and math.isfinite(value) else -math.inf

    while len(kept) > 1 and _table_width(result, kept) > _WIDTH:
        kept.remove(min(kept, key=worst_first))
    return kept


def _table_width(result: dict[str, Any], names: Sequence[str]) -> int:
    """Characters of a line of the table with these baselines; heads are wrapped between words."""
    metrics = result["metrics"]
    widths = [max(map(len, metrics)), max(4, *(len(_unit(metric, result)) for metric in metrics))]
    for name, figures in {"model": metrics, **{name: result["baselines"][name] for name in names}}.items():
        widths.append(_column_width(name, figures, result))
    return sum(widths) + 3 * len(widths) + 1


def _column_width(name: str, figures: dict[str, float], result: dict[str, Any]) -> int:
    return max(map(len, [*name.split("_"), *(_figure(figures.get(metric)) for metric in result["metrics"])]))


def _head(name: str, figures: dict[str, float], result: dict[str, Any]) -> str:
    """A name on as many lines as make it no wider than its column has to be: rich would cut words."""
    return "\n".join(textwrap.wrap(name.replace("_", " "), _column_width(name, figures, result)))


def _unit(metric: str, result: dict[str, Any]) -> str:
    units = UNITS | {"loss": result["loss_unit"]}
    return units.get(metric, "bits" if metric.startswith("bits_per_") else "")


def print_plots(result: dict[str, Any], folder: str) -> None:
    """Where the plots are, or why there are none."""
    if result.get("plots"):
        print(f"plots: {folder}/plots: {', '.join(name.removeprefix('plots/') for name in result['plots'])}")
    elif not can_plot():
        print(NO_PLOTS)


def print_folds(result: dict[str, Any]) -> None:
    """The rounds of a cross-validation with mean and standard deviation, as many figures as 80 columns hold."""
    wanted = [name for name in UNITS | {"loss": ""} if name in result["mean"]]
    names = (wanted + [name for name in result["mean"] if name not in wanted])[:_MOST_IN_FOLDS]
    title = f"{result['domain']} · {result['task']} · {result['rule']}"
    table = _table(title, "fold", "records", *(name.replace("_", " ") for name in names))
    for row in result["folds"]:
        figures = (_figure(row["metrics"].get(name)) for name in names)
        table.add_row(row["fold"], f"{row['records']:,}", *figures)
    table.add_section()
    table.add_row("mean", "", *(_figure(result["mean"][name]) for name in names))
    table.add_row("deviation", "", *(_figure(result["deviation"][name]) for name in names))
    _show(table)
    leaked = sum(row["leaked"] for row in result["folds"])
    if leaked:
        records = "1 test record is" if leaked == 1 else f"{leaked:,} test records are"
        print(f"{records} to the model the same as one of training: the figures may be too good")
    print(f"crossval.json, a run a fold, plots: {result['run']} · {result['seconds']:.0f} s")
    if not can_plot():
        print(NO_PLOTS)


def _print_facts(result: dict[str, Any]) -> None:
    doing = "of training" if "steps_per_second" in result else "in all"
    seconds = f" · {_brief(result['seconds'])} s {doing}" if "seconds" in result else ""
    rate = f" · {_brief(result['steps_per_second'])} updates/s" if "steps_per_second" in result else ""
    records = plural(result["num_records"], "record")
    print(f"{result['num_parameters']:,} parameters · {records}{seconds}{rate}")


def _print_detail(detail: dict[str, Any]) -> None:
    if "classes" in detail:
        _print_classes(detail["classes"])
        if len(detail["classes"]) <= _MOST_IN_CONFUSION:
            _print_confusion(detail["confusion"]["labels"], detail["confusion"]["counts"])
    if detail.get("positive"):
        print(f"auroc, auprc: positive class {detail['positive']}")
    if "groups" in detail:
        _print_groups(detail["groups"])


def _print_classes(rows: list[dict[str, Any]]) -> None:
    title = "classes"
    if len(rows) > _MOST_CLASSES:
        title = f"the {_MOST_CLASSES} of {len(rows)} classes with the lowest F1 (all in the JSON file)"
        rows = sorted(rows, key=lambda row: row["f1"])[:_MOST_CLASSES]
    table = _table(title, "class", "precision", "recall", "F1", "records")
    for row in rows:
        figures = (_figure(row[name]) for name in ("precision", "recall", "f1"))
        table.add_row(row["label"], *figures, f"{row['support']:,}")
    _show(table)


def _print_confusion(labels: Sequence[str], counts: list[list[int]]) -> None:
    room = max((_WIDTH - 20) // len(labels) - 3, 3)
    table = _table("confusion (rows: truth)", "", *(label[:room] for label in labels))
    for label, row in zip(labels, counts, strict=True):
        table.add_row(label, *(f"{count:,}" if count else "·" for count in row))
    _show(table)


def _print_groups(rows: list[dict[str, Any]]) -> None:
    figure = next(name for name in rows[0] if name not in ("group", "records"))
    title = "groups" if len(rows) <= _MOST_GROUPS else f"the worst {_MOST_GROUPS} of {len(rows)} groups"
    table = _table(title, "group", figure, "records")
    for row in rows[:_MOST_GROUPS]:
        table.add_row(row["group"], _figure(row[figure]), f"{row['records']:,}")
    _show(table)


def _table(title: str, first: str, *columns: str) -> Table:
    """A table with names on the left and figures on the right of each column; labels stay what they are."""
    table = Table(title=title, title_justify="left")
    table.add_column(first, overflow="ellipsis", no_wrap=True, max_width=32)
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _show(table: Table) -> None:
    plain_console().print(table)


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    if not math.isfinite(value):
        return "–"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"


def _brief(value: float) -> str:
    """A duration or a rate: digits that tell something, however small it is."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
