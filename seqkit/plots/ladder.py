"""The ladder of one data set: a point a rung, from chance upward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqkit.plots.style import COLOURS, FAINT, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DARK = "#555555"
"""Of chance, optimum and remarks."""

_GROUP_COLOURS = {"counted": FAINT, "feedforward": COLOURS[1], "recurrent": COLOURS[0],
                  "parallel": COLOURS[2]}  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """A rung in a column, or a variant's point on its line.

    Attributes:
        value: Of the figure; None if there is none.
        low: Worst and
        high: best of several seeds; None for one.
        diverged: Whether its training diverged.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    diverged: bool = False

    @property
    def values(self) -> list[float]:
        """All that is drawn of it."""
        return [value for value in (self.value, self.low, self.high) if value is not None]


@dataclass(frozen=True)
class Line:
    """A rung or variant over all columns.

    Attributes:
        name: As it is labelled.
        group: `counted`, `feedforward`, `recurrent` or `parallel`.
        marks: One a column.
    """

    name: str
    group: str
    marks: Sequence[Mark]


def draw_ladder(
    figure: Figure,
    rungs: Sequence[Line],
    label: str,
    chance: float | None = None,
    optimum: float | None = None,
    chance_name: str = "chance",
    lower_is_better: bool = False,
) -> None:
    """Draw a point a rung, from the bottom of the ladder upward, with its value beside it.

    Args:
        figure: Empty.
        rungs: Each with one mark.
        label: Of the figure.
        chance: What an answer gets that does not look.
        optimum: What the true source gets.
        chance_name: What the line of chance is of.
        lower_is_better: Whether the bad edge, where diverged trainings stand, is the right one.
    """
    axis = figure.subplots()
    known = [value for rung in rungs for value in rung.marks[0].values]
    ends = known + [value for value in (chance, optimum) if value is not None]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = (high - low or abs(high) or 1.0) * 0.06
    for value, name, style in ((chance, chance_name, ":"), (optimum, "optimum", "--")):
        if value is not None:
            axis.axvline(value, color=DARK, linestyle=style, linewidth=1)
            axis.annotate(name, (value, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
                          ha="center", va="bottom", fontsize=8, color=DARK)  # fmt: skip
    for row, rung in enumerate(rungs):
        mark, colour = rung.marks[0], _GROUP_COLOURS[rung.group]
        if mark.value is None:
            word = "diverged" if mark.diverged else "not trained"
            edge, inward, side = (1, -8, "right") if lower_is_better else (0, 8, "left")
            axis.annotate(word, (edge, row), (inward, 0), xycoords=("axes fraction", "data"), ha=side,
                          textcoords="offset points", va="center", fontsize=8, color=DARK,
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
            continue
        if mark.low is not None and mark.high is not None:
            axis.plot([mark.low, mark.high], [row, row], color=colour, linewidth=3, alpha=0.4, linestyle="-")
        axis.plot([mark.value], [row], "o", color=colour, markersize=7)
        right = max(mark.value, mark.high or mark.value)
        axis.annotate(f"{mark.value:.4g}", (right, row), (7, 0), textcoords="offset points", va="center", fontsize=8,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
    axis.set_yticks(range(len(rungs)), [short(rung.name) for rung in rungs])
    axis.set_ylim(-0.6, len(rungs) - 0.4)
    axis.set_xlim(low - room, high + 2.2 * room)
    axis.set_xlabel(label)
    axis.grid(axis="x")
    axis.tick_params(axis="y", length=0)
    _legend_of_groups(figure, rungs)


def ladder_size(num_rungs: int) -> tuple[float, float]:
    """Width and height in cm for so many rungs."""
    return 16.0, 3.2 + 0.62 * num_rungs


def _legend_of_groups(figure: Figure, rungs: Sequence[Line]) -> None:
    from matplotlib.lines import Line2D

    words = {"counted": "counted", "feedforward": "trained, no recurrence", "recurrent": "trained, recurrent",
             "parallel": "trained, parallel over time"}  # fmt: skip
    present = [group for group in words if any(rung.group == group for rung in rungs)]
    handles = [Line2D([], [], color=_GROUP_COLOURS[group], marker="o", linestyle="", markersize=6) for group in present]
    figure.legend(handles, [words[group] for group in present], loc="outside lower center", ncols=4)
