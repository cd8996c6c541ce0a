"""Comparisons: a line a rung over what differs between columns, in one panel or several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seqkit.plots.ladder import DARK, Line
from seqkit.plots.style import COLOURS, FAINT, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = "os^DvPX*"
_LINE_COLOURS = (*COLOURS, "#882255")
"""One more than elsewhere; source of the last: Tol's muted scheme, told apart by the colour-blind, too."""

_ASIDE_PT = 5.0
"""Between marks of one column in a panel, so that lines of the same value can all be seen."""

_WIDE_SPAN = 8.0
"""Values that differ by more than this factor stand on a logarithmic axis."""

_DIVERGED = "diverged"
_LABEL_GAP = 1.25
"""Between labels one above the other, in heights of a line."""


@dataclass(frozen=True)
class PanelView:
    """What one panel shows.

    Attributes:
        title: Above it.
        values: Of what differs between columns.
        lines: Rungs or variants.
        chance: In each column; None where it is not known.
        optimum: In each column; None where it is not known.
        label: Of the figure.
        chance_name: What the line of chance is of.
        lower_is_better: Whether the bad edge, where diverged trainings stand, is the upper one.
    """

    title: str
    values: Sequence[float | str]
    lines: Sequence[Line]
    chance: Sequence[float | None]
    optimum: Sequence[float | None]
    label: str
    chance_name: str = "chance"
    lower_is_better: bool = False


def draw_across(figure: Figure, panel: PanelView, name: str) -> None:
    """Draw a line a rung over the columns, each with its name at its right end.

    Args:
        figure: Empty.
        panel: What to show.
        name: Of what differs between columns.
    """
    axis = figure.subplots()
    styles = _styles([line.name for line in panel.lines], panel.lines)
    _draw_panel(axis, panel, styles)
    axis.set_xlabel(name)
    axis.set_ylabel(panel.label)
    if any(mark.diverged for line in panel.lines for mark in line.marks):
        low, high = axis.get_ylim()
        room = 0.07 * (high - low)  # for crosses and their word beyond all that was drawn
        axis.set_ylim((low, high + room) if panel.lower_is_better else (low - room, high))
    _label_ends(figure, axis, panel)
    for place in _draw_diverged(axis, panel, styles):
        inward = -9 if panel.lower_is_better else 9
        axis.annotate(_DIVERGED, (place, _bad_edge(axis, panel)), (0, inward), textcoords="offset points", ha="center",
                      va="center", fontsize=8, color=DARK)  # fmt: skip


def draw_panels(figure: Figure, panels: Sequence[PanelView], name: str) -> None:
    """Draw small multiples, a panel a domain, with one legend for all.

    Args:
        figure: Empty.
        panels: What to show; a line has the same style in each.
        name: Of what differs between columns.
    """
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    same = len({panel.label for panel in panels}) == 1
    axes = figure.subplots(rows, columns, squeeze=False, sharey=same).ravel()
    lines = {line.name: line for panel in panels for line in panel.lines}
    styles = _styles(list(lines), list(lines.values()))
    for number, (axis, panel) in enumerate(zip(axes, panels, strict=False)):
        _draw_panel(axis, panel, styles)
        axis.set_title(panel.title, loc="left")
        if number + columns >= len(panels):
            axis.set_xlabel(name)
        if number % columns == 0 or not same:
            axis.set_ylabel(panel.label)
        axis.tick_params(labelleft=True)
    for axis, panel in zip(axes, panels, strict=False):
        _draw_diverged(axis, panel, styles)  # at the bad edge, which all panels share by now
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    handles = {line.get_label(): line for axis in axes for line in axis.get_lines() if line.get_label()[:1] != "_"}
    known = dict.fromkeys([*(panel.chance_name for panel in panels), "optimum", _DIVERGED])
    order = [label for label in (*lines, *known) if label in handles]
    figure.legend([handles[one] for one in order], order, loc="outside lower center", ncols=min(len(order), 4),
                  handlelength=2.6)  # fmt: skip


