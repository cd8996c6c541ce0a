"""LockedDropout: features that are dropped at all steps of a chunk, or at none."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn
from torch.nn import functional


@final
class LockedDropout(nn.Module):
    """Dropout with one mask for each row of a batch, the same at all its steps.

    A feature that comes and goes from step to step disturbs what a recurrent layer carries; one that is missing for
    the whole chunk leaves it a smaller layer. Only B H numbers are drawn in place of B T H.
    Source: Gal and Ghahramani 2016, section 4.1 [gal2016]; Merity et al. 2018, section 4.2 [merity2018].

    Args:
        share: Of the features, from 0 to below 1; the others are scaled up for it.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, H), or one step (B, H), to the same shape; nothing is dropped in evaluation."""
        if not self.training or not self.share:
            return x
        kept = x.new_ones(len(x), *[1] * (x.ndim - 2), x.shape[-1])  # (B, 1, H)
        return x * functional.dropout(kept, self.share)
