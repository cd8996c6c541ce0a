"""Cells whose gates do not look at the state, so that all steps are computed at once: mingru, minlstm, rglru, lru.

What is left of the recurrence is `linear_scan`. Shapes as in `cells.py`.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqkit.backbone.cell import Cell, Gate, State
from seqkit.backbone.scan import linear_scan


class ParallelCell(Cell):
    """h_t = a(x_t) h_{t-1} + b(x_t), element by element. State: h (B, H)."""

    @abstractmethod
    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """What x alone decides, for one step (B, D) or for all of them (T, B, D); the state is not looked at."""

    @abstractmethod
    def coefficients(self, gates: dict[str, Gate]) -> tuple[Tensor, Tensor]:
        """Decay a and input b, each like a gate."""

    def init_state(self, batch_size: int) -> State:
        """Zeros, (B, H)."""
        return (next(self.parameters()).new_zeros(batch_size, self.hidden_size),)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps of a chunk: gates by one matrix product, states by the scan."""
        state = self.init_state(len(x)) if state is None else state
        if x.shape[1] == 0:
            return x.new_zeros(len(x), 0, self.hidden_size), state
        steps = x.transpose(0, 1).contiguous()  # (B, T, D) -> (T, B, D)
        a, b = self.coefficients(self.gates(steps, state))
        h = linear_scan(a, b, state[0].to(b.dtype))  # (T, B, H)
        return h.transpose(0, 1).to(x.dtype), (h[-1],)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula of the cell."""
        a, b = self.coefficients(self.gates(x_t, state))
        h = a * state[0] + b
        return h.to(x_t.dtype), (h,)


@final
class MinGRUCell(ParallelCell):
    """h_t = (1 - z_t) h_{t-1} + z_t g(W_h x_t + b_h) with z_t = sigmoid(W_z x_t + b_z).

    g keeps the state positive: g(v) = v + 0.5 for v >= 0, sigmoid(v) below.
    Source: Feng et al. 2024, section 3.1 and appendix B [feng2024].

    Args:
        input_size: D.
        hidden_size: H.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(hidden_size)
        self.map = nn.Linear(input_size, 2 * hidden_size)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """The gate update (z: open takes the candidate) and the candidate."""
        update, candidate = _wide(self.map(x_t)).chunk(2, dim=-1)
        return {"update": Gate(torch.sigmoid(update), 0.0, 1.0), "candidate": Gate(_positive(candidate), 0.0, math.inf)}

    def coefficients(self, gates: dict[str, Gate]) -> tuple[Tensor, Tensor]:
        """1 - z and z times the candidate."""
        update = gates["update"].value
        return 1 - update, update * gates["candidate"].value


