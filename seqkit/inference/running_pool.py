"""RunningPool: what `Classify.pool` gives for a whole record, of outputs that come in chunks."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from seqkit.steps import valid_mask
from seqkit.tasks.classify import Pooling, last_outputs

_LEAST = -1e300
"""Below every score, and finite, so that nothing becomes NaN before the first step."""


@final
class RunningPool:
    """One vector a row, from all outputs so far. Memory does not grow with their number; sums are in float64.

    `attention` keeps its largest score, so that weights are never above 1, and the sums of weights and of weighted
    outputs; the `mean` is the same with equal scores.

    Source: the running softmax of Milakov and Gimelshein 2018, section 3 [milakov2018].

    Args:
        pooling: `last`, `mean`, `max` or `attention`.
        num_rows: R.
        size: H.
        attention: Gives the scores of `attention`, (..., H) -> (..., 1).
        directions: 2 if the second half of the outputs was read from the record's end; then all come at once.
        device: Where the outputs are.
    """

    def __init__(
        self,
        pooling: Pooling,
        num_rows: int,
        size: int,
        attention: nn.Module | None = None,
        directions: int = 1,
        device: torch.device | None = None,
    ) -> None:
        self.pooling, self.attention, self.directions = pooling, attention, directions
        empty = {"last": float("nan"), "max": -torch.inf}.get(pooling, 0.0)
        self._vector = torch.full((num_rows, size), empty, dtype=torch.float64, device=device)
        self._weight = self._vector.new_zeros(num_rows, 1)
        self._largest = self._vector.new_full((num_rows, 1), _LEAST)

    @property
    def value(self) -> Tensor:
        """(R, H) float64; of a row without a step NaN, of `max` minus infinity."""
        return self._vector / self._weight if self.pooling in ("mean", "attention") else self._vector

    def add(self, outputs: Tensor, lengths: Tensor) -> None:
        """Take in the next outputs of the first B rows.

        Args:
            outputs: (B, T, H).
            lengths: Valid steps of each row, (B,); may be 0.
        """
        rows = slice(len(outputs))
        mask = valid_mask(lengths, outputs.shape[1])[..., None]  # (B, T, 1)
        if self.pooling == "last":
            last = last_outputs(outputs.double(), lengths.clamp(min=1), self.directions)
            self._vector[rows] = torch.where(lengths[:, None] > 0, last, self._vector[rows])
        elif self.pooling == "max":
            most = outputs.double().masked_fill(~mask, -torch.inf).amax(dim=1)
            self._vector[rows] = torch.maximum(self._vector[rows], most)
        else:
            scores = outputs.new_zeros(*outputs.shape[:2], 1) if self.attention is None else self.attention(outputs)
            self._weigh(rows, outputs.double(), scores.double().masked_fill(~mask, -torch.inf))

    def _weigh(self, rows: slice, outputs: Tensor, scores: Tensor) -> None:
        largest = torch.maximum(self._largest[rows], scores.amax(dim=1))  # (B, 1)
        shrunk = (self._largest[rows] - largest).exp()
        weights = (scores - largest[:, None]).exp()  # (B, T, 1), 0 past the lengths
        # Padding may hold anything, and 0 times infinity is no number.
        weighted = torch.where(weights > 0, weights * outputs, torch.zeros_like(outputs))
        self._weight[rows] = self._weight[rows] * shrunk + weights.sum(dim=1)
        self._vector[rows] = self._vector[rows] * shrunk + weighted.sum(dim=1)
        self._largest[rows] = largest
