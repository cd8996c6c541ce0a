"""The sequential cells of the lecture: rnn, gru, lstm. `forward` is the fused kernel, `step` the written formula.

Shapes: x (B, T, D), y (B, T, H), x_t (B, D), each state tensor (B, H).
"""

from __future__ import annotations

import math
from typing import Any, Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqkit.backbone.cell import Cell, Gate, State
from seqkit.backbone.weight_drop import run_dropped

Nonlinearity = Literal["tanh", "relu"]
Initialisation = Literal["orthogonal", "identity", "chrono"]


class FusedCell(Cell):
    """A cell whose steps torch runs in one fused kernel.

    Args:
        core: The torch module that holds the weights and the kernel.
        weight_drop: Share of the hidden-to-hidden weights that is zero in training, drawn anew by each `forward`;
            `step` reads all of them.
    """

    core: Any  # nn.RNNBase, whose parameters mypy does not know by name

    def __init__(self, core: nn.RNNBase, weight_drop: float = 0.0) -> None:
        super().__init__(core.hidden_size)
        self.core, self.weight_drop = core, weight_drop

    def init_state(self, batch_size: int) -> State:
        """Zeros, (B, H) each, like the weights in type and device."""
        weight = self.core.weight_hh_l0
        return tuple(weight.new_zeros(batch_size, self.hidden_size) for _ in range(self.num_states))

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps of a chunk by the fused kernel; an empty chunk leaves the state as it is."""
        state = self.init_state(len(x)) if state is None else state
        if x.shape[1] == 0:
            return x.new_zeros(len(x), 0, self.hidden_size), state
        # The fused kernels want one type throughout; a state carried out of autocast may be narrower than the input.
        packed = tuple(s.unsqueeze(0).to(x.dtype) for s in state)  # (B, H) -> (1, B, H)
        before = packed if self.num_states > 1 else packed[0]
        if self.training and self.weight_drop:
            y, last = run_dropped(self.core, x, before, self.weight_drop)  # (B, T, D) -> (B, T, H)
        else:
            y, last = self.core(x, before)
        return y, tuple(s.squeeze(0) for s in (last if self.num_states > 1 else (last,)))

    def _project(self, x_t: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """W_ih x_t + b_ih and W_hh h_{t-1} + b_hh, with the gates side by side."""
        core = self.core
        from_input = functional.linear(x_t, core.weight_ih_l0, core.bias_ih_l0)
        from_state = functional.linear(h, core.weight_hh_l0, core.bias_hh_l0)
        return from_input, from_state


@final
class RNNCell(FusedCell):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), or ReLU in place of tanh.

    Source: Elman 1990 [elman1990]; identity initialisation with ReLU: Le et al. 2015 [le2015].

    Args:
        input_size: D.
        hidden_size: H.
        nonlinearity: `tanh` or `relu`.
        initialisation: Recurrent weights orthogonal, or the identity with zero biases.
        weight_drop: As of every fused cell.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        nonlinearity: Nonlinearity = "tanh",
        initialisation: Initialisation = "orthogonal",
        weight_drop: float = 0.0,
    ) -> None:
        core = nn.RNN(input_size, hidden_size, nonlinearity=nonlinearity, batch_first=True)
        super().__init__(core, weight_drop)
        self.nonlinearity = nonlinearity
        _initialise(self.core, initialisation)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula above."""
        h = self.gates(x_t, state)["activation"].value
        return h, (h,)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """The activation alone: this cell has no gates."""
        from_input, from_state = self._project(x_t, state[0])
        total = from_input + from_state
        if self.nonlinearity == "tanh":
            return {"activation": Gate(torch.tanh(total), -1.0, 1.0)}
        return {"activation": Gate(torch.relu(total), 0.0, math.inf)}


