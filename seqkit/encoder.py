"""Encoder: steps to features, with weights. The default one looks at each step alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import final

import torch
from torch import Tensor, nn

from seqkit.embedding import SymbolEmbedding
from seqkit.steps import Discrete, Spec


class Encoder(nn.Module, ABC):
    """Turns a batch of steps into features for the backbone.

    Attributes:
        pointwise: True: the feature of a step depends on that step alone, and time keeps its length.
            False: it looks at neighbours or shortens time; refused where it would see the step it predicts.
        stride: Steps that become one feature; `tag` gives each of them an answer.
        d_model: Size D of the features it gives.
    """

    pointwise: bool = True
    stride: int = 1
    d_model: int

    @abstractmethod
    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Features and their lengths.

        Args:
            x: Steps, (B, T) int64 or (B, T, F) float.
            lengths: Valid steps, (B,); what lies past them must not change what lies before.

        Returns:
            Features (B, T', D) and lengths (B,), at least 1 for every record that has a step.
        """


@final
class StepEncoder(Encoder):
    """An embedding for symbols, a linear map for numbers. Missing numbers become 0 and a flag.

    Args:
        spec: What a step is.
        d_model: Size of the features.
    """

    def __init__(self, spec: Spec, d_model: int) -> None:
        super().__init__()
        self.d_model = d_model
        self.discrete = isinstance(spec, Discrete)
        self.map: nn.Module
        if isinstance(spec, Discrete):
            self.map = SymbolEmbedding(spec.num_classes, d_model)
        else:
            self.map = nn.Linear(2 * spec.num_features, d_model)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T) or (B, T, F) -> (B, T, D)."""
        if self.discrete:
            return self.map(x), lengths
        observed = torch.isfinite(x)
        known = torch.where(observed, x, torch.zeros_like(x))
        return self.map(torch.cat([known, observed.to(x.dtype)], dim=-1)), lengths


EncoderBuilder = Callable[..., Encoder]
"""`(spec, d_model, task, **options) -> Encoder`; the options become `--encoder.*`."""


def step_encoder(spec: Spec, d_model: int, task: str) -> Encoder:
    """The default encoder of a domain: each step alone.

    Args:
        spec: What a step is.
        d_model: Size of the features.
        task: Not looked at: every task can use it.
    """
    return StepEncoder(spec, d_model)