@final
class MinLSTMCell(ParallelCell):
    """h_t = f' h_{t-1} + i' g(W_h x_t + b_h) with f' = f / (f + i), i' = i / (f + i), f and i sigmoids of x_t.

    The forget bias starts at 1, as that of the LSTM. Source: Feng et al. 2024, section 3.2 [feng2024].

    Args:
        input_size: D.
        hidden_size: H.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(hidden_size)
        self.map = nn.Linear(input_size, 3 * hidden_size)
        with torch.no_grad():
            self.map.bias[:hidden_size] = 1.0

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """The gates forget (f') and store (i'), and update (the candidate)."""
        f, i, candidate = _wide(self.map(x_t)).chunk(3, dim=-1)
        # f / (f + i) = sigmoid(log f - log i), which neither overflows nor divides by zero.
        forget = torch.sigmoid(functional.logsigmoid(f) - functional.logsigmoid(i))
        return {
            "forget": Gate(forget, 0.0, 1.0),
            "store": Gate(1 - forget, 0.0, 1.0),
            "update": Gate(_positive(candidate), 0.0, math.inf),
        }

    def coefficients(self, gates: dict[str, Gate]) -> tuple[Tensor, Tensor]:
        """Decay f', and i' times the candidate."""
        return gates["forget"].value, gates["store"].value * gates["update"].value


@final
class RGLRUCell(ParallelCell):
    """h_t = a_t h_{t-1} + sqrt(1 - a_t^2) (i_t v_t) with v_t = W x_t, r_t and i_t sigmoids of v_t, a_t = a^(8 r_t).

    The decay a = sigmoid(lambda) starts with a^8 uniform in [0.9, 0.999]; the gates are dense rather than in blocks.
    Source: De et al. 2024, section 2.4 [de2024].

    Args:
        input_size: D.
        hidden_size: H.
    """

    power = 8.0

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(hidden_size)
        self.map = nn.Linear(input_size, hidden_size)
        self.choose = nn.Linear(hidden_size, 2 * hidden_size)
        decay = torch.empty(hidden_size).uniform_(0.9, 0.999) ** (1 / self.power)
        self.decay = nn.Parameter(torch.log(decay / (1 - decay)))

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """The gates forget (a_t) and store (i_t), and update (v_t)."""
        value = self.map(x_t)
        recurrence, store = torch.sigmoid(_wide(self.choose(value))).chunk(2, dim=-1)
        forget = torch.exp(self.power * recurrence * functional.logsigmoid(_wide(self.decay)))
        return {
            "forget": Gate(forget, 0.0, 1.0),
            "store": Gate(store, 0.0, 1.0),
            "update": Gate(value, -math.inf, math.inf),
        }

    def coefficients(self, gates: dict[str, Gate]) -> tuple[Tensor, Tensor]:
        """a_t, and the input at the scale that keeps the state's variance."""
        a = gates["forget"].value
        # 1 - a^2 may round to 0, where the root has no finite slope.
        scale = (1 - a * a).clamp(min=torch.finfo(a.dtype).eps).sqrt()
        return a, scale * gates["store"].value * gates["update"].value


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
        return torch.polar(torch.exp(-torch.exp(_wide(self.log_decay))), torch.exp(_wide(self.log_angle)))

    def init_state(self, batch_size: int) -> State:
        """Zeros, (B, 2 H)."""
        return (self.log_decay.new_zeros(batch_size, 2 * self.hidden_size),)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps of a chunk: inputs and outputs by matrix products, states by the scan."""
        state = self.init_state(len(x)) if state is None else state
        if x.shape[1] == 0:
            return x.new_zeros(len(x), 0, self.hidden_size), state
        steps = x.transpose(0, 1).contiguous()  # (B, T, D) -> (T, B, D)
        states = linear_scan(self.eigenvalues, self._enter(steps), self._complex(state[0]))
        real = self._real(states)  # (T, B, 2 H)
        return self._leave(real, steps).transpose(0, 1), (real[-1],)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula above."""
        real = self._real(self.eigenvalues * self._complex(state[0]) + self._enter(x_t))
        return self._leave(real, x_t), (real,)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """forget: |lambda|, the same at all steps."""
        forget = self.eigenvalues.abs().expand(len(x_t), -1)
        return {"forget": Gate(forget, 0.0, 1.0)}

    def _enter(self, x: Tensor) -> Tensor:
        return self._complex(self.read(x)) * _wide(self.log_scale).exp()

    def _leave(self, real: Tensor, x: Tensor) -> Tensor:
        written: Tensor = self.write(real.to(self.write.weight.dtype)) + self.skip(x)
        return written

    def _complex(self, parts: Tensor) -> Tensor:
        real, imaginary = parts.to(_wide(self.log_decay).dtype).chunk(2, dim=-1)
        return torch.complex(real.contiguous(), imaginary.contiguous())

    def _real(self, values: Tensor) -> Tensor:
        return torch.cat([values.real, values.imag], dim=-1)


def _wide(value: Tensor) -> Tensor:
    """In float32 at least: with fewer digits a decay near 1 rounds to 1, and the state forgets nothing any more."""
    return value.float() if value.dtype.itemsize < 4 else value


def _positive(value: Tensor) -> Tensor:
    """The function g of Feng et al. 2024, appendix B: v + 0.5 for v >= 0, sigmoid(v) below."""
    return torch.where(value >= 0, value + 0.5, torch.sigmoid(value))
