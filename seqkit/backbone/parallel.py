"""Cells whose gates do not look at the state, so that all steps are computed at once: mingru, minlstm, rglru.

A formula is written once, in `open` and `coefficients`, for one step or many. `pull` is its derivative by hand: the one
that torch finds (`ParallelCell.pull`) gives the same numbers in more passes over memory. Shapes as in `cells.py`.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqkit.backbone.cell import Cell, Gate, State
from seqkit.backbone.gated import Pulled, gated_scan, wide

_times_slope = torch.ops.aten.sigmoid_backward
"""(g, s) to g s (1 - s), the gradient through s = sigmoid(v), in one pass."""

_where_above = torch.ops.aten.threshold_backward
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

    @property
    def gate_map(self) -> nn.Linear:
        """Update and candidate side by side."""
        return self.map

    def open(self, logits: Tensor, entry: Tensor, *shared: Tensor) -> dict[str, Gate]:
        """The gate update (z: open takes the candidate) and the candidate."""
        update, candidate = logits.chunk(2, dim=-1)
        return {"update": Gate(torch.sigmoid(update), 0.0, 1.0), "candidate": Gate(_positive(candidate), 0.0, math.inf)}

    def coefficients(self, gates: dict[str, Gate]) -> tuple[Tensor, Tensor]:
        """1 - z and z times the candidate."""
        update = gates["update"].value
        return 1 - update, update * gates["candidate"].value

    def pull(
        self, gates: dict[str, Gate], from_a: Tensor, from_b: Tensor, logits: Tensor, entry: Tensor, *shared: Tensor
    ) -> Pulled:
        """Through 1 - z and z g(v)."""
        update, candidate = gates["update"].value, gates["candidate"].value
        found = torch.empty_like(logits)
        to_update, to_candidate = found.chunk(2, dim=-1)
        _times_slope((from_b * candidate).sub_(from_a), update, grad_input=to_update)
        _pull_positive(from_b * update, candidate, to_candidate)
        return Pulled(found)


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

    @property
    def gate_map(self) -> nn.Linear:
        """f, i and the candidate side by side."""
        return self.map

    def open(self, logits: Tensor, entry: Tensor, *shared: Tensor) -> dict[str, Gate]:
        """The gates forget (f') and store (i'), and update (the candidate)."""
        f, i = _weigh(logits)
        forget = f / (f + i)
        return {
            "forget": Gate(forget, 0.0, 1.0),
            "store": Gate(1 - forget, 0.0, 1.0),
            "update": Gate(_positive(logits[..., 2 * self.hidden_size :]), 0.0, math.inf),
        }

    def coefficients(self, gates: dict[str, Gate]) -> tuple[Tensor, Tensor]:
        """Decay f', and i' times the candidate."""
        return gates["forget"].value, gates["store"].value * gates["update"].value

    def pull(
        self, gates: dict[str, Gate], from_a: Tensor, from_b: Tensor, logits: Tensor, entry: Tensor, *shared: Tensor
    ) -> Pulled:
        """Through f / (f + i), whose derivative is f' i' (1 - f) in f and -f' i' (1 - i) in i."""
        forget, store, candidate = (gate.value for gate in gates.values())
        f, i = _weigh(logits)
        found = torch.empty_like(logits)
        to_f, to_i, to_candidate = found.chunk(3, dim=-1)
        both = _times_slope((from_b * candidate).sub_(from_a), forget).neg_()
        torch.addcmul(both, both, f, value=-1, out=to_f)
        torch.addcmul(both, both, i, value=-1, out=to_i).neg_()
        _pull_positive(from_b * store, candidate, to_candidate)
        return Pulled(found)


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

    @property
    def gate_map(self) -> nn.Linear:
        """From v_t to r_t and i_t side by side."""
        return self.choose

    def enter(self, x: Tensor) -> Tensor:
        """v_t."""
        value: Tensor = self.map(x)
        return value

    def share(self) -> tuple[Tensor, ...]:
        """8 log a, so that a_t = exp(8 r_t log a)."""
        return (self.power * functional.logsigmoid(wide(self.decay)),)

    def open(self, logits: Tensor, entry: Tensor, *shared: Tensor) -> dict[str, Gate]:
        """The gates forget (a_t) and store (i_t), and update (v_t)."""
        recurrence, store = torch.sigmoid(logits).chunk(2, dim=-1)
        return {
            "forget": Gate(torch.exp(recurrence * shared[0]), 0.0, 1.0),
            "store": Gate(store, 0.0, 1.0),
            "update": Gate(entry, -math.inf, math.inf),
        }

    def coefficients(self, gates: dict[str, Gate]) -> tuple[Tensor, Tensor]:
        """a_t, and the input at the scale that keeps the state's variance."""
        a = gates["forget"].value
        return a, _keep_variance(a) * gates["store"].value * gates["update"].value

    def pull(
        self, gates: dict[str, Gate], from_a: Tensor, from_b: Tensor, logits: Tensor, entry: Tensor, *shared: Tensor
    ) -> Pulled:
        """Through s i v with s = sqrt(1 - a^2), whose slope is -a / s, and a = exp(r c)."""
        a, store, value = (gate.value for gate in gates.values())
        scale = _keep_variance(a)
        found = torch.empty_like(logits)
        to_recurrence, to_store = found.chunk(2, dim=-1)
        scaled = from_b * scale
        _times_slope(scaled * value, store, grad_input=to_store)
        through_scale = from_b * store * value * a / scale
        floor = math.sqrt(torch.finfo(a.dtype).eps)
        to_exponent = (from_a - _where_above(through_scale, scale, floor)) * a
        recurrence = torch.sigmoid(logits[..., : self.hidden_size])
        _times_slope(to_exponent * shared[0], recurrence, grad_input=to_recurrence)
        return Pulled(found, scaled * store, ((to_exponent * recurrence).flatten(0, -2).sum(0),))


def _weigh(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The gates f and i of a minlstm, not below e^-80: float32 would round their sum to 0, and divide by it."""
    f, i = torch.sigmoid(logits[..., : logits.shape[-1] // 3 * 2].clamp(min=-80)).chunk(2, dim=-1)
    return f, i


def _keep_variance(a: Tensor) -> Tensor:
    """sqrt(1 - a^2), where 1 - a^2 may round to 0, at which the root has no finite slope."""
    return (1 - a * a).clamp(min=torch.finfo(a.dtype).eps).sqrt()


def _positive(value: Tensor) -> Tensor:
    """The function g of Feng et al. 2024, appendix B: v + 0.5 for v >= 0, sigmoid(v) below: the larger of the two."""
    return torch.maximum(value + 0.5, torch.sigmoid(value))


def _pull_positive(gradient: Tensor, positive: Tensor, out: Tensor) -> None:
    """Through `_positive`, from its value p: slope p (1 - p) up to p = 0.5, 1 above."""
    # p (1 - p) is a quarter at 0.5, so three quarters are added above.
    torch.add(
        _times_slope(gradient, positive.clamp(max=0.5)), _where_above(gradient, positive, 0.5), alpha=0.75, out=out
    )
