"""Accuracy of each group: a bar each, with the number of records behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqkit.plots.style import COLOURS, FAINT, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_GROUPS = 40
"""Bars that are drawn; of more groups the worst ones."""


def draw_groups(
    figure: Figure, names: Sequence[str], figures: Sequence[float], counts: Sequence[int], what: str
) -> None:
    """Draw a horizontal bar for each group, in the given order from above.

    Args:
        figure: Empty.
        names: Of the groups.
        figures: One a group.
        counts: Records of each group.
        what: Name of the figure with its unit.
    """
    axis = figure.subplots()
    names, figures, counts = names[:MOST_GROUPS], figures[:MOST_GROUPS], counts[:MOST_GROUPS]
    axis.barh(range(len(names)), figures, height=0.7, color=COLOURS[0])
    for place, (value, count) in enumerate(zip(figures, counts, strict=True)):
        label = f"{value:.3f} of {count:,}"
        # In a column to the right, where no bar and no line can run into it.
        axis.text(1.02, place, label, transform=axis.get_yaxis_transform(), va="center", fontsize=8, color="#555555")
    axis.set_yticks(range(len(names)), [short(name) for name in names])
    axis.invert_yaxis()
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(what)
    mean = sum(value * count for value, count in zip(figures, counts, strict=True)) / max(sum(counts), 1)
    axis.axvline(mean, color=FAINT, linestyle=":", linewidth=1)
    axis.set_title(f"dotted: mean over records, {mean:.3f}", fontsize=8, color="#555555")


def groups_size(num_groups: int) -> tuple[float, float]:
    """Width and height in cm that suit so many groups."""
    return 12.0, 2.6 + 0.6 * min(num_groups, MOST_GROUPS)
