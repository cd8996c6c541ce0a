"""next_step: given a sequence of inputs, predict the next one."""

from __future__ import annotations

from typing import final

from torch import Tensor

from seqkit.steps import Batch, Spec
from seqkit.tasks.adaptive import AdaptiveSoftmax
from seqkit.tasks.base import Task, mark_ended
from seqkit.tasks.distributions import Output


@final
class NextStep(Task):
    """A distribution over the next step at each step: a language model over symbols, a forecaster over numbers.

    Args:
        hidden_size: Size of the backbone's output.
        target_spec: What a step is.
        output: How steps are predicted.
        head: An adaptive softmax for many symbols; None: a linear head.
    """

    causal = True
    whole_records = False

    def __init__(
        self, hidden_size: int, target_spec: Spec, output: Output, head: AdaptiveSoftmax | None = None
    ) -> None:
        super().__init__(hidden_size, target_spec, output, head=head)

    def forward(self, features: Tensor, lengths: Tensor, known: Tensor | None = None) -> Tensor:
        """(B, T, H) -> (B, T, P); also (B, H) -> (B, P) for a single step."""
        return self.head(features)

    def targets(self, batch: Batch) -> Tensor:
        """The steps that follow, with everything past the lengths marked."""
        return mark_ended(batch)
