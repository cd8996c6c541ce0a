"""Figures of classes, part by part, and the rungs that see no record, or one symbol: majority, mean."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch

from seqkit.data.store import FlatStore
from seqkit.lecture.rungs.rung import Figures, Rung
from seqkit.tasks.class_metrics import Accuracy, MacroF1, Matthews
from seqkit.tasks.class_weights import class_counts

_COUNTED_TOGETHER = 1 << 20


def class_figures(truth: np.ndarray, guess: np.ndarray, num_classes: int) -> Figures:
    """Accuracy, macro-F1 and Matthews correlation, as the model's own are reckoned.

    Args:
        truth: Classes, (N,).
        guess: Classes, (N,).
        num_classes: K.
    """
    return figures_of(((truth[part], guess[part]) for part in parts_of(len(truth))), num_classes)


def figures_of(pairs: Iterable[tuple[np.ndarray, np.ndarray]], num_classes: int) -> Figures:
    """The same of truth and guess that come part by part: a genome has a tag a base, and each is counted as int64."""
    metrics: dict[str, Any] = {
        "accuracy": Accuracy(),
        "macro_f1": MacroF1(num_classes),
        "matthews": Matthews(num_classes),
    }
    for truth, guess in pairs:
        expected, found = (torch.from_numpy(values.astype(np.int64)) for values in (truth, guess))
        for metric in metrics.values():
            metric.update(found, expected)
    return {name: float(metric.compute()) for name, metric in metrics.items()}


def parts_of(total: int) -> Iterator[slice]:
    """Steps that are counted together."""
    return (slice(begin, begin + _COUNTED_TOGETHER) for begin in range(0, total, _COUNTED_TOGETHER))


def uniform_classes(num_classes: int) -> Rung:
    """Every class alike."""
    return Rung("uniform", "blind", {"loss": math.log(num_classes), "accuracy": 1 / num_classes})


def majority_rung(learnt: np.ndarray, truth: np.ndarray, num_classes: int) -> Rung:
    """The most frequent class of training; its loss is that of the frequencies, one added to each count.

    Args:
        learnt: Classes of training, (N,).
        truth: Those to score, (M,).
        num_classes: K.
    """
    begin = time.perf_counter()
    counts = class_counts(learnt, num_classes)
    most = np.broadcast_to(counts.argmax(), len(truth))  # one number in memory
    found, shares = class_counts(truth, num_classes), (counts + 1) / (counts + 1).sum()
    loss = float(-(found * np.log(shares)).sum() / max(found.sum(), 1))
    figures = {"loss": loss} | class_figures(truth, most, num_classes)
    return Rung("majority", "blind", figures, num_classes - 1, time.perf_counter() - begin)


def symbol_majority_rung(train: FlatStore, scored: FlatStore, num_symbols: int, num_tags: int) -> Rung:
    """Under tag, the most frequent tag of each symbol; of all of them for a symbol never seen."""
    begin = time.perf_counter()
    assert train.targets is not None and scored.targets is not None
    tags, steps, truth = _tags_of_symbols(train, num_symbols, num_tags), scored.steps, scored.targets
    pairs = ((truth[part], tags[steps[part]]) for part in parts_of(len(truth)))
    figures = figures_of(pairs, num_tags)
    return Rung("symbol_majority", "counts", figures, num_symbols, time.perf_counter() - begin)


def mean_rung(train: FlatStore, scored: FlatStore) -> Rung | None:
    """Of numbers to predict the training mean, with the training deviation as its spread; NaN is left out."""
    begin = time.perf_counter()
    assert train.targets is not None and scored.targets is not None
    count, total, squares = _sums(train.targets, np.zeros(train.targets.shape[1]))
    mean = total / np.maximum(count, 1)
    # Squares around the mean, in a second pass: around zero they would cancel.
    _, _, squares = _sums(train.targets, mean)
    deviation = np.sqrt(squares / np.maximum(count, 1))
    deviation = np.where(deviation > 0, deviation, 1.0)
    nats = error = size = 0.0
    seen = 0
    for part in parts_of(len(scored.targets)):
        away = np.asarray(scored.targets[part], np.float64) - mean
        known = np.isfinite(away)
        seen += int(known.sum())
        loss = 0.5 * (away / deviation) ** 2 + np.log(deviation) + 0.5 * math.log(2 * math.pi)
        nats += float(np.where(known, loss, 0.0).sum())
        error += float(np.where(known, away**2, 0.0).sum())
        size += float(np.where(known, np.abs(away), 0.0).sum())
    if not seen:
        return None
    figures = {"loss": nats / seen, "mse": error / seen, "mae": size / seen}
    return Rung("mean", "blind", figures, 2 * len(mean), time.perf_counter() - begin)


def _tags_of_symbols(train: FlatStore, num_symbols: int, num_tags: int) -> np.ndarray:
    """(num_symbols,)."""
    assert train.targets is not None
    pairs = np.zeros((num_symbols, num_tags))
    for part in parts_of(len(train.steps)):
        np.add.at(pairs, (np.asarray(train.steps[part]), np.asarray(train.targets[part])), 1)
    pairs[pairs.sum(1) == 0] = pairs.sum(0)
    return pairs.argmax(1)


def _sums(values: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, sum and sum of squares of each feature around a value, NaN left out."""
    count, total, squares = (np.zeros(len(centre)) for _ in range(3))
    for part in parts_of(len(values)):
        away = np.asarray(values[part], np.float64) - centre
        known = np.isfinite(away)
        away = np.where(known, away, 0.0)
        count, total, squares = count + known.sum(0), total + away.sum(0), squares + (away**2).sum(0)
    return count, total, squares
