"""Language models over words, for benchmarks: a made or given text, and one model with each output layer."""

from __future__ import annotations

import gzip
import math
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from seqkit import Domain, Record, SequenceDataModule, SequenceModel, SymbolCodec
from seqkit.build import build_model
from seqkit.optimiser import build_adamw
from seqkit.options import ModelOptions
from seqkit.steps import Batch, Split

NUM_WORDS = 33_278
LAYERS: dict[str, dict[str, Any]] = {
    "full, tied": {"tie_weights": True},
    "adaptive, tied": {"softmax": "adaptive", "tie_weights": True},
    "adaptive, own weights": {"softmax": "adaptive"},
}
PARTS = ("embedding and LSTM", "softmax and loss", "backward", "clipping", "AdamW")


class Words(SequenceDataModule):
    """A text with one character for each word, by falling frequency; made of random words without a path.

    Args:
        path: Text, plain or gzip.
        valid_path: Text to validate on.
        num_words: Words that are made.
        options: Of every data module.
    """

    def __init__(
        self, path: str | None = None, valid_path: str | None = None, num_words: int = 20_000, **options: Any
    ) -> None:
        super().__init__(path=path, **options)
        self.num_words = num_words
        self.texts = {"train": path, "valid": valid_path}
        self.codec = self.target_codec = SymbolCodec(symbols(NUM_WORDS if path is None else len(ranks(path))))

    def records(self, split: Split) -> Iterable[Record]:
        """One record."""
        if self.path is None:
            letters = symbols(NUM_WORDS)
            share = 1 / np.arange(1, NUM_WORDS + 1)
            drawn = np.random.default_rng(0).choice(NUM_WORDS, size=self.num_words, p=share / share.sum())
            yield Record("".join(letters[k] for k in drawn), origin="made:0")
        else:
            known, file = ranks(self.texts["train"]), self.texts.get(split) or self.texts["train"]
            letters = symbols(len(known))
            yield Record("".join(letters[known[word]] for word in words(file) if word in known), origin=f"{file}:0")


def symbols(count: int) -> str:
    """So many characters, none of which is a surrogate."""
    return "".join(chr(0x10000 + number) for number in range(count))


def words(path: str) -> list[str]:
    """The words of a text, each line end one of them."""
    open_text: Any = gzip.open if path.endswith(".gz") else open
    with open_text(path, "rt", encoding="utf-8") as file:
        return file.read().replace("\n", " <eos> ").split()


@cache
def ranks(path: str) -> dict[str, int]:
    """Words by falling frequency."""
    return {word: rank for rank, (word, _) in enumerate(Counter(words(path)).most_common())}


@dataclass(frozen=True)
class Case:
    """One size of model and batch."""

    hidden_size: int
    batch_size: int
    window: int
    half: bool = False

    def __str__(self) -> str:
        return f"H={self.hidden_size}, B={self.batch_size}, T={self.window}, {'bf16' if self.half else 'float32'}"


class Trainee:
    """A model, its optimiser, and the state of its streams.

    Args:
        case: Sizes.
        layer: Name of the output layer.
        data: What it learns from.
    """

    def __init__(self, case: Case, layer: str, data: Words) -> None:
        torch.manual_seed(0)
        options = ModelOptions(hidden_size=case.hidden_size, **LAYERS[layer])
        self.model: SequenceModel = build_model(Domain("words", Words), data, options)
        self.optimizer = build_adamw(self.model.parameters(), options, fused=True)
        self.half, self.state = case.half, None
        self.loader = data.loader("train")
        self.plan, self.position = self.loader.plan(0), 0

    def update(self) -> np.ndarray:
        """One update; seconds of each part."""
        batch = self.loader.batch(self.plan, self.position % len(self.loader))
        self.position += 1
        ticks = [time.perf_counter()]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            features, lengths, _, after = self.model(batch.inputs, batch.lengths, self.state, batch.reset)
            ticks.append(time.perf_counter())
            loss = self._loss(features, lengths, batch)
        self.state = tuple(kind.detach() for kind in after)
        ticks.append(time.perf_counter())
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        ticks.append(time.perf_counter())
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        ticks.append(time.perf_counter())
        self.optimizer.step()
        return np.diff([*ticks, time.perf_counter()])

    def _loss(self, features: torch.Tensor, lengths: torch.Tensor, batch: Batch) -> torch.Tensor:
        if self.model.options.softmax == "adaptive":
            return self.model.task.clustered_outcome(features, batch).loss
        return self.model.task.outcome(self.model.task(features, lengths).float(), batch).loss

    @torch.no_grad()
    def perplexity(self, data: Words, num_batches: int) -> float:
        """On the beginning of the validation split, with carried state."""
        loader, state, nats, count = data.loader("valid"), None, 0.0, 0
        plan = loader.plan(0)
        for position in range(min(num_batches, len(loader))):
            outcome, state = self.model.eval().outcome(loader.batch(plan, position), state)
            nats, count = nats + float(outcome.nll.sum()), count + int(outcome.scored.sum())
        self.model.train()
        return math.exp(nats / count)
