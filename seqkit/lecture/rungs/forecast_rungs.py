"""Rungs of forecast: the last value, the last season, and one linear map from a window to the horizon."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from seqkit.backbone.scaling import Scale
from seqkit.backbone.window_frame import WindowFrame
from seqkit.data.windows import WindowLoader
from seqkit.lecture.rungs.rung import Figures, Rung
from seqkit.steps import Batch, Continuous, Spec, valid_mask

_MOST_WINDOWS = 1 << 16
"""Windows of one feature that the map is learnt from."""

_MOST_INPUTS = 512
"""Steps of the window that the map reads: the last ones."""

_RIDGES = (1e-4, 1e-3, 1e-2, 1e-1)
"""Added to the mean square of an input."""

_TOGETHER = 256
_ROWS_TOGETHER = 1 << 12
"""Windows, and windows of one feature, that are held at once."""


@final
@dataclass(frozen=True)
class LinearWindow:
    """horizon = weights . (the last steps, 1), for each feature, in units of its window.

    Each window is seen as the model's frame has it: less its last value, by its deviation. One map serves all features;
    in learning a window weighs 1 / (1 + mean square of what followed it).
    Source: Zeng et al. 2023, section 4 (NLinear) [zeng2023], by ridge regression.

    Attributes:
        spec: Of the steps.
        weights: (W + 1, H).
    """

    spec: Continuous
    weights: Tensor

    def predict(self, batch: Batch) -> Tensor:
        """Steps of the horizon, (B, H, F)."""
        rows, frame, scale = _rows(batch, self.spec, len(self.weights) - 1)
        horizon = batch.targets.shape[1]  # which may be shorter than in training
        raw = frame.unfold((rows @ self.weights[:, :horizon])[..., None])
        return scale.mean + scale.deviation * raw


def forecast_rungs(
    train: WindowLoader | None, valid: WindowLoader | None, scored: WindowLoader, season: int
) -> tuple[list[Rung], LinearWindow | None]:
    """`naive`, `seasonal_naive` and `linear_window`, with squared and absolute errors in units of the steps.

    Args:
        train: Windows that the linear map learns from; None: it is left out.
        valid: Windows that its ridge is chosen on; None takes 0.001.
        scored: Windows that the figures are of.
        season: Steps of a season.
    """
    begin = time.perf_counter()
    found = {"naive": _Errors()} | ({"seasonal_naive": _Errors()} if season > 1 else {})
    if train is not None and train.horizon < scored.horizon:
        train = None
    if valid is not None and train is not None and valid.horizon > train.horizon:
        valid = None
    linear = None if train is None or not len(train) else fit_linear(train, valid)
    if linear is not None:
        found["linear_window"] = _Errors()
    for index in _runs(np.arange(len(scored.place)), scored.store.spec):
        batch = scored.windows(index)
        found["naive"].add(_last_season(batch, 1, scored.horizon), batch.targets)
        if season > 1:
            found["seasonal_naive"].add(_last_season(batch, season, scored.horizon), batch.targets)
        if linear is not None:
            found["linear_window"].add(linear.predict(batch), batch.targets)
    seconds = time.perf_counter() - begin
    rungs = []
    for name, errors in found.items():
        is_linear = name == "linear_window"
        size = linear.weights.numel() if is_linear and linear is not None else 0
        note = ""
        if is_linear and train is not None and len(train.place) > (most := _most_windows(train)):
            note = f"linear window: learnt from {most:,} of {len(train.place):,} windows"
        rungs.append(Rung(name, "window" if is_linear else "last value", errors.figures(), size, seconds, note))
    return rungs, linear


def fit_linear(train: WindowLoader, valid: WindowLoader | None) -> LinearWindow:
    """Ridge regression, with the ridge that validation windows prefer."""
    spec = train.store.spec
    assert isinstance(spec, Continuous)
    size = min(train.look_back, _MOST_INPUTS)
    products, answers, count = _moments(train, spec, size)
    diagonal = torch.eye(size + 1, dtype=torch.float64)
    diagonal[-1, -1] = 0  # the constant is free

    def solve(ridge: float) -> LinearWindow:
        loaded = products + (ridge * max(count, 1) * diagonal) + 1e-9 * torch.eye(size + 1, dtype=torch.float64)
        return LinearWindow(spec, torch.linalg.solve(loaded, answers))

    maps = {ridge: solve(ridge) for ridge in _RIDGES}
    if valid is None or not len(valid):
        return maps[1e-3]
    errors = {ridge: _Errors() for ridge in _RIDGES}
    for index in _runs(_spread(len(valid.place), max(_most_windows(valid) // 8, 1)), spec):
        batch = valid.windows(index)
        for ridge, one in maps.items():
            errors[ridge].add(one.predict(batch), batch.targets)
    return maps[min(_RIDGES, key=lambda one: errors[one].figures()["mse"])]


def _moments(loader: WindowLoader, spec: Continuous, size: int) -> tuple[Tensor, Tensor, float]:
    """Weighted sums of products of inputs (W + 1, W + 1), and of inputs and targets (W + 1, H); the weights' sum."""
    products = torch.zeros(size + 1, size + 1, dtype=torch.float64)
    answers, count = torch.zeros(size + 1, loader.horizon, dtype=torch.float64), 0.0
    for index in _runs(_spread(len(loader.place), _most_windows(loader)), spec):
        batch = loader.windows(index)
        rows, _, scale = _rows(batch, spec, size)
        targets = (batch.targets.double() - scale.mean) / scale.deviation  # (B, H, F)
        targets = targets.permute(0, 2, 1).reshape(-1, loader.horizon)
        whole = torch.isfinite(targets).all(1)
        rows, targets = rows[whole], targets[whole]
        # What follows a stretch that hardly varies lies many of its deviations away: such windows must not decide.
        weights = 1 / (1 + (targets**2).mean(1, keepdim=True))
        products += (weights * rows).T @ rows
        answers += (weights * rows).T @ targets
        count += float(weights.sum())
    return products, answers, count


