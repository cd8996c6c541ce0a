"""The figures of a diagnosis as small tables of text: the terminal and the report show the same ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.measured import GateReport, Memory
from seqkit.lecture.instruments.memory import name_outputs
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
        note: What the heads do not say; empty if there is nothing.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def layer_table(diagnosis: Diagnosis, span: Span) -> Table:
    """How far each layer's gradient reaches, and by how much a step changes it."""
    jacobians = {report.layer: report for report in diagnosis.jacobians}
    ratio = diagnosis.steps_per_output
    rows = []
    for memory in diagnosis.memories:
        report = jacobians.get(memory.layer)
        radius, norm = (_NOTHING, _NOTHING) if report is None else (_median(report.radius), _median(report.norm))
        rows.append((memory.layer, memory.verdict, _reach(memory, ratio, span), _factor(memory.growth), radius, norm))
    heads = ("layer", "gradient", "reaches back", "growth", "radius", "norm")
    title = f"memory: back to {100 * _threshold(diagnosis):g} % of the gradient"
    unit = "" if ratio == 1 else f" ({span(ratio)})"
    return Table(title, heads, tuple(rows), f"growth, radius, norm: factors a step of the recurrent layer{unit}")


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
    signed = tuple(dict.fromkeys(gate.gate for gate in diagnosis.gates if _is_signed(gate)))
    ends = ("near -1", "near 1") if all(_is_signed(gate) for gate in diagnosis.gates) else ("shut", "open")
    heads = ("layer", "gate", "mean", *ends, "stuck units", "time constant")
    title = _gate_title(diagnosis.gates, ends)
    note = f"{', '.join(signed)} (-1 to 1): near -1, near 1 in place of shut, open" if signed and "open" in ends else ""
    if not spans:
        return Table(title, heads[:-1], tuple(row[:-1] for row in rows), note)
    return Table(title, heads, tuple(rows), note)


def clipping_table(diagnosis: Diagnosis) -> Table:
    """Gradient norms under the trained weights, and what was clipped."""
    report = diagnosis.clipping
    finite = report.norms[np.isfinite(report.norms)]
    rows = []
    if len(finite):
        rows.append(("median norm of the gradient", f"{np.median(finite):.3g}"))
        rows.append(("largest norm", f"{finite.max():.3g}"))
    rows.append(("training clips at a norm of", _NOTHING if report.threshold is None else f"{report.threshold:g}"))
    for name, share in (
        ("updates clipped in training", report.trained_share),
        ("training batches above it now", report.share_above),
        ("training batches whose gradient is no number", report.share_non_finite),
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
                _outputs(point.num_steps, truncation.steps_per_feature, span),
                f"{point.cosine.median:.4f}",
                _NOTHING if own is None else f"{own.median:.4f}",
                f"{point.norm_ratio.median:.3f}",
                f"{point.bias:.4f}",
            )
        )
    heads = ("cut after", "cosine", "recurrent", "norm ratio", "bias")
    exact = name_outputs(truncation.num_steps, truncation.steps_per_feature, span)
    title = f"truncated gradients against the exact one over {exact}"
    return Table(title, heads, tuple(rows))


def _is_signed(gate: GateReport) -> bool:
    return gate.low < 0 and math.isfinite(gate.high)


def _gate_title(gates: tuple[GateReport, ...], ends: tuple[str, str]) -> str:
    if all(math.isinf(gate.high) for gate in gates):
        return "activations; shut: at 0, where no gradient passes"
    return f"gates; {', '.join(ends)}: in the lowest, the highest tenth of their range"


def _reach(memory: Memory, steps_per_output: float, span: Span) -> str:
    more = "≥ " if memory.limited else ""
    return more + _outputs(memory.num_steps / steps_per_output, steps_per_output, span)


def _outputs(count: float, steps_per_output: float, span: Span) -> str:
    """`9 steps · 1.12 ms`, `6 outputs of 24 hours`; where a step is the unit, the unit alone: `38 characters`."""
    words, unit = name_outputs(count, steps_per_output, span), span(count * steps_per_output)
    if steps_per_output != 1:
        return words
    return unit if unit.startswith(f"{count:,.0f} ") else f"{words} · {unit}"


def _threshold(diagnosis: Diagnosis) -> float:
    return diagnosis.memories[0].threshold if diagnosis.memories else 0.0


def _median(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    return _factor(float(np.median(known))) if len(known) else _NOTHING


def _factor(value: float) -> str:
    return f"{value:.3f}" if 0 < abs(value) < 100 else f"{value:.3g}" if math.isfinite(value) else _NOTHING


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.0095 or share == 0 else f"{100 * share:.1f} %"
