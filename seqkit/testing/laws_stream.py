"""Laws of the stream: chunks with carried state equal the whole, nothing sees the future, a new record starts fresh."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from seqkit.backbone.cell import State
from seqkit.inference.stepper import Stepper
from seqkit.model import SequenceModel
from seqkit.steps import Discrete
from seqkit.testing.bench import Bench
from seqkit.testing.laws_batch import assert_same

WHOLE = "the task reads whole records: no state is carried"


@torch.no_grad()
def check_stream(bench: Bench) -> None:
    """Any chunking with carried state = the whole at once, one `step` at a time and an empty chunk included.

    A prepared `Stepper` gives the same, and so what is generated.

    Raises:
        AssertionError: Names the chunking.
    """
    model, x = _stream(bench)
    num_steps = x.shape[1]
    expected, after = _predict(model, x, model.init_state(len(x)))
    third = num_steps // 3
    chunkings = {
        "chunks of one step": [1] * num_steps,
        "two unequal chunks": [third, num_steps - third],
        "an empty chunk between two": [third, 0, num_steps - third],
        "an empty chunk at the start": [0, num_steps],
    }
    for name, sizes in chunkings.items():
        state, parts = model.init_state(len(x)), []
        for chunk in torch.split(x, sizes, dim=1):
            part, state = _predict(model, chunk, state)
            parts.append(part)
        _all_same([torch.cat(kind, dim=1) for kind in zip(*parts, strict=True)], expected, name)
        _all_same(list(state), list(after), f"state after {name}")
    state, steps = model.init_state(len(x)), []
    for t in range(num_steps):
        raw, scale, state = model.step(x[:, t], state)
        steps.append([raw] if scale is None else [raw, scale.mean, scale.deviation])
    _all_same([torch.stack(kind, dim=1) for kind in zip(*steps, strict=True)], expected, "one `step` at a time")
    _all_same(list(state), list(after), "state after one `step` at a time")
    stepper, steps = Stepper(model), []
    stepper.begin(model.init_state(len(x)))
    for t in range(num_steps):
        raw, scale = stepper.step(x[:, t])
        steps.append([raw] if scale is None else [raw, scale.mean, scale.deviation])
    _all_same([torch.stack(kind, dim=1) for kind in zip(*steps, strict=True)], expected, "a prepared `Stepper`")
    _all_same(list(stepper.state), list(after), "state after a prepared `Stepper`")


@torch.no_grad()
def check_causality(bench: Bench) -> None:
    """Changing the steps after t changes no prediction up to t; changing step t changes the prediction at t.

    A forecast hears nothing of what it forecasts, and every given step but padding reaches it.

    Raises:
        AssertionError: Names t.
    """
    if bench.task == "forecast":
        _check_windows(bench)
        return
    model, x = _stream(bench)
    expected, _ = _predict(model, x, model.init_state(len(x)))
    for t in range(x.shape[1]):
        later = x.clone()
        later[:, t + 1 :] = changed(x[:, t + 1 :], bench)
        found, _ = _predict(model, later, model.init_state(len(x)))
        _all_same([f[:, : t + 1] for f in found], [e[:, : t + 1] for e in expected], f"steps after {t} changed")
        present = x.clone()
        present[:, t] = changed(x[:, t], bench)
        found, _ = _predict(model, present, model.init_state(len(x)))
        moved = torch.stack([(f[:, t] - e[:, t]).abs().amax(-1) for f, e in zip(found, expected, strict=True)]).amax(0)
        assert (moved > 1e-12).all(), f"step {t} does not reach the prediction made at it (rows {moved.tolist()})"


@torch.no_grad()
def check_reset(bench: Bench) -> None:
    """A row that is reset equals a fresh run, the others keep their state; validation starts fresh after training.

    Raises:
        AssertionError: Says which of the three fails.
    """
    model, x = _stream(bench)
    half = x.shape[1] // 2
    _, carried = _predict(model, x[:, :half], model.init_state(len(x)))
    fresh, _ = _predict(model, x[:, half:], model.init_state(len(x)))
    kept, _ = _predict(model, x[:, half:], carried)
    reset = torch.arange(len(x)) % 2 == 0
    found, _ = _predict(model, x[:, half:], carried, reset)
    _all_same([f[reset] for f in found], [f[reset] for f in fresh], "rows that were reset, against a fresh run")
    _all_same([f[~reset] for f in found], [k[~reset] for k in kept], "rows not reset, against a run carried on")
    assert not torch.allclose(fresh[0], kept[0], rtol=1e-9, atol=1e-12), "the state has no effect: nothing is carried"
    before, after = copy.deepcopy(model), copy.deepcopy(model)
    after._carry("train", bench.batch)
    losses = [_validation_loss(twin, bench) for twin in (before, after)]
    assert losses[0] == losses[1], f"validation sees a state of training: loss {losses[0]} before, {losses[1]} after"


def changed(x: Tensor, bench: Bench) -> Tensor:
    """Other steps in the place of these: the next symbol, or a number well away."""
    spec = bench.data.codec.spec
    return (x + 1) % spec.num_classes if isinstance(spec, Discrete) else 1.1 * x.nan_to_num() + 1


def _check_windows(bench: Bench) -> None:
    model, batch = bench.model, bench.batch
    expected, scale, _ = model.answer(batch)
    assert scale is not None
    told = replace(batch, targets=changed(batch.targets, bench))
    found, found_scale, _ = model.answer(told)
    assert found_scale is not None
    _all_same([found, found_scale.mean], [expected, scale.mean], "what is to be forecast changed")
    last = batch.inputs.clone()
    rows = torch.arange(len(last))
    last[rows, batch.lengths - 1] = changed(last[rows, batch.lengths - 1], bench)
    found, found_scale, _ = model.answer(replace(batch, inputs=last))
    assert found_scale is not None
    moved = (found - expected).abs().flatten(1).amax(1) + (found_scale.mean - scale.mean).abs().flatten(1).amax(1)
    assert (moved > 1e-12).all(), f"the last given step does not reach the forecast (rows {moved.tolist()})"


def _stream(bench: Bench) -> tuple[SequenceModel, Tensor]:
    """The model and steps without padding, (B, T) or (B, T, F)."""
    if bench.model.task.whole_records:
        pytest.skip(WHOLE)
    return bench.model, bench.batch.inputs[:, : int(bench.batch.lengths.min())]


def _predict(model: SequenceModel, x: Tensor, state: State, reset: Tensor | None = None) -> tuple[list[Tensor], State]:
    """All that decides a prediction, (B, T, ...) each: the head's outputs, and the scale of numbers."""
    lengths = torch.full((len(x),), x.shape[1])
    outputs, lengths, scale, after = model(x, lengths, state, reset)
    raw = model.task(outputs, lengths)
    return ([raw] if scale is None else [raw, scale.mean, scale.deviation]), after


def _validation_loss(model: SequenceModel, bench: Bench) -> float:
    model.on_validation_epoch_start()
    # The rows go on with a record, so that a state left over would be used.
    batch = bench.batch
    model.validation_step(type(batch)(**(vars(batch) | {"reset": torch.zeros_like(batch.reset)})), 0)
    return float(model.scores["valid"].compute()["loss"])  # type: ignore[operator]


def _all_same(found: list[Tensor], expected: list[Tensor], what: str) -> None:
    for f, e in zip(found, expected, strict=True):
        assert_same(f, e, what)
