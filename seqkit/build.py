"""Building: a SequenceModel out of a domain, a data module with fitted codecs, and options."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

import torch
from torch import nn

from seqkit.backbone.choice import build_cell
from seqkit.backbone.seasonal import SeasonalFrame
from seqkit.backbone.stack import BothDirections, Stack
from seqkit.backbone.window_frame import WindowFrame
from seqkit.data.module import SequenceDataModule
from seqkit.domain import Domain
from seqkit.embedding import SymbolEmbedding
from seqkit.encoder import Encoder
from seqkit.errors import ConfigError, did_you_mean
from seqkit.model import SequenceModel
from seqkit.options import ModelOptions
from seqkit.refusals import check_causal, check_cell, check_sizes, check_softmax, check_task
from seqkit.steps import Continuous, Discrete
from seqkit.tasks.adaptive import AdaptiveSoftmax
from seqkit.tasks.base import Task
from seqkit.tasks.class_weights import class_counts
from seqkit.tasks.classify import Classify
from seqkit.tasks.clusters import choose_cutoffs, rank_symbols, require_cutoffs
from seqkit.tasks.ctc import Ctc, Transcript
from seqkit.tasks.forecast import Forecast
from seqkit.tasks.next_step import NextStep
from seqkit.tasks.outputs import build_output
from seqkit.tasks.tag import Tag

TASKS: dict[str, type[Task]] = {
    "next_step": NextStep, "classify": Classify, "tag": Tag, "ctc": Ctc, "forecast": Forecast,
}  # fmt: skip

_SHRINK = 4.0
"""Each tail of an adaptive softmax with weights of its own sees a quarter of the features of the one before."""


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
    horizon: int | None = None,
    cutoffs: list[int] | None = None,
) -> SequenceModel:
    """A fresh model for a data module whose codecs are fitted.

    Args:
        domain: Gives the encoder.
        data: Gives the task and, through its codecs, all sizes.
        options: Of the model and its optimiser.
        encoder_options: Of the domain's encoder, by name.
        season: Steps of a season that a forecaster looks back; None takes the data's.
        horizon: Steps to forecast; None takes the data's.
        cutoffs: Where the tails of an adaptive softmax begin in a model whose weights are to be loaded; None looks at
            the training data for them, unless the options name them, and for the order of the symbols.

    Raises:
        ConfigError: If options contradict each other or the task.
    """
    require_task(domain, data.task)
    kind = TASKS[data.task]
    check_sizes(options)
    check_cell(options)
    check_task(kind, data, options)
    check_softmax(kind, data, options)
    frame = _build_frame(kind, data, options, season)
    spec = data.codec.spec if frame is None else frame.seen
    encoder = domain.encoder(spec, options.d_model or options.hidden_size, data.task, **(encoder_options or {}))
    if kind.causal:
        check_causal(domain, encoder, options)
    backbone = _build_backbone(options, encoder.d_model)
    if options.softmax == "adaptive":
        task: Task = _build_adaptive(backbone.output_size, data, options, cutoffs)
    else:
        task = _build_task(kind, backbone.output_size, data, options, horizon, frame, encoder.stride)
    if options.embedding_dropout:
        _drop_symbols(encoder, options.embedding_dropout)
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
        "season": model.frame.season if isinstance(model.frame, SeasonalFrame) else None,
        "horizon": model.task.horizon if isinstance(model.task, Forecast) else None,
        "cutoffs": model.task.head.cutoffs if isinstance(model.task.head, AdaptiveSoftmax) else None,
        "codec": data.codec.state(),
        "target_codec": data.target_codec.state(),
    }


def _build_backbone(options: ModelOptions, input_size: int) -> Stack | BothDirections:
    cell = partial(
        build_cell,
        options.cell,
        nonlinearity=options.nonlinearity,
        initialisation=options.initialisation,
        memory=options.memory,
        width=options.width,
        weight_drop=options.weight_drop,
    )
    more = (options.input_dropout, options.output_dropout, options.locked_dropout, options.convolution)
    stacks = [
        Stack(cell, input_size, options.hidden_size, options.num_layers, options.dropout, options.residual, *more)
        for _ in range(2 if options.bidirectional else 1)
    ]
    return BothDirections(*stacks) if options.bidirectional else stacks[0]


def _build_frame(
    kind: type[Task], data: SequenceDataModule, options: ModelOptions, season: int | None
) -> SeasonalFrame | WindowFrame | None:
    """What numbers are seen in: units of their own past, or of their window."""
    spec = data.codec.spec
    if not isinstance(spec, Continuous):
        return None
    if kind is Forecast:
        return WindowFrame(spec, options.centre, options.rescale, options.channels == "independent")
    if kind.causal and data.codec.running_scale:
        return SeasonalFrame(spec.num_features, data.season if season is None else season)
    return None


def _build_task(
    kind: type[Task],
    size: int,
    data: SequenceDataModule,
    options: ModelOptions,
    horizon: int | None,
    frame: SeasonalFrame | WindowFrame | None,
    stride: int,
) -> Task:
    spec = data.codec.spec if kind is NextStep else data.target_codec.spec
    directions = 2 if options.bidirectional else 1
    if kind is Ctc:
        assert isinstance(spec, Discrete)
        return Ctc(size, spec, Transcript(spec.num_classes, options.beam_size), data.target_codec.separator)
    if kind is Forecast:
        assert isinstance(frame, WindowFrame)
        horizon = horizon or data.horizon
        if horizon is None:
            raise ConfigError("forecast needs to know how far", at="--data.horizon", fix="give the steps to forecast")
        output, rows = build_output(spec, options.distribution), frame.num_rows
        return Forecast(size, frame.seen, output, horizon, options.segment, options.dropout, directions, rows)
    output = build_output(spec, options.distribution)
    if kind is Classify:
        return Classify(size, spec, output, options.pooling, options.dropout, directions)
    if kind is Tag:
        return Tag(size, spec, output, stride)
    return kind(size, spec, output)


def _build_adaptive(size: int, data: SequenceDataModule, options: ModelOptions, cutoffs: list[int] | None) -> NextStep:
    """next_step over symbols in clusters, by their frequency in training unless a checkpoint holds their order."""
    spec = data.codec.spec
    assert isinstance(spec, Discrete)
    order = None
    if cutoffs is None:
        counts = class_counts(data.store("train").steps, spec.num_classes)
        cutoffs = choose_cutoffs(counts) if options.cutoffs is None else options.cutoffs
        require_cutoffs(cutoffs, spec.num_classes)
        order = rank_symbols(counts, cutoffs)
    head = AdaptiveSoftmax(size, spec.num_classes, cutoffs, shrink=1.0 if options.tie_weights else _SHRINK)
    if order is not None:
        head.set_order(torch.from_numpy(order))
    return NextStep(size, spec, build_output(spec, options.distribution), head)


def _drop_symbols(encoder: Encoder, share: float) -> None:
    """Embeddings of symbols that lose some of them in training."""
    tables = [module for module in encoder.modules() if isinstance(module, SymbolEmbedding)]
    if not tables:
        raise ConfigError(
            "there are no embedded symbols here that could be dropped",
            at="--model.embedding_dropout",
            fix="leave it out; for features of numbers there is --model.input_dropout",
        )
    for table in tables:
        table.dropout = share


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
            fix="leave it out; it belongs to next_step over symbols, with --model.d_model equal to --model.hidden_size",
        )
    table.weight = task.head.weight
    if isinstance(table, SymbolEmbedding):
        table.tied = True
