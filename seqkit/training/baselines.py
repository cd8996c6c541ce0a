"""What costs nothing to beat: chance, the most frequent class, single-symbol frequencies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore
from seqkit.errors import SeqkitError
from seqkit.steps import Discrete, Split
from seqkit.tasks.class_weights import class_counts
from seqkit.tasks.metrics import Matthews

_COUNTED_TOGETHER = 1 << 20
_HIGHER_IS_BETTER = ("accuracy", "macro_f1", "matthews", "auroc", "auprc")


Figures = dict[str, float]


def chance_baselines(
    data: SequenceDataModule, split: Split, trained_on: SequenceDataModule | None = None
) -> dict[str, Figures]:
    """Baselines of a split by name, each with figures named as the model's, the domain's own among them.

    For symbols under `next_step`: `uniform`, and `unigram` (training frequencies, one count added to each symbol).
    For classes: `majority`, the class that is most frequent in training; under `tag` over symbols also
    `symbol_majority`, the tag that is most frequent for the symbol. For numbers and transcripts: none.

    Args:
        data: With the records to score.
        split: Which of them.
        trained_on: The data that baselines learn from, where the scored ones are others; None: the same.
    """
    train = _training_store(trained_on or data)
    if data.streams:
        found = _of_streams(data, train, split)
    elif data.labelled and data.task != "ctc" and isinstance(data.target_codec.spec, Discrete) and train is not None:
        found = _of_classes(data, train, split)
    else:
        found = {}
    return found | ({} if train is None else data.baselines(split, trained_on or data))


def _of_streams(data: SequenceDataModule, train: FlatStore | None, split: Split) -> dict[str, Figures]:
    if not isinstance(data.codec.spec, Discrete):
        return {}
    size = data.codec.spec.num_classes
    uniform = {"uniform": {"bits_per_step": math.log2(size)}}
    if train is None:
        return uniform
    counts, truth = class_counts(train.steps, size) + 1, class_counts(data.store(split).steps, size)
    bits = float(-(truth * np.log2(counts / counts.sum())).sum() / truth.sum())
    return uniform | {"unigram": {"bits_per_step": bits}}


def _of_classes(data: SequenceDataModule, train: FlatStore, split: Split) -> dict[str, Figures]:
    store, spec = data.store(split), data.target_codec.spec
    if train.targets is None or store.targets is None or not len(train.targets):
        return {}
    assert isinstance(spec, Discrete)
    truth, steps = store.targets, store.steps
    most = np.broadcast_to(class_counts(train.targets, spec.num_classes).argmax(), len(truth))  # one number in memory
    found = {"majority": class_figures(truth, most, spec.num_classes)}
    if data.task == "tag" and isinstance(train.spec, Discrete):
        tags = _tags_of_symbols(train, train.spec.num_classes, spec.num_classes)
        pairs = ((truth[part], tags[steps[part]]) for part in _parts(len(truth)))
        found["symbol_majority"] = _figures_of(pairs, spec.num_classes)
    return found


def class_figures(truth: np.ndarray, guess: np.ndarray, num_classes: int) -> Figures:
    """Accuracy, macro-F1 and Matthews correlation, as the model's own are reckoned.

    Args:
        truth: Classes, (N,).
        guess: Classes, (N,).
        num_classes: K.
    """
    return _figures_of(((truth[part], guess[part]) for part in _parts(len(truth))), num_classes)


def _figures_of(pairs: Iterable[tuple[np.ndarray, np.ndarray]], num_classes: int) -> Figures:
    """The same of truth and guess that come part by part: a genome has a tag a base, and each is counted as int64."""
    metrics: dict[str, Any] = {
        "accuracy": MulticlassAccuracy(num_classes, average="micro"),
        "macro_f1": MulticlassF1Score(num_classes, average="macro"),
        "matthews": Matthews(num_classes),
    }
    for truth, guess in pairs:
        expected, found = (torch.from_numpy(values.astype(np.int64)) for values in (truth, guess))
        for metric in metrics.values():
            metric.update(found, expected)
    return {name: float(metric.compute()) for name, metric in metrics.items()}


def _parts(total: int) -> Iterator[slice]:
    """Steps that are counted together."""
    return (slice(begin, begin + _COUNTED_TOGETHER) for begin in range(0, total, _COUNTED_TOGETHER))


def _tags_of_symbols(train: FlatStore, num_symbols: int, num_tags: int) -> np.ndarray:
    """The most frequent tag of each symbol, (num_symbols,); of all of them for a symbol never seen."""
    assert train.targets is not None
    pairs = np.zeros((num_symbols, num_tags))
    for part in _parts(len(train.steps)):
        np.add.at(pairs, (np.asarray(train.steps[part]), np.asarray(train.targets[part])), 1)
    pairs[pairs.sum(1) == 0] = pairs.sum(0)
    return pairs.argmax(1)


def unbeaten(result: dict[str, Any]) -> dict[str, list[str]]:
    """The baselines that are better than the model in a figure they share with it, and in which.

    Args:
        result: Of `fit`, `validate` or `test`: `metrics`, and `baselines` by name.
    """
    found: dict[str, list[str]] = {}
    for name, figures in result["baselines"].items():
        for metric, value in figures.items():
            own = result["metrics"].get(metric, math.nan)
            if (own < value) if metric.endswith(_HIGHER_IS_BETTER) else (own > value):
                found.setdefault(name, []).append(metric)
    return found


def _training_store(data: SequenceDataModule) -> FlatStore | None:
    """None if what the model was trained on cannot be read any more: a checkpoint must not need it."""
    try:
        return data.store("train")
    except (SeqkitError, OSError):
        return None
