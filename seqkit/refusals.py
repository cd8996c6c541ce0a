"""What a model cannot be built for, with the reason and the way out."""

from __future__ import annotations

from seqkit.backbone.choice import FUSED, MEMORYLESS, PARALLEL
from seqkit.data.module import SequenceDataModule
from seqkit.domain import Domain
from seqkit.encoder import Encoder
from seqkit.errors import ConfigError
from seqkit.options import ModelOptions
from seqkit.steps import Continuous, Discrete
from seqkit.tasks.base import Task
from seqkit.tasks.classify import Classify
from seqkit.tasks.ctc import Ctc
from seqkit.tasks.forecast import Forecast
from seqkit.tasks.next_step import NextStep
from seqkit.tasks.outputs import WITHOUT_LIKELIHOOD
from seqkit.tasks.tag import Tag

_SHARES = ("dropout", "input_dropout", "output_dropout", "weight_drop", "embedding_dropout", "label_smoothing")

_MOST_CONVOLVED = 64
"""Steps that a convolution in front of a layer may see: what is further back is the cell's to remember."""


def check_task(kind: type[Task], data: SequenceDataModule, options: ModelOptions) -> None:
    """Refusals that say why: what a task cannot do with these steps and targets."""
    numbers, symbols = isinstance(data.codec.spec, Continuous), isinstance(data.target_codec.spec, Discrete)
    if kind is Forecast and not numbers:
        raise ConfigError(
            "task 'forecast' predicts all steps at once, each for itself: of symbols that would be no sequence",
            at="--data.task",
            fix="use next_step, which draws one symbol after another",
        )
    if kind is Ctc and not symbols:
        raise ConfigError(
            "task 'ctc' sums over alignments of symbols, and the targets are numbers",
            at="--data.task",
            fix="use tag for a number a step, classify for a number a record",
        )
    if kind is NextStep and isinstance(data.codec.spec, Continuous) and data.codec.spec.num_known:
        raise ConfigError(
            "task 'next_step' is given no values ahead of the step it predicts",
            at="--data.task",
            fix="use forecast for series with covariates that are known ahead",
        )
    if options.distribution in WITHOUT_LIKELIHOOD and kind is not Forecast and not symbols:
        raise ConfigError(
            f"distribution {options.distribution!r} has no likelihood, which task {data.task!r} is trained by",
            at="--model.distribution",
            fix="use normal or student_t, or the task forecast",
        )
    if options.class_weights != "none" and (kind not in (Classify, Tag) or not symbols):
        raise ConfigError(
            f"task {data.task!r} has no classes to weigh here",
            at="--model.class_weights",
            fix="give none: only classify and tag over labels have classes",
        )
    if options.label_smoothing and (kind is Ctc or not symbols):
        raise ConfigError(
            f"task {data.task!r} has no classes here to spread the target's probability over",
            at="--model.label_smoothing",
            fix="leave it out; next_step, classify and tag over symbols have classes",
        )


def check_softmax(kind: type[Task], data: SequenceDataModule, options: ModelOptions) -> None:
    """Refusals of an adaptive softmax where it has nothing to save, or could not."""
    if options.softmax == "full" and options.cutoffs is not None:
        raise ConfigError(
            "cutoffs divide the symbols of an adaptive softmax, and this one is full",
            at="--model.cutoffs",
            fix="leave them out, or add --model.softmax adaptive",
        )
    if options.softmax == "full":
        return
    spec = data.codec.spec
    if not isinstance(spec, Discrete):
        reason = "the steps are numbers, and a softmax is over symbols"
    elif kind is not NextStep:
        reason = f"task {data.task!r} does not predict the next of many symbols: there is nothing to save"
    else:
        reason = "there is one symbol alone: there is nothing to save" if spec.num_classes < 2 else ""
    if reason:
        raise ConfigError(reason, at="--model.softmax", fix="leave it out; it belongs to next_step over many symbols")
    if options.label_smoothing:
        raise ConfigError(
            "label smoothing needs the probability of every symbol, which an adaptive softmax saves to compute",
            at="--model.label_smoothing",
            fix="leave it out, or use --model.softmax full",
        )


def check_cell(options: ModelOptions) -> None:
    """Refusals of what a cell would not look at: an option without effect misleads."""
    around = {"num_layers": options.num_layers > 1, "residual": options.residual, "convolution": options.convolution}
    given = [f"--model.{name}" for name, is_given in around.items() if is_given]
    if options.cell in MEMORYLESS and given:
        raise ConfigError(
            f"cell {options.cell!r} has one layer and nothing around it: it is there to be compared with",
            at=", ".join(given),
            fix=f"leave {'it' if len(given) == 1 else 'them'} out, or choose {_listed((*FUSED, *PARALLEL))}",
        )
    owners = {"identity": ("rnn",), "chrono": ("gru", "lstm")}.get(options.initialisation)
    if owners is not None and options.cell not in owners:
        raise ConfigError(
            f"cell {options.cell!r} has no {options.initialisation!r} initialisation",
            at="--model.initialisation",
            fix=f"leave it out; it belongs to {' and '.join(owners)}",
        )
    if options.nonlinearity != "tanh" and options.cell != "rnn":
        raise ConfigError(
            f"cell {options.cell!r} has no choice of nonlinearity",
            at="--model.nonlinearity",
            fix="leave it out; it belongs to rnn",
        )
    if options.weight_drop and options.cell not in FUSED:
        raise ConfigError(
            f"cell {options.cell!r} has no hidden-to-hidden matrix to drop weights of",
            at="--model.weight_drop",
            fix="leave it out; it belongs to rnn, gru and lstm",
        )
    if options.initialisation == "chrono" and options.memory < 3:
        raise ConfigError(f"memory is {options.memory}", at="--model.memory", fix="give 3 or more steps")


def check_sizes(options: ModelOptions) -> None:
    """Refusals of sizes below 1 and of shares outside their range."""
    for name in ("hidden_size", "num_layers", "segment", "beam_size", "width"):
        if getattr(options, name) < 1:
            raise ConfigError(f"{name} is {getattr(options, name)}", at=f"--model.{name}", fix="give 1 or more")
    if options.convolution and not 2 <= options.convolution <= _MOST_CONVOLVED:
        raise ConfigError(
            f"convolution is {options.convolution}",
            at="--model.convolution",
            fix=f"give the steps that it sees, 2 to {_MOST_CONVOLVED}, or 0 for none",
        )
    for name in _SHARES:
        if not 0 <= (getattr(options, name) or 0) < 1:
            raise ConfigError(
                f"{name} is {getattr(options, name)}", at=f"--model.{name}", fix="give a share from 0 to below 1"
            )
    if options.locked_dropout and not (options.dropout or options.input_dropout or options.output_dropout):
        raise ConfigError(
            "there is no dropout to lock",
            at="--model.locked_dropout",
            fix="give --model.dropout, --model.input_dropout or --model.output_dropout, too",
        )


def check_causal(domain: Domain, encoder: Encoder, options: ModelOptions) -> None:
    """Refusals of whatever would see the step it predicts."""
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


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
