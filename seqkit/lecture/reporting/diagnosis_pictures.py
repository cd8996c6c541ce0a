"""Which pictures a diagnosis gets, and where they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from seqkit.backbone.choice import MEMORYLESS
from seqkit.codec import Codec
from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.measured import GradientFlow
from seqkit.lecture.instruments.truncation import Truncation
from seqkit.lecture.reporting.record_track import record_track
from seqkit.plots.clipping import CLIPPING_SIZE_CM, draw_clipping
from seqkit.plots.gates import draw_gates, gates_size
from seqkit.plots.gradient_flow import draw_gradient_flow, gradient_flow_size
from seqkit.plots.jacobian import draw_jacobian, jacobian_size
from seqkit.plots.saturation import draw_saturation, drawable, saturation_size
from seqkit.plots.span_axis import Span
from seqkit.plots.style import can_plot, save_figure
from seqkit.plots.truncation import TRUNCATION_SIZE_CM, draw_truncation

Section = Literal["flow", "jacobian", "gates", "saturation", "clipping", "truncation"]

_MOST_LAYERS = 4
"""Layers whose gates are drawn: a picture each."""


@dataclass(frozen=True)
class Picture:
    """A plot of a diagnosis.

    Attributes:
        section: Of the report.
        title: What it shows, in words, for who cannot see it.
        path: Where it lies.
    """

    section: Section
    title: str
    path: Path


def draw_pictures(
    diagnosis: Diagnosis, truncation: Truncation | None, codec: Codec, span: Span, folder: Path
) -> list[Picture]:
    """Draw all that was measured; nothing without matplotlib.

    Args:
        diagnosis: What was measured.
        truncation: The same of truncated gradients, if it was.
        codec: Decodes the record that gates are drawn over.
        span: Steps of the data in the domain's unit.
        folder: Where to.
    """
    return list(_drawn(diagnosis, truncation, codec, span, folder)) if can_plot() else []


def _drawn(
    diagnosis: Diagnosis, truncation: Truncation | None, codec: Codec, span: Span, folder: Path
) -> Iterator[Picture]:
    ratio = diagnosis.steps_per_output
    flows = _shown_flows(diagnosis)
    if any(flow.part == "state" for flow in flows):
        path, memories = folder / "gradient-flow.png", diagnosis.memories
        size = gradient_flow_size(flows)
        save_figure(path, lambda figure: draw_gradient_flow(figure, flows, memories, span, ratio), *size)
        yield Picture("flow", "Share of a loss's gradient that reaches each layer, by steps back", path)
    if diagnosis.jacobians:
        path = folder / "jacobian.png"
        size = jacobian_size(len(diagnosis.jacobians))
        save_figure(path, lambda figure: draw_jacobian(figure, diagnosis.jacobians), *size)
        yield Picture("jacobian", "Spectral radius and norm of the recurrent Jacobian over the record", path)
    yield from _gates(diagnosis, codec, span, folder)
    if gates := drawable(diagnosis.gates):
        path = folder / "saturation.png"
        save_figure(path, lambda figure: draw_saturation(figure, gates), *saturation_size(gates))
        yield Picture("saturation", "For each unit, how often each gate is shut and how often it is open", path)
    clipping = diagnosis.clipping
    if np.isfinite(clipping.norms).any() or len(clipping.logged_steps) > 1:
        path = folder / "clipping.png"
        save_figure(path, lambda figure: draw_clipping(figure, clipping), *CLIPPING_SIZE_CM)
        yield Picture("clipping", "Norms of the gradient, and share of clipped updates over training", path)
    if truncation is not None:
        path = folder / "truncation.png"
        save_figure(path, lambda figure: draw_truncation(figure, truncation, span), *TRUNCATION_SIZE_CM)
        yield Picture("truncation", "Truncated gradients against the exact one, by truncation length", path)


def _shown_flows(diagnosis: Diagnosis) -> tuple[GradientFlow, ...]:
    """The flows that verdicts are given by; a cell without recurrence carries nothing but what it has read."""
    flows = tuple(flow for flow in diagnosis.flows if len(flow.lags))
    if diagnosis.cell.partition(" ")[0] not in MEMORYLESS:
        return flows
    return tuple(replace(flow, part="state") for flow in flows if flow.part == "input")


def _gates(diagnosis: Diagnosis, codec: Codec, span: Span, folder: Path) -> Iterator[Picture]:
    """One picture a layer."""
    shown = diagnosis.shown
    track = record_track(codec, shown.steps)
    layers = list(dict.fromkeys(gate.layer for gate in diagnosis.gates))
    for layer in layers[:_MOST_LAYERS] if len(track) else []:
        gates = [gate for gate in diagnosis.gates if gate.layer == layer]
        path = folder / f"gates-{re.sub(r'[^a-z0-9]+', '-', layer)}.png"
        size = gates_size(len(gates), track, len(shown.nats) > 0, diagnosis.steps_per_output)
        save_figure(
            path,
            lambda figure, gates=gates: draw_gates(  # type: ignore[misc]
                figure, gates, track, span, diagnosis.steps_per_output, shown.nats, shown.begin
            ),
            *size,
        )
        yield Picture("gates", f"Gates of {layer} over {shown.origin}", path)
