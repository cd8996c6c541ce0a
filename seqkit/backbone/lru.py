"""The linear cell lru: the recurrence of complex numbers that is the same at all steps. Shapes as in `cells.py`."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqkit.backbone.cell import Cell, Gate, State
from seqkit.backbone.gated import Pulled, gated_scan, wide


class _Rotation:
    """The formula of `gated_scan` for logits that are the input itself, in pairs (re, im), and one shared decay."""

    def open(self, logits: Tensor, entry: Tensor, *shared: Tensor) -> tuple[Tensor, Tensor]:
        """Nothing to open: logits and decay."""
        return logits, shared[0]

    def coefficients(self, gates: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Decay and input, in complex numbers."""
        b = torch.view_as_complex(gates[0].view(*gates[0].shape[:2], -1, 2))
        return gates[1].expand_as(b), b

    def pull(
        self,
        gates: tuple[Tensor, Tensor],
        from_a: Tensor,
        from_b: Tensor,
        logits: Tensor,
        entry: Tensor,
        *shared: Tensor,
    ) -> Pulled:
        """The logits' gradient is that of b; the decay's is the sum over all steps and rows."""
        return Pulled(torch.view_as_real(from_b).flatten(2), None, (from_a.flatten(0, 1).sum(0),))


@final
class LRUCell(Cell):
    """s_t = lambda s_{t-1} + gamma (B x_t) in complex numbers, h_t = Re(C s_t) + D x_t: linear, the same at all steps.

    |lambda| = exp(-exp(nu)) starts on a ring [0.9, 0.999], its angle exp(theta) in [0, pi / 10]; gamma starts at
    sqrt(1 - |lambda|^2). State: real and imaginary parts of s, (B, 2 H).
    Source: Orvieto et al. 2023, sections 3.3 and 3.4 [orvieto2023].

    Args:
        input_size: D.
        hidden_size: H.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(hidden_size)
        radius = torch.empty(hidden_size).uniform_(0.9**2, 0.999**2).sqrt()
        angle = torch.empty(hidden_size).uniform_(1e-3, math.pi / 10)
        self.log_decay = nn.Parameter(torch.log(-torch.log(radius)))
        self.log_angle = nn.Parameter(torch.log(angle))
        self.log_scale = nn.Parameter(torch.log(1 - radius**2) / 2)
        self.read = nn.Linear(input_size, 2 * hidden_size, bias=False)
        self.write = nn.Linear(2 * hidden_size, hidden_size)
        self.skip = nn.Linear(input_size, hidden_size, bias=False)

    @property
    def eigenvalues(self) -> Tensor:
        """lambda, (H,) complex."""
        return torch.polar(torch.exp(-torch.exp(wide(self.log_decay))), torch.exp(wide(self.log_angle)))

    def init_state(self, batch_size: int) -> State:
        """Zeros, (B, 2 H)."""
        return (self.log_decay.new_zeros(batch_size, 2 * self.hidden_size),)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps of a chunk: inputs and outputs by matrix products, states by the scan."""
        state = self.init_state(len(x)) if state is None else state
        if x.shape[1] == 0:
            return x.new_zeros(len(x), 0, self.hidden_size), state
        # Rows of the read and columns of the written weights in pairs (re, im): what torch takes for complex numbers.
        scale = wide(self.log_scale).exp()[:, None]
        entering = (self.read.weight.view(2, self.hidden_size, -1) * scale).transpose(0, 1).flatten(0, 1).to(x.dtype)
        leaving = self.write.weight.view(-1, 2, self.hidden_size).transpose(1, 2).flatten(1, 2)
        begin = self._complex(state[0])
        states, last = gated_scan(_Rotation(), x, entering, entering.new_zeros(len(entering)), begin, self.eigenvalues)
        real = torch.view_as_real(states).flatten(2).to(leaving.dtype)  # (B, T, 2 H)
        y: Tensor = functional.linear(real, leaving, self.write.bias) + self.skip(x)
        return y, (self._real(last),)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula above."""
        real = self._real(self.eigenvalues * self._complex(state[0]) + self._enter(x_t))
        return self._leave(real, x_t), (real,)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """forget: |lambda|, the same at all steps."""
        forget = self.eigenvalues.abs().expand(len(x_t), -1)
        return {"forget": Gate(forget, 0.0, 1.0)}

    def _enter(self, x: Tensor) -> Tensor:
        return self._complex(self.read(x)) * wide(self.log_scale).exp()

    def _leave(self, real: Tensor, x: Tensor) -> Tensor:
        written: Tensor = self.write(real.to(self.write.weight.dtype)) + self.skip(x)
        return written

    def _complex(self, parts: Tensor) -> Tensor:
        real, imaginary = parts.to(wide(self.log_decay).dtype).chunk(2, dim=-1)
        return torch.complex(real.contiguous(), imaginary.contiguous())

    def _real(self, values: Tensor) -> Tensor:
        return torch.cat([values.real, values.imag], dim=-1)
