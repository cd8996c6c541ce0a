"""Gates of a recorded layer: where their values lie, how often they are saturated, and how long they keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from seqkit.backbone.cells import GRUCell
from seqkit.backbone.minimal import MinGRUCell
from seqkit.lecture.instruments.measured import QUANTILES, GateReport, TimeConstants
from seqkit.lecture.instruments.recorder import LayerTrace, StackTrace

_EDGE = 0.1
"""Share of a gate's range that counts as near a bound."""

_STUCK = 0.99
"""Share of steps from which on a unit counts as stuck."""

_STEPS_AT_ONCE = 64


def measure_gates(trace: StackTrace, layer: LayerTrace, row: int) -> Iterator[GateReport]:
    """Each gate of a layer.

    Args:
        trace: The direction that the layer belongs to.
        layer: Which.
        row: The record that is shown.
    """
    valid = trace.valid  # (B, T)
    for name, (values, low, high) in gate_values(layer).items():
        used = values[valid]  # (N, H)
        edge = _EDGE * (high - low) if math.isfinite(high) else 0.0
        is_low, is_high = (used <= low + edge).double().mean(0), (used >= high - edge).double().mean(0)  # (H,)
        shown = values[row, valid[row]].float().cpu().numpy()  # (T, H)
        shown = shown[::-1] if trace.backward else shown  # in the order of the record
        yield GateReport(
            layer=layer.name,
            gate=name,
            low=low,
            high=high,
            mean=float(used.double().mean()),
            share_low=float(is_low.mean()),
            share_high=float(is_high.mean()),
            stuck_low=float((is_low >= _STUCK).double().mean()),
            stuck_high=float((is_high >= _STUCK).double().mean()),
            low_by_unit=is_low.cpu().numpy(),
            high_by_unit=is_high.cpu().numpy(),
            mean_by_unit=used.double().mean(0).cpu().numpy(),
            mean_by_step=shown.mean(1),
            values=shown,
        )


def measure_time_constants(
    layer: LayerTrace, gates: list[GateReport], steps_per_output: float, describe: Callable[[float], str]
) -> TimeConstants | None:
    """1 / (1 - f) of each unit, f the mean share of its state that its gate keeps; None for a cell without such a gate.

    Source: Tallec and Ollivier 2018 [tallec2018].

    Args:
        layer: Which.
        gates: What `measure_gates` found of it.
        steps_per_output: Steps of a record for one of the layer's.
        describe: A number of steps in the domain's own unit.
    """
    means = {gate.gate: gate.mean_by_unit for gate in gates}
    if "forget" in means:
        name, kept = "forget", means["forget"]
    elif isinstance(layer.cell.innermost, GRUCell | MinGRUCell):
        # An open update gate keeps the state of a GRU; it lets go of that of a minimal one.
        name, kept = "update", means["update"] if isinstance(layer.cell.innermost, GRUCell) else 1 - means["update"]
    else:
        return None
    with np.errstate(divide="ignore"):
        by_unit = steps_per_output / (1 - np.minimum(kept, 1.0))
    quantiles = np.quantile(by_unit, QUANTILES, method="inverted_cdf")
    spans = tuple(describe(float(q)) if math.isfinite(q) else "without end" for q in quantiles)
    return TimeConstants(layer.name, name, by_unit, quantiles, spans)


@torch.no_grad()
def gate_values(layer: LayerTrace) -> dict[str, tuple[Tensor, float, float]]:
    """Values (B, T, H) of each gate at all recorded steps, with the bounds of its range."""
    pieces: dict[str, list[Tensor]] = {}
    bounds: dict[str, tuple[float, float]] = {}
    batch_size = len(layer.entries[0])
    for begin in range(0, len(layer.entries), _STEPS_AT_ONCE):
        chosen = slice(begin, begin + _STEPS_AT_ONCE)
        # The formula looks at one step alone: all of them can be rows of one batch.
        state = tuple(torch.cat(kind) for kind in zip(*layer.before[chosen], strict=True))
        for name, gate in layer.cell.gates(torch.cat(layer.entries[chosen]), state).items():
            pieces.setdefault(name, []).append(gate.value.reshape(-1, batch_size, gate.value.shape[1]))
            bounds[name] = (gate.low, gate.high)
    return {name: (torch.cat(values).transpose(0, 1), *bounds[name]) for name, values in pieces.items()}