@final
class GRUCell(FusedCell):
    """r, z = sigmoid(...); n = tanh(W_in x + b_in + r (W_hn h + b_hn)); h_t = (1 - z) n + z h_{t-1}.

    Source: Cho et al. 2014 [cho2014], with torch's placing of the reset gate; chrono initialisation: Tallec and
    Ollivier 2018, section 3 [tallec2018].

    Args:
        input_size: D.
        hidden_size: H.
        memory: Steps of the longest dependency that `chrono` initialisation prepares for; None: biases of 0.
        weight_drop: As of every fused cell.
    """

    def __init__(self, input_size: int, hidden_size: int, memory: int | None = None, weight_drop: float = 0.0) -> None:
        super().__init__(nn.GRU(input_size, hidden_size, batch_first=True), weight_drop)
        _initialise(self.core, "orthogonal")
        if memory is not None:
            with torch.no_grad():
                self.core.bias_ih_l0[hidden_size : 2 * hidden_size] = _chrono_bias(hidden_size, memory)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula above."""
        gates = self.gates(x_t, state)
        update = gates["update"].value
        h = (1 - update) * gates["candidate"].value + update * state[0]
        return h, (h,)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """Reset (r), update (z: open keeps the state) and candidate (n)."""
        from_input, from_state = self._project(x_t, state[0])
        r_x, z_x, n_x = from_input.chunk(3, dim=-1)
        r_h, z_h, n_h = from_state.chunk(3, dim=-1)
        reset, update = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
        candidate = torch.tanh(n_x + reset * n_h)
        return {
            "reset": Gate(reset, 0.0, 1.0),
            "update": Gate(update, 0.0, 1.0),
            "candidate": Gate(candidate, -1.0, 1.0),
        }


@final
class LSTMCell(FusedCell):
    """i, f, o = sigmoid(...); g = tanh(...); c_t = f c_{t-1} + i g; h_t = o tanh(c_t).

    In the lecture's words: forget (f), store (i), update (g), output (o). The forget bias starts at 1, so that the
    gradient flows from the first step on, or spread over the time scales up to `memory` steps.
    Source: Hochreiter and Schmidhuber 1997 [hochreiter1997]; forget bias: Gers et al. 2000 [gers2000]; chrono
    initialisation: Tallec and Ollivier 2018, section 3 [tallec2018].

    Args:
        input_size: D.
        hidden_size: H.
        memory: Steps of the longest dependency that `chrono` initialisation prepares for; None: a forget bias of 1.
        weight_drop: As of every fused cell.
    """

    num_states = 2

    def __init__(self, input_size: int, hidden_size: int, memory: int | None = None, weight_drop: float = 0.0) -> None:
        super().__init__(nn.LSTM(input_size, hidden_size, batch_first=True), weight_drop)
        _initialise(self.core, "orthogonal")
        with torch.no_grad():
            # torch adds two biases; only one of them carries the values.
            bias = torch.ones(hidden_size) if memory is None else _chrono_bias(hidden_size, memory)
            self.core.bias_ih_l0[hidden_size : 2 * hidden_size] = bias
            if memory is not None:
                self.core.bias_ih_l0[:hidden_size] = -bias

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step by the formula above."""
        forget, store, update, output = (gate.value for gate in self.gates(x_t, state).values())
        c = forget * state[1] + store * update
        h = output * torch.tanh(c)
        return h, (h, c)

    def gates(self, x_t: Tensor, state: State) -> dict[str, Gate]:
        """Forget (f), store (i), update (g, what is offered to the state) and output (o)."""
        from_input, from_state = self._project(x_t, state[0])
        i, f, g, o = (from_input + from_state).chunk(4, dim=-1)
        return {
            "forget": Gate(torch.sigmoid(f), 0.0, 1.0),
            "store": Gate(torch.sigmoid(i), 0.0, 1.0),
            "update": Gate(torch.tanh(g), -1.0, 1.0),
            "output": Gate(torch.sigmoid(o), 0.0, 1.0),
        }


def _initialise(core: Any, recurrent: Initialisation) -> None:
    """Input weights Xavier, recurrent weights orthogonal (or the identity) gate by gate, biases 0."""
    hidden_size = core.hidden_size
    with torch.no_grad():
        core.bias_ih_l0.zero_()
        core.bias_hh_l0.zero_()
        for gate in range(core.weight_hh_l0.shape[0] // hidden_size):
            rows = slice(gate * hidden_size, (gate + 1) * hidden_size)
            nn.init.xavier_uniform_(core.weight_ih_l0[rows])
            if recurrent == "identity":
                core.weight_hh_l0[rows] = torch.eye(hidden_size)
            else:
                nn.init.orthogonal_(core.weight_hh_l0[rows])


def _chrono_bias(hidden_size: int, memory: int) -> Tensor:
    """Biases of a gate that keeps, log U(1, memory - 1): then 1 / (1 - gate) covers the time scales up to `memory`."""
    return torch.log(torch.empty(hidden_size).uniform_(1, memory - 1))
