"""Recorder: a backbone that reads by the written formula and keeps every state on the way, as long as a block lasts.

`cell.step` in place of the fused kernel works for any cell and on any device: cuDNN's kernels keep no states and go
backwards in training mode only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor, nn

from seqkit.backbone.cell import Cell, State
from seqkit.backbone.stack import BothDirections, Stack, drop_state, flip
from seqkit.model import SequenceModel
from seqkit.steps import valid_mask


@dataclass(frozen=True)
class LayerTrace:
    """What one layer read and carried, step by step, every tensor a point at which gradients can be asked for.

    Attributes:
        name: `layer 1`, or `layer 1 forward` and `layer 1 backward`.
        cell: The layer.
        entries: What it read at each recorded step, T x (B, D).
        before: The state before each, T x State.
        after: The state after each, T x State: what the next step reads, no step's own inner path.
        outputs: T x (B, H); the very tensors of `after` where the output is part of the state.
    """

    name: str
    cell: Cell
    entries: list[Tensor] = field(default_factory=list)
    before: list[State] = field(default_factory=list)
    after: list[State] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)

    @property
    def carries_output(self) -> bool:
        """Whether the output is part of the state, as h is; not so for a cell without recurrence."""
        return self.outputs[0] is self.after[0][0]


@dataclass(frozen=True)
class StackTrace:
    """The last steps of each row in one direction of a backbone, in its reading order.

    Attributes:
        layers: From the first to the last.
        outputs: At the recorded steps, (B, T, H), with a path to the recorded states.
        begins: The first recorded step of each row, (B,); the ones before were read without a trace.
        counts: Recorded steps of each row, (B,); what lies past them is padding.
        backward: Whether it reads from each record's end.
    """

    layers: list[LayerTrace]
    outputs: Tensor
    begins: Tensor
    counts: Tensor
    backward: bool = False

    @property
    def places(self) -> Tensor:
        """Where the recorded steps lie in the rows, (B, T); past the end it is the last one."""
        steps = torch.arange(self.outputs.shape[1], device=self.begins.device)
        return self.begins[:, None] + torch.minimum(steps, (self.counts - 1).clamp(min=0)[:, None])

    @property
    def valid(self) -> Tensor:
        """True at the recorded steps before each row's end, (B, T) bool."""
        return valid_mask(self.counts, self.outputs.shape[1])


@final
class Recorder(nn.Module):
    """The interface of a backbone around a stack, or around one for each direction.

    Args:
        backbone: What reads.
        most: Steps that are recorded: the last so many of each row.

    Attributes:
        traces: One a direction, of the batch that was read last.
    """

    def __init__(self, backbone: Stack | BothDirections, most: int) -> None:
        super().__init__()
        self.backbone, self.most = backbone, most
        self.output_size, self.bidirectional = backbone.output_size, backbone.bidirectional
        self.traces: list[StackTrace] = []

    def forward(
        self, x: Tensor, state: State | None = None, reset: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Outputs and state as the backbone's own, up to each row's end; no gradient flows through them."""
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1], device=x.device)
        x = x.detach()
        if isinstance(self.backbone, Stack):
            state = self.backbone.init_state(len(x)) if state is None else drop_state(state, reset)
            outputs, after, trace = self._record(self.backbone, x, state, lengths, "")
            self.traces = [trace]
            return outputs, after
        both = (("forward", self.backbone.ahead, x), ("backward", self.backbone.back, flip(x, lengths)))
        read = [self._record(stack, own, stack.init_state(len(x)), lengths, name) for name, stack, own in both]
        self.traces = [trace for _, _, trace in read]
        return torch.cat([read[0][0], flip(read[1][0], lengths)], dim=-1), ()

    def _record(
        self, stack: Stack, x: Tensor, state: State, lengths: Tensor, direction: str
    ) -> tuple[Tensor, State, StackTrace]:
        begins = (lengths - self.most).clamp(min=0)
        outputs, state = _skip(stack, x, state, begins)
        cells: list[Cell] = list(stack.cells)  # type: ignore[arg-type]
        layers = [LayerTrace(f"layer {n + 1} {direction}".strip(), cell) for n, cell in enumerate(cells)]
        own = [tuple(mark(s[n]) for s in state) for n in range(len(cells))]
        rows, steps = torch.arange(len(x), device=x.device), range(min(x.shape[1], self.most))
        last = x.shape[1] - 1
        read = [self._step(stack, layers, own, x[rows, (begins + t).clamp(max=last)]) for t in steps]
        after = tuple(torch.stack(kind) for kind in zip(*own, strict=True))
        trace = StackTrace(layers, torch.stack(read, dim=1), begins, lengths - begins, direction == "backward")
        valid = trace.valid
        outputs[valid.nonzero()[:, 0], trace.places[valid]] = trace.outputs.detach()[valid]
        return outputs, after, trace

    def _step(self, stack: Stack, layers: list[LayerTrace], own: list[State], x: Tensor) -> Tensor:
        """One step of all layers, (B, D) -> (B, H), as `Stack` takes it with dropout off; `own` moves on."""
        x = stack.project(x)
        for number, layer in enumerate(layers):
            entry = mark(stack.norms[number](x) if stack.residual else x)
            y, new = layer.cell.step(entry, own[number])
            after = tuple(mark(s) for s in new)
            output = after[0] if y is new[0] else mark(y)
            layer.entries.append(entry)
            layer.before.append(own[number])
            layer.after.append(after)
            layer.outputs.append(output)
            own[number] = after
            x = x + output if stack.residual else output
        return stack.norms[-1](x) if stack.residual else x


@torch.no_grad()
def _skip(stack: Stack, x: Tensor, state: State, begins: Tensor) -> tuple[Tensor, State]:
    """Read each row up to where its record begins: outputs (B, T, H), 0 from there on, and the states there."""
    outputs = x.new_zeros(*x.shape[:2], stack.output_size)
    state = tuple(s.clone() for s in state)
    for begin in torch.unique(begins).tolist():
        rows = (begins == begin).nonzero()[:, 0]
        outputs[rows, :begin], own = stack(x[rows, :begin], tuple(s[:, rows] for s in state))
        for whole, part in zip(state, own, strict=True):
            whole[:, rows] = part
    return outputs, state


@contextmanager
def recorded(model: SequenceModel, most: int) -> Iterator[Recorder]:
    """The model with a backbone that records; its own is back afterwards, also after an error."""
    backbone = model.backbone
    recorder = Recorder(backbone, most)
    model.backbone = recorder  # type: ignore[assignment]
    try:
        yield recorder
    finally:
        model.backbone = backbone


def mark(value: Tensor) -> Tensor:
    """A tensor of the same values that gradients can be asked for, apart from other uses of the first one."""
    return value.clone() if value.requires_grad else value.detach().clone().requires_grad_()
