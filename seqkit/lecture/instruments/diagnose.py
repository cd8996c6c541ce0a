"""`diagnose`: the instruments of the lecture, all of them, on one trained model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqkit.data.module import SequenceDataModule
from seqkit.errors import ConfigError, DivergedError
from seqkit.lecture.instruments.clipping import measure_clipping
from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.gates import measure_gates, measure_time_constants
from seqkit.lecture.instruments.gradient_flow import Norms, follow_gradients, summarise
from seqkit.lecture.instruments.jacobian import measure_jacobian
from seqkit.lecture.instruments.measured import GateReport, GradientFlow, Memory, Shown, TimeConstants
from seqkit.lecture.instruments.memory import judge_memory
from seqkit.lecture.instruments.recording import Recording, record
from seqkit.lecture.instruments.truncated_stack import without_noise
from seqkit.model import SequenceModel
from seqkit.options import ModelOptions
from seqkit.steps import Batch, Split
from seqkit.tasks.classify import Classify
from seqkit.tasks.forecast import Forecast
from seqkit.tasks.next_step import NextStep
from seqkit.tasks.tag import Tag
from seqkit.training.checkpoint import Loaded, reopen_data

_TAMED = "train anew with a lower --model.learning_rate or --trainer.gradient_clip_val, or with a gated cell"


@dataclass(frozen=True)
class DiagnoseOptions:
    """How much is looked at.

    Args:
        split: Which records are read.
        num_records: How many of them.
        num_steps: Outputs of the recurrent layers that are recorded of each.
        num_positions: Target steps of a record whose gradient is followed.
        threshold: Share of the gradient that counts as reaching a step, for the effective memory.
        num_jacobians: Steps at which the recurrent Jacobian is looked at; fewer where the state is large.
        num_exponents: Directions whose growth over all steps is measured.
        num_batches: Training batches whose gradient's norm is taken.
    """

    split: Split = "valid"
    num_records: int = 8
    num_steps: int = 1024
    num_positions: int = 4
    threshold: float = 0.01
    num_jacobians: int = 16
    num_exponents: int = 4
    num_batches: int = 10

    def __post_init__(self) -> None:
        for name in ("num_records", "num_steps", "num_positions", "num_jacobians", "num_exponents", "num_batches"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} is {getattr(self, name)}", at=f"--{name.removeprefix('num_')}", fix="give 1 or more"
                )
        if not 0 < self.threshold < 1:
            raise ConfigError(f"threshold is {self.threshold}", at="--threshold", fix="give a share between 0 and 1")


def diagnose(loaded: Loaded, options: DiagnoseOptions | None = None, run: str | Path | None = None) -> Diagnosis:
    """Gradient flow, Jacobians, gates, memory and clipping of a trained model, on its data; the model stays as it is.

    Args:
        loaded: The model, and the data that it is looked at on.
        options: How much is looked at.
        run: Its folder or checkpoint, for what it logged and how it clipped.

    Raises:
        ConfigError: For options that do not fit.
        DataError: If the split holds nothing to read.
        DivergedError: If weights or outputs are no finite numbers: of those there are no gradients.
    """
    options, begin = options or DiagnoseOptions(), time.perf_counter()
    model, data = loaded.model, loaded.data
    if options.split == "predict" and data.labelled:
        raise ConfigError(
            "records without their targets have no loss whose gradient could be followed",
            at="split",
            fix="choose train, valid or test",
        )
    _require_weights(model)
    with without_noise(model):
        recording = record(model, data, options.split, options.num_records, options.num_steps)
        _require_outputs(recording)
        norms = [n for trace, put in recording.directions for n in follow_gradients(trace, put, options.num_positions)]
        jacobians = tuple(
            measure_jacobian(trace, layer, options.num_jacobians, options.num_exponents)
            for trace in recording.traces
            for layer in trace.layers
        )
        gates, constants = _measure_gates(recording, data)
    flows = tuple(flow for each in norms for flow in summarise(each))
    trained_on = reopen_data(loaded.domain, loaded.blueprint, {}) if loaded.blueprint else data
    clipping = measure_clipping(model, trained_on, None if run is None else Path(run), options.num_batches)
    backbone = model.backbone
    return Diagnosis(
        domain=loaded.domain.name,
        task=data.task,
        cell=describe_cell(model.options),
        hidden_size=model.options.hidden_size,
        num_layers=model.options.num_layers,
        bidirectional=backbone.bidirectional,
        split=options.split,
        num_records=len(recording.chosen.origins),
        num_samples=max((len(each.parts["state"]) for each in norms), default=0),
        num_outputs=len(recording.traces[0].layers[0].entries),
        steps_per_output=recording.steps_per_output,
        measured=describe_measure(model),
        flows=flows,
        jacobians=jacobians,
        gates=tuple(gates),
        time_constants=tuple(constants),
        clipping=clipping,
        memories=tuple(_memories(norms, flows, recording, data, options)),
        shown=_shown(model, data, recording, options.split),
        notes=tuple(_notes(model, recording.chosen.batch, clipping.note)),
        seconds=time.perf_counter() - begin,
    )


def _require_weights(model: SequenceModel) -> None:
    for name, weight in model.named_parameters():
        if not bool(weight.isfinite().all()):
            raise DivergedError("the weights are no finite numbers", at=name, fix=_TAMED)


def _require_outputs(recording: Recording) -> None:
    for trace, put in recording.directions:
        broken = trace.valid & ~trace.outputs.isfinite().all(2)
        if bool(broken.any()):
            row, step = broken.nonzero()[0].tolist()
            place = int(trace.places[row, step])
            what = f"the outputs of the recurrent layers are infinite from their step {place:,} on: the state explodes"
            rows_a_record = len(broken) // len(recording.chosen.origins)
            raise DivergedError(what, at=recording.chosen.origins[row // rows_a_record], fix=_TAMED)
        if not bool((put.isfinite().all(2) & trace.valid).any()):
            raise DivergedError("no loss has a gradient of finite numbers", at=recording.chosen.origins[0], fix=_TAMED)


def describe_cell(options: ModelOptions) -> str:
    """The cell by name, with what of its options is not the default.

    Example:
        >>> describe_cell(ModelOptions(cell="rnn", nonlinearity="relu", initialisation="identity"))
        'rnn (relu, identity)'
    """
    own: list[str] = [options.nonlinearity] if options.cell == "rnn" else []
    own += [f"{options.width} {'step' if options.width == 1 else 'steps'}"] if options.cell == "window" else []
    if options.initialisation != "orthogonal":
        own.append(options.initialisation)
    return f"{options.cell} ({', '.join(own)})" if own else options.cell


def describe_measure(model: SequenceModel) -> str:
    """Which gradient is followed from where, in one sentence."""
    task = model.task
    if isinstance(task, NextStep):
        return "the loss of one predicted step, followed back from the output that predicts it"
    if isinstance(task, Tag):
        return "the loss of the answer at one output, followed back from that output"
    if isinstance(task, Forecast):
        return "the loss of the whole horizon, followed back from the last output, where the forecast begins"
    if isinstance(task, Classify) and task.pooling == "last":
        return "the loss of the record, followed back from the last output, which alone is answered from"
    pooled = f"{task.pooling} pooling" if isinstance(task, Classify) else "the sum over alignments"
    return (
        f"the loss of the record, followed back from one output at a time: {pooled} reaches the other outputs "
        "directly, which says nothing of what the layers carry, and is left out"
    )


def _measure_gates(
    recording: Recording, data: SequenceDataModule
) -> tuple[list[GateReport], list[TimeConstants]]:  # fmt: skip
    gates, constants = [], []
    for trace in recording.traces:
        for layer in trace.layers:
            own = list(measure_gates(trace, layer, recording.shown_row))
            gates += own
            found = measure_time_constants(layer, own, recording.steps_per_output, data.describe_span)
            constants += [] if found is None else [found]
    return gates, constants


def _memories(
    norms: list[Norms],
    flows: tuple[GradientFlow, ...],
    recording: Recording,
    data: SequenceDataModule,
    options: DiagnoseOptions,
) -> Iterator[Memory]:
    """A verdict a layer."""
    too_short = (
        "the windows (--data.look_back) are too short" if data.task == "forecast" else "the records are too short"
    )
    if len(recording.traces[0].layers[0].entries) >= options.num_steps:
        too_short = f"{options.num_steps:,} outputs (--steps) are too few"
    for each in norms:
        flow = next(flow for flow in flows if (flow.layer, flow.part) == (each.layer, each.judged))
        yield judge_memory(flow, recording.steps_per_output, data.describe_span, options.threshold, too_short)


def _shown(model: SequenceModel, data: SequenceDataModule, recording: Recording, split: Split) -> Shown:
    chosen, trace = recording.chosen, recording.traces[0]
    row = recording.shown_row // (1 if model.window is None else model.window.num_rows)
    skipped = int(trace.begins[recording.shown_row] * recording.steps_per_output)
    num_steps = int(chosen.batch.lengths[row])
    record_number, begin = int(chosen.batch.index[row]), int(chosen.begins[row]) + skipped
    steps = data.store(split).sequence(record_number)[begin : begin + num_steps - skipped]
    nats = np.zeros(0)
    if isinstance(model.task, NextStep | Tag):
        nll = recording.nll[row].double().cpu().numpy()
        nats = (nll if nll.ndim == 1 else nll.sum(-1))[skipped:num_steps]
    return Shown(record_number, chosen.origins[row], begin, steps.numpy(), nats)


def _notes(model: SequenceModel, batch: Batch, about_clipping: str) -> Iterator[str]:
    if model.window is not None and model.window.independent:
        yield "each feature is a row of its own: gates are drawn over the first one"
    if model.task.mirrors and model.codec.mirror(batch.inputs, batch.lengths) is not None:
        yield "records are read forwards only, without their mirror images"
    if about_clipping:
        yield about_clipping
