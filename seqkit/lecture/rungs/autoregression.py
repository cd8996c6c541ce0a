"""Rungs of next_step over numbers: the mean, the last value, the last season, and a linear autoregression.

All predict a normal distribution around their value, with a deviation learnt from training: so their loss is in the
unit of the model's.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from seqkit.data.store import FlatStore
from seqkit.lecture.rungs.reading import NumberReader, Targets, num_read
from seqkit.lecture.rungs.rung import Kind, Rung

_MOST_READ = 1 << 20
"""Numbers of training that coefficients are learnt from, and of validation."""

_MOST_SCORED = 1 << 22
"""Numbers that the figures are of: streams are read side by side from their beginnings."""

_ORDERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
NUM_LAGS = max(_ORDERS)
"""Past steps that a reader must give."""

_AGES = (1, 32)
"""Steps up to which a stream's own mean and deviation are worth nothing, and little: errors in their units are wild, so
that each age has a deviation of its own."""

_FEW = 8
"""First steps of streams below which all young ones share a deviation."""

_ORDER_UNTRIED = 8
_RIDGE = 1e-6
_LEAST_DEVIATION = 1e-3
"""As the model's own."""


@dataclass
class _Moments:
    """Sums of products of (1, seasonal, past ..., truth) over targets, D numbers for each, and of log deviations.

    Attributes:
        products: By age A and feature, (A, F, D, D); the number of targets is the first entry.
        logs: Of the stream's deviations, (A, F).
    """

    products: np.ndarray
    logs: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Targets of each age and feature, (A, F)."""
        counts: np.ndarray = self.products[..., 0, 0]
        return counts


@dataclass(frozen=True)
class LinearPredictor:
    """truth = weights . (1, seasonal, past ...) + a normal error, for each feature.

    Attributes:
        weights: (F, 2 + P).
        deviation: Of the error by age, (A, F).
    """

    weights: np.ndarray
    deviation: np.ndarray

    def loss(self, moments: _Moments) -> float:
        """Mean nats a target."""
        squares = _squares(moments, self.weights)
        nats = moments.counts * _log_normal(self.deviation) + squares / (2 * self.deviation**2) + moments.logs
        return float(nats.sum() / max(moments.counts.sum(), 1))


def number_rungs(train: FlatStore, valid: FlatStore | None, scored: FlatStore, reader: NumberReader) -> list[Rung]:
    """`marginal`, `naive`, `seasonal_naive` where there is a season, and `ar_P`.

    Args:
        train: What deviations and coefficients are learnt from.
        valid: What the order is chosen on; None takes 8.
        scored: What the figures are of.
        reader: Of all three.
    """
    begin = time.perf_counter()
    learnt = _moments(train, reader)
    if not learnt.counts.sum():
        return []
    judged = _moments(valid, reader) if valid is not None else None
    if judged is None or not judged.counts.sum():
        order = _ORDER_UNTRIED
    else:
        kept = judged
        order = min(_ORDERS, key=lambda one: fit_order(learnt, one, reader.season).loss(kept))
    wanted: list[tuple[str, Kind, LinearPredictor, int]] = [
        ("marginal", "blind", fit_order(learnt, 0, 1), 2),
        ("naive", "last value", _fixed(learnt, 2), 1),
        ("seasonal_naive", "last value", _fixed(learnt, 1), 1),
        (f"ar_{order}", "window", fit_order(learnt, order, reader.season), order + 2 + (reader.season > order)),
    ]
    if reader.season == 1:
        del wanted[2]
    learnt_note = _part_note("learnt from", train, _MOST_READ // reader.num_features)
    scored_note = _part_note("scored on", scored, _MOST_SCORED // reader.num_features)
    note = ", ".join(filter(None, [learnt_note, scored_note]))
    figures = _score(scored, reader, [predictor for _, _, predictor, _ in wanted])
    seconds = time.perf_counter() - begin  # All are learnt and scored in the same pass.
    return [
        Rung(
            name,
            kind,
            found,
            size * reader.num_features,
            seconds,
            f"ar {order}: {note}" if note and name.startswith("ar") else "",
        )
        for (name, kind, _, size), found in zip(wanted, figures, strict=True)
    ]


def _part_note(what: str, store: FlatStore, most: int) -> str:
    total = num_read(store)
    return f"{what} the first {most:,} of {total:,} steps" if total > most else ""


def fit_order(moments: _Moments, order: int, season: int) -> LinearPredictor:
    """Least squares over the last `order` values, and the one a season ago where that lies further back.

    Args:
        moments: Of training.
        order: P; 0 is the mean alone.
        season: Steps of a season.
    """
    size = moments.products.shape[-1]
    used = [0, *([1] if season > max(order, 1) else []), *range(2, 2 + order)]
    weights = np.zeros((moments.products.shape[1], size - 1))
    every, late = moments.products.sum(0), moments.products[-1]
    for feature in range(len(weights)):
        products = late[feature] if 2 * late[feature, 0, 0] >= every[feature, 0, 0] else every[feature]
        ridge = _RIDGE * max(products[0, 0], 1) * np.eye(len(used))
        ridge[0, 0] = _RIDGE
        weights[feature, used] = np.linalg.solve(products[np.ix_(used, used)] + ridge, products[used, -1])
    return _with_deviation(moments, weights)


def _fixed(moments: _Moments, column: int) -> LinearPredictor:
    """The value of one column as it is: 1 the last season, 2 the last step."""
    weights = np.zeros((moments.products.shape[1], moments.products.shape[-1] - 1))
    weights[:, column] = 1
    return _with_deviation(moments, weights)


def _with_deviation(moments: _Moments, weights: np.ndarray) -> LinearPredictor:
    squares, counts = np.maximum(_squares(moments, weights), 0), moments.counts
    young = squares[:-1].sum(0) / np.maximum(counts[:-1].sum(0), 1)
    every = squares.sum(0) / np.maximum(counts.sum(0), 1)
    shared = np.where(counts[:-1].sum(0) >= _FEW, young, every)
    variance = np.where(counts >= _FEW, squares / np.maximum(counts, 1), np.stack([shared, shared, every]))
    return LinearPredictor(weights, np.maximum(np.sqrt(variance), _LEAST_DEVIATION))


def _squares(moments: _Moments, weights: np.ndarray) -> np.ndarray:
    """Sums of squared errors, (A, F)."""
    full = np.concatenate([-weights, np.ones((len(weights), 1))], axis=1)
    found: np.ndarray = np.einsum("fi,afij,fj->af", full, moments.products, full)
    return found


def _design(targets: Targets) -> np.ndarray:
    """(N, 2 + P): one, the last season, the past."""
    ones = np.ones((len(targets.truth), 1))
    return np.concatenate([ones, targets.seasonal[:, None], targets.past], axis=1)


def _moments(store: FlatStore, reader: NumberReader) -> _Moments:
    """Sums over a store."""
    size, shape = reader.num_lags + 3, (len(_AGES) + 1, reader.num_features)
    found = _Moments(np.zeros((*shape, size, size)), np.zeros(shape))
    for feature, targets in reader.read(store, _MOST_READ // reader.num_features):
        rows = np.concatenate([_design(targets), targets.truth[:, None]], axis=1)
        ages, logs = _ages(targets, reader), np.log(targets.deviation)
        for age in np.unique(ages):
            kept = slice(None) if (ages == age).all() else ages == age
            found.products[age, feature] += rows[kept].T @ rows[kept]
            found.logs[age, feature] += logs[kept].sum()
    return found


def _ages(targets: Targets, reader: NumberReader) -> np.ndarray:
    """The age of each target, (N,): the last one for all where streams have no scale of their own."""
    return np.searchsorted(_AGES, targets.age if reader.scale else np.full(len(targets.age), _AGES[-1] + 1))


def _score(store: FlatStore, reader: NumberReader, predictors: list[LinearPredictor]) -> list[dict[str, float]]:
    """Loss, and squared and absolute error in units of the steps, of each predictor."""
    nats, squares, sizes = (np.zeros(len(predictors)) for _ in range(3))
    count = 0
    for feature, targets in reader.read(store, _MOST_SCORED // reader.num_features):
        design = _design(targets)
        count, ages = count + len(targets.truth), _ages(targets, reader)
        for number, one in enumerate(predictors):
            error = targets.truth - design @ one.weights[feature]
            spread = one.deviation[ages, feature]
            nats[number] += (error**2 / (2 * spread**2) + _log_normal(spread)).sum()
            nats[number] += np.log(targets.deviation).sum()
            squares[number] += ((error * targets.deviation) ** 2).sum()
            sizes[number] += np.abs(error * targets.deviation).sum()
    divisor = max(count, 1)
    return [
        {"loss": float(a / divisor), "mse": float(b / divisor), "mae": float(c / divisor)}
        for a, b, c in zip(nats, squares, sizes, strict=True)
    ]


def _log_normal(deviation: np.ndarray) -> np.ndarray:
    return np.log(deviation) + 0.5 * math.log(2 * math.pi)
