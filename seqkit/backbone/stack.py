"""Stack: layers of one cell, with dropout, residual blocks, and both directions by a length-aware flip."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor, nn

from seqkit.backbone.cell import Cell, State
from seqkit.backbone.convolution import ConvolvedCell
from seqkit.backbone.locked_dropout import LockedDropout

CellBuilder = Callable[[int, int], Cell]
"""`(input_size, hidden_size) -> Cell`."""


@final
class Stack(nn.Module):
    """Layers of one cell, forward in time. State: `num_states` tensors (num_layers, B, H).

    Args:
        build: Makes a cell of given input and hidden size.
        input_size: D.
        hidden_size: H, the size of the output.
        num_layers: Number of layers.
        dropout: Share of features dropped after each layer, in training.
        residual: Pre-norm residual blocks, x + cell(norm(x)), with a last norm; the input is first mapped to H.
        input_dropout: Share of the input's features dropped, in training.
        output_dropout: Share of the output's features dropped, in training; None: the last layer is like the others.
        locked: The features that are dropped are the same at all steps of a chunk.
        convolution: Steps that a causal convolution in front of each layer sees, for which the input is mapped to H,
            too; 0: none.
    """

    bidirectional = False

    def __init__(
        self,
        build: CellBuilder,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        residual: bool = False,
        input_dropout: float = 0.0,
        output_dropout: float | None = None,
        locked: bool = False,
        convolution: int = 0,
    ) -> None:
        super().__init__()
        self.output_size, self.residual = hidden_size, residual
        if output_dropout is None:
            output_dropout = 0.0 if residual else dropout
        kind = LockedDropout if locked else nn.Dropout
        self.input_dropout, self.dropout, self.output_dropout = kind(input_dropout), kind(dropout), kind(output_dropout)
        # Layers keep their states in one tensor, and that of a convolution has the size of its input.
        project = (residual or convolution > 0) and input_size != hidden_size
        self.project = nn.Linear(input_size, hidden_size) if project else nn.Identity()
        sizes = [hidden_size if project else input_size] + [hidden_size] * (num_layers - 1)
        cells = [build(size, hidden_size) for size in sizes]
        if convolution:
            cells = [ConvolvedCell(cell, hidden_size, convolution) for cell in cells]
        self.cells = nn.ModuleList(cells)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_size) for _ in range(num_layers + 1) if residual)

    def init_state(self, batch_size: int) -> State:
        """Zeros: `num_states` tensors (num_layers, B, H)."""
        return _stack_states([cell.init_state(batch_size) for cell in self._cells])

    def forward(
        self, x: Tensor, state: State | None = None, reset: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """All steps of a chunk.

        Args:
            x: (B, T, D); right padding does not change earlier outputs, so `lengths` is not looked at.
            state: What the chunk before left; None starts fresh. It is that of the last step of the chunk, padded
                or not: chunks with a state to hand on must be full in every row that goes on.
            reset: (B,) bool; rows whose state is dropped first.
            lengths: Not used here; `BothDirections` needs it.

        Returns:
            Outputs (B, T, H) and the state after the last step.
        """
        state = self.init_state(len(x)) if state is None else drop_state(state, reset)
        return self._run(x, state, lambda cell, value, own: cell(value, own))

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step: (B, D) -> (B, H). Equal to `forward` on a chunk of one step."""
        return self._run(x_t, state, lambda cell, value, own: cell.step(value, own))

    @property
    def _cells(self) -> list[Cell]:
        return list(self.cells)  # type: ignore[arg-type]

    def _run(
        self, x: Tensor, state: State, apply: Callable[[Cell, Tensor, State], tuple[Tensor, State]]
    ) -> tuple[Tensor, State]:
        x = self.project(self.input_dropout(x))
        after: list[State] = []
        last = len(self.cells) - 1
        for number, cell in enumerate(self._cells):
            entry = self.norms[number](x) if self.residual else x
            y, own = apply(cell, entry, tuple(s[number] for s in state))
            if self.residual or number < last:
                y = self.dropout(y)
            x = x + y if self.residual else y
            after.append(own)
        return self.output_dropout(self.norms[-1](x) if self.residual else x), _stack_states(after)


@final
class BothDirections(nn.Module):
    """Two stacks, one of which reads each record from its own end. Whole records only.

    Args:
        forward_stack: Reads from the first step.
        backward_stack: Reads from the last step.
    """

    bidirectional = True

    def __init__(self, forward_stack: Stack, backward_stack: Stack) -> None:
        super().__init__()
        self.ahead, self.back = forward_stack, backward_stack
        self.output_size = forward_stack.output_size + backward_stack.output_size

    def forward(
        self, x: Tensor, state: State | None = None, reset: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Outputs of both directions side by side, (B, T, D) -> (B, T, 2 H). There is no state to hand on."""
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1], device=x.device)
        ahead, _ = self.ahead(x)
        back, _ = self.back(flip(x, lengths))
        return torch.cat([ahead, flip(back, lengths)], dim=-1), ()


def flip(x: Tensor, lengths: Tensor) -> Tensor:
    """Each row reversed within its length, padding left in place: (B, T, ...) -> (B, T, ...).

    Example:
        >>> flip(torch.tensor([[1, 2, 3, 0], [4, 5, 6, 7]]), torch.tensor([3, 4]))
        tensor([[3, 2, 1, 0],
                [7, 6, 5, 4]])
    """
    steps = torch.arange(x.shape[1], device=x.device)
    mirrored = lengths[:, None] - 1 - steps  # (B, T)
    index = torch.where(mirrored >= 0, mirrored, steps)
    return x[torch.arange(len(x), device=x.device)[:, None], index]


def drop_state(state: State, reset: Tensor | None) -> State:
    """State with the rows of `reset`, (B,) bool, at zero; each tensor is (..., B, size)."""
    if reset is None:
        return state
    return tuple(s.masked_fill(reset[:, None], 0.0) for s in state)


def _stack_states(states: list[State]) -> State:
    """One state a layer to one tensor a kind: num_layers x (B, H) -> (num_layers, B, H)."""
    return tuple(torch.stack(kind) for kind in zip(*states, strict=True))
