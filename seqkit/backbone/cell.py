"""Cell: one recurrent layer, whatever its formula; what a new one must say.

Shapes: x (B, T, D), y (B, T, H), x_t (B, D), a state tensor (B, size).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from torch import Tensor, nn

State = tuple[Tensor, ...]


class Gate(NamedTuple):
    """What a cell computes on the way from one state to the next, and the range it lies in.

    Attributes:
        value: (B, H).
        low: Lower bound.
        high: Upper bound; infinity where there is none.
    """

    value: Tensor
    low: float
    high: float


class Cell(nn.Module, ABC):
    """One recurrent layer, one direction.

    Args:
        hidden_size: H, the size of its output.

    Attributes:
        num_states: Number of state tensors: 1, or 2 for (h, c).
    """

    num_states: int = 1

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size

    @property
    def innermost(self) -> Cell:
        """The cell whose formula decides what is kept: this one, or the one that it is built around."""
        return self

    @abstractmethod
    def init_state(self, batch_size: int) -> State:
        """Zeros, `num_states` tensors, like the weights in type and device."""

    @abstractmethod
    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps of a chunk, (B, T, D) to y (B, T, H) and the state after; an empty chunk leaves it as it is."""

    @abstractmethod
    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula: (B, D) and state to y_t (B, H) and the next state."""

    @abstractmethod
    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """What `step` computes on the way, by name; `activation` for a cell without gates."""
