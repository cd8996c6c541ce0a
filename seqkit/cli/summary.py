"""What predictions come to: counts of classes, the range of numbers, the likeliest records; gathered as they pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import nlargest, nsmallest
from typing import Any

from rich.console import JustifyMethod
from rich.table import Table

from seqkit.cli.console import plain_console

Row = dict[str, Any]

_NAMED = 3
_MOST_CLASSES = 15


class Summary:
    """Sees rows on their way into a file; holds counts and a few records, never all."""

    def __init__(self) -> None:
        self._shares: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
        self._lowest: list[tuple[float, str, str]] = []
        self._highest: list[tuple[float, str, str]] = []
        self._total, self._count, self._kind, self._unit = 0.0, 0, "", ""

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, looked at in passing."""
        for row in rows:
            self._look(row)
            yield row

    def show(self) -> None:
        """Print a table of at most 80 columns; nothing for one record, or predictions that have no such summary."""
        if self._count > 1:
            shown = {
                "classes": self._show_classes,
                "transcripts": self._show_least_certain,
                "numbers": self._show_numbers,
                "nats": self._show_nats,
            }
            shown[self._kind]()

    def _look(self, row: Row) -> None:
        prediction = row.get("prediction")
        sure = isinstance(row.get("probability"), float)
        if sure and "probabilities" not in row:
            text = " ".join(prediction) if isinstance(prediction, list) else str(prediction)
            self._add("transcripts", row["probability"], row["origin"], text)
        elif sure and isinstance(prediction, str):
            share = self._shares[prediction]
            share[0] += 1
            share[1] += row["probability"]
            self._add("classes", row["probability"], row["origin"], prediction)
        elif isinstance(prediction, float):
            self._add("numbers", prediction, row["origin"], "")
        elif isinstance(row.get("nll_nats"), float):
            self._unit = "bits_per_step" if "bits_per_step" in row else "nll_nats"
            self._add("nats", row[self._unit], row["origin"], "")

    def _add(self, kind: str, value: float, origin: str, label: str) -> None:
        self._kind, self._count, self._total = kind, self._count + 1, self._total + value
        self._lowest = nsmallest(_NAMED, [*self._lowest, (value, origin, label)])
        self._highest = nlargest(_NAMED, [*self._highest, (value, origin, label)])

    def _show_classes(self) -> None:
        table = _table("predictions", "class", "records", "share", "mean probability")
        ranked = sorted(self._shares.items(), key=lambda item: (-item[1][0], item[0]))
        for label, (count, total) in ranked[:_MOST_CLASSES]:
            table.add_row(label, f"{count:,.0f}", f"{count / self._count:.3f}", f"{total / count:.3f}")
        if len(ranked) > _MOST_CLASSES:
            rest = sum(count for _, (count, _) in ranked[_MOST_CLASSES:])
            table.add_row(
                f"{len(ranked) - _MOST_CLASSES} more classes", f"{rest:,.0f}", f"{rest / self._count:.3f}", ""
            )
        _print(table)
        self._show_least_certain()

    def _show_least_certain(self) -> None:
        table = _table("least certain", "record", "prediction", "probability")
        for value, origin, label in self._lowest:
            table.add_row(origin, label, f"{value:.3f}")
        _print(table)

    def _show_numbers(self) -> None:
        table = _table("predictions", "", "value", "record")
        table.add_row("lowest", f"{self._lowest[0][0]:.6g}", self._lowest[0][1])
        table.add_row("mean", f"{self._total / self._count:.6g}", "")
        table.add_row("highest", f"{self._highest[0][0]:.6g}", self._highest[0][1])
        _print(table)

    def _show_nats(self) -> None:
        unit = "bits a step" if self._unit == "bits_per_step" else "nats a step"
        table = _table("likelihood of the records", "", unit, "record")
        for value, origin, _ in self._lowest:
            table.add_row("likeliest", f"{value:.4f}", origin)
        table.add_row("mean", f"{self._total / self._count:.4f}", "")
        if self._count > _NAMED:
            for value, origin, _ in self._highest:
                table.add_row("least likely", f"{value:.4f}", origin)
        _print(table)


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in (first, *columns):
        width = {"record": 46, "class": 24, "prediction": 24}.get(name)
        side: JustifyMethod = "left" if width or not name else "right"
        table.add_column(name, justify=side, overflow="ellipsis", no_wrap=True, max_width=width)
    return table


def _print(table: Table) -> None:
    plain_console().print(table)
