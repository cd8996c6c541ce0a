"""The tables of `seqkit compare`, on a terminal of 80 columns."""

from __future__ import annotations

import math
from typing import Any

from rich.measure import Measurement
from rich.table import Table

from seqkit.cli.console import plain_console
from seqkit.lecture.comparison.standings import BITS, Row, best_rows, method, native_figures, title_of
from seqkit.lecture.comparison.study import TRAINED
from seqkit.plots.style import NO_PLOTS, can_plot

WIDTH = 80
_MOST_NATIVE = 3
_BEST = "*"


def print_comparison(result: dict[str, Any]) -> None:
    """A table a panel, what follows from it, and where everything lies."""
    for panel in result["panels"]:
        rows = [row for row in result["rows"] if row["panel"] == panel["name"]]
        print(_title(result, panel))
        for table in _across_tables(result, panel, rows) if result["across"] else [_ladder_table(result, panel, rows)]:
            plain_console().print(table)
        _print_reasons(rows, result)
        for line in panel["verdict"]:
            print(line)
    for note in dict.fromkeys(f"{row['rung']}: {row['note']}" for row in result["rows"] if row.get("note")):
        print(note)
    files = ", ".join(["compare.json", "compare.csv", *result["plots"]])
    print(f"{_BEST} best of its column, or equal · {result['run']}: {files} · {result['seconds']:.0f} s")
    if not can_plot():
        print(NO_PLOTS)


def _ladder_table(result: dict[str, Any], panel: dict[str, Any], rows: list[Row]) -> Table:
    """Rungs with bits, the figure that counts, further ones as far as there is room for them, size and time."""
    wanted = [BITS] if any(BITS in row["figures"] for row in rows) else []
    names = list(dict.fromkeys([*wanted, panel["figure"], *native_figures(panel["task"], rows)[:_MOST_NATIVE]]))
    console = plain_console(10 * WIDTH)
    fewest = 3 if "matthews" in names[:3] else 2  # worth the column `kind`
    for number in range(len(names), 0, -1):
        for kinds in (True, False) if number <= fewest else (True,):
            table = _ladder(result, panel, rows, names[:number], kinds)
            if Measurement.get(console, console.options, table).maximum <= WIDTH:
                return table
    return table


def _ladder(result: dict[str, Any], panel: dict[str, Any], rows: list[Row], names: list[str], with_kind: bool) -> Table:
    table = Table()
    table.add_column("rung", overflow="ellipsis", no_wrap=True, max_width=20)
    if with_kind:
        table.add_column("kind", no_wrap=True)
    several = len(result["seeds"]) > 1
    for name in names:
        table.add_column(_head(name).replace(" a ", "\na "), justify="right")
        if several and name == panel["figure"]:
            table.add_column("range", justify="right")
    table.add_column("parameters", justify="right")
    table.add_column("seconds", justify="right")
    best = {name: best_rows(name, rows, _scored(panel, None)) for name in names}
    for part in _parts(rows):
        for row in part:
            cells: list[str] = []
            for name in names:
                cells.append(_cell(row, name, best[name]))
                if several and name == panel["figure"]:
                    cells.append(figure(row.get("spread", {}).get(name)))
            size, seconds = row.get("num_parameters"), row.get("seconds")
            sizes = ["" if size is None else f"{size:,}", "" if seconds is None else f"{seconds:.1f}"]
            kind = [row["kind"]] if with_kind else []
            table.add_row(row["rung"].replace("_", " "), *kind, *cells, *sizes)
        table.add_section()
    return table


def _across_tables(result: dict[str, Any], panel: dict[str, Any], rows: list[Row]) -> list[Table]:
    """Rungs against the values of what differs, as many of them in a table as there is room for."""
    console, tables = plain_console(10 * WIDTH), []
    rest = list(result["across"]["values"])
    while rest:
        for number in range(len(rest), 0, -1):
            table = _across_table(panel, rows, rest[:number])
            if Measurement.get(console, console.options, table).maximum <= WIDTH:
                break
        tables.append(table)
        rest = rest[number:]
    return tables


def _across_table(panel: dict[str, Any], rows: list[Row], values: list[Any]) -> Table:
    """Rungs against some values of what differs, in the figure that the comparison turns on."""
    name = panel["figure"]
    table = Table()
    table.add_column("rung", overflow="ellipsis", no_wrap=True, max_width=22)
    for value in values:
        table.add_column(str(value), justify="right")
    best = {
        value: best_rows(name, (row for row in rows if row["column"] == value), _scored(panel, value))
        for value in values
    }
    for part in _parts(rows):
        for rung in dict.fromkeys(method(row) for row in part):
            own = {row["column"]: row for row in part if method(row) == rung}
            cells = [_cell(own[v], name, best[v]) if v in own else "" for v in values]
            table.add_row(title_of(next(iter(own.values())), part), *cells)
        table.add_section()
    return table


def _parts(rows: list[Row]) -> list[list[Row]]:
    """What is counted, what is trained, what is known."""
    known = [row for row in rows if row["kind"] == "known"]
    trained = [row for row in rows if row["kind"] in TRAINED]
    return [[row for row in rows if row not in known and row not in trained], trained, known]


def _title(result: dict[str, Any], panel: dict[str, Any]) -> str:
    name = panel["name"] if panel["name"] == panel["domain"] else f"{panel['name']} ({panel['domain']})"
    across = f" · {_head(panel['figure'])} by {result['across']['name']}" if result["across"] else ""
    seeds = f" · median of {len(result['seeds'])} seeds" if len(result["seeds"]) > 1 else ""
    return f"{name} · {panel['task']} · {result['split']}{across}{seeds}"


def _scored(panel: dict[str, Any], value: Any) -> dict[str, Any]:
    """The column with this value; its records are those of a share only where each has one answer."""
    column: dict[str, Any] = next(column for column in panel["columns"] if column["value"] == value)
    return column if panel["task"] == "classify" else column | {"num_records": 0}


def _cell(row: Row, name: str, best: list[Row]) -> str:
    if row["status"] != "done":
        return "diverged" if row["status"] == "diverged" else "–"
    shown = figure(row["figures"].get(name))
    return f"{shown} {_BEST}" if any(row is one for one in best) else f"{shown}  " if shown else ""


def _head(name: str) -> str:
    return {BITS: "bits a target", "symbol_error_rate": "error rate"}.get(name, name.replace("_", " "))


def _print_reasons(rows: list[Row], result: dict[str, Any]) -> None:
    """What could not be trained, a line a reason."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.get("reason"):
            key = f"{row['rung']} {_word(row, result)}: {row['reason']}"
            reasons.setdefault(key, []).append(str(row["column"]))
    for reason, places in reasons.items():
        print(reason + (f" ({result['across']['name']} {', '.join(places)})" if result["across"] else ""))


def _word(row: Row, result: dict[str, Any]) -> str:
    if row["status"] == "refused":
        return "is left out"
    seeds = len(result["seeds"])
    return "diverged" if seeds == 1 else f"diverged with {row['num_failed']} of {seeds} seeds"


def figure(value: float | None) -> str:
    """A figure in a cell."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "–"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"
