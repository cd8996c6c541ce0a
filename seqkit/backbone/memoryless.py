"""What the lecture tries before it comes to recurrence: a bag of all steps so far, and a window over the last ones.

They are cells like the others, so that they pass through the same loop, tasks and laws, and can be compared.
"""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqkit.backbone.cell import Cell, Gate, State


@final
class BagCell(Cell):
    """h_t = relu(W mean(x_1, ..., x_t) + b): the steps so far by their frequencies, their order lost.

    Over embedded symbols the mean is a linear map of counts / t, the bag of words. State: the sum of the steps so far
    (B, D) and their number (B, 1).

    Args:
        input_size: D.
        hidden_size: H.
    """

    num_states = 2

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(hidden_size)
        self.map = nn.Linear(input_size, hidden_size)

    def init_state(self, batch_size: int) -> State:
        """Nothing seen."""
        weight = self.map.weight
        return weight.new_zeros(batch_size, weight.shape[1]), weight.new_zeros(batch_size, 1)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps of a chunk at once, by sums that go on."""
        total, count = self.init_state(len(x)) if state is None else state
        if x.shape[1] == 0:
            return x.new_zeros(len(x), 0, self.hidden_size), (total, count)
        totals = total[:, None] + x.cumsum(1)  # (B, T, D)
        counts = count[:, None] + torch.arange(1, x.shape[1] + 1, device=x.device, dtype=count.dtype)[:, None]
        y = torch.relu(self.map(totals / counts))
        return y, (totals[:, -1], counts[:, -1])

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula above."""
        y = self.gates(x_t, state)["activation"].value
        return y, (state[0] + x_t, state[1] + 1)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """The activation alone."""
        mean = (state[0] + x_t) / (state[1] + 1)
        return {"activation": Gate(torch.relu(self.map(mean)), 0.0, torch.inf)}


@final
class WindowCell(Cell):
    """h_t = relu(sum of W_k x_{t-k} over k < width, plus b): a feed-forward layer over the last `width` steps.

    Steps before the first count as zeros. State: the last width - 1 steps (B, (width - 1) D).
    Source: Bengio et al. 2003, section 2, with the activation of today [bengio2003].

    Args:
        input_size: D.
        hidden_size: H.
        width: Steps that are seen, the present one among them.
    """

    def __init__(self, input_size: int, hidden_size: int, width: int) -> None:
        super().__init__(hidden_size)
        self.width = width
        self.map = nn.Conv1d(input_size, hidden_size, width)

    def init_state(self, batch_size: int) -> State:
        """Zeros in place of steps."""
        return (self.map.weight.new_zeros(batch_size, (self.width - 1) * self.map.in_channels),)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps of a chunk by one convolution."""
        (before,) = self.init_state(len(x)) if state is None else state
        if x.shape[1] == 0:
            return x.new_zeros(len(x), 0, self.hidden_size), (before,)
        past = before.view(len(x), self.width - 1, x.shape[2]).to(x.dtype)
        known = torch.cat([past, x], dim=1)  # (B, width - 1 + T, D)
        y = torch.relu(self.map(known.transpose(1, 2))).transpose(1, 2)  # (B, T, H)
        return y, (known[:, known.shape[1] - self.width + 1 :].flatten(1),)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula above."""
        y = self.gates(x_t, state)["activation"].value
        return y, (torch.cat([state[0], x_t], dim=1)[:, x_t.shape[1] :],)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """The activation alone."""
        seen = torch.cat([state[0], x_t], dim=1).view(len(x_t), self.width, -1)  # (B, width, D)
        weight = self.map.weight.transpose(1, 2).flatten(1)  # (H, D, width) -> (H, width D)
        total = functional.linear(seen.flatten(1), weight, self.map.bias)
        return {"activation": Gate(torch.relu(total), 0.0, torch.inf)}
