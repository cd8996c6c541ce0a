"""The style of all plots, and how a figure gets into a file."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqkit.outputs import staged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_CM = 16.0
"""Of a figure, unless told otherwise: a text column of A4."""

HEIGHT_CM = 9.0

NO_PLOTS = 'no plots: pip install "seqkit[plot]"'
"""What a run says instead."""

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
"""Colours that the colour-blind tell apart, the first two also in grey. Source: Okabe and Ito 2008 [okabe2008]."""

FAINT = "#8C8C8C"
"""For what is compared with: chance, a mean, a diagonal."""

SEQUENTIAL = "Blues"
"""Colour map of counts and shares: light to dark, so that it survives a grey printer."""

_LABEL_LENGTH = 24
_STYLE: dict[str, Any] = {
    "figure.dpi": 150,
    "savefig.dpi": 150,
    "savefig.bbox": "tight",  # nothing is cut off
    "savefig.pad_inches": 0.06,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "grid.color": "#E0E0E0",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "text.parse_math": False,  # a label may hold a dollar sign
    "axes.unicode_minus": True,
}


def can_plot() -> bool:
    """Whether matplotlib is installed; it is not imported for this."""
    return importlib.util.find_spec("matplotlib") is not None


def save_figure(
    path: str | Path, draw: Callable[[Figure], None], width_cm: float = WIDTH_CM, height_cm: float = HEIGHT_CM
) -> Path | None:
    """Draw a figure in the style of all plots and save it; no window is opened and no state is kept.

    Args:
        path: Where to; the ending (.png, .pdf, .svg) decides the format. Its folder is made.
        draw: Receives an empty matplotlib figure and fills it.
        width_cm: Width.
        height_cm: Height.

    Returns:
        The path; None without matplotlib (`pip install "seqkit[plot]"`), which is no error.

    Example:
        >>> save_figure("losses.png", lambda figure: figure.subplots().plot([3, 2, 1]))  # doctest: +SKIP
    """
    if not can_plot():
        return None
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)  # It reports on fonts and folders of its own.
    try:
        from cycler import cycler
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        lines = cycler(color=COLOURS, linestyle=["-", "--", "-.", ":", "-", "--", ":"])
        style: Any = _STYLE | {"axes.prop_cycle": lines}
        with rc_context(style), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*[Gg]lyph")  # a label in letters that the font lacks
            figure = Figure(figsize=(width_cm / 2.54, height_cm / 2.54))
            FigureCanvasAgg(figure)
            draw(figure)
            path = Path(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            with staged(path) as place:
                figure.savefig(place)
    finally:
        logger.setLevel(level)
    return path


def short(label: str) -> str:
    """A label that fits beside an axis."""
    label = " ".join(label.split()) or "(empty)"
    return label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1] + "…"


def plain_ticks(axis: Axes) -> None:
    """Numbers beside a logarithmic axis as 0.5, not as powers, at 1, 2 and 5 of each decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def thousands(axis: Axes) -> None:
    """Numbers below an axis as 12,000."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
