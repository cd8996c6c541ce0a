"""ConvolvedCell: a short causal convolution in front of any cell, with its last inputs carried as a state."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqkit.backbone.cell import Cell, Gate, State


@final
class ConvolvedCell(Cell):
    """A cell that reads u_t = b + sum of w_k * x_{t - K + 1 + k} over k < K, each feature by its own filter.

    A gate that looks at x_t alone then knows what stood just before it. State: that of the cell, then the last K - 1
    inputs (B, (K - 1) D), zeros before the first.
    Source: De et al. 2024, section 2.3 [de2024]; Gu and Dao 2023, section 3.4 [gu2023].

    Args:
        cell: What reads u.
        input_size: D.
        width: K, the steps that are seen, the present one among them; 2 or more.
    """

    def __init__(self, cell: Cell, input_size: int, width: int) -> None:
        super().__init__(cell.hidden_size)
        self.cell, self.width, self.num_states = cell, width, cell.num_states + 1
        self.weight = nn.Parameter(torch.empty(width, input_size).uniform_(-(width**-0.5), width**-0.5))
        self.bias = nn.Parameter(torch.zeros(input_size))

    @property
    def innermost(self) -> Cell:
        """The cell that reads u."""
        return self.cell

    def init_state(self, batch_size: int) -> State:
        """The cell's own, and zeros in place of inputs."""
        weight = self.weight
        return *self.cell.init_state(batch_size), weight.new_zeros(batch_size, (self.width - 1) * weight.shape[1])

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps of a chunk: one convolution, then the cell."""
        *own, past = self.init_state(len(x)) if state is None else state
        before = past.view(len(x), self.width - 1, x.shape[2]).to(x.dtype)
        known = torch.cat([before, x], dim=1)  # (B, K - 1 + T, D)
        y, after = self.cell(self._convolve(known) if x.shape[1] else x, tuple(own))
        return y, (*after, known[:, x.shape[1] :].flatten(1))

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula above."""
        u_t, past = self.convolve_step(x_t, state[-1])
        y, after = self.cell.step(u_t, state[:-1])
        return y, (*after, past)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """Those of the cell."""
        return self.cell.gates(self.convolve_step(x_t, state[-1])[0], state[:-1])

    def convolve_step(self, x_t: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """u_t (B, D) of one input (B, D) and the K - 1 before it, and the K - 1 before the next one."""
        known = torch.cat([past, x_t], dim=1)  # (B, K D)
        u_t = (known.view(len(x_t), self.width, -1) * self.weight).sum(1) + self.bias
        return u_t, known[:, x_t.shape[1] :]

    def _convolve(self, known: Tensor) -> Tensor:
        """(B, K - 1 + T, D) -> (B, T, D).

        As a picture of height 1 with its channels last, which is how it lies in memory: `conv1d` would copy it to
        channels first and back (`benchmarks/regularisers.py` has the time of both).
        """
        picture = known.transpose(1, 2).unsqueeze(2)  # (B, D, 1, K - 1 + T)
        filters = self.weight.t()[:, None, None]  # (D, 1, 1, K)
        found = functional.conv2d(picture, filters, self.bias, groups=len(self.bias))
        return found.squeeze(2).transpose(1, 2)
