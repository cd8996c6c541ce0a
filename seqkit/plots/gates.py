"""Gates over the record: what each unit of a layer lets through at each step, below the steps themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.span_axis import Span, round_steps
from seqkit.plots.style import COLOURS, SEQUENTIAL, WIDTH_CM

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqkit.lecture.instruments.measured import GateReport
    from seqkit.lecture.reporting.record_track import RecordTrack

_MOST_LETTERS = 80
_MOST_WORDS = 50
"""Steps whose labels can still be read side by side."""

_MOST_OUTPUTS = 300
_MOST_ROWS = 100
_DIVERGING = "RdBu_r"
_MEANS = {
    "forget": "1 keeps the cell",
    "store": "1 writes into it",
    "output": "1 shows the cell",
    "reset": "0 ignores the past",
    "candidate": "what is written",
    "activation": "the state itself",
}
_AXIS_PT = 0.80 * WIDTH_CM / 2.54 * 72
"""Width of the axes in points: beside them stand labels and colour bars."""


def draw_gates(
    figure: Figure,
    gates: Sequence[GateReport],
    track: RecordTrack,
    span: Span,
    steps_per_output: float = 1.0,
    nats: np.ndarray | None = None,
    begin: int = 0,
) -> None:
    """Draw the record, how surprised the model was, and a heat map a gate, all over the same time.

    Args:
        figure: Empty.
        gates: Of one layer; units are sorted by their mean.
        track: The record.
        span: Steps of the data in the domain's unit.
        steps_per_output: Steps of the record that one column of a heat map stands for.
        nats: Loss at each output, if each has one.
        begin: The first step's number within the record.
    """
    num_steps = shown_steps(track, steps_per_output)
    num_outputs = min(max(math.ceil(num_steps / steps_per_output), 1), len(gates[0].values))
    num_steps = min(num_steps, math.ceil(num_outputs * steps_per_output))
    with_nats = nats is not None and len(nats) > 0
    heights = [_track_height(track.first(num_steps)), *([0.9] if with_nats else []), *[2.3] * len(gates)]
    axes = np.atleast_1d(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights))
    draw_track(axes[0], track.first(num_steps), begin)
    if with_nats and nats is not None:
        _draw_nats(axes[1], nats[:num_outputs], steps_per_output, begin)
    for axis, gate in zip(axes[-len(gates) :], gates, strict=True):
        extent = (begin, begin + num_outputs * steps_per_output)
        values = gate.values[:num_outputs].astype(np.float32)
        _draw_gate(figure, axis, gate, values, extent, _meaning(gate, gates))
    round_steps(axes[-1], begin, begin + num_steps, span)
    for axis in axes[:-1]:
        axis.tick_params(axis="x", length=0)
    _name_time(axes[-1], span, gates[0].layer.endswith("backward"))


def gates_size(
    num_gates: int, track: RecordTrack, with_nats: bool, steps_per_output: float = 1.0
) -> tuple[float, float]:
    """Width and height in cm."""
    height = _track_height(track.first(shown_steps(track, steps_per_output)))
    return WIDTH_CM, 1.4 + height + 0.9 * with_nats + 2.6 * num_gates


def shown_steps(track: RecordTrack, steps_per_output: float = 1.0) -> int:
    """Steps of the record that are drawn: as many as can be read."""
    most = math.ceil(_MOST_OUTPUTS * steps_per_output)
    if track.labels:
        most = _MOST_LETTERS if max(map(len, track.labels[:_MOST_LETTERS])) == 1 else _MOST_WORDS
    return min(len(track), most)


def draw_track(axis: Axes, track: RecordTrack, begin: int = 0) -> None:
    """Draw the record alone: labels in the middle of their steps, or its values as lines."""
    if not track.labels:
        for column in range(track.values.shape[1]):
            axis.plot(begin + 0.5 + np.arange(len(track)), track.values[:, column], "-", linewidth=0.9)
        axis.set_ylabel("record", rotation=0, ha="right", va="center", fontsize=8)
        axis.grid(axis="y")
        return
    upright = track.width == 1
    size = float(np.clip(_AXIS_PT / max(len(track), 1) / (0.62 if upright else 1.1), 4, 9))
    axis.set_ylim(0, 1)
    axis.set_ylabel("record", rotation=0, ha="right", va="center", fontsize=8)
    for number, label in enumerate(track.labels):
        axis.text(
            begin + number + 0.5, 0.4 if upright else 0.02, label,
            fontsize=size, family="monospace" if upright else None,
            ha="center", va="center" if upright else "bottom", rotation=0 if upright else 90,
        )  # fmt: skip
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)


def _track_height(track: RecordTrack) -> float:
    """In cm."""
    if not track.labels:
        return 1.9
    return 0.6 if track.width == 1 else float(np.clip(0.16 * track.width, 0.8, 3.0))


def _draw_nats(axis: Axes, nats: np.ndarray, steps_per_output: float, begin: int) -> None:
    edges = begin + steps_per_output * np.arange(len(nats) + 1)
    axis.stairs(np.nan_to_num(nats), edges, fill=True, baseline=min(0.0, float(np.nanmin(nats))), color=COLOURS[1])
    axis.set_ylabel("loss\n(nats)", rotation=0, ha="right", va="center", fontsize=8)


def _draw_gate(
    figure: Figure, axis: Axes, gate: GateReport, values: np.ndarray, extent: tuple[float, float], meaning: str
) -> None:
    order = np.argsort(-gate.mean_by_unit, kind="stable")
    low, high = gate.low, gate.high
    if math.isinf(high):
        high = max(float(np.quantile(np.abs(values), 0.995)), 1e-6)
        low = -high if math.isinf(low) else low
    image = axis.imshow(
        _grouped(values[:, order].T),
        aspect="auto",
        interpolation="nearest",
        cmap=_DIVERGING if low < 0 else SEQUENTIAL,
        vmin=low,
        vmax=high,
        extent=(*extent, 1, 0),
    )
    axis.set_ylabel(f"{gate.gate}\n{meaning}", rotation=0, ha="right", va="center", fontsize=8)
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axis, pad=0.01, fraction=0.03, aspect=12)
    bar.set_ticks([low, high], labels=[f"{low:.2g}", f"{high:.2g}"])
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_visible(False)


def _meaning(gate: GateReport, gates: Sequence[GateReport]) -> str:
    """What an open gate does; `update` is content in some cells, and the gate that keeps or takes it in others."""
    if gate.gate != "update":
        return _MEANS.get(gate.gate, "")
    if (gate.low, gate.high) != (0, 1):
        return "what is written"
    return "1 keeps the past" if any(other.gate == "reset" for other in gates) else "1 takes the candidate"


def _grouped(rows: np.ndarray) -> np.ndarray:
    """Neighbouring rows averaged where there are more than the picture can show: (H, T) to at most 100 rows."""
    if len(rows) <= _MOST_ROWS:
        return rows
    return np.stack([group.mean(axis=0) for group in np.array_split(rows, _MOST_ROWS)])


def _name_time(axis: Axes, span: Span, backward: bool) -> None:
    """Steps below the axis, and what they amount to in the domain's unit where that is another number.

    The gates of a backward layer stand under the steps of the record, too: it goes over them from right to left.
    """
    from matplotlib.ticker import FuncFormatter

    plain = span(200.0).startswith("200 ")
    axis.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:,.0f}" if plain or value <= 0 else f"{value:,.0f}\n{span(value)}")
    )
    unit = span(200.0).partition(" ")[2] if plain else "steps"
    axis.set_xlabel(f"time in the record ({unit}){'; this layer reads it from right to left ←' if backward else ''}")
