"""The figures of a diagnosis as small tables of text: the terminal and the report show the same ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.measured import GateReport, Memory
from seqkit.lecture.instruments.truncation import Truncation
from seqkit.plots.span_axis import Span

_NOTHING = "–"


@dataclass(frozen=True)
class Table:
    """Cells of text; the first column is left-aligned, the others right.

    Attributes:
        title: Of the table.
        heads: Of the columns.
        rows: Cells, as many as heads.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def layer_table(diagnosis: Diagnosis) -> Table:
    """How far each layer's gradient reaches, and by how much a step changes it."""
    jacobians = {report.layer: report for report in diagnosis.jacobians}
    rows = []
    for memory in diagnosis.memories:
        report = jacobians.get(memory.layer)
        radius, norm = (_NOTHING, _NOTHING) if report is None else (_median(report.radius), _median(report.norm))
        rows.append((memory.layer, memory.verdict, _reach(memory), _factor(memory.growth), radius, norm))
    heads = ("layer", "gradient", "steps back", "growth", "radius", "norm")
    return Table(f"memory: back to {100 * _threshold(diagnosis):g} % of the gradient", heads, tuple(rows))


def gate_table(diagnosis: Diagnosis) -> Table:
    """Where the values of each gate lie, and how long the gate that keeps holds what is stored."""
    spans = {(held.layer, held.gate): held.spans[len(held.spans) // 2] for held in diagnosis.time_constants}
    rows = [
        (
            gate.layer,
            gate.gate,
            f"{gate.mean:.2f}",
            _percent(gate.share_low) if math.isfinite(gate.low) else _NOTHING,
            _percent(gate.share_high) if math.isfinite(gate.high) else _NOTHING,
            _percent(gate.stuck_low + gate.stuck_high),
            spans.get((gate.layer, gate.gate), _NOTHING),
        )
        for gate in diagnosis.gates
    ]
    heads = ("layer", "gate", "mean", "shut", "open", "stuck units", "holds for")
    if not spans:
        return Table(_gate_title(diagnosis.gates), heads[:-1], tuple(row[:-1] for row in rows))
    return Table(_gate_title(diagnosis.gates), heads, tuple(rows))


def clipping_table(diagnosis: Diagnosis) -> Table:
    """Gradient norms under the trained weights, and what was clipped."""
    report = diagnosis.clipping
    finite = report.norms[np.isfinite(report.norms)]
    rows = []
    if len(finite):
        rows.append(("median norm of the gradient", f"{np.median(finite):.3g}"))
        rows.append(("largest norm", f"{finite.max():.3g}"))
    rows.append(("training clips at", _NOTHING if report.threshold is None else f"{report.threshold:g}"))
    for name, share in (
        ("steps clipped in training", report.trained_share),
        ("batches above it now", report.share_above),
        ("batches whose gradient is no number", report.share_non_finite),
    ):
        if math.isfinite(share):
            rows.append((name, _percent(share)))
    return Table("exploding gradients", ("", ""), tuple(rows))


def truncation_table(truncation: Truncation, span: Span) -> Table:
    """Each truncation length, held against the exact gradient."""
    rows = []
    for point in truncation.lengths:
        own = point.recurrent_cosine
        rows.append(
            (
                _steps(point.num_steps, span(point.num_steps * truncation.steps_per_feature)),
                f"{point.cosine.median:.4f}",
                _NOTHING if own is None else f"{own.median:.4f}",
                f"{point.norm_ratio.median:.3f}",
                f"{point.bias:.4f}",
            )
        )
    heads = ("steps back", "cosine", "recurrent", "norm ratio", "bias")
    title = f"truncated gradients against the exact one over {truncation.num_steps:,} steps"
    return Table(title, heads, tuple(rows))


def _gate_title(gates: tuple[GateReport, ...]) -> str:
    if all(math.isinf(gate.high) for gate in gates):
        return "activations; shut: at 0, where no gradient passes"
    return "gates; shut, open: in the lowest, the highest tenth of their range"


def _reach(memory: Memory) -> str:
    more = "≥ " if memory.verdict == "holds" else ""
    return more + _steps(memory.num_steps, memory.span)


def _steps(num_steps: float, span: str) -> str:
    """`9 · 1.12 ms`; where a step is the unit, the unit alone: `38 characters`."""
    plain = f"{num_steps:,.0f}"
    return span if span.startswith(f"{plain} ") else f"{plain} · {span}"


def _threshold(diagnosis: Diagnosis) -> float:
    return diagnosis.memories[0].threshold if diagnosis.memories else 0.0


def _median(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    return _factor(float(np.median(known))) if len(known) else _NOTHING


def _factor(value: float) -> str:
    return f"{value:.3f}" if 0 < abs(value) < 100 else f"{value:.3g}" if math.isfinite(value) else _NOTHING


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.0095 or share == 0 else f"{100 * share:.1f} %"
