"""The encoder of windows to forecast: segments of steps instead of steps, so that time is shorter and wider."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from seqkit import Continuous, Encoder


@final
class SegmentEncoder(Encoder):
    """Cuts a window into segments, and maps the steps of each to one vector of features.

    Segments end where the window ends, so that the last one always holds the latest steps; what the first one lacks
    counts as not observed. Each value comes with a flag that says whether it was observed.

    Source: Lin et al. 2023, section 3.2: segments, a linear map and ReLU [lin2023].

    Args:
        spec: What a step is.
        d_model: Size of the features.
        segment: Steps of a segment.
    """

    pointwise = False

    def __init__(self, spec: Continuous, d_model: int, segment: int) -> None:
        super().__init__()
        self.d_model, self.segment = d_model, segment
        self.map = nn.Linear(2 * segment * spec.num_features, d_model)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, F) -> (B, T', D) with T' = ceil(T / segment), and ceil(lengths / segment)."""
        count, num_segments = -(-x.shape[1] // self.segment), -(-lengths // self.segment)  # and (B,)
        places = torch.arange(count * self.segment, device=x.device)
        source = places - (num_segments * self.segment - lengths)[:, None]  # (B, T' segment)
        inside = (source >= 0) & (source < lengths[:, None])
        rows = x.gather(1, source.clamp(0, max(x.shape[1] - 1, 0))[..., None].expand(-1, -1, x.shape[2]))
        observed = torch.isfinite(rows) & inside[..., None]
        known = torch.where(observed, rows, torch.zeros_like(rows))
        steps = torch.cat([known, observed.to(x.dtype)], dim=-1)  # (B, T' segment, 2 F)
        return torch.relu(self.map(steps.reshape(len(x), count, 2 * self.segment * x.shape[2]))), num_segments
