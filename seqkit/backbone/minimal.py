"""The minimal cells of Feng et al. 2024: mingru and minlstm. Shapes as in `cells.py`."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor, nn

from seqkit.backbone.cell import Gate
from seqkit.backbone.gated import Pulled
from seqkit.backbone.parallel import ParallelCell, times_slope, where_above


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
        times_slope((from_b * candidate).sub_(from_a), update, grad_input=to_update)
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
        both = times_slope((from_b * candidate).sub_(from_a), forget).neg_()
        torch.addcmul(both, both, f, value=-1, out=to_f)
        torch.addcmul(both, both, i, value=-1, out=to_i).neg_()
        _pull_positive(from_b * store, candidate, to_candidate)
        return Pulled(found)


def _weigh(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The gates f and i of a minlstm, not below e^-80: float32 would round their sum to 0, and divide by it."""
    f, i = torch.sigmoid(logits[..., : logits.shape[-1] // 3 * 2].clamp(min=-80)).chunk(2, dim=-1)
    return f, i


def _positive(value: Tensor) -> Tensor:
    """The function g of Feng et al. 2024, appendix B: v + 0.5 for v >= 0, sigmoid(v) below: the larger of the two."""
    return torch.maximum(value + 0.5, torch.sigmoid(value))


def _pull_positive(gradient: Tensor, positive: Tensor, out: Tensor) -> None:
    """Through `_positive`, from its value p: slope p (1 - p) up to p = 0.5, 1 above."""
    # p (1 - p) is a quarter at 0.5, so three quarters are added above.
    torch.add(times_slope(gradient, positive.clamp(max=0.5)), where_above(gradient, positive, 0.5), alpha=0.75, out=out)
