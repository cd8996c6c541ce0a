"""Laws of the batch: what is said of a record depends on that record alone, and not on which way it is read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from seqkit.model import SequenceModel
from seqkit.steps import Batch, Discrete, Spec, valid_mask
from seqkit.testing.bench import Bench

RELATIVE, ABSOLUTE = 1e-7, 1e-9
"""Tolerances in float64: sums are taken in another order, nothing more."""

EXTRA_STEPS = 7

TARGET_A_STEP = ("next_step", "tag")
"""Tasks whose targets are as many as the steps."""


def check_batch(bench: Bench) -> None:
    """Alone = padded = reordered = in any batch, for answers, loss and gradients; what lies past `lengths` is not read.

    Raises:
        AssertionError: Names what the record was batched with.
    """
    batch, model = bench.batch, bench.model
    rows = range(len(batch.lengths))
    alone = [_read(model, _trimmed(take(batch, [row]), bench.task)) for row in rows]
    garbage = padded_with_garbage(batch, bench, EXTRA_STEPS)
    variants = {
        "in a padded batch": (batch, list(rows)),
        "in another order": (take(batch, [2, 0, 3, 1]), [2, 0, 3, 1]),
        "with fewer others": (take(batch, [0, 2]), [0, 2]),
        "with garbage past its end": (garbage, list(rows)),
    }
    for name, (variant, order) in variants.items():
        read = _read(model, variant)
        for place, row in enumerate(order):
            own = alone[row].answers[0]  # without padding: what a padded batch says after the end counts for nothing
            assert_same(read.answers[place][: len(own)], own, f"answer of record {row} {name}, against alone")
            assert_same(read.nll[place], alone[row].nll[0], f"loss of record {row} {name}, against alone")
        total = sum(float(alone[row].nll[0]) for row in order) / sum(alone[row].num_scored for row in order)
        assert_same(read.loss, torch.tensor(total, dtype=torch.float64), f"mean loss {name}, against records alone")
        for number, (parameter, gradient) in enumerate(read.gradients.items()):
            parts = sum(list(alone[row].gradients.values())[number] for row in order)
            assert isinstance(parts, Tensor)
            assert_same(gradient, parts, f"gradient of {parameter} {name}, against the sum of records alone")


def check_symmetry(bench: Bench) -> None:
    """Mirroring twice gives the record back, and a record and its mirror image get the same answer.

    Raises:
        AssertionError: Says which of the two fails.
    """
    batch, codec = bench.batch, bench.data.codec
    mirrored = codec.mirror(batch.inputs, batch.lengths)
    if mirrored is None:
        pytest.skip("the codec declares no mirror image")
    again = codec.mirror(mirrored, batch.lengths)
    assert again is not None, "mirror gives a reading for the records, but none for their mirror images"
    valid = valid_mask(batch.lengths, batch.inputs.shape[1])
    assert torch.equal(again[valid], batch.inputs[valid]), "mirroring twice does not give the record back"
    if not bench.model.task.mirrors:
        return
    with torch.no_grad():
        expected, _, _ = bench.model.answer(batch)
        found, _, _ = bench.model.answer(replace(batch, inputs=mirrored))
    assert_same(found, expected, "answer to the mirror image, against the record")


def take(batch: Batch, rows: list[int]) -> Batch:
    """Some rows of a batch."""
    return batch.map(lambda tensor: tensor[rows])


def padded_with_garbage(batch: Batch, bench: Bench, num_steps: int) -> Batch:
    """The same records, with symbols or numbers that mean nothing past each end, and longer padding."""
    inputs = _garbage_after(batch.inputs, batch.lengths, num_steps, bench.data.codec.spec, seed=1)
    if bench.task not in TARGET_A_STEP:
        return replace(batch, inputs=inputs)
    targets = _garbage_after(batch.targets, batch.lengths, num_steps, bench.data.target_codec.spec, seed=2)
    return replace(batch, inputs=inputs, targets=targets)


@dataclass(frozen=True)
class _Reading:
    """What a model says of a batch: an answer and a sum of nats a row, the mean loss, and the summed gradients."""

    answers: list[Tensor]
    nll: list[Tensor]
    num_scored: int
    loss: Tensor
    gradients: dict[str, Tensor]


def _read(model: SequenceModel, batch: Batch) -> _Reading:
    outcome, _ = model.outcome(batch)
    names, parameters = zip(*((n, p) for n, p in model.named_parameters() if p.requires_grad), strict=True)
    gradients = torch.autograd.grad(outcome.nll.sum(), parameters, allow_unused=True, materialize_grads=True)
    return _Reading(
        answers=list(outcome.raw.detach()),
        nll=[nll.sum() for nll in outcome.nll.detach()],
        num_scored=int(outcome.scored.sum()),
        loss=outcome.loss.detach(),
        gradients=dict(zip(names, gradients, strict=True)),
    )


def _trimmed(batch: Batch, task: str) -> Batch:
    """A batch of one row without padding."""
    end = int(batch.lengths[0])
    targets = batch.targets[:, :end] if task in TARGET_A_STEP else batch.targets
    return replace(batch, inputs=batch.inputs[:, :end], targets=targets)


def _garbage_after(values: Tensor, lengths: Tensor, num_steps: int, spec: Spec, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (len(values), values.shape[1] + num_steps, *values.shape[2:])
    if isinstance(spec, Discrete):
        filled = torch.randint(spec.num_classes, shape, generator=generator)
    else:
        filled = 1e3 * torch.randn(shape, generator=generator, dtype=values.dtype)
    valid = valid_mask(lengths, values.shape[1])
    filled[:, : values.shape[1]][valid] = values[valid]
    return filled


def assert_same(found: Tensor, expected: Tensor, what: str) -> None:
    """Raise if two tensors differ by more than the order of sums explains."""
    torch.testing.assert_close(
        found, expected, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True, msg=lambda text: f"{what}: {text}"
    )
