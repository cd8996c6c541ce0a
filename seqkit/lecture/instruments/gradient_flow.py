"""Gradient flow: how much of the gradient of a loss reaches each layer's state k steps back.

The gradient that the loss puts on the output at a step t, dL/dy_t, is followed back through time. Where the loss of a
step looks at that step's output alone, as in next_step and tag, this is |dL_t / ds_{t-k}|.

Source: Hochreiter 1991 [hochreiter1991]; Bengio et al. 1994 [bengio1994]; Pascanu et al. 2013, eq. 3 to 5
[pascanu2013].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqkit.backbone.memoryless import BagCell, WindowCell
from seqkit.lecture.instruments.measured import QUANTILES, GradientFlow
from seqkit.lecture.instruments.recorder import LayerTrace, StackTrace

_LEAST_SHARE = 0.25
"""Lags that fewer of the samples reach are left out."""


@dataclass(frozen=True)
class Norms:
    """Norms of the gradients of one layer, a row a sample; column k belongs to lag k, NaN before the first step.

    Attributes:
        layer: Which.
        parts: By name: (N, K) float64 each.
        carries_output: Whether the layer's output is part of its state.
        judged: The part that says how far the layer remembers: its state, or what it reads where the state is made of
            nothing else.
    """

    layer: str
    parts: dict[str, np.ndarray]
    carries_output: bool
    judged: str


def follow_gradients(trace: StackTrace, on_outputs: Tensor, num_positions: int) -> list[Norms]:
    """Follow the gradient on single outputs back through the recorded steps.

    Args:
        trace: Of one direction.
        on_outputs: The gradient of the loss on each recorded output, (B, T, H), in the direction's reading order.
        num_positions: Outputs of each row that a gradient is followed from: its last one, and others back to the
            middle of what was recorded.

    Returns:
        One a layer; samples without a gradient are left out.
    """
    found: list[list[dict[str, np.ndarray]]] = [[] for _ in trace.layers]
    offsets = {int(trace.counts.max()) * n // (2 * num_positions) for n in range(num_positions)}
    rows = torch.arange(len(on_outputs), device=on_outputs.device)
    sizes = on_outputs.double().norm(dim=2)  # (B, T)
    looked_at = (sizes > 0) & torch.isfinite(sizes)
    before = torch.full_like(trace.counts, -1)
    for offset in sorted(offsets):
        last = _last_looked_at(looked_at, trace.counts - 1 - offset)  # (B,)
        put, size = on_outputs[rows, last.clamp(min=0)], sizes[rows, last.clamp(min=0)]  # (B, H), (B,)
        used = (last >= 0) & (last != before)
        before = last
        if not bool(used.any()):
            continue
        seed = torch.zeros_like(trace.outputs)
        # All of length 1 while they are followed: small ones would underflow before they vanish.
        seed[rows[used], last[used]] = (put[used].double() / size[used, None]).to(seed.dtype)
        for number, parts in enumerate(_norms(trace, seed)):
            found[number].append({n: _by_lag(v, last, used) * size[used, None].cpu().numpy() for n, v in parts.items()})
    return [_join(layer, samples) for layer, samples in zip(trace.layers, found, strict=True)]


def _last_looked_at(looked_at: Tensor, before: Tensor) -> Tensor:
    """The last step of each row up to a given one at which the loss looks at the output; -1 if there is none, (B,).

    Maximum pooling, for one, looks at few of them.
    """
    steps = torch.arange(looked_at.shape[1], device=looked_at.device)
    return torch.where(looked_at & (steps <= before[:, None]), steps, -1).amax(1)


def summarise(norms: Norms) -> Iterator[GradientFlow]:
    """Each part's flow, relative to the newest state (or input) that the loss looks at.

    A state that does not hold the output, as that of a cell without recurrence, is first looked at one step later.
    """
    for part, values in norms.parts.items():
        if part == "input":
            reference = values[:, :1]
        else:
            state = norms.parts["state"]
            reference = state[:, :1] if norms.carries_output or state.shape[1] < 2 else state[:, 1:2]
        usable = (reference[:, 0] > 0) & np.isfinite(reference[:, 0])
        yield _flow(norms.layer, part, values[usable] / reference[usable], reference[usable])


def _norms(trace: StackTrace, seed: Tensor) -> Iterator[dict[str, Tensor]]:
    """Norms (T, B) of the gradients at each recorded step, part by part, layer by layer."""
    wanted = [tensor for layer in trace.layers for tensor in _points(layer)]
    gradients = iter(torch.autograd.grad(trace.outputs, wanted, seed, retain_graph=True, allow_unused=True))
    for layer in trace.layers:
        parts: dict[str, Tensor] = {"input": _lengths(gradients, layer.entries)}
        kinds = list(zip(*layer.after, strict=True))
        own = [_lengths(gradients, list(kind)) for kind in kinds]
        parts["state"] = torch.stack(own).square().sum(0).sqrt()
        if layer.carries_output and len(own) > 1:
            # What comes after the cell's own is the memory of a convolution.
            names = ("h", "c")[: layer.cell.innermost.num_states]
            parts |= {name: value for name, value in zip(names, own, strict=False)}
        yield parts


def _points(layer: LayerTrace) -> list[Tensor]:
    return [*layer.entries, *(tensor for kind in zip(*layer.after, strict=True) for tensor in kind)]


def _lengths(gradients: Iterator[Tensor | None], points: list[Tensor]) -> Tensor:
    """Norm of the next gradients, one a point: (T, B) float64; 0 where there is no path."""
    sizes = []
    for point in points:
        gradient = next(gradients)
        # In float64: squares of what float32 still holds would underflow.
        sizes.append(point.new_zeros(len(point)).double() if gradient is None else gradient.double().norm(dim=1))
    return torch.stack(sizes)


def _by_lag(values: Tensor, last: Tensor, used: Tensor) -> np.ndarray:
    """Norms by step (T, B) as norms by lag (N, T), for the rows in use; NaN before the first recorded step."""
    steps = last[used][:, None] - torch.arange(len(values), device=values.device)  # (N, T)
    rows = torch.arange(values.shape[1], device=values.device)[used][:, None]
    found = values[steps.clamp(min=0), rows].nan_to_num(nan=torch.inf, posinf=torch.inf)  # NaN: it overflowed later on
    return found.masked_fill(steps < 0, torch.nan).cpu().numpy()


def _join(layer: LayerTrace, samples: list[dict[str, np.ndarray]]) -> Norms:
    names = samples[0] if samples else ("input", "state")
    nothing = np.zeros((0, len(layer.entries)))
    joined = {name: np.concatenate([nothing, *(parts[name] for parts in samples)]) for name in names}
    judged = "input" if isinstance(layer.cell, BagCell | WindowCell) else "state"
    return Norms(layer.name, joined, layer.carries_output, judged)


def _flow(layer: str, part: str, relative: np.ndarray, reference: np.ndarray) -> GradientFlow:
    counts = (~np.isnan(relative)).sum(0)
    num_lags = int((counts >= max(_LEAST_SHARE * len(relative), 1)).sum())
    kept = [column[~np.isnan(column)] for column in relative.T[:num_lags]]
    with np.errstate(divide="ignore"):
        geometric = [np.exp(np.log(column).mean()) for column in kept]
    quantiles = [np.quantile(column, QUANTILES, method="inverted_cdf") for column in kept]
    return GradientFlow(
        layer=layer,
        part=part,
        lags=np.arange(num_lags),
        counts=counts[:num_lags],
        rms=np.array([np.sqrt((column**2).mean()) for column in kept]),
        geometric=np.array(geometric),
        quantiles=np.array(quantiles).reshape(num_lags, len(QUANTILES)).T,
        initial=float(np.sqrt((reference**2).mean())) if len(reference) else float("nan"),
    )
