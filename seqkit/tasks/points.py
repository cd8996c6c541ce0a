"""Numbers predicted without a distribution: one value by squared or absolute error, or several quantiles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor

from seqkit.backbone.scaling import Scale
from seqkit.tasks.distributions import Output
from seqkit.tasks.sampling import Sampling

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Quantiles that `Quantiles` predicts."""


class Point(Output, ABC):
    """One value a feature. Its loss is no likelihood; it is taken in units of the scale, where there is one.

    Args:
        num_features: F.
    """

    def __init__(self, num_features: int) -> None:
        self.num_parameters = num_features

    @abstractmethod
    def loss(self, error: Tensor) -> Tensor:
        """What an error costs."""

    def nll(self, raw: Tensor, targets: Tensor, scale: Scale | None = None) -> tuple[Tensor, Tensor]:
        """The loss of (..., F), 0 where the target is NaN, and which targets are scored."""
        scored = torch.isfinite(targets)
        return torch.where(scored, self.loss(raw - _standardised(targets, scored, raw, scale)), 0.0), scored

    def mean(self, raw: Tensor, scale: Scale | None = None) -> Tensor:
        """The value."""
        return raw if scale is None else scale.mean + scale.deviation * raw

    def sample(self, raw: Tensor, sampling: Sampling, generator: torch.Generator, scale: Scale | None = None) -> Tensor:
        """The value: there is nothing to draw from."""
        return self.mean(raw, scale)

    def average(self, raws: list[Tensor]) -> Tensor:
        """The mean of the values."""
        return torch.stack(raws).mean(0)


@final
class SquaredError(Point):
    """The mean, by squared error."""

    def loss(self, error: Tensor) -> Tensor:
        """e^2."""
        return error**2


@final
class AbsoluteError(Point):
    """The median, by absolute error."""

    def loss(self, error: Tensor) -> Tensor:
        """|e|."""
        return error.abs()


@final
class Quantiles(Output):
    """Quantiles at `LEVELS` of each feature, by pinball loss: the mean over the levels, doubled.

    Doubled, it is near the continuous ranked probability score and, at the median alone, the absolute error.
    The levels are predicted freely and put in order afterwards. Source: Koenker and Bassett 1978 [koenker1978].

    Args:
        num_features: F.
    """

    def __init__(self, num_features: int) -> None:
        self.num_features = num_features
        self.num_parameters = len(LEVELS) * num_features

    def nll(self, raw: Tensor, targets: Tensor, scale: Scale | None = None) -> tuple[Tensor, Tensor]:
        """The loss of (..., F), 0 where the target is NaN, and which targets are scored."""
        scored = torch.isfinite(targets)
        values = self._by_feature(raw)
        truth = _standardised(targets, scored, torch.zeros_like(targets), scale)
        error = truth[..., None] - values
        levels = raw.new_tensor(LEVELS)
        pinball = 2 * torch.maximum(levels * error, (levels - 1) * error).mean(-1)
        return torch.where(scored, pinball, 0.0), scored

    def mean(self, raw: Tensor, scale: Scale | None = None) -> Tensor:
        """The median."""
        return self.quantile(raw, 0.5, scale)

    def sample(self, raw: Tensor, sampling: Sampling, generator: torch.Generator, scale: Scale | None = None) -> Tensor:
        """A value at a random level; the temperature narrows the levels around the median."""
        level = torch.rand(raw.shape[:-1], generator=generator, dtype=raw.dtype, device=raw.device)[..., None]
        return self.quantile(raw, 0.5 + min(sampling.temperature, 1.0) * (level - 0.5), scale)

    def draw(
        self, raw: Tensor, num: int, sampling: Sampling, generator: torch.Generator, scale: Scale | None = None
    ) -> Tensor:
        """Values at `num` evenly spaced levels: their quantiles are the predicted ones, without noise."""
        levels = (torch.arange(num, dtype=raw.dtype, device=raw.device) + 0.5) / num
        levels = 0.5 + min(sampling.temperature, 1.0) * (levels - 0.5)
        return torch.stack([self.quantile(raw, float(level), scale) for level in levels])

    def quantile(self, raw: Tensor, level: float | Tensor, scale: Scale | None = None) -> Tensor:
        """Values at a level, (..., F), on straight lines between the predicted levels and level beyond them."""
        values = self._by_feature(raw).sort(-1).values
        known = raw.new_tensor(LEVELS)
        wanted = torch.as_tensor(level, dtype=raw.dtype, device=raw.device).clamp(LEVELS[0], LEVELS[-1])
        above = torch.searchsorted(known, wanted.contiguous()).clamp(1, len(LEVELS) - 1)
        share = ((wanted - known[above - 1]) / (known[above] - known[above - 1])).expand(values.shape[:-1])
        above = above.expand(values.shape[:-1])[..., None]
        low, high = values.gather(-1, above - 1)[..., 0], values.gather(-1, above)[..., 0]
        value = low + share * (high - low)
        return value if scale is None else scale.mean + scale.deviation * value

    def average(self, raws: list[Tensor]) -> Tensor:
        """The mean of each quantile."""
        return torch.stack(raws).mean(0)

    def _by_feature(self, raw: Tensor) -> Tensor:
        """(..., L F), a level after the other as all outputs have their parameters, to (..., F, L)."""
        return raw.reshape(*raw.shape[:-1], len(LEVELS), self.num_features).transpose(-1, -2)


def _standardised(targets: Tensor, scored: Tensor, instead: Tensor, scale: Scale | None) -> Tensor:
    """Targets in units of the scale, with something finite where there is none."""
    known = torch.where(scored, targets, torch.zeros_like(targets))
    if scale is not None:
        known = (known - scale.mean) / scale.deviation
    return torch.where(scored, known, instead)
