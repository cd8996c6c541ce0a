"""MotifEncoder: convolutions that see a few neighbouring bases, for tasks over whole records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from seqkit import ConfigError, Discrete, Encoder, Spec, SymbolEmbedding, step_encoder, valid_mask
from seqkit_dna.codec import MOST_BASES
from seqkit_dna.letters import BASES

_CODON = 3


@final
class MotifEncoder(Encoder):
    """Embedding, then convolutions with normalisation, each step's features from its neighbourhood.

    What lies past a record's end is set to zero before each convolution, as beyond the ends of a record that
    stands alone: so no feature depends on the batch.

    Args:
        num_classes: Symbols a step may be.
        d_model: Size of the features.
        kernel_size: Steps a filter sees; odd.
        num_filters: Filters of each convolution.
        num_convolutions: Convolutions, one after the other; from the second on each adds to what came before.
        pool: Steps that become one, by their maximum; 1 keeps time as it is.
        dropout: Share of the features set to zero in training, after each convolution.
        num_positions: Steps from the start of a record that have a learned vector of their own, for windows that
            are aligned on a site (a transcription start, a splice junction); 0: a motif means the same anywhere.
        step: Bases from one place of the first convolution to the next: each place sees its bases and their
            neighbours, and where the frame matters it knows which of its bases is which.
        dilation: From the third convolution on, each looks this many times further apart than the one before.
        word: Bases of the words that are embedded, one around each base: 6 for the usage of pairs of codons. A word
            with an N, or that reaches beyond the record, is one of its own.
        windows: Steps, odd, around each over which what was found is averaged beside it, for what only many steps
            together tell: the usage of codons.
    """

    pointwise = False

    def __init__(
        self,
        num_classes: int,
        d_model: int,
        kernel_size: int,
        num_filters: int,
        num_convolutions: int,
        pool: int,
        dropout: float,
        num_positions: int = 0,
        step: int = 1,
        dilation: int = 1,
        word: int = 1,
        windows: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.d_model, self.pool, self.step, self.stride = d_model, pool, step, step * pool
        self.word = word
        self.embed = SymbolEmbedding(num_classes if word == 1 else len(BASES) ** min(word, _CODON) + 1, num_filters)
        # Of thousands of words each is seen rarely: it begins as its codon, and learns what it is beyond that.
        self.embed_words = SymbolEmbedding(len(BASES) ** word + 1, num_filters) if word > _CODON else None
        if self.embed_words is not None:
            nn.init.zeros_(self.embed_words.weight)
        self.kernel_size = kernel_size
        self.convolutions = nn.ModuleList(
            nn.Conv1d(num_filters, num_filters, kernel_size, stride=step, padding=0)
            if number == 0
            else nn.Conv1d(num_filters, num_filters, kernel_size, padding="same", dilation=dilation ** (number - 1))
            for number in range(num_convolutions)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(num_filters) for _ in range(num_convolutions))
        self.dropout = nn.Dropout(dropout)
        self.windows = tuple(windows)
        self.out = nn.Linear(num_filters * (1 + len(self.windows)), d_model)
        # One vector more for all steps past the aligned ones.
        self.positions = nn.Embedding(num_positions + 1, num_filters) if num_positions else None

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T) -> (B, ceil(ceil(T / step) / pool), D)."""
        valid = valid_mask(lengths, x.shape[1])[..., None]  # (B, T, 1)
        features = self._embedded(x, valid[..., 0])  # (B, T) -> (B, T, C)
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            seen = features.masked_fill(~valid, 0.0).transpose(1, 2)  # (B, C, T)
            found = convolution(self._padded(seen) if number == 0 else seen).transpose(1, 2)
            if number == 0 and self.step > 1:
                lengths = (lengths + self.step - 1) // self.step
                valid = valid_mask(lengths, found.shape[1])[..., None]  # (B, T', 1)
            found = self.dropout(torch.relu(norm(found)))
            features = found if number == 0 else features + found
        if self.positions is not None:
            steps = torch.arange(features.shape[1], device=x.device).clamp(max=self.positions.num_embeddings - 1)
            features = features * (1 + self.positions(steps))
        if self.windows:
            features = self._with_means(features, valid)
        if self.pool > 1:
            features, lengths = self._pooled(features.masked_fill(~valid, -torch.inf), lengths)
        return self.out(features), lengths

    def _with_means(self, features: Tensor, valid: Tensor) -> Tensor:
        """Features beside their means over each window, of the steps that are there: (B, T, C) -> (B, T, C (1 + W))."""
        seen, there = features.masked_fill(~valid, 0.0).transpose(1, 2), valid.to(features.dtype).transpose(1, 2)
        found = [features]
        for window in self.windows:
            total, share = (nn.functional.avg_pool1d(x, window, 1, window // 2) for x in (seen, there))
            found.append((total / share.clamp(min=1 / window)).transpose(1, 2))
        return torch.cat(found, dim=-1)

    def _embedded(self, x: Tensor, valid: Tensor) -> Tensor:
        """What stands at each step, (B, T) -> (B, T, C)."""
        short = x if self.word == 1 else _words(x, valid, min(self.word, _CODON))
        features: Tensor = self.embed(short)
        if self.embed_words is not None:
            features = features + self.embed_words(_words(x, valid, self.word))
        return features

    def _padded(self, seen: Tensor) -> Tensor:
        """Zeros around (B, C, T), so that the first convolution has ceil(T / step) places."""
        places = (seen.shape[2] + self.step - 1) // self.step
        before = (self.kernel_size - self.step) // 2
        needed = (places - 1) * self.step + self.kernel_size
        return nn.functional.pad(seen, (before, needed - before - seen.shape[2]))

    def _pooled(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Maximum over windows of `pool` steps, the last of which may be shorter: (B, T, C) -> (B, T', C)."""
        pooled = nn.functional.max_pool1d(features.transpose(1, 2), self.pool, ceil_mode=True).transpose(1, 2)
        lengths = (lengths + self.pool - 1) // self.pool
        return pooled.masked_fill(~valid_mask(lengths, pooled.shape[1])[..., None], 0.0), lengths


def _words(x: Tensor, valid: Tensor, size: int) -> Tensor:
    """The word around each base, (B, T): digits in base 4, or the last number where it is not known."""
    around = ((size - 1) // 2, size // 2)
    known, digits = nn.functional.pad(valid & (x < len(BASES)), around), nn.functional.pad(x, around)
    words, whole = torch.zeros_like(x), torch.ones_like(valid)
    for place in range(size):
        part = slice(place, place + x.shape[1])
        words, whole = words * len(BASES) + digits[:, part], whole & known[:, part]
    return torch.where(whole, words, len(BASES) ** size)


def dna_encoder(
    spec: Spec,
    d_model: int,
    task: str,
    kernel_size: int = 9,
    num_filters: int = 64,
    num_convolutions: int = 2,
    pool: int = 1,
    dropout: float = 0.2,
    num_positions: int = 0,
    step: int = 1,
    dilation: int = 1,
    word: int = 1,
    windows: list[int] | None = None,
) -> Encoder:
    """Each step alone for `next_step`, which must not see its neighbours; a `MotifEncoder` otherwise.

    Args:
        spec: What a step is.
        d_model: Size of the features.
        task: Decides which of the two.
        kernel_size: Steps a filter sees; odd.
        num_filters: Filters of each convolution.
        num_convolutions: Convolutions, one after the other.
        pool: Steps that become one, by their maximum; 1 keeps time as it is.
        dropout: Share of the features set to zero in training, after each convolution.
        num_positions: Steps from the start that have a learned vector of their own, for windows that are aligned on
            a site; 0: a motif means the same anywhere.
        step: Bases that become one by the first convolution, 3 for codons; `tag` answers for each of them.
        dilation: From the third convolution on, each looks this many times further apart than the one before.
        word: Bases of the words that are embedded, one around each base; 6 for the usage of pairs of codons.
        windows: Steps, odd, around each over which what the convolutions found is averaged beside it.

    Raises:
        ConfigError: If the kernel size is even, or smaller than the step.
    """
    if kernel_size % 2 == 0:
        raise ConfigError(f"kernel_size is {kernel_size}", at="--encoder.kernel_size", fix="give an odd number")
    if not 1 <= step <= kernel_size:
        raise ConfigError(f"step is {step}", at="--encoder.step", fix=f"give 1 to {kernel_size}, the kernel size")
    if dilation < 1:
        raise ConfigError(f"dilation is {dilation}", at="--encoder.dilation", fix="give 1 or more")
    if any(window < 3 or window % 2 == 0 for window in windows or ()):
        raise ConfigError(f"windows are {windows}", at="--encoder.windows", fix="give odd numbers from 3")
    if not 1 <= word <= MOST_BASES or (word > 1 and isinstance(spec, Discrete) and spec.num_classes > len(BASES) + 1):
        raise ConfigError(
            f"words of {word} steps", at="--encoder.word", fix=f"give 1 to {MOST_BASES} bases; 1 if steps are k-mers"
        )
    if task == "next_step" or not isinstance(spec, Discrete):
        return step_encoder(spec, d_model, task)
    return MotifEncoder(
        spec.num_classes,
        d_model,
        kernel_size,
        num_filters,
        num_convolutions,
        pool,
        dropout,
        num_positions,
        step,
        dilation,
        word,
        windows or (),
    )
