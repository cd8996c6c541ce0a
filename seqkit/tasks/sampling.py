"""Sampling: how much chance there is in what is drawn from a distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from seqkit.errors import ConfigError


@dataclass(frozen=True)
class Sampling:
    """How to draw.

    Attributes:
        temperature: 1 draws from the model, 0 takes the likeliest symbol or the mean; between, less varied.
        top_k: Only the k likeliest symbols; None: all.
        top_p: Only the likeliest symbols that together reach this probability; None: all.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ConfigError(f"temperature is {self.temperature}", at="--temperature", fix="give 0 or more")
        if self.top_k is not None and self.top_k < 1:
            raise ConfigError(f"top_k is {self.top_k}", at="--top_k", fix="give 1 or more")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p is {self.top_p}", at="--top_p", fix="give a probability above 0, at most 1")


def keep_nucleus(logits: Tensor, top_p: float) -> Tensor:
    """Logits with all but the smallest set of symbols of probability `top_p` removed; the likeliest always stays."""
    ordered, order = logits.sort(dim=-1, descending=True)
    before = ordered.softmax(dim=-1).cumsum(dim=-1) - ordered.softmax(dim=-1)
    ordered = ordered.masked_fill(before >= top_p, -math.inf)
    return torch.empty_like(logits).scatter(-1, order, ordered)
