"""SeasonalFrame: what a forecaster sees of a stream, and the value it predicts from: the one a season ago."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from seqkit.backbone.cell import State
from seqkit.backbone.scaling import RunningScale, Scale
from seqkit.steps import Continuous


@final
class SeasonalFrame(nn.Module):
    """Standardises a stream as it goes and centres each prediction on the value one season before it.

    At step t the model sees x_t and x_{t+1-season}, both standardised by what the stream was so far, and predicts
    x_{t+1} as the latter plus a number of running deviations: an untrained model is the seasonal naive forecast.
    Where a season is not over yet, or the value is missing, the last value takes its place (the naive forecast), and
    the running mean where that is missing too. A season of 1 is the last value throughout.

    State: that of `RunningScale`, the last season's values (season, B, F), and the number of steps (1, B, 1).
    Lagged inputs: Salinas et al. 2020, section 4 [salinas2020].

    Args:
        num_features: F.
        season: Steps of a season.
    """

    num_states = 5

    def __init__(self, num_features: int, season: int) -> None:
        super().__init__()
        self.running = RunningScale(num_features)
        self.season = season
        self.num_features = num_features

    @property
    def seen(self) -> Continuous:
        """What a step is behind this frame: it, and the value a season before the next one."""
        return Continuous(2 * self.num_features)

    def init_state(self, batch_size: int, like: Tensor) -> State:
        """Nothing seen yet."""
        values = like.new_zeros(self.season, batch_size, self.num_features)
        return (*self.running.init_state(batch_size, like), values, like.new_zeros(1, batch_size, 1))

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, Scale, State]:
        """What the encoder sees (B, T, 2 F), the frame of the predictions, and the state after the last step.

        Args:
            x: (B, T, F), NaN where nothing was observed.
            state: Of the steps before.
        """
        num_steps = x.shape[1]
        standardised, scale, running = self.running(x, state[:3])
        if num_steps == 0:
            return torch.cat([x, x], dim=-1), scale, state
        values, steps = state[3].transpose(0, 1), state[4].transpose(0, 1)  # (B, season, F), (B, 1, 1)
        known = torch.cat([values, x], dim=1)  # (B, season + T, F)
        ago = known[:, 1 : num_steps + 1]  # x_{t+1-season}
        age = steps + torch.arange(1, num_steps + 1, device=x.device)[:, None]  # (B, T, 1)
        ago = ago.masked_fill(age < self.season, float("nan"))
        seen = torch.cat([standardised, ((ago - scale.mean) / scale.deviation).to(x.dtype)], dim=-1)
        centre = torch.where(torch.isfinite(x), x, scale.mean)
        centre = torch.where(torch.isfinite(ago), ago, centre)
        after = (*running, known[:, num_steps:].transpose(0, 1), (steps + num_steps).transpose(0, 1))
        return seen, Scale(centre, scale.deviation), after
