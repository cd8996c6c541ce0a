"""Building: a SequenceModel out of a domain, a data module with fitted codecs, and options."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from torch import nn

from seqkit.backbone.cells import build_cell
from seqkit.backbone.seasonal import SeasonalFrame
from seqkit.backbone.stack import BothDirections, Stack
from seqkit.data.module import SequenceDataModule
from seqkit.domain import Domain
from seqkit.encoder import Encoder
from seqkit.errors import ConfigError, did_you_mean
from seqkit.model import SequenceModel
from seqkit.options import ModelOptions
from seqkit.steps import Continuous
from seqkit.tasks.base import Task
from seqkit.tasks.classify import Classify
from seqkit.tasks.next_step import NextStep

TASKS: dict[str, type[Task]] = {"next_step": NextStep, "classify": Classify}


def require_task(domain: Domain, task: str) -> None:
    """Refuse a task that the domain's records do not allow.

    Raises:
        ConfigError: Names the tasks it allows.
    """
    allowed = [name for name in domain.tasks if name in TASKS]
    if task not in allowed:
        raise ConfigError(
            f"domain {domain.name!r} has no task {task!r}",
            at="--data.task",
            fix=did_you_mean(task, allowed) or f"choose one of: {', '.join(allowed)}",
        )


def build_model(
    domain: Domain,
    data: SequenceDataModule,
    options: ModelOptions,
    encoder_options: dict[str, Any] | None = None,
    season: int | None = None,
) -> SequenceModel:
    """A fresh model for a data module whose codecs are fitted.

    Args:
        domain: Gives the encoder.
        data: Gives the task and, through its codecs, all sizes.
        options: Of the model and its optimiser.
        encoder_options: Of the domain's encoder, by name.
        season: Steps of a season that a forecaster looks back; None takes the data's.

    Raises:
        ConfigError: If options contradict each other or the task.
    """
    require_task(domain, data.task)
    kind = TASKS[data.task]
    _check_sizes(options)
    spec, frame = data.codec.spec, None
    if kind.causal and data.codec.running_scale and isinstance(spec, Continuous):
        frame = SeasonalFrame(spec.num_features, data.season if season is None else season)
        spec = Continuous(2 * spec.num_features)
    encoder = domain.encoder(spec, options.d_model or options.hidden_size, data.task, **(encoder_options or {}))
    if kind.causal:
        _check_causal(domain, encoder, options)
    backbone = _build_backbone(options, encoder.d_model)
    task = _build_task(kind, backbone.output_size, data, options)
    if options.tie_weights:
        _tie(encoder, task)
    return SequenceModel(encoder, backbone, task, data.codec, data.target_codec, options, frame)


def describe(domain: Domain, data: SequenceDataModule, model: SequenceModel, encoder: dict[str, Any]) -> dict[str, Any]:
    """The blueprint: plain JSON from which `build_model` gives the same model, codecs included."""
    return {
        "domain": domain.name,
        "task": data.task,
        "data": data.arguments,
        "model": asdict(model.options),
        "encoder": encoder,
        "season": model.frame.season if model.frame is not None else None,
        "codec": data.codec.state(),
        "target_codec": data.target_codec.state(),
    }


def _build_backbone(options: ModelOptions, input_size: int) -> Stack | BothDirections:
    cell = partial(build_cell, options.cell, nonlinearity=options.nonlinearity, initialisation=options.initialisation)
    stacks = [
        Stack(cell, input_size, options.hidden_size, options.num_layers, options.dropout, options.residual)
        for _ in range(2 if options.bidirectional else 1)
    ]
    return BothDirections(*stacks) if options.bidirectional else stacks[0]


def _build_task(kind: type[Task], size: int, data: SequenceDataModule, options: ModelOptions) -> Task:
    if kind is Classify:
        return Classify(
            size,
            data.target_codec.spec,
            options.distribution,
            options.pooling,
            options.dropout,
            directions=2 if options.bidirectional else 1,
        )
    return kind(size, data.codec.spec, options.distribution)


def _check_sizes(options: ModelOptions) -> None:
    for name in ("hidden_size", "num_layers"):
        if getattr(options, name) < 1:
            raise ConfigError(f"{name} is {getattr(options, name)}", at=f"--model.{name}", fix="give 1 or more")
    for name in ("dropout", "label_smoothing"):
        if not 0 <= getattr(options, name) < 1:
            raise ConfigError(
                f"{name} is {getattr(options, name)}", at=f"--model.{name}", fix="give a share from 0 to below 1"
            )


def _check_causal(domain: Domain, encoder: Encoder, options: ModelOptions) -> None:
    if options.bidirectional:
        raise ConfigError(
            "task 'next_step' cannot use a bidirectional backbone: it would see the step it predicts",
            at="--model.bidirectional",
            fix="set it to false, or choose another task",
        )
    if not encoder.pointwise:
        raise ConfigError(
            f"task 'next_step' cannot use {type(encoder).__name__}: it looks at neighbours of the step it predicts",
            at=f"domain {domain.name!r}, encoder",
            fix="give an encoder with pointwise = True for this task, such as seqkit.step_encoder",
        )


def _tie(encoder: Encoder, task: Task) -> None:
    """One matrix for embedding and output layer: Press and Wolf 2017 [press2017].

    It begins as an output layer's, so that the first guess is near uniform: an embedding's wide start would give
    logits of a deviation of sqrt(H), from which training recovers late.
    """
    table = getattr(encoder, "map", None)
    if not isinstance(table, nn.Embedding) or table.weight.shape != task.head.weight.shape:
        raise ConfigError(
            "weights can be tied only between an embedding and an output layer of the same shape",
            at="--model.tie_weights",
            fix="use it for next_step over symbols, with --model.d_model equal to --model.hidden_size",
        )
    table.weight = task.head.weight