def panels_size(num_panels: int, num_lines: int) -> tuple[float, float]:
    """Width and height in cm for so many panels and lines."""
    return (16.0 if num_panels > 1 else 11.0), 5.6 * -(-num_panels // 2) + 0.9 + 0.5 * -(-(num_lines + 2) // 4)


def _draw_panel(axis: Axes, panel: PanelView, styles: dict[str, dict[str, object]]) -> None:
    """Lines of all rungs, those with marks moved aside a little each, with those of chance and optimum."""
    places = _places(axis, panel.values)
    for values, name, dashes in ((panel.chance, panel.chance_name, ":"), (panel.optimum, "optimum", "--")):
        look: dict[str, Any] = {"color": DARK, "linestyle": dashes, "linewidth": 1, "label": name, "zorder": 1.5}
        if values[0] is not None and len(set(values)) == 1:
            axis.axhline(values[0], **look)
        elif any(value is not None for value in values):
            axis.plot(places, [math.nan if value is None else value for value in values], **look)
    trained = [line for line in panel.lines if line.group != "counted"]
    for line in panel.lines:
        moved = _moved(axis, trained.index(line), len(trained)) if line in trained else axis.transData
        style: dict[str, Any] = styles[line.name] | {"transform": moved}
        shown = [math.nan if mark.value is None else mark.value for mark in line.marks]
        axis.plot(places, shown, label=line.name, **style)
        # A line that is moved aside does not widen the axes by itself.
        axis.update_datalim([(x, y) for x, mark in zip(places, line.marks, strict=True) for y in mark.values])
        for place, mark in zip(places, line.marks, strict=True):
            if mark.low is not None and mark.high is not None and mark.high > mark.low:
                axis.plot([place, place], [mark.low, mark.high], color=style["color"], linestyle="-", linewidth=0.8,
                          transform=style["transform"])  # fmt: skip
    _set_room(axis, places, 0.14)
    axis.grid(axis="y")


def _moved(axis: Axes, number: int, total: int) -> Any:
    """The axis's own place, moved aside by a line's share of the room around it."""
    from matplotlib.transforms import ScaledTranslation

    figure: Any = axis.figure
    return axis.transData + ScaledTranslation(_ASIDE_PT * (number - (total - 1) / 2) / 72, 0, figure.dpi_scale_trans)


def _bad_edge(axis: Axes, panel: PanelView) -> float:
    """Where what is worse than all that was drawn stands."""
    low, high = axis.get_ylim()
    return float(high if panel.lower_is_better else low)


def _draw_diverged(axis: Axes, panel: PanelView, styles: dict[str, dict[str, object]]) -> list[float]:
    """A cross at the bad edge for each training that diverged, those of one column side by side; their columns."""
    edge, limits = _bad_edge(axis, panel), axis.get_ylim()
    found = []
    for column, place in enumerate(map(float, axis.get_xticks())):
        gone = [line for line in panel.lines if line.marks[column].diverged]
        found += [place] if gone else []
        for number, line in enumerate(gone):
            aside = (number - (len(gone) - 1) / 2) * 8  # points
            axis.annotate("×", (place, edge), (aside, 0), textcoords="offset points", ha="center", va="center",
                          fontsize=13, color=str(styles[line.name]["color"]), annotation_clip=False)  # fmt: skip
    if any(mark.diverged for line in panel.lines for mark in line.marks):
        axis.plot([], [], "x", color=DARK, markersize=6, mew=1.4, label=_DIVERGED)
    axis.set_ylim(limits)
    return found


def _places(axis: Axes, values: Sequence[float | str]) -> list[float]:
    """Where each column stands; the axis gets its ticks."""
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(values):
        places = [float(number) for number in range(len(values))]
    else:
        places = numbers
        if min(numbers) > 0 and max(numbers) > _WIDE_SPAN * min(numbers):
            axis.set_xscale("log")
    axis.set_xticks(places, [str(value) for value in values])
    axis.minorticks_off()
    return places


def _set_room(axis: Axes, places: Sequence[float], share: float) -> None:
    """The axis from its least to its greatest place, with a share of that on either side."""
    scale = axis.xaxis.get_transform()
    first, last = scale.transform([min(places), max(places)])
    room = (last - first or 1.0) * share
    axis.set_xlim(*scale.inverted().transform([first - room, last + room]))


def _styles(names: Sequence[str], lines: Sequence[Line]) -> dict[str, dict[str, object]]:
    """Colour, marker and dashes of each line; counted ones are thin and grey."""
    styles: dict[str, dict[str, object]] = {}
    trained = [line.name for line in lines if line.group != "counted"]
    for name in names:
        if name not in trained:
            styles[name] = {"color": FAINT, "linestyle": "-", "linewidth": 0.9}
            continue
        number = trained.index(name)
        styles[name] = {
            "color": _LINE_COLOURS[number % len(_LINE_COLOURS)],
            "marker": _MARKERS[number % len(_MARKERS)],
            "linestyle": "-" if number < len(_LINE_COLOURS) else "--",
            "markersize": 4.5,
        }
    return styles


def _label_ends(figure: Figure, axis: Axes, panel: PanelView) -> None:
    """The name of each line right of its last point, or of its last cross, moved apart where they would overlap."""
    bottom, top = axis.get_ylim()
    gone = {line.name for line in panel.lines if line.marks[-1].diverged}
    ends: list[tuple[float, float, str, str, Any]] = []  # y and x of the last point, label, colour, where it is drawn
    for line in axis.get_lines():
        x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
        label, known = str(line.get_label()), np.isfinite(y).nonzero()[0]
        if label in gone:
            ends.append((_bad_edge(axis, panel), x[-1], label, str(line.get_color()), axis.transData))
        elif len(known) and not label.startswith("_"):
            ends.append((y[known[-1]], x[known[-1]], label, str(line.get_color()), line.get_transform()))
    figure.draw_without_rendering()
    height_pt = axis.get_window_extent().height / figure.dpi * 72
    ends.sort(key=lambda end: end[:3])
    places = _spread([end[0] for end in ends], (top - bottom) * 8 * _LABEL_GAP / height_pt, bottom, top)
    for (y_last, x_last, label, colour, drawn), place in zip(ends, places, strict=True):
        arrow = {"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3, "relpos": (0, 0.5)}
        axis.annotate(short(label), (x_last, y_last), (1.03, place), xycoords=drawn, va="center", fontsize=8,
                      textcoords=axis.get_yaxis_transform(), color=colour, arrowprops=arrow,
                      annotation_clip=False)  # fmt: skip


def _spread(values: list[float], gap: float, bottom: float, top: float) -> list[float]:
    """Rising values moved apart by at least a gap, within bounds as far as they have room."""
    places = list(values)
    for _ in range(200):
        places = [min(max(place, bottom), top) for place in places]
        for one in range(len(places) - 1):
            lack = gap - (places[one + 1] - places[one])
            if lack > 1e-9:
                places[one] -= lack / 2
                places[one + 1] += lack / 2
    return places
