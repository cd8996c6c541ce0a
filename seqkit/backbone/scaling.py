"""RunningScale: each stream in units of its own mean and deviation so far, without looking ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from seqkit.backbone.cell import State


@dataclass(frozen=True)
class Scale:
    """The frame of a prediction: value = mean + deviation * what the head gives; perhaps in float64.

    Attributes:
        mean: (B, T, F), or (B, F) for one step.
        deviation: The same shape, positive.
    """

    mean: Tensor
    deviation: Tensor


@final
class RunningScale(nn.Module):
    """Standardises step t by the mean and deviation of the steps 1 to t of its stream. No weights.

    The statistics are Welford's, carried from chunk to chunk like any state: count, mean, and sum of squared
    deviations, (1, B, F) each, in float64 where the device has it: sums in float32 would depend on where chunks end by
    more than a millionth. NaN is left out of them. The deviation of the first few steps is held up by a
    hundredth of a step of size |mean|, so that a short or constant beginning is not blown up.

    Source: the recurrence of Welford 1962 [welford1962], over chunks as in Chan et al. 1983 [chan1983].

    Args:
        num_features: F.
    """

    prior = 0.01

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def init_state(self, batch_size: int, like: Tensor) -> State:
        """Nothing seen yet: three tensors (1, B, F)."""
        dtype = like.dtype if like.device.type == "mps" else torch.float64
        return tuple(like.new_zeros(1, batch_size, self.num_features, dtype=dtype) for _ in range(3))

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, Scale, State]:
        """Standardised steps, what they were standardised by, and the state after the last step.

        Args:
            x: (B, T, F), NaN where nothing was observed.
            state: Of the steps before.
        """
        count, mean, squares = (s[0][:, None] for s in state)  # (1, B, F) -> (B, 1, F)
        if x.shape[1] == 0:
            return x, Scale(x, x), state
        dtype, x = x.dtype, x.to(count.dtype)
        observed = torch.isfinite(x)
        # Sums are taken around the mean so far (the first value at the start): far from zero they would cancel.
        centre = torch.where(count > 0, mean, _first_observed(x, observed))
        moved = torch.where(observed, x - centre, torch.zeros_like(x))
        total = moved.cumsum(1)
        seen = count + observed.cumsum(1)
        divisor = seen.clamp(min=1)
        # Before its first observed value a stream knows nothing, not even the centre taken from that value.
        new_mean = torch.where(seen > 0, centre + total / divisor, torch.zeros_like(x))
        new_squares = (squares + (moved**2).cumsum(1) - total**2 / divisor).clamp(min=0)
        variance = (new_squares + self.prior * new_mean**2) / (seen + self.prior)
        deviation = torch.where(variance > 0, variance, torch.ones_like(variance)).sqrt()
        last = tuple(t[:, -1][None] for t in (seen.to(x.dtype), new_mean, new_squares))
        return ((x - new_mean) / deviation).to(dtype), Scale(new_mean, deviation), last


def _first_observed(x: Tensor, observed: Tensor) -> Tensor:
    """The first observed value of each row and feature, 0 where there is none: (B, T, F) -> (B, 1, F)."""
    index = observed.int().argmax(dim=1, keepdim=True)
    return torch.nan_to_num(x.gather(1, index), nan=0.0, posinf=0.0, neginf=0.0)
