"""Diagnosis: all that was measured of a trained model, as plain numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from seqkit.lecture.instruments.measured import (
    ClippingReport,
    GateReport,
    GradientFlow,
    JacobianReport,
    Memory,
    Shown,
    TimeConstants,
)


@dataclass(frozen=True)
class Diagnosis:
    """All that `diagnose` found.

    Attributes:
        domain: Name.
        task: Name.
        cell: Name, with its options where they are not the default's: `rnn (relu, identity)`.
        hidden_size: H.
        num_layers: Layers.
        bidirectional: Whether records are read from both ends.
        split: Which records were read.
        num_records: How many of them.
        num_samples: Target steps, over all records, whose gradient was followed.
        num_outputs: Recorded outputs of the backbone, of the longest record.
        steps_per_output: Steps of a record for one output of the backbone.
        measured: In one sentence, which gradient was followed from where.
        flows: Each layer, each part.
        jacobians: Each layer.
        gates: Each layer, each gate.
        time_constants: Each layer with a gate that keeps.
        clipping: Of training.
        memories: Each layer.
        shown: The record that gates are drawn over.
        notes: What a reader should know.
        seconds: It took.
    """

    domain: str
    task: str
    cell: str
    hidden_size: int
    num_layers: int
    bidirectional: bool
    split: str
    num_records: int
    num_samples: int
    num_outputs: int
    steps_per_output: float
    measured: str
    flows: tuple[GradientFlow, ...]
    jacobians: tuple[JacobianReport, ...]
    gates: tuple[GateReport, ...]
    time_constants: tuple[TimeConstants, ...]
    clipping: ClippingReport
    memories: tuple[Memory, ...]
    shown: Shown
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in order."""
        return tuple(memory.layer for memory in self.memories)

    @property
    def lines(self) -> tuple[str, ...]:
        """The verdicts in words, one a layer."""
        return tuple(memory.line for memory in self.memories)

    def flow(self, layer: str, part: str = "state") -> GradientFlow:
        """The gradient flow of one layer."""
        return next(flow for flow in self.flows if (flow.layer, flow.part) == (layer, part))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: null for what is no number, arrays as lists of six digits, without the values of each gate."""
        return _plain(self)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        kept = (f for f in fields(value) if f.metadata.get("json", True))
        return {f.name: _plain(getattr(value, f.name)) for f in kept}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
