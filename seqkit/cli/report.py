"""How results look on a terminal."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.table import Table

from seqkit.training.baselines import unbeaten


def print_result(result: dict[str, Any]) -> None:
    """A table of figures, the model's first, baselines beside it."""
    columns = {"model": result["metrics"]} | result["baselines"]
    table = Table(title=f"{result['domain']} · {result['task']} · {result['split']}", title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for metric in result["metrics"]:
        table.add_row(metric, *(_figure(values.get(metric)) for values in columns.values()))
    Console(highlight=False).print(table)
    seconds = f" · {result['seconds']:.0f} s" if "seconds" in result else ""
    rate = f" · {result['steps_per_second']:.0f} updates/s" if "steps_per_second" in result else ""
    records = "1 record" if result["num_records"] == 1 else f"{result['num_records']:,} records"
    print(f"{result['num_parameters']:,} parameters · {records}{seconds}{rate}")
    for note in result.get("notes", []):
        print(note)
    for name in unbeaten(result):
        print(f"the model does not beat {name.replace('_', ' ')}: train longer, or with more updates an epoch")


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    if not math.isfinite(value):
        return "–"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"
