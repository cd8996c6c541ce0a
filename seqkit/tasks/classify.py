"""classify: one answer a record. A class for symbols, a value with its spread for numbers (sequence regression)."""

from __future__ import annotations

from typing import Literal, final

import torch
from torch import Tensor, nn

from seqkit.steps import Batch, Spec, valid_mask
from seqkit.tasks.base import Task
from seqkit.tasks.distributions import Output

Pooling = Literal["last", "mean", "max", "attention"]


@final
class Classify(Task):
    """Pools the outputs over a record's valid steps and maps them to the answer.

    Args:
        hidden_size: Size of the backbone's output.
        target_spec: What an answer is.
        output: How answers are predicted.
        pooling: the `last` output of each direction, the `mean` or `max` of all, or learned `attention` weights.
        dropout: Share of pooled features dropped, in training.
        directions: 2 if the second half of the features was read from the record's end.
    """

    causal = False
    whole_records = True
    mirrors = True

    def __init__(
        self,
        hidden_size: int,
        target_spec: Spec,
        output: Output,
        pooling: Pooling = "mean",
        dropout: float = 0.0,
        directions: int = 1,
    ) -> None:
        super().__init__(hidden_size, target_spec, output)
        self.directions = directions
        self.pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.attention = nn.Linear(hidden_size, 1, bias=False) if pooling == "attention" else None

    def forward(self, features: Tensor, lengths: Tensor, known: Tensor | None = None) -> Tensor:
        """(B, T', H) -> (B, P)."""
        return self.head(self.dropout(self.pool(features, lengths)))

    def pool(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, T', H) -> (B, H), over the valid steps only."""
        mask = valid_mask(lengths, features.shape[1])[..., None]  # (B, T', 1)
        if self.pooling == "last":
            return last_outputs(features, lengths, self.directions)
        if self.pooling == "max":
            return features.masked_fill(~mask, -torch.inf).amax(dim=1)
        if self.attention is not None:
            weights = self.attention(features).masked_fill(~mask, -torch.inf).softmax(dim=1)
            return (weights * features).sum(dim=1)
        return (features * mask).sum(dim=1) / lengths[:, None]

    def targets(self, batch: Batch) -> Tensor:
        """(B,) or (B, F)."""
        return batch.targets[:, 0]


def last_outputs(features: Tensor, lengths: Tensor, directions: int) -> Tensor:
    """The last valid output of each direction, (B, T', H) -> (B, H).

    Args:
        features: Of the backbone.
        lengths: (B,).
        directions: 2 if the second half of the features was read from the record's end, so that its last is the first.
    """
    last = features[torch.arange(len(features), device=features.device), lengths - 1]
    if directions == 1:
        return last
    half = features.shape[-1] // 2
    return torch.cat([last[:, :half], features[:, 0, half:]], dim=-1)
