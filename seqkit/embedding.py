"""SymbolEmbedding: one vector for each symbol, and a share of the symbols gone for one batch."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn
from torch.nn import functional


@final
class SymbolEmbedding(nn.Embedding):
    """An embedding that can lose whole symbols in training: each is zero wherever it occurs in the batch, or nowhere.

    Encoders of symbols hold theirs in it, so that `--model.embedding_dropout` reaches them. Only what is read is
    dropped: an output layer that shares the matrix keeps all of it.
    Source: Gal and Ghahramani 2016, section 4.2 [gal2016]; Merity et al. 2018, section 4.3 [merity2018].

    Args:
        num_symbols: K.
        size: Of each vector, D.

    Attributes:
        dropout: Share of the symbols, of the vocabulary rather than of the batch, from 0 to below 1; the others are
            scaled up for it. Set when the model is built.
        tied: An output layer shares the matrix. Its gradient has all rows, so this one's few are added to it as they
            are: a second matrix of zeros would be filled and added at each step. On a processor alone: other devices
            have no sparse gradients, or none that repeat bit for bit.
    """

    def __init__(self, num_symbols: int, size: int) -> None:
        super().__init__(num_symbols, size)
        self.dropout = 0.0
        self.tied = False

    def forward(self, x: Tensor) -> Tensor:
        """(...) int64 -> (..., D)."""
        vectors = functional.embedding(x, self.weight, sparse=self.tied and x.is_cpu)
        if not self.training or not self.dropout:
            return vectors
        kept = functional.dropout(self.weight.new_ones(self.num_embeddings, 1), self.dropout)  # (K, 1)
        return vectors * functional.embedding(x, kept)
