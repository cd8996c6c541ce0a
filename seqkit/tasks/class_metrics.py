"""Figures of answers that are one of K symbols: from K numbers each, not from K x K."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torchmetrics import Metric


class ClassCounts(Metric):
    """How often each class is true, is answered, and both: K numbers each.

    A confusion matrix, which torchmetrics (1.9) keeps for the same figures and fills anew for each batch, has K x K.

    Args:
        num_classes: K.
    """

    full_state_update = False
    right: Tensor
    answered: Tensor
    true: Tensor

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        for name in ("right", "answered", "true"):
            self.add_state(name, torch.zeros(num_classes, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, guess: Tensor, targets: Tensor) -> None:
        """Add answers and the truth beside them, of one shape."""
        guess, targets = guess.reshape(-1), targets.reshape(-1)
        for state, classes in ((self.right, targets[guess == targets]), (self.answered, guess), (self.true, targets)):
            state += torch.bincount(classes, minlength=self.num_classes)


@final
class MacroF1(ClassCounts):
    """The mean of the classes' F1, 2 right / (answered + true), over those that occur or are answered."""

    def compute(self) -> Tensor:
        """0 where nothing was answered."""
        sizes = self.answered + self.true
        shares = 2 * self.right / sizes.clamp(min=1)
        return shares.sum() / (sizes > 0).sum().clamp(min=1)


@final
class Matthews(ClassCounts):
    """Matthews correlation; 0 where the answers or the truth are all of one class.

    torchmetrics (1.9) gives such a model of two classes a small positive or negative figure instead.
    """

    def compute(self) -> Tensor:
        """(c n - p . t) / sqrt((n^2 - p . p) (n^2 - t . t)) of c right answers, n in all, p by answer, t by truth."""
        right, answered, true = self.right.sum().double(), self.answered.double(), self.true.double()
        total = true.sum()
        spread = ((total**2 - answered @ answered) * (total**2 - true @ true)).sqrt()
        return torch.where(spread > 0, (right * total - answered @ true) / spread.clamp(min=1), 0.0)


@final
class Accuracy(Metric):
    """Share of right symbols."""

    full_state_update = False
    right: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("right", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, guess: Tensor, targets: Tensor) -> None:
        """Add answers and the truth beside them, of one shape."""
        self.right += (guess == targets).sum()
        self.count += targets.numel()

    def compute(self) -> Tensor:
        """NaN where nothing was answered."""
        return self.right / self.count
