"""Task: what is asked about a sequence. A head over the backbone's outputs, its targets and its best guess."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from seqkit.backbone.scaling import Scale
from seqkit.steps import IGNORED, Batch, Spec, valid_mask
from seqkit.tasks.adaptive import AdaptiveSoftmax
from seqkit.tasks.distributions import Output
from seqkit.tasks.metrics import Scores


@dataclass(frozen=True)
class Outcome:
    """A batch's result.

    Attributes:
        raw: The head's outputs, (B, T', P) or (B, P).
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


@dataclass(frozen=True, kw_only=True)
class ClusteredOutcome(Outcome):
    """A batch's result of an adaptive softmax, whose `raw` are the features that the head reads, (B, T, H).

    Attributes:
        head: Finds the guess without the whole distribution.
    """

    head: AdaptiveSoftmax

    @property
    def guess(self) -> Tensor:
        """The likeliest symbols."""
        return self.head.argmax(self.raw)


class Task(nn.Module, ABC):
    """One of the questions. The loss follows from the targets' spec alone.

    Args:
        hidden_size: Size of the backbone's output.
        target_spec: What a target step is.
        output: How targets are predicted.
        head_size: Numbers the head gives for each step; None: the output's parameters.
        head: The head itself, if it is not linear.

    Attributes:
        causal: True: a target lies among the steps that are read, so that those before it alone may be seen for it.
        whole_records: True: records, or windows, are read whole and alone; False: as streams with carried state.
        mirrors: True: a record and its mirror image (`Codec.mirror`) have the same target.
        head: Maps (..., H) to the output's parameters.
    """

    causal: ClassVar[bool]
    whole_records: ClassVar[bool]
    mirrors: ClassVar[bool] = False

    def __init__(
        self,
        hidden_size: int,
        target_spec: Spec,
        output: Output,
        head_size: int | None = None,
        head: AdaptiveSoftmax | None = None,
    ) -> None:
        super().__init__()
        self.target_spec = target_spec
        self.output = output
        self.head = nn.Linear(hidden_size, head_size or output.num_parameters) if head is None else head

    @abstractmethod
    def forward(self, features: Tensor, lengths: Tensor, known: Tensor | None = None) -> Tensor:
        """The head's outputs.

        Args:
            features: (B, T', H), of the backbone.
            lengths: (B,).
            known: Known ahead of the steps to forecast, (B, U, G); only `forecast` looks at it.
        """

    @abstractmethod
    def targets(self, batch: Batch) -> Tensor:
        """The batch's targets, unscored ones marked (`IGNORED`, NaN)."""

    def outcome(self, raw: Tensor, batch: Batch, scale: Scale | None = None) -> Outcome:
        """Loss and guess for one batch."""
        targets = self.targets(batch)
        nll, scored = self.output.nll(raw, targets, scale)
        return Outcome(raw, nll, scored, targets, self.output, scale)

    def clustered_outcome(self, features: Tensor, batch: Batch) -> Outcome:
        """Loss and guess for one batch, from the backbone's outputs (B, T, H) and without the whole distribution."""
        assert isinstance(self.head, AdaptiveSoftmax)
        targets = self.targets(batch)
        nll, scored = self.head.nll(features, targets)
        return ClusteredOutcome(features, nll, scored, targets, self.output, head=self.head)

    def scores(self) -> nn.Module:
        """Fresh figures of merit: `update(outcome)`, `compute()`, `reset()`, and the metric `likelihood`."""
        return Scores(self.target_spec, self.whole_records)


def mark_ended(batch: Batch) -> Tensor:
    """Targets, one a step, with those past each row's end marked as not scored."""
    ended = ~valid_mask(batch.lengths, batch.targets.shape[1])
    if batch.targets.is_floating_point():
        return batch.targets.masked_fill(ended[..., None], float("nan"))
    return batch.targets.masked_fill(ended, IGNORED)
