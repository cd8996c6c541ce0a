"""Figures of merit with their units in the name: pure functions for series, torchmetrics for the rest."""

from __future__ import annotations

import math
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics import MeanAbsoluteError, MeanSquaredError, Metric

from seqkit.steps import Discrete, Spec
from seqkit.tasks.class_metrics import Accuracy, MacroF1, Matthews


@final
class Likelihood(Metric):
    """Mean negative log-likelihood over all scored targets, and what follows from it.

    `loss` in nats; for streams of symbols also `bits_per_step` = loss / ln 2 and `perplexity` = exp(loss).

    Args:
        symbols: Whether targets are the symbols of a stream.
    """

    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, symbols: bool) -> None:
        super().__init__()
        self.symbols = symbols
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, nll: Tensor, scored: Tensor) -> None:
        """Add a batch.

        Args:
            nll: Nats, 0 where not scored.
            scored: Which targets count, bool.
        """
        self.total += nll.double().sum()
        self.count += scored.sum()

    def compute(self) -> dict[str, Tensor]:
        """The figures by name; NaN when nothing was scored."""
        loss = self.total / self.count
        if not self.symbols:
            return {"loss": loss}
        return {"loss": loss, "bits_per_step": loss / math.log(2), "perplexity": loss.exp()}


@final
class Scores(nn.Module):
    """All figures of one (task, spec), fed with predictions and read once at the end of an epoch.

    Args:
        spec: Spec of the targets.
        whole_records: Targets are classes, of records or of steps: they get macro-F1 and Matthews correlation too.
    """

    def __init__(self, spec: Spec, whole_records: bool) -> None:
        super().__init__()
        self.likelihood = Likelihood(isinstance(spec, Discrete) and not whole_records)
        self.others: Any = nn.ModuleDict()  # Any: mypy sees no metrics in it
        if isinstance(spec, Discrete):
            self.others["accuracy"] = Accuracy()
            if whole_records:
                self.others["macro_f1"] = MacroF1(spec.num_classes)
                self.others["matthews"] = Matthews(spec.num_classes)
        else:
            self.others["mse"] = MeanSquaredError()
            self.others["mae"] = MeanAbsoluteError()

    def update(self, nll: Tensor, scored: Tensor, guess: Tensor, targets: Tensor) -> None:
        """Add a batch: nats, which targets count, the best guess and the truth; shapes as `Output.nll` gives them."""
        self.likelihood.update(nll, scored)
        if scored.any():
            for metric in self.others.values():
                metric.update(guess[scored], targets[scored])

    def compute(self) -> dict[str, float]:
        """The figures by name."""
        figures = {name: float(value) for name, value in self.likelihood.compute().items()}
        return figures | {name: float(metric.compute()) for name, metric in self.others.items()}

    def reset(self) -> None:
        """Forget all batches."""
        self.likelihood.reset()
        for metric in self.others.values():
            metric.reset()


def smape(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Symmetric mean absolute percentage error of one series, in percent: mean of 200 |y - f| / (|y| + |f|).

    A step where both are 0 counts as 0; steps with NaN truth are left out.
    Source: Makridakis et al. 2020, section 2 [m4competition].

    Example:
        >>> smape(np.array([1.0, 3.0]), np.array([3.0, 3.0]))
        50.0
    """
    error, size = np.abs(truth - forecast), np.abs(truth) + np.abs(forecast)
    return _mean(np.where(size > 0, 200 * error / np.where(size > 0, size, 1), 0.0 * size))


def mase(truth: np.ndarray, forecast: np.ndarray, history: np.ndarray, season: int) -> float:
    """Mean absolute scaled error of one series: mean |y - f| over the history's mean |y_t - y_{t - season}|.

    NaN where the history is shorter than a season or repeats itself exactly.
    Source: Hyndman and Koehler 2006 [hyndman2006].

    Example:
        >>> mase(np.array([5.0]), np.array([8.0]), np.array([1.0, 3.0, 2.0, 4.0]), season=2)
        3.0
    """
    return _mean(np.abs(truth - forecast)) / mase_scale(history, season)


def mase_scale(history: np.ndarray, season: int) -> float:
    """What MASE divides by: the history's mean |y_t - y_{t - season}|; NaN if that is 0 or there is no season in it."""
    naive = _mean(np.abs(history[season:] - history[:-season])) if len(history) > season else math.nan
    return naive if naive > 0 else math.nan


def _mean(values: np.ndarray) -> float:
    """The mean of what is known; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def naive2(history: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """The M4 benchmark Naive2: the last value after multiplicative seasonal adjustment, if the series is seasonal.

    A series is seasonal when its autocorrelation at one season exceeds the 90 % limit, which needs three seasons.
    Adjustment is by classical multiplicative decomposition, which exists for positive values only: a series with any
    other value is not adjusted.
    Source: Makridakis et al. 2020, appendix [m4competition].

    Args:
        history: (T,) values.
        horizon: Steps to forecast.
        season: Steps of a season.
    """
    last = len(history)
    if season > 1 and history.min() > 0 and is_seasonal(history, season):
        index = seasonal_index(history, season)
        adjusted = history[-1] / index[(last - 1) % season]
        return adjusted * index[(last + np.arange(horizon)) % season]
    return np.repeat(history[-1], horizon)


def is_seasonal(history: np.ndarray, season: int) -> bool:
    """Whether the autocorrelation at lag `season` passes Bartlett's 90 % limit, as the M4 organisers test it."""
    if len(history) < 3 * season:
        return False
    centred = history - history.mean()
    energy = float((centred**2).sum())
    if energy == 0:
        return False
    lags = range(1, season + 1)
    correlation = np.array([float((centred[k:] * centred[:-k]).sum()) / energy for k in lags])
    limit = 1.645 * math.sqrt((1 + 2 * float((correlation[:-1] ** 2).sum())) / len(history))
    return abs(float(correlation[-1])) > limit


def seasonal_index(history: np.ndarray, season: int) -> np.ndarray:
    """Multiplicative seasonal indices, (season,), mean 1, by a centred moving average."""
    width = season + 1 - season % 2
    weights = np.full(width, 1 / season)
    if season % 2 == 0:
        weights[[0, -1]] = 0.5 / season
    trend = np.convolve(history, weights, mode="valid")
    begin = width // 2
    ratio = history[begin : begin + len(trend)] / trend
    phase = (begin + np.arange(len(trend))) % season
    index = np.array([ratio[phase == p].mean() for p in range(season)])
    return index * season / index.sum()
