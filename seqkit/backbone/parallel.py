"""ParallelCell: a cell whose gates do not look at the state, so that all steps are computed at once.

A formula is written once, in `open` and `coefficients`, for one step or many. `pull` is its derivative by hand: the one
that torch finds (`ParallelCell.pull`) gives the same numbers in more passes over memory. Shapes as in `cells.py`.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from seqkit.backbone.cell import Cell, Gate, State
from seqkit.backbone.gated import Pulled, gated_scan, wide

times_slope = torch.ops.aten.sigmoid_backward
"""(g, s) to g s (1 - s), the gradient through s = sigmoid(v), in one pass."""

where_above = torch.ops.aten.threshold_backward
"""(g, v, bound) to g where v > bound, 0 elsewhere, without the mispredicted branches of `torch.where`."""


class ParallelCell(Cell):
    """h_t = a(x_t) h_{t-1} + b(x_t), element by element. State: h (B, H).

    A new one says what its logits are a map of (`enter`, `gate_map`) and writes `open` and `coefficients`.
    """

    @property
    @abstractmethod
    def gate_map(self) -> nn.Linear:
        """The linear map from the entry to the logits, (..., D) -> (..., G H)."""

    @abstractmethod
    def open(self, logits: Tensor, entry: Tensor, *shared: Tensor) -> dict[str, Gate]:
        """The gates of any number of steps, from logits (..., G H), in float32 at least."""

    @abstractmethod
    def coefficients(self, gates: dict[str, Gate]) -> tuple[Tensor, Tensor]:
        """Decay a and input b, each like a gate."""

    def enter(self, x: Tensor) -> Tensor:
        """What the logits are a linear map of: x itself."""
        return x

    def share(self) -> tuple[Tensor, ...]:
        """What `open` needs that is the same at all steps, (H,) each."""
        return ()

    def pull(
        self, gates: dict[str, Gate], from_a: Tensor, from_b: Tensor, logits: Tensor, entry: Tensor, *shared: Tensor
    ) -> Pulled:
        """The gradient of what `open` took, from those of a and b."""
        leaves = [tensor.detach().requires_grad_() for tensor in (logits, entry, *shared)]
        with torch.enable_grad():
            outputs = self.coefficients(self.open(*leaves))
        found = torch.autograd.grad(outputs, leaves, (from_a, from_b), allow_unused=True, materialize_grads=True)
        return Pulled(found[0], found[1], found[2:])

    def init_state(self, batch_size: int) -> State:
        """Zeros, (B, H)."""
        return (next(self.parameters()).new_zeros(batch_size, self.hidden_size),)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps of a chunk: logits by one matrix product a block, states by the scan."""
        state = self.init_state(len(x)) if state is None else state
        if x.shape[1] == 0:
            return x.new_zeros(len(x), 0, self.hidden_size), state
        linear = self.gate_map
        h, last = gated_scan(self, self.enter(x), linear.weight, linear.bias, state[0], *self.share())
        return h.to(x.dtype), (last,)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula of the cell."""
        a, b = self.coefficients(self.gates(x_t, state))
        h = a * state[0] + b
        return h.to(x_t.dtype), (h,)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """What x alone decides, for one step (B, D) or for all of them (T, B, D); the state is not looked at."""
        entry = self.enter(x_t)
        return self.open(wide(self.gate_map(entry)), entry, *self.share())
