"""The real-gated linear recurrent unit of Griffin: rglru. Shapes as in `cells.py`."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqkit.backbone.cell import Gate
from seqkit.backbone.gated import Pulled, wide
from seqkit.backbone.parallel import ParallelCell, times_slope, where_above


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
        times_slope(scaled * value, store, grad_input=to_store)
        through_scale = from_b * store * value * a / scale
        floor = math.sqrt(torch.finfo(a.dtype).eps)
        to_exponent = (from_a - where_above(through_scale, scale, floor)) * a
        recurrence = torch.sigmoid(logits[..., : self.hidden_size])
        times_slope(to_exponent * shared[0], recurrence, grad_input=to_recurrence)
        return Pulled(found, scaled * store, ((to_exponent * recurrence).flatten(0, -2).sum(0),))


def _keep_variance(a: Tensor) -> Tensor:
    """sqrt(1 - a^2), where 1 - a^2 may round to 0, at which the root has no finite slope."""
    return (1 - a * a).clamp(min=torch.finfo(a.dtype).eps).sqrt()
