"""A rung of classify that knows the last k symbols: a Markov chain for each class, and Bayes' rule."""

from __future__ import annotations

import time

import numpy as np

from seqkit.data.store import FlatStore
from seqkit.lecture.rungs.bags import record_classes
from seqkit.lecture.rungs.places import all_places
from seqkit.lecture.rungs.posterior import bayes_figures, choose_temperature, log_prior, posterior_loss
from seqkit.lecture.rungs.rung import Rung
from seqkit.lecture.rungs.witten_bell import Found, WittenBell

_MOST_STEPS = 1 << 23
"""Steps of a split times classes: beyond, the rung is left out."""

_HIGHEST_ORDER = 8
_SCALES = (1.0, 4.0, 16.0)
_LEAST_GAIN = 1e-3


def class_chain_rung(
    train: FlatStore, valid: FlatStore | None, scored: FlatStore, num_symbols: int, num_classes: int
) -> Rung | None:
    """Class-conditional Markov chains, smoothed after Witten and Bell; order, scale and temperature by validation.

    None without validation records, and where there are more steps than a rung may cost.

    Args:
        train: With classes.
        valid: What the order is chosen on.
        scored: What the figures are of.
        num_symbols: K.
        num_classes: C.
    """
    begin = time.perf_counter()
    most = max(len(train.steps), num_classes * max(len(scored.steps), len(valid.steps) if valid else 0))
    if valid is None or not len(valid) or most > _MOST_STEPS:
        return None
    classes, truth = record_classes(train), record_classes(valid)
    prior = log_prior(classes, num_classes)
    places = all_places(train, _MOST_STEPS)
    chains = WittenBell(num_symbols, num_symbols, lambda level: -level, num_roots=num_classes)
    contexts, outcomes = np.repeat(classes, train.lengths), places.symbols(0)
    ladder = _Scorer(valid, num_symbols, num_classes)
    best = np.inf
    for order in range(_HIGHEST_ORDER + 1):
        contexts = chains.grow(places, outcomes, contexts)
        tried = {scale: ladder.extended(chains, order, scale) for scale in _SCALES}
        losses = {}
        for scale, logs in tried.items():
            scores = prior + ladder.by_record(logs)
            losses[scale] = posterior_loss(scores, truth, choose_temperature(scores, truth))
        scale = min(losses, key=lambda one: losses[one])
        if order > 1 and losses[scale] > best - _LEAST_GAIN:
            chains.shrink(order)
            break
        best = losses[scale]
        chains.levels[order].scale = scale
        ladder.accept(tried[scale])
        if not (contexts >= 0).any():
            break
    scores = prior + ladder.by_record(ladder.found)
    temperature = choose_temperature(scores, truth)
    target = _Scorer(scored, num_symbols, num_classes)
    for order, level in enumerate(chains.levels):
        target.accept(target.extended(chains, order, level.scale))
    figures = bayes_figures(prior + target.by_record(target.found), record_classes(scored), temperature)
    name = f"markov_{len(chains.levels) - 1}"
    return Rung(name, "window", figures, chains.num_counts, time.perf_counter() - begin)


class _Scorer:
    """Probabilities of all steps of a store under each class, level by level.

    Args:
        store: What is scored.
        num_symbols: K.
        num_classes: C.
    """

    def __init__(self, store: FlatStore, num_symbols: int, num_classes: int) -> None:
        self.store, self.places = store, all_places(store, len(store.steps))
        self.truth = self.places.symbols(0)
        self.contexts = [np.full(len(self.places), k, np.int64) for k in range(num_classes)]
        self.found = np.full((num_classes, len(self.places)), 1 / num_symbols)
        self._looked_up: tuple[int, list[tuple[Found, np.ndarray]]] = (-1, [])

    def extended(self, chains: WittenBell, order: int, scale: float) -> np.ndarray:
        """(C, P) with one more level."""
        if self._looked_up[0] != order:
            self._looked_up = (order, [chains.look_up(order, self.places, c, self.truth) for c in self.contexts])
        facts = [fact for fact, _ in self._looked_up[1]]
        return np.stack([fact.mixed(p, scale) for fact, p in zip(facts, self.found, strict=True)])

    def accept(self, found: np.ndarray) -> None:
        """Go on from these probabilities."""
        self.found = found
        self.contexts = [contexts for _, contexts in self._looked_up[1]]

    def by_record(self, found: np.ndarray) -> np.ndarray:
        """Log-likelihood of each record under each class, (N, C)."""
        sums: np.ndarray = np.add.reduceat(np.log(found), self.store.offsets[:-1], axis=1)
        return sums.T
