"""tag: one answer a step. A class for each symbol or measurement, or a number (per-step regression)."""

from __future__ import annotations

from typing import final

from torch import Tensor

from seqkit.backbone.scaling import Scale
from seqkit.errors import ConfigError
from seqkit.steps import Batch
from seqkit.tasks.base import Outcome, Task, mark_ended


@final
class Tag(Task):
    """Maps the output at each step to that step's answer; steps before and after it may be seen."""

    causal = False
    whole_records = True

    def forward(self, features: Tensor, lengths: Tensor, known: Tensor | None = None) -> Tensor:
        """(B, T, H) -> (B, T, P)."""
        return self.head(features)

    def targets(self, batch: Batch) -> Tensor:
        """(B, T) or (B, T, F), marked past the lengths."""
        return mark_ended(batch)

    def outcome(self, raw: Tensor, batch: Batch, scale: Scale | None = None) -> Outcome:
        """Loss and guess for one batch.

        Raises:
            ConfigError: If the encoder shortened time.
        """
        if raw.shape[1] != batch.inputs.shape[1]:
            raise ConfigError(
                f"task 'tag' answers each step, but the encoder makes {raw.shape[1]} of {batch.inputs.shape[1]} steps",
                at="--encoder.*",
                fix="choose an encoder that keeps time, or the task ctc",
            )
        return super().outcome(raw, batch, scale)
