"""Weight drop: hidden-to-hidden weights that are partly zero for one batch, read by the same fused kernel."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

KERNELS: dict[str, Callable[..., Any]] = {
    "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu, "GRU": torch.gru, "LSTM": torch.lstm,
}  # fmt: skip
"""What `nn.RNNBase.forward` calls, by its `mode`."""


def run_dropped(core: Any, x: Tensor, state: Tensor | tuple[Tensor, ...], share: float) -> tuple[Tensor, Any]:
    """What a torch layer computes with a share of its hidden-to-hidden weights at zero, the others scaled up for it.

    One mask is drawn a call and holds at all steps and in all rows of it: DropConnect on the recurrence. The
    parameters stay as they are, and gradients reach those that were kept: the dropped matrix is handed to the kernel
    in place of the layer's own, so that neither a loop over the steps nor another set of weights is needed.
    Source: Merity et al. 2018, section 2 [merity2018]; DropConnect: Wan et al. 2013 [wan2013].

    Args:
        core: An `nn.RNN`, `nn.GRU` or `nn.LSTM` of one layer and direction, batch first.
        x: (B, T, D), T at least 1.
        state: As the layer takes it, (1, B, H) each.
        share: Of the weights, from 0 to below 1.

    Returns:
        What the layer returns: y (B, T, H) and the state after.
    """
    weights = [core.weight_ih_l0, drop(core.weight_hh_l0, share), core.bias_ih_l0, core.bias_hh_l0]
    with warnings.catch_warnings():
        # cuDNN wants all weights in one piece of memory, says so, and makes it from these.
        warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous chunk")
        y, *last = KERNELS[core.mode](x, state, weights, True, 1, 0.0, core.training, False, True)
    return y, tuple(last) if len(last) > 1 else last[0]


def drop(weight: Tensor, share: float) -> Tensor:
    """A weight with a share of it at zero and the rest scaled up for it; its gradient has the same zeros.

    As `functional.dropout`, from uniform numbers: on a processor Bernoulli draws take longer, which for a matrix would
    be seen in the time of a step.
    """
    kept = torch.rand(weight.shape, device=weight.device, dtype=torch.float32) >= share
    return weight * (kept / (1 - share)).to(weight.dtype)
