"""TextEncoder: an embedding that loses whole symbols in training."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqkit import ConfigError, Discrete, Encoder, Spec, step_encoder


@final
class TextEncoder(Encoder):
    """An embedding with embedding dropout: in training a share of the symbols is zero wherever it occurs.

    Source: Gal and Ghahramani 2016, section 4.2 [gal2016]; Merity et al. 2018, section 4.3 [merity2018].

    Args:
        spec: What a step is.
        d_model: Size of the features.
        embedding_dropout: Share of the symbols, from 0 to below 1; the others are scaled up for it.
    """

    def __init__(self, spec: Discrete, d_model: int, embedding_dropout: float) -> None:
        super().__init__()
        self.d_model, self.embedding_dropout = d_model, embedding_dropout
        self.map = nn.Embedding(spec.num_classes, d_model)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T) -> (B, T, D)."""
        features = self.map(x)
        if not self.training:
            return features, lengths
        ones = torch.ones(self.map.num_embeddings, 1, device=x.device, dtype=features.dtype)
        kept = functional.dropout(ones, self.embedding_dropout)  # (K, 1)
        return features * functional.embedding(x, kept), lengths


def text_encoder(spec: Spec, d_model: int, task: str, embedding_dropout: float = 0.0) -> Encoder:
    """The encoder of the text domain: an embedding, each step alone.

    Args:
        spec: What a step is.
        d_model: Size of the features.
        task: Not looked at: every task can use it.
        embedding_dropout: Share of the symbols (of the vocabulary, not of the text) that is dropped in training.
    """
    if not 0 <= embedding_dropout < 1:
        raise ConfigError(
            f"embedding_dropout is {embedding_dropout}",
            at="--encoder.embedding_dropout",
            fix="give a share from 0 to below 1",
        )
    if not embedding_dropout or not isinstance(spec, Discrete):
        return step_encoder(spec, d_model, task)
    return TextEncoder(spec, d_model, embedding_dropout)
