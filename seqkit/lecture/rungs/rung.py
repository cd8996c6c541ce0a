"""Rung: one step of the ladder of baselines, from chance up to what a network must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["blind", "counts", "window", "last value", "domain"]
"""What a rung looks at: nothing; symbols without their order; a fixed number of steps; the last value, or season;
what the field compares with."""

Figures = dict[str, float]


@dataclass(frozen=True)
class Rung:
    """A baseline that was scored on the targets of a model.

    Attributes:
        name: Words joined by underscores, the size of its window last: `markov_6`.
        kind: What it looks at.
        figures: Named as the model's own: `loss` in nats a target, `accuracy`, `mse` ...
        num_parameters: Numbers that it learnt from the training split.
        seconds: To learn and to score it.
        note: What a reader must know, such as that only a part was counted; empty as a rule.
    """

    name: str
    kind: Kind
    figures: Figures
    num_parameters: int = 0
    seconds: float = 0.0
    note: str = ""

    @property
    def title(self) -> str:
        """The name as it is printed."""
        return self.name.replace("_", " ")
