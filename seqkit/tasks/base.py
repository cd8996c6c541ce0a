"""Task: what is asked about a sequence. A head over the backbone's outputs, its targets and its best guess."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from seqkit.backbone.scaling import Scale
from seqkit.steps import Batch, Spec
from seqkit.tasks.distributions import Output, build_output
from seqkit.tasks.metrics import Scores


@dataclass(frozen=True)
class Outcome:
    """A batch's result.

    Attributes:
        raw: The head's outputs, (B, T, P) or (B, P).
        nll: Nats for each target, 0 where not scored.
        scored: Which targets count, bool.
        targets: The truth.
        output: The kind of prediction.
        scale: Of numbers; None for symbols.
    """

    raw: Tensor
    nll: Tensor
    scored: Tensor
    targets: Tensor
    output: Output
    scale: Scale | None = None

    @property
    def guess(self) -> Tensor:
        """The best single guess, like the targets. Made when asked for: training never does, and V may be large."""
        return self.output.mean(self.raw, self.scale).detach()

    @property
    def loss(self) -> Tensor:
        """Mean nats a scored target; 0 if nothing is scored."""
        return self.nll.sum() / self.scored.sum().clamp(min=1)


class Task(nn.Module, ABC):
    """One of the questions. The loss follows from the targets' spec alone.

    Args:
        hidden_size: Size of the backbone's output.
        target_spec: What a target step is.
        distribution: For numbers, `normal` or `student_t`.

    Attributes:
        causal: True: a target lies after the steps that may be seen for it.
        whole_records: True: one target a record.
        output: The kind of prediction.
        head: Maps (..., H) to the output's parameters.
    """

    causal: ClassVar[bool]
    whole_records: ClassVar[bool]

    def __init__(self, hidden_size: int, target_spec: Spec, distribution: str = "student_t") -> None:
        super().__init__()
        self.target_spec = target_spec
        self.output: Output = build_output(target_spec, distribution)
        self.head = nn.Linear(hidden_size, self.output.num_parameters)

    @abstractmethod
    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """The head's outputs for (B, T', H) features."""

    @abstractmethod
    def targets(self, batch: Batch) -> Tensor:
        """The batch's targets, unscored ones marked (`IGNORED`, NaN)."""

    def outcome(self, raw: Tensor, batch: Batch, scale: Scale | None = None) -> Outcome:
        """Loss and guess for one batch."""
        targets = self.targets(batch)
        nll, scored = self.output.nll(raw, targets, scale)
        return Outcome(raw, nll, scored, targets, self.output, scale)

    def scores(self) -> Scores:
        """Fresh figures of merit."""
        return Scores(self.target_spec, self.whole_records)