def _rows(batch: Batch, spec: Continuous, size: int) -> tuple[Tensor, WindowFrame, Scale]:
    """Inputs (B F, size + 1), the last step last before the constant; 0 before a record's begin and where missing."""
    frame = WindowFrame(spec, "last", rescale=True, independent=True)
    # What is known ahead is left out.
    doubled = Batch(batch.inputs.double(), batch.lengths, batch.targets, batch.reset, batch.index)
    seen, scale = frame(doubled)
    values = seen.inputs[..., 0]
    values = torch.where(valid_mask(seen.lengths, values.shape[1]), values, 0.0).nan_to_num(0.0)
    padded = torch.nn.functional.pad(values, (size, 0))
    places = seen.lengths[:, None] + torch.arange(size)
    rows = padded.gather(1, places)
    return torch.cat([rows, rows.new_ones(len(rows), 1)], dim=1), frame, scale


def _last_season(batch: Batch, season: int, horizon: int) -> Tensor:
    """The last `season` values again and again, (B, H, F); a missing one is the one before it, 0 if all are."""
    num_predicted = batch.targets.shape[-1]
    values = batch.inputs[..., :num_predicted].double()
    steps = torch.arange(values.shape[1])[:, None]
    seen = torch.where(torch.isfinite(values), steps, -1).cummax(1).values
    first = torch.isfinite(values).int().argmax(1, keepdim=True)
    filled = values.gather(1, torch.where(seen < 0, first, seen)).nan_to_num(0.0)
    width = batch.lengths.clamp(max=season)[:, None]
    places = batch.lengths[:, None] - width + torch.arange(horizon) % width  # (B, H)
    return filled.gather(1, places[..., None].expand(-1, -1, num_predicted))


class _Errors:
    """Squared and absolute errors over all targets that are known."""

    def __init__(self) -> None:
        self.squares = self.sizes = 0.0
        self.count = 0

    def add(self, guess: Tensor, truth: Tensor) -> None:
        """Add (B, H, F)."""
        known = torch.isfinite(truth)
        away = (guess - truth.double())[known]
        self.squares += float((away**2).sum())
        self.sizes += float(away.abs().sum())
        self.count += int(known.sum())

    def figures(self) -> Figures:
        """`mse` and `mae`."""
        divisor = max(self.count, 1)
        return {"mse": self.squares / divisor, "mae": self.sizes / divisor}


def _spread(total: int, most: int) -> np.ndarray:
    """Numbers below `total`, at most `most` of them, evenly spread."""
    return np.arange(total) if total <= most else np.linspace(0, total - 1, most).astype(np.int64)


def _most_windows(loader: WindowLoader) -> int:
    """Windows that are as many rows as the map is learnt from."""
    return max(_MOST_WINDOWS // _num_rows(loader.store.spec), 1)


def _num_rows(spec: Spec) -> int:
    """Rows that one window takes."""
    assert isinstance(spec, Continuous)
    return spec.num_predicted


def _runs(numbers: np.ndarray, spec: Spec) -> list[np.ndarray]:
    size = max(min(_TOGETHER, _ROWS_TOGETHER // _num_rows(spec)), 1)
    return [numbers[begin : begin + size] for begin in range(0, len(numbers), size)]
