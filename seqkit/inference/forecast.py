"""Scoring a forecaster: sample paths from each record's context, against what followed and against naive methods."""

from __future__ import annotations

import numpy as np
import torch

from seqkit.data.module import SequenceDataModule
from seqkit.inference.generate import continue_sequences
from seqkit.model import SequenceModel
from seqkit.steps import Continuous, Split
from seqkit.tasks.metrics import mase, naive2, smape

NUM_SAMPLES = 100
"""Sample paths a series; their median is the point forecast."""

Figures = dict[str, float]


def score_forecasts(
    model: SequenceModel, data: SequenceDataModule, split: Split, seed: int = 0
) -> tuple[Figures, dict[str, Figures]]:
    """sMAPE, MASE and OWA of the median forecast, and of the naive methods, over all records with a context.

    Means over steps, then over features and series. OWA is the mean of the two figures, each relative to Naive2
    (Makridakis et al. 2020 [m4competition]). Both results are empty where nothing is forecast.

    Args:
        model: A forecaster.
        data: Its data; records with `context` say what is given and what follows.
        split: Which records.
        seed: Of the sample paths.
    """
    if not data.streams or not isinstance(data.codec.spec, Continuous) or not data.store(split).context.any():
        return {}, {}
    store = data.store(split)
    contexts: list[torch.Tensor] = []
    truths: list[np.ndarray] = []
    for index in np.flatnonzero(store.context):
        steps, given = store.sequence(int(index)), int(store.context[index])
        contexts.append(steps[:given])
        truths.append(data.codec.decode(steps[given:]))  # (H, F)
    paths = continue_sequences(model, contexts, max(map(len, truths)), NUM_SAMPLES, seed=seed)
    ours, seasonal, benchmark = [], [], []
    for context, truth, drawn in zip(contexts, truths, paths, strict=True):
        decoded = np.stack([data.codec.decode(path[: len(truth)]) for path in drawn])
        history = data.codec.decode(context)
        ours.append(_figures(truth, np.median(decoded, axis=0), history, data.season))
        seasonal.append(_figures(truth, _seasonal_naive(history, len(truth), data.season), history, data.season))
        benchmark.append(_figures(truth, _naive2(history, len(truth), data.season), history, data.season))
    reference = _column_means(benchmark)
    return _named(ours, reference), {
        "seasonal_naive": _named(seasonal, reference),
        "naive2": _named(benchmark, reference),
    }


def _figures(truth: np.ndarray, forecast: np.ndarray, history: np.ndarray, season: int) -> tuple[float, float]:
    """SMAPE and MASE of one series, means over its features; all arrays are (steps, F)."""
    features = range(truth.shape[1])
    return (
        float(np.mean([smape(truth[:, f], forecast[:, f]) for f in features])),
        float(np.mean([mase(truth[:, f], forecast[:, f], history[:, f], season) for f in features])),
    )


def _column_means(rows: list[tuple[float, float]]) -> np.ndarray:
    """Means of both figures over the series that have them; NaN where none has (MASE of series that repeat)."""
    columns = np.asarray(rows).T
    return np.array([np.nanmean(column) if np.isfinite(column).any() else np.nan for column in columns])


def _named(rows: list[tuple[float, float]], reference: np.ndarray) -> Figures:
    mean = _column_means(rows)
    ratio = np.divide(mean, reference, out=np.full(2, np.nan), where=reference > 0)
    return {"smape": float(mean[0]), "mase": float(mean[1]), "owa": float(np.mean(ratio))}


def _seasonal_naive(history: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """The last season again and again; missing values are replaced by the last one seen."""
    filled = _fill_forward(history)
    last = filled[-min(season, len(filled)) :]
    return last[np.arange(horizon) % len(last)]


def _naive2(history: np.ndarray, horizon: int, season: int) -> np.ndarray:
    filled = _fill_forward(history)
    return np.stack([naive2(filled[:, f], horizon, season) for f in range(filled.shape[1])], axis=1)


def _fill_forward(history: np.ndarray) -> np.ndarray:
    """(T, F) with each missing value replaced by the one before, leading ones by the first seen."""
    rows = np.arange(len(history))[:, None]
    seen = np.maximum.accumulate(np.where(np.isfinite(history), rows, -1), axis=0)
    first = np.isfinite(history).argmax(axis=0)
    return np.take_along_axis(history, np.where(seen < 0, first, seen), axis=0)
