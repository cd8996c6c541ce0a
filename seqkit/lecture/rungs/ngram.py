"""Rungs of next_step over symbols: all alike, frequencies, Markov chains of the order that validation prefers."""

from __future__ import annotations

import math
import time

import numpy as np

from seqkit.data.store import FlatStore
from seqkit.lecture.rungs.places import Places, leading_counts, target_places
from seqkit.lecture.rungs.rung import Figures, Rung
from seqkit.lecture.rungs.witten_bell import WittenBell
from seqkit.tasks.class_weights import class_counts

_MOST_COUNTED = 1 << 21
"""Training steps that a chain is counted from, and targets that it is scored on."""

_MOST_VALIDATED = 1 << 18
_HIGHEST_ORDER = 12
_ORDER_UNTRIED = 2
"""Where there is no validation split."""

_TOGETHER = 1 << 17


def uniform_rung(num_symbols: int) -> Rung:
    """Every symbol alike."""
    return Rung("uniform", "blind", _figures(math.log(num_symbols)) | {"accuracy": 1 / num_symbols})


def unigram_rung(train: FlatStore, scored: FlatStore, num_symbols: int) -> Rung:
    """Frequencies of the training split, one added to each count."""
    begin = time.perf_counter()
    counts = class_counts(train.steps, num_symbols) + 1
    truth = class_counts(scored.steps, num_symbols) - leading_counts(scored, num_symbols)
    total = max(truth.sum(), 1)
    loss = float(-(truth * np.log(counts / counts.sum())).sum() / total)
    figures = _figures(loss) | {"accuracy": float(truth[counts.argmax()] / total)}
    return Rung("unigram", "counts", figures, num_symbols - 1, time.perf_counter() - begin)


def markov_rung(train: FlatStore, valid: FlatStore | None, scored: FlatStore, num_symbols: int) -> Rung | None:
    """A Markov chain (an n-gram model with n = order + 1), smoothed after Witten and Bell; None without targets.

    Args:
        train: What is counted.
        valid: What order and scales are chosen on; None takes order 2.
        scored: What the figures are of.
        num_symbols: K.
    """
    begin = time.perf_counter()
    places, targets = target_places(train, _MOST_COUNTED), target_places(scored, _MOST_COUNTED)
    if not len(places) or not len(targets):
        return None
    chain = fit_chain(places, None if valid is None else target_places(valid, _MOST_VALIDATED), num_symbols)
    nats = sum(float(-np.log(chain.probabilities(part, part.symbols(0))).sum()) for _, part in targets.parts(_TOGETHER))
    name = f"markov_{len(chain.levels) - 1}"
    note = part_note(name, places, targets)
    return Rung(name, "window", _figures(nats / len(targets)), chain.num_counts, time.perf_counter() - begin, note)


def fit_chain(places: Places, valid: Places | None, num_symbols: int) -> WittenBell:
    """Count orders 1, 2 ... as long as the validation split gains by them."""
    chain = WittenBell(num_symbols, num_symbols, lambda level: -level)
    outcomes = places.symbols(0)
    if valid is not None and len(valid):
        chain.learn(places, outcomes, valid, valid.symbols(0), _HIGHEST_ORDER + 1)
        return chain
    contexts = np.zeros(len(places), np.int64)
    for _ in range(_ORDER_UNTRIED + 1):
        contexts = chain.grow(places, outcomes, contexts)
    return chain


def part_note(name: str, places: Places, targets: Places) -> str:
    """That only a part was counted; empty where all was."""
    parts = []
    if places.is_part:
        parts.append(f"learnt from {len(places):,} of {places.total:,} steps")
    if targets.is_part:
        parts.append(f"scored on {len(targets):,} of {targets.total:,} targets")
    return f"{name.replace('_', ' ')}: {', '.join(parts)}" if parts else ""


def _figures(loss: float) -> Figures:
    return {"loss": loss, "bits_per_step": loss / math.log(2), "perplexity": math.exp(loss)}
