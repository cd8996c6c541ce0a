"""How results look on a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


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
    rate = f" · {result['steps_per_second']:.0f} steps/s" if "steps_per_second" in result else ""
    print(f"{result['num_parameters']:,} parameters · {result['num_records']:,} records{seconds}{rate}")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"
