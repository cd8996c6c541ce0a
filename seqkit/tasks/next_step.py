"""next_step: given a sequence of inputs, predict the next one."""

from __future__ import annotations

from typing import final

from torch import Tensor

from seqkit.steps import Batch
from seqkit.tasks.base import Task, mark_ended


@final
class NextStep(Task):
    """A distribution over the next step at each step: a language model over symbols, a forecaster over numbers."""

    causal = True
    whole_records = False

    def forward(self, features: Tensor, lengths: Tensor, known: Tensor | None = None) -> Tensor:
        """(B, T, H) -> (B, T, P); also (B, H) -> (B, P) for a single step."""
        return self.head(features)

    def targets(self, batch: Batch) -> Tensor:
        """The steps that follow, with everything past the lengths marked."""
        return mark_ended(batch)
