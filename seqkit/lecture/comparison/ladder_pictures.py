"""Which pictures a comparison gets: a ladder, lines over what differs, or a panel a domain."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from seqkit.file_names import plain_name
from seqkit.lecture.comparison.standings import BITS, Row, best_row, title_of
from seqkit.lecture.comparison.study import TRAINED
from seqkit.lecture.rungs.unbeaten import is_better
from seqkit.plots.compare import PanelView, draw_across, draw_panels, panels_size
from seqkit.plots.ladder import Line, Mark, draw_ladder, ladder_size
from seqkit.plots.style import save_figure

_LABELS = {BITS: "bits a target", "mase": "MASE", "owa": "OWA", "mse": "MSE"}


def plot_comparison(folder: Path, result: dict[str, Any]) -> list[Path]:
    """Draw what the result asks for.

    Args:
        folder: Where to.
        result: What `compare` found.

    Returns:
        Files written; none without matplotlib.
    """
    across, panels = result["across"], result["panels"]
    made: list[Path | None] = []
    if across is not None and len(panels) > 1:
        views = [_view(panel, result) for panel in panels]
        num_lines = len({line.name for view in views for line in view.lines})
        size = panels_size(len(views), num_lines)
        made.append(save_figure(folder / "panels.png", lambda f: draw_panels(f, views, across["name"]), *size))
    elif across is not None:
        view = _view(panels[0], result)
        made.append(save_figure(folder / f"by-{across['name']}.png", lambda f: draw_across(f, view, across["name"])))
    else:
        made += [_ladder(folder / f"ladder-{plain_name(panel['name'])}.png", panel, result) for panel in panels]
    return [path for path in made if path is not None]


def _ladder(path: Path, panel: dict[str, Any], result: dict[str, Any]) -> Path | None:
    name, column = panel["figure"], panel["columns"][0]
    rows = [row for row in result["rows"] if row["panel"] == panel["name"] and row["kind"] != "known"]
    rungs = [Line(row["rung"].replace("_", " "), _group(row), [_mark(row, name)]) for row in rows]
    rungs = [rung for rung in rungs if rung.group != "counted" or rung.marks[0].value is not None]
    chance, optimum = _chance(column, rows, name), column["optimum"].get(name)
    known = (chance, optimum, _chance_name([column], rows, name), is_better(name, 0, 1))
    return save_figure(path, lambda figure: draw_ladder(figure, rungs, _label(name), *known), *ladder_size(len(rungs)))


def _view(panel: dict[str, Any], result: dict[str, Any]) -> PanelView:
    """Trained rungs, and of the counted ones the best of each column as one line."""
    name, values = panel["figure"], [column["value"] for column in panel["columns"]]
    rows = [row for row in result["rows"] if row["panel"] == panel["name"] and row["kind"] != "known"]
    cells = {(row["rung"], row["column"]): row for row in rows}
    trained = {row["rung"]: _group(row) for row in rows if row["kind"] in TRAINED}
    lines = [
        Line(rung, group, [_mark(cells.get((rung, value)), name) for value in values])
        for rung, group in trained.items()
    ]
    lines = [line for line in lines if any(mark.diverged or mark.value is not None for mark in line.marks)]
    counted = [row for row in rows if row["kind"] not in TRAINED and name in row["figures"]]
    best = [_best_counted(counted, value, name) for value in values]
    if any(mark.value is not None for mark in best):
        titles = list(dict.fromkeys(title_of(row, counted) for row in counted))
        lines.insert(0, Line(titles[0] if len(titles) == 1 else "best counted", "counted", best))
    chance = [_chance(column, rows, name) for column in panel["columns"]]
    chance_name = _chance_name(panel["columns"], rows, name)
    if any(line.name == chance_name for line in lines):
        chance = [None] * len(chance)  # it is drawn already
    return PanelView(
        title=panel["name"],
        values=values,
        lines=lines,
        chance=chance,
        optimum=[column["optimum"].get(name) for column in panel["columns"]],
        label=_label(name),
        chance_name=chance_name,
        lower_is_better=is_better(name, 0, 1),
    )


def _chance(column: dict[str, Any], rows: list[Row], name: str) -> float | None:
    """What is known of chance; else the best of the rungs that look at nothing."""
    if name in column["chance"]:
        return float(column["chance"][name])
    top = _best_blind(column, rows, name)
    return None if top is None else float(top["figures"][name])


def _best_blind(column: dict[str, Any], rows: list[Row], name: str) -> Row | None:
    return best_row(name, (row for row in rows if row["kind"] == "blind" and row["column"] == column["value"]))


def _chance_name(columns: list[dict[str, Any]], rows: list[Row], name: str) -> str:
    """What the line of chance is of: the source, or the counted rungs it goes through."""
    if any(name in column["chance"] for column in columns):
        return "chance (source)"
    tops = (_best_blind(column, rows, name) for column in columns)
    return " or ".join(dict.fromkeys(top["rung"].replace("_", " ") for top in tops if top is not None))


def _best_counted(rows: list[Row], value: Any, name: str) -> Mark:
    top = best_row(name, (row for row in rows if row["column"] == value))
    return Mark(None if top is None else top["figures"][name])


def _mark(row: Row | None, name: str) -> Mark:
    if row is None or row["status"] != "done":
        return Mark(None, diverged=row is not None and row["status"] == "diverged")
    runs = [_figure(run.get("metrics", {}), name) for run in row.get("runs", [])]
    known = [value for value in runs if value is not None]
    low, high = (min(known), max(known)) if len(known) > 1 else (None, None)
    return Mark(_figure(row["figures"], name), low, high)


def _figure(metrics: dict[str, float], name: str) -> float | None:
    value = metrics.get(name)
    if name == BITS and value is None and metrics.get("loss") is not None:
        value = metrics["loss"] / math.log(2)
    return value if value is not None and math.isfinite(value) else None


def _group(row: Row) -> str:
    return row["kind"] if row["kind"] in TRAINED else "counted"


def _label(name: str) -> str:
    label = _LABELS.get(name, name.replace("_", " "))
    return f"{label} (lower is better)" if is_better(name, 0, 1) else label
