"""Streams of numbers as a forecaster reads them: standardised steps, their past, and the targets it is scored on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from seqkit.backbone.scaling import RunningScale
from seqkit.data.loader import StreamLoader
from seqkit.data.store import FlatStore
from seqkit.steps import Continuous, valid_mask

_ROWS = 64
_WINDOW = 512
_MOST_NUMBERS = 1 << 22
"""Held of a chunk, and of what came before it: wide steps and long seasons are read in smaller chunks."""


@final
@dataclass(frozen=True)
class Targets:
    """Scored targets of one feature with their past, in units of the stream so far.

    Attributes:
        past: The last values, newest first, (N, P); 0 (the mean so far) where there is none.
        seasonal: The value one season before the target, the last one where there is none, (N,).
        truth: What came, (N,).
        deviation: Of the stream so far, in units of the steps, (N,).
        age: Steps that the stream had before, (N,).
    """

    past: np.ndarray
    seasonal: np.ndarray
    truth: np.ndarray
    deviation: np.ndarray
    age: np.ndarray


class NumberReader:
    """Reads stores of numbers with the loader of the model, so that targets are the same.

    Args:
        spec: Of the steps.
        running: Standardise each stream by its own mean and deviation so far (`Codec.running_scale`).
        season: Steps of a season.
        num_lags: P.
    """

    def __init__(self, spec: Continuous, running: bool, season: int, num_lags: int) -> None:
        self.num_features, self.season, self.num_lags = spec.num_features, season, num_lags
        self.scale = RunningScale(spec.num_features) if running else None
        self.depth = max(num_lags, season)

    def read(self, store: FlatStore, most: int | None = None) -> Iterator[tuple[int, Targets]]:
        """Features and their targets, chunk by chunk.

        Args:
            store: What to read.
            most: Predicted steps after which it stops; None reads all.
        """
        loader = self._loader(store)
        past = torch.full((loader.batch_size, self.depth, self.num_features), torch.nan, dtype=torch.float64)
        state = self.scale.init_state(loader.batch_size, past) if self.scale else ()
        age = torch.zeros(loader.batch_size, 1, dtype=torch.int64)
        num_steps = 0
        for batch in loader:
            age = age.masked_fill(batch.reset[:, None], 0)
            ages = age + torch.arange(1, batch.inputs.shape[1] + 1)  # (B, T)
            past = past.masked_fill(batch.reset[:, None, None], torch.nan)
            state = tuple(part.masked_fill(batch.reset[None, :, None], 0.0) for part in state)
            ended = ~valid_mask(batch.lengths, batch.inputs.shape[1])[..., None]
            inputs = batch.inputs.double().masked_fill(ended, torch.nan)
            mean, deviation = torch.zeros_like(inputs), torch.ones_like(inputs)
            if self.scale is not None:
                _, scale, state = self.scale(inputs, state)
                mean, deviation = scale.mean, scale.deviation
            known = torch.cat([past[:, 1:], inputs], dim=1)  # (B, depth - 1 + T, F)
            for feature in range(self.num_features):
                parts = (t[..., feature] for t in (known, batch.targets.double(), mean, deviation))
                yield feature, self._targets(ages, *parts)
            age = age + batch.lengths[:, None]
            past = torch.cat([past, inputs], dim=1)[:, -self.depth :]
            num_steps += int(batch.lengths.sum())
            if most is not None and num_steps >= most:
                return

    def _loader(self, store: FlatStore) -> StreamLoader:
        rows = min(_ROWS, len(store), _MOST_NUMBERS // (self.depth * self.num_features))
        window = min(_WINDOW, _MOST_NUMBERS // (max(rows, 1) * self.num_features))
        return StreamLoader(store, max(rows, 1), max(window, 1), shuffle=False, seed=0, whole=True)

    def _targets(self, ages: Tensor, known: Tensor, truth: Tensor, mean: Tensor, deviation: Tensor) -> Targets:
        """Of one feature: known (B, depth - 1 + T), the others (B, T)."""
        scored = torch.isfinite(truth)
        lags = known[:, self.depth - self.num_lags :].unfold(1, self.num_lags, 1)[scored].flip(-1)  # newest first
        begin = self.depth - self.season
        ago = known[:, begin : begin + truth.shape[1]][scored]
        mean, deviation, truth = mean[scored], deviation[scored], truth[scored]
        lags = (lags - mean[:, None]) / deviation[:, None]
        last = torch.where(torch.isfinite(lags[:, 0]), lags[:, 0], 0.0)
        ago = (ago - mean) / deviation
        return Targets(
            past=lags.nan_to_num(0.0).numpy(),
            seasonal=torch.where(torch.isfinite(ago), ago, last).numpy(),
            truth=((truth - mean) / deviation).numpy(),
            deviation=deviation.numpy(),
            age=ages[scored].numpy(),
        )


def num_read(store: FlatStore) -> int:
    """Predicted steps of a store, those of contexts among them."""
    return int(np.maximum(store.lengths - 1, 0).sum())
