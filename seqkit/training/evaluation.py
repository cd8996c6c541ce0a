"""Scoring a split: Lightning's pass with the task's figures, then what the field asks of such a task beyond them."""

from __future__ import annotations

import math
import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from seqkit.data.module import SequenceDataModule
from seqkit.inference.forecast import score_forecasts
from seqkit.lecture.rungs.baselines import counted_rungs
from seqkit.lecture.rungs.rung import Figures, Rung
from seqkit.lecture.sources.optimum import known_figures
from seqkit.steps import Continuous, Discrete, Split
from seqkit.tasks.outputs import WITHOUT_LIKELIHOOD
from seqkit.training.answers import Answers, KeepAnswers, KeepGuesses
from seqkit.training.class_figures import (
    MOST_COMPARED,
    areas,
    calibration,
    chance_areas,
    class_rows,
    confusion_counts,
    positive_class,
)
from seqkit.training.group_figures import group_rows
from seqkit.training.quiet import quiet_lightning
from seqkit.training.trainer import build_trainer

_KEPT_OPTIONS = ("accelerator", "devices", "precision", "limit_val_batches")
_OF_TRAINING = ("bf16-mixed", "bf16", "16-mixed", "16", 16)
"""Precisions in which figures are not taken: they would not be those that `validate` finds for the same weights."""


@dataclass(frozen=True)
class Evaluation:
    """A scored split.

    Attributes:
        result: What goes to `result-SPLIT.json`: `metrics`, `baselines`, `detail` and what stands around them.
        answers: What the model said of each record; None where a record has no answer of its own.
    """

    result: dict[str, Any]
    answers: Answers | None


def score_split(
    verb: str,
    split: Split,
    data: SequenceDataModule,
    model: Any,
    trainer_options: dict[str, Any],
    positive: str | None = None,
    trained_on: SequenceDataModule | None = None,
) -> Evaluation:
    """Figures of a split with what stands around them.

    Args:
        verb: `fit`, `validate` or `test`.
        split: `valid` or `test`.
        data: With the records.
        model: A trained model.
        trainer_options: Lightning's; only those that decide where and how precisely to compute are kept, and of the
            precisions no mixed one: with float32 weights figures are taken in float32.
        positive: The positive class of two; None takes the second.
        trained_on: The data of the training, which baselines learn from; None: the same.
    """
    labels = _labels(data)
    number = positive_class(labels, positive) if labels or positive is not None else None
    keeper = KeepAnswers() if data.task == "classify" else None
    guesses = KeepGuesses(data.target_codec) if _has_figures(data) else None
    figures = _run_trainer(split, data, model, trainer_options, [one for one in (keeper, guesses) if one])
    if guesses is not None:
        figures |= data.figures(guesses.truth, guesses.guess)
    rungs, linear = counted_rungs(data, split, trained_on)
    baselines = {rung.name: rung.figures | _per_unit(rung.figures, data, split) for rung in rungs}
    detail: dict[str, Any] = {}
    answers = keeper.answers(data, split) if keeper else None
    if answers is not None:
        if labels:
            more, detail = _class_detail(answers, labels, number)
            figures |= more
            if "majority" in baselines and len(labels) <= MOST_COMPARED:
                baselines["majority"] |= chance_areas(answers.truth, len(labels), number)
        detail |= _group_detail(answers, model.task.output.mean(answers.raw.float()), data.hold_out.group_match)
    if verb != "fit":
        forecast, naive = score_forecasts(model, data, split, linear=linear)
        figures, baselines = figures | forecast, _merged(baselines, naive)
    result = {
        "verb": verb,
        "domain": model.blueprint["domain"],
        "task": data.task,
        "split": split,
        "metrics": figures | _per_unit(figures, data, split),
        "loss_unit": loss_unit(model),
        "baselines": baselines,
        "rungs": _rung_rows(rungs, baselines),
        "detail": detail,
        "num_parameters": model.num_parameters,
        "num_records": len(data.store(split)),
        **known_figures(data, split),
        "versions": versions(),
        "machine": {"processor": platform.machine(), "threads": torch.get_num_threads()},
    }
    return Evaluation(result, answers)


def _merged(baselines: dict[str, Figures], more: dict[str, Figures]) -> dict[str, Figures]:
    """Figures of both by name: those of single steps, and those of whole forecasts."""
    return {name: baselines.get(name, {}) | more.get(name, {}) for name in baselines | more}


