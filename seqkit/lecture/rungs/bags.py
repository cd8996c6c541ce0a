"""Rungs of classify that do not know the order of the steps: naive Bayes over counts of symbols, or over moments."""

from __future__ import annotations

import time

import numpy as np

from seqkit.data.batching import consecutive_runs
from seqkit.data.store import FlatStore
from seqkit.lecture.rungs.posterior import bayes_figures, choose_temperature, log_prior
from seqkit.lecture.rungs.rung import Rung

_TOGETHER = 1 << 20
_NUMBERS_TOGETHER = 1 << 22
"""Records times classes times features that are held at once."""

_MOST_NUMBERS = 1 << 25
"""Classes times symbols (or features), and records times classes: beyond, the rung is left out."""

_MOST_LOOK_UPS = 1 << 31
"""Steps of a split times classes: beyond, the rung is left out."""

_LEAST_VARIANCE = 1e-9
"""Share of the largest variance that is added to each."""


def bag_of_words_rung(
    train: FlatStore, valid: FlatStore | None, scored: FlatStore, num_symbols: int, num_classes: int
) -> Rung | None:
    """Multinomial naive Bayes: how often each symbol occurs, one added to each count; None where it would take long.

    Source: McCallum and Nigam 1998 [mccallum1998].

    Args:
        train: With classes.
        valid: What the temperature is chosen on; None takes 1.
        scored: What the figures are of.
        num_symbols: K.
        num_classes: C.
    """
    begin = time.perf_counter()
    judged = [one for one in (valid, scored) if one is not None]
    if num_classes * max(num_symbols, *map(len, judged)) > _MOST_NUMBERS:
        return None
    if num_classes * max(len(one.steps) for one in judged) > _MOST_LOOK_UPS:
        return None
    classes = record_classes(train)
    counts = np.ones((num_classes, num_symbols))
    for run in consecutive_runs(train.lengths, _TOGETHER, _TOGETHER):
        steps = np.asarray(train.steps[train.offsets[run[0]] : train.offsets[run[-1] + 1]]).astype(np.int64)
        owner = np.repeat(classes[run], train.lengths[run])
        counts += np.bincount(owner * num_symbols + steps, minlength=counts.size).reshape(counts.shape)
    logs = np.log(counts / counts.sum(1, keepdims=True))
    prior = log_prior(classes, num_classes)
    temperature = 1.0
    if valid is not None and len(valid):
        temperature = choose_temperature(prior + _sums_of(valid, logs), record_classes(valid))
    figures = bayes_figures(prior + _sums_of(scored, logs), record_classes(scored), temperature)
    return Rung("bag_of_words", "counts", figures, counts.size, time.perf_counter() - begin)


def gaussian_bayes_rung(train: FlatStore, valid: FlatStore | None, scored: FlatStore, num_classes: int) -> Rung | None:
    """Gaussian naive Bayes on mean and deviation of each feature over a record: the order of its steps is lost.

    None where it would take long.

    Args:
        train: With classes.
        valid: What the temperature is chosen on; None takes 1.
        scored: What the figures are of.
        num_classes: C.
    """
    begin = time.perf_counter()
    sizes = [2 * train.steps.shape[1], *(len(one) for one in (valid, scored) if one is not None)]
    if num_classes * max(sizes) > _MOST_NUMBERS:
        return None
    classes, values = record_classes(train), record_moments(train)
    prior = log_prior(classes, num_classes)
    means = np.stack([values[classes == k].mean(0) if (classes == k).any() else values.mean(0) for k in
                      range(num_classes)])  # fmt: skip
    least = _LEAST_VARIANCE * max(float(values.var(0).max()), 1e-12)
    spreads = np.stack([values[classes == k].var(0) if (classes == k).any() else values.var(0) for k in
                        range(num_classes)])  # fmt: skip
    spreads = spreads + least

    def scores(store: FlatStore) -> np.ndarray:
        found, size = record_moments(store), max(_NUMBERS_TOGETHER // means.size, 1)
        squares = np.concatenate([
            ((found[row : row + size, None] - means) ** 2 / spreads).sum(-1)  # (size, C, 2 F) -> (size, C)
            for row in range(0, len(found), size)
        ])  # fmt: skip
        return prior - 0.5 * (squares + np.log(2 * np.pi * spreads).sum(-1))

    temperature = 1.0
    if valid is not None and len(valid):
        temperature = choose_temperature(scores(valid), record_classes(valid))
    figures = bayes_figures(scores(scored), record_classes(scored), temperature)
    return Rung("gaussian_bayes", "counts", figures, 2 * means.size, time.perf_counter() - begin)


def record_classes(store: FlatStore) -> np.ndarray:
    """The class of each record, (N,) int64."""
    assert store.targets is not None
    return np.asarray(store.targets).astype(np.int64)


def record_moments(store: FlatStore) -> np.ndarray:
    """Mean and deviation of each feature over each record, NaN left out, (N, 2 F); 0 where nothing was observed."""
    found = []
    for run in consecutive_runs(store.lengths, _TOGETHER, _TOGETHER):
        steps = store.stretch(store.offsets[run[0]], store.offsets[run[-1] + 1]).double().numpy()
        starts = store.offsets[run] - store.offsets[run[0]]
        known = np.isfinite(steps)
        count = np.maximum(np.add.reduceat(known.astype(np.float64), starts), 1)
        mean = np.add.reduceat(np.where(known, steps, 0.0), starts) / count
        away = np.where(known, steps - np.repeat(mean, store.lengths[run], axis=0), 0.0)
        found.append(np.concatenate([mean, np.sqrt(np.add.reduceat(away**2, starts) / count)], axis=1))
    return np.concatenate(found)


def _sums_of(store: FlatStore, logs: np.ndarray) -> np.ndarray:
    """Sum over the steps of each record of the logarithm of its symbol under each class, (N, C)."""
    found = np.zeros((len(store), len(logs)))
    for run in consecutive_runs(store.lengths, _TOGETHER, _TOGETHER):
        steps = np.asarray(store.steps[store.offsets[run[0]] : store.offsets[run[-1] + 1]])
        starts = store.offsets[run] - store.offsets[run[0]]
        for k, row in enumerate(logs):
            found[run, k] = np.add.reduceat(row[steps], starts)
    return found
