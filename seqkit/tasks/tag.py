"""tag: one answer a step. A class for each symbol or measurement, or a number (per-step regression)."""

from __future__ import annotations

from typing import final

from torch import Tensor

from seqkit.backbone.scaling import Scale
from seqkit.errors import ConfigError
from seqkit.steps import Batch, Spec
from seqkit.tasks.base import Outcome, Task, mark_ended
from seqkit.tasks.distributions import Output


@final
class Tag(Task):
    """Maps the output at each step to that step's answer; steps before and after it may be seen.

    Args:
        hidden_size: Size of the backbone's output.
        target_spec: What the answer of a step is.
        output: How answers are predicted.
        stride: Steps that the encoder makes one (`Encoder.stride`): the output answers for each of them.
    """

    causal = False
    whole_records = True

    def __init__(self, hidden_size: int, target_spec: Spec, output: Output, stride: int = 1) -> None:
        super().__init__(hidden_size, target_spec, output, stride * output.num_parameters)
        self.stride = stride

    def forward(self, features: Tensor, lengths: Tensor, known: Tensor | None = None) -> Tensor:
        """(B, T', H) -> (B, T' S, P) with the stride S, also (B, H) -> (B, P); the last may lie past the end."""
        raw = self.head(features)  # (B, T', H) -> (B, T', S P)
        if features.ndim == 2:
            return raw
        return raw.reshape(len(raw), raw.shape[1] * self.stride, self.output.num_parameters)

    def targets(self, batch: Batch) -> Tensor:
        """(B, T) or (B, T, F), marked past the lengths."""
        return mark_ended(batch)

    def outcome(self, raw: Tensor, batch: Batch, scale: Scale | None = None) -> Outcome:
        """Loss and guess for one batch.

        Raises:
            ConfigError: If the encoder shortened time more than it says.
        """
        num_steps = batch.inputs.shape[1]
        if not 0 <= raw.shape[1] - num_steps < self.stride:
            raise ConfigError(
                f"task 'tag' answers each step, but the encoder makes {raw.shape[1]} of {num_steps} steps",
                at="--encoder.*",
                fix="choose an encoder that keeps time, or whose `stride` says how it shortens it, or the task ctc",
            )
        return super().outcome(raw[:, :num_steps], batch, scale)
