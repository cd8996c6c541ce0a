"""Recording: records of a split, read by the formula, with the gradient that their loss puts on each output."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seqkit.backbone.scaling import Scale
from seqkit.backbone.stack import flip
from seqkit.data.module import SequenceDataModule
from seqkit.lecture.instruments.choosing import Chosen, choose_records
from seqkit.lecture.instruments.recorder import StackTrace, recorded
from seqkit.model import SequenceModel
from seqkit.steps import Batch, Split
from seqkit.tasks.classify import Classify
from seqkit.tasks.tag import Tag


@dataclass(frozen=True)
class Recording:
    """A batch of records, read by the formula with every state kept.

    Attributes:
        chosen: The records.
        traces: One a direction.
        on_outputs: The gradient of the summed loss on each output, (B, T', H).
        nll: Nats of each target, as the task has them.
        steps_per_output: Steps of a record for one output.
    """

    chosen: Chosen
    traces: list[StackTrace]
    on_outputs: Tensor
    nll: Tensor
    steps_per_output: float

    @property
    def directions(self) -> Iterator[tuple[StackTrace, Tensor]]:
        """Each direction with the gradient on its recorded outputs, in its reading order."""
        shares = self.on_outputs.chunk(len(self.traces), dim=-1)
        for trace, share in zip(self.traces, shares, strict=True):
            in_order = flip(share, trace.begins + trace.counts) if trace.backward else share
            yield trace, in_order.gather(1, trace.places[..., None].expand(-1, -1, share.shape[-1]))

    @property
    def shown_row(self) -> int:
        """The row of the backbone that is shown: the first of those with most recorded steps."""
        return int(self.traces[0].counts.argmax())


def record(model: SequenceModel, data: SequenceDataModule, split: Split, num_records: int, num_steps: int) -> Recording:
    """Read long enough records of a split by the written formula, and take the gradient of their loss on each output.

    Args:
        model: In evaluation mode, gradients enabled.
        data: Its data module.
        split: Which records.
        num_records: How many of them.
        num_steps: Outputs of the backbone that are recorded of each.
    """
    num_rows = 1 if model.window is None else model.window.num_rows
    ratio = _steps_per_output(model, data, split)
    num_inputs = math.ceil(num_steps * ratio)
    chosen = choose_records(data, split, num_records, num_inputs, num_rows)
    both = model.backbone.bidirectional
    if both and isinstance(model.task, Classify | Tag):
        # Both directions are recorded whole, so that they can be shown side by side.
        chosen = replace(chosen, batch=_cut(chosen.batch, num_inputs, model.task))
    dtype = next(model.parameters()).dtype
    batch = chosen.batch.map(lambda t: t.to(model.device, dtype if t.is_floating_point() else t.dtype))
    seen, window_scale = (batch, None) if model.window is None else model.window(batch)
    with recorded(model, seen.inputs.shape[1] if both else num_steps) as recorder:
        outputs, lengths, scale, _ = model.forward(seen.inputs, seen.lengths, None, seen.reset)
    scale = window_scale if model.window is not None else scale
    if model.task.whole_records:
        on_outputs, nll = _differentiate(model, batch, outputs, lengths, scale, seen.known)
    else:
        # Row by row: a score of each word of a large vocabulary at each step of all rows would fill the memory.
        rows = [slice(b, b + 1) for b in range(len(outputs))]
        pieces = [_differentiate(model, *_row(row, batch, outputs, lengths, scale)) for row in rows]
        on_outputs, nll = (torch.cat(kind) for kind in zip(*pieces, strict=True))
    return Recording(replace(chosen, batch=batch), recorder.traces, on_outputs, nll, ratio)


def _steps_per_output(model: SequenceModel, data: SequenceDataModule, split: Split) -> float:
    """Steps of a record for one output of the backbone: what the encoder says, or does to a record."""
    if model.encoder.pointwise or model.encoder.stride > 1:
        return float(model.encoder.stride)
    batch = choose_records(data, split, 1, 1 << 12).batch.to(model.device)
    seen = batch if model.window is None else model.window(batch)[0]
    dtype = next(model.parameters()).dtype
    inputs = seen.inputs.to(dtype) if seen.inputs.is_floating_point() else seen.inputs
    with torch.no_grad():
        _, lengths = model.encoder(inputs, seen.lengths)
    return float(seen.lengths.sum()) / float(lengths.sum())


def _differentiate(
    model: SequenceModel,
    batch: Batch,
    outputs: Tensor,
    lengths: Tensor,
    scale: Scale | None,
    known: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The gradient of the summed loss on each output, (B, T', H), and the nats of each target."""
    leaf = outputs.detach().requires_grad_()
    raw = model.task(leaf, lengths, known)
    raw = raw if model.window is None else model.window.unfold(raw)
    nll = model.task.outcome(raw.float() if raw.dtype.itemsize < 4 else raw, batch, scale).nll
    return torch.autograd.grad(nll.sum(), leaf)[0], nll.detach()


def _row(
    row: slice, batch: Batch, outputs: Tensor, lengths: Tensor, scale: Scale | None
) -> tuple[Batch, Tensor, Tensor, Scale | None]:
    own = None if scale is None else Scale(scale.mean[row], scale.deviation[row])
    return batch.map(lambda tensor: tensor[row]), outputs[row], lengths[row], own


def _cut(batch: Batch, num_steps: int, task: Classify | Tag) -> Batch:
    """The first steps of records that are longer."""
    targets = batch.targets[:, :num_steps] if isinstance(task, Tag) else batch.targets
    return replace(
        batch, inputs=batch.inputs[:, :num_steps], lengths=batch.lengths.clamp(max=num_steps), targets=targets
    )
