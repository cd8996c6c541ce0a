"""Maps of saturation: four rows of bases, a column a position, colours that diverge from no effect."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from seqkit import save_figure
from seqkit_dna.letters import BASES

_MOST_MAPS = 20
_MOST_LINES = 12
_LINE = 100
"""Positions of a line, unless there would be too many lines."""


def plot_saturation(rows: list[dict[str, Any]], path: Path) -> list[Path]:
    """One PNG for each record beside the table, of the first 20 records; none without matplotlib.

    Args:
        rows: What `score_saturation` yielded.
        path: The table.
    """
    records = [(origin, list(own)) for origin, own in groupby(rows, key=lambda row: row["origin"])]
    saved: list[Path | None] = []
    for number, (origin, own) in enumerate(records[:_MOST_MAPS], start=1):
        name = path.stem if len(records) == 1 else f"{path.stem}-{number}"
        saved.append(_save(path.with_name(f"{name}.png"), origin, own))
    return [file for file in saved if file is not None]


def effects(rows: list[dict[str, Any]]) -> tuple[np.ndarray, str, int]:
    """Effects of one record's mutations as (4, L), NaN at the reference's bases; these; and the first position."""
    figure = "llr" if "llr" in rows[0] else "log_odds_change"
    first, last = rows[0]["position"], rows[-1]["position"]
    values = np.full((len(BASES), last - first + 1), np.nan)
    bases = ["N"] * (last - first + 1)
    for row in rows:
        values[BASES.index(row["alt"]), row["position"] - first] = row[figure]
        bases[row["position"] - first] = row["ref"]
    return values, "".join(bases), first


def _save(path: Path, origin: str, rows: list[dict[str, Any]]) -> Path | None:
    values, bases, first = effects(rows)
    length = values.shape[1]
    width = max(_LINE, -(-length // _MOST_LINES))
    lines = -(-length // width)
    width = min(width, length)
    most = float(np.nanmax(np.abs(values))) or 1.0
    name = "log-likelihood\nratio (nats)" if "llr" in rows[0] else f"change in log-odds\nof {rows[0]['class']:.20}"

    def draw(figure: Any) -> None:
        axes = np.atleast_1d(figure.subplots(lines, 1))
        for line, axis in enumerate(axes):
            begin = line * width
            image = _draw_line(axis, values[:, begin : begin + width], bases[begin : begin + width], most, width)
            axis.set_xticks(*_ticks(first + begin, min(width, length - begin)))
        axes[0].set_title(origin)
        axes[-1].set_xlabel("position")
        figure.colorbar(image, ax=list(axes), label=name, shrink=min(1.0, 2.5 / lines), pad=0.01)

    return save_figure(path, draw, width_cm=24.0, height_cm=2.2 + 2.3 * lines)


def _draw_line(axis: Any, values: np.ndarray, bases: str, most: float, width: int) -> Any:
    """One line of the map; a dot marks the reference's base."""
    image = axis.imshow(values, cmap="RdBu", vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
    places = [(place, BASES.index(base)) for place, base in enumerate(bases) if base in BASES]
    if places:
        axis.scatter(*zip(*places, strict=True), s=6 if width <= _LINE else 1, color="black", linewidths=0)
    axis.set_xlim(-0.5, width - 0.5)
    axis.set_yticks(range(len(BASES)), list(BASES))
    axis.tick_params(length=0)
    return image


def _ticks(first: int, count: int) -> tuple[list[int], list[str]]:
    """Every tenth position, or fewer where they would run into each other."""
    every = next(step for step in (10, 20, 50, 100, 200, 500, 1000, 5000) if count / step <= 12)
    places = [place for place in range(count) if (first + place) % every == 0]
    return places, [f"{first + place:,}" for place in places]
