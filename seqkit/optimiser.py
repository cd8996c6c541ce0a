"""AdamW and its learning rate over a training."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from seqkit.options import ModelOptions

_WARMUP_DIVISOR = 10
"""A short training warms up for a tenth of its steps at most: otherwise it would hardly reach its learning rate."""


def build_adamw(parameters: Iterable[nn.Parameter], options: ModelOptions, fused: bool) -> torch.optim.AdamW:
    """AdamW that lets matrices decay, and leaves biases and norms alone.

    Source: Loshchilov and Hutter 2019 [loshchilov2019].

    Args:
        parameters: All that is trained.
        options: Rates and decays.
        fused: Use the fused kernel; it must be there for the parameters' device.
    """
    parameters = list(parameters)
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": options.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=options.learning_rate, betas=(0.9, options.beta2), fused=fused)


def rate_share(step: int, total_steps: int, options: ModelOptions) -> float:
    """The learning rate of an optimiser step, as a share of the peak: a linear warm-up, then a cosine or the peak.

    Source: the cosine, Loshchilov and Hutter 2017, eq. 5, without restarts [loshchilov2017].

    Args:
        step: Counted from 0.
        total_steps: Of the whole training; 0 if not known, then the peak is kept after the warm-up.
        options: Warm-up, schedule and final rate.

    Example:
        >>> options = ModelOptions(warmup_steps=2, final_rate=0.0)
        >>> [round(rate_share(step, 22, options), 3) for step in (0, 1, 2, 12, 22)]
        [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    warmup = options.warmup_steps
    if total_steps > 0:
        warmup = min(warmup, total_steps // _WARMUP_DIVISOR)
    if step < warmup:
        return (step + 1) / warmup
    if options.schedule == "constant" or total_steps <= warmup:
        return 1.0
    progress = min((step - warmup) / (total_steps - warmup), 1.0)
    return options.final_rate + (1 - options.final_rate) * 0.5 * (1 + math.cos(math.pi * progress))