def _rung_rows(rungs: list[Rung], baselines: dict[str, Figures]) -> dict[str, dict[str, Any]]:
    """What stands behind each baseline; naive methods that only whole forecasts have are last values, too."""
    known = {rung.name: rung for rung in rungs}
    rows = [known.get(name, Rung(name, "last value", {})) for name in baselines]
    return {
        row.name: {"kind": row.kind, "num_parameters": row.num_parameters, "seconds": round(row.seconds, 3),
                   "note": row.note}
        for row in rows
    }  # fmt: skip


def loss_unit(model: Any) -> str:
    """`nats`; empty for numbers that are predicted without a likelihood."""
    numbers = isinstance(model.task.target_spec, Continuous)
    return "" if numbers and model.options.distribution in WITHOUT_LIKELIHOOD else "nats"


def versions() -> dict[str, str]:
    """Versions of what decides a result."""
    packages = ("seqkit", "torch", "pytorch-lightning")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def _run_trainer(
    split: Split, data: SequenceDataModule, model: Any, trainer_options: dict[str, Any], keepers: list[Any]
) -> dict[str, float]:
    """The task's own figures, by name."""
    # A limit of 0 turns validation off while training; the result still needs its figures.
    options = {name: value for name, value in trainer_options.items() if name in _KEPT_OPTIONS and value != 0}
    if options.get("precision") in _OF_TRAINING:
        del options["precision"]
    trainer = build_trainer(options | {"callbacks": keepers}, None, quiet=True)
    with quiet_lightning():
        if split == "test":
            figures = trainer.test(model, data.loader("test"), verbose=False)[0]
        else:
            figures = trainer.validate(model, data.loader("valid"), verbose=False)[0]
    return {name.partition("/")[2]: value for name, value in figures.items()}


def _has_figures(data: SequenceDataModule) -> bool:
    """Whether the domain has figures of its own for tags or transcripts."""
    overridden = type(data).figures is not SequenceDataModule.figures
    return overridden and data.task in ("tag", "ctc") and isinstance(data.target_codec.spec, Discrete)


def _labels(data: SequenceDataModule) -> list[str]:
    """Names of the classes; empty where the answer is no class."""
    spec = data.target_codec.spec
    if data.task != "classify" or not isinstance(spec, Discrete):
        return []
    return [str(data.target_codec.decode(torch.tensor([k]))) for k in range(spec.num_classes)]


def _class_detail(answers: Answers, labels: list[str], positive: int | None) -> tuple[dict[str, float], dict[str, Any]]:
    """Further figures of a classifier, and what is too long for a list of figures."""
    error, bins = calibration(answers.raw, answers.truth)
    figures = {"calibration_error": error}
    detail: dict[str, Any] = {
        "classes": class_rows(answers.raw.argmax(dim=-1), answers.truth, labels),
        "positive": None if positive is None else labels[positive],
        "calibration": bins,
    }
    if len(labels) <= MOST_COMPARED:
        counts = confusion_counts(answers.raw, answers.truth)
        detail["confusion"] = {"labels": labels, "counts": counts.tolist()}
        figures = areas(answers.raw, answers.truth, positive) | figures
    return figures, detail


def _group_detail(answers: Answers, guess: torch.Tensor, pattern: str | None) -> dict[str, Any]:
    """Accuracy, or the mean absolute error of numbers, of each group of records."""
    if pattern is None:
        return {}
    if answers.truth.is_floating_point():
        values, figure = (guess - answers.truth).abs().nanmean(dim=-1), "mae"
    else:
        values, figure = (guess == answers.truth).double(), "accuracy"
    return {"groups": group_rows(answers.origins, values.numpy(), pattern, figure)}


def _per_unit(figures: dict[str, float], data: SequenceDataModule, split: Split) -> dict[str, float]:
    """Bits for each unit that the data module counts, such as characters: comparable between tokenisations."""
    units = data.units(split) if data.streams and "bits_per_step" in figures else None
    if not units:
        return {}
    store = data.store(split)
    num_steps = int(np.maximum(store.lengths - np.maximum(store.context, 1), 0).sum())
    bits = figures["loss"] / math.log(2) * num_steps
    return {f"bits_per_{unit}": bits / number for unit, number in units.items() if number}
