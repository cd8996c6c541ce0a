"""Counts in ever longer contexts, interpolated after Witten and Bell: exact probabilities without a network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from seqkit.lecture.rungs.code_index import CodeIndex
from seqkit.lecture.rungs.places import Places

_SCALES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_LEAST_GAIN = 2e-3
"""Nats a target by which a further level must lower the validation loss: less may be chance."""


@dataclass
class _Level:
    """Counts in contexts of one length.

    Attributes:
        contexts: Code of a context: its number in the level before * num_symbols + the symbol that it adds.
        events: Code of what followed: number of the context * num_outcomes + outcome.
        types: Different outcomes in each context.
        scale: How much they weigh.
    """

    contexts: CodeIndex
    events: CodeIndex
    types: np.ndarray
    scale: float = 1.0


@final
@dataclass(frozen=True)
class Found:
    """What a level knows of some places.

    Attributes:
        known: Places whose context was seen, (Q,).
        seen: How often their outcomes were, (Q,) or (Q, Y).
        totals: Events of their contexts, (Q,) or (Q, 1).
        types: Different outcomes, of the same shape.
    """

    known: np.ndarray
    seen: np.ndarray
    totals: np.ndarray
    types: np.ndarray

    def mixed(self, before: np.ndarray, scale: float) -> np.ndarray:
        """Probabilities at this level from those at the level before."""
        after = before.copy()
        escape = scale * self.types
        after[self.known] = (self.seen + escape * before[self.known]) / (self.totals + escape)
        return after


@final
class WittenBell:
    """p(outcome | symbols around it), from counts in contexts that grow by one symbol a level.

    p_k(y | c_k) = (n(c_k, y) + s_k T(c_k) p_{k-1}(y | c_{k-1})) / (n(c_k) + s_k T(c_k)), where T(c) is the number of
    different outcomes seen in c; below the first level all outcomes are alike, and a context never seen leaves p_{k-1}
    as it is. With s = 1 that is method C of Witten and Bell 1991 [witten1991], interpolated as in Chen and Goodman
    1999, section 2.4 [chen1999]. It trusts contexts seen once too much, so s_k is chosen on the validation split.

    Args:
        num_symbols: Symbols that a context is made of.
        num_outcomes: Values of what is predicted.
        offset_of: The step that level k = 1, 2 ... adds to the context, relative to the place.
        num_roots: Contexts of level 0: 1, or one a class.
    """

    def __init__(
        self, num_symbols: int, num_outcomes: int, offset_of: Callable[[int], int], num_roots: int = 1
    ) -> None:
        self.num_symbols, self.num_outcomes, self.num_roots = num_symbols, num_outcomes, num_roots
        self.offset_of = offset_of
        self.levels: list[_Level] = []

    @property
    def num_counts(self) -> int:
        """Counts that are kept, over all levels."""
        return sum(len(level.events) for level in self.levels)

    def learn(
        self,
        places: Places,
        outcomes: np.ndarray,
        valid: Places,
        truth: np.ndarray,
        most_levels: int,
        least_levels: int = 2,
    ) -> None:
        """Count level after level, each with its scale, as long as the validation split gains by it.

        Args:
            places: Of training.
            outcomes: What is predicted there, (P,).
            valid: Of validation.
            truth: What is predicted there.
            most_levels: Levels at most, the one without context among them.
            least_levels: Levels at least, where records are long enough.
        """
        contexts, seen = np.zeros(len(places), np.int64), np.zeros(len(valid), np.int64)
        found, best = np.full(len(valid), 1 / self.num_outcomes), math.inf
        for number in range(most_levels):
            contexts = self.grow(places, outcomes, contexts)
            facts, seen = self.look_up(number, valid, seen, truth)
            tried = {scale: facts.mixed(found, scale) for scale in _SCALES}
            losses = {scale: float(-np.log(values).mean()) for scale, values in tried.items()}
            scale = min(losses, key=lambda one: (losses[one], abs(math.log(one))))
            if losses[scale] > best - _LEAST_GAIN and number >= least_levels:
                self.shrink(number)
                return
            self.levels[number].scale, found, best = scale, tried[scale], losses[scale]
            if not (contexts >= 0).any():
                return

    def shrink(self, num_levels: int) -> None:
        """Forget all but the first levels."""
        del self.levels[num_levels:]

    def grow(self, places: Places, outcomes: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """Count one more level.

        Args:
            places: Of training.
            outcomes: What is predicted at each, (P,).
            contexts: Of the level before, (P,), as this function gave them; for the first level the roots.

        Returns:
            Numbers of the contexts of this level, (P,); -1 where a record has no such context.
        """
        codes, size = self._extend(len(self.levels), places, contexts)
        known = codes >= 0
        index = CodeIndex(codes[known], size)
        contexts = index.find(codes)
        events = CodeIndex(contexts[known] * self.num_outcomes + outcomes[known], len(index) * self.num_outcomes)
        types = np.bincount(events.codes // self.num_outcomes, minlength=len(index)).astype(np.int32)
        self.levels.append(_Level(index, events, types))
        return contexts

    def look_up(
        self, number: int, places: Places, contexts: np.ndarray, outcomes: np.ndarray
    ) -> tuple[Found, np.ndarray]:
        """What a level knows of outcomes, and its contexts.

        Args:
            number: Of the level, from 0.
            places: What is scored.
            contexts: Of the level before, (P,); for the first one the roots.
            outcomes: (P,), or (P, Y) for several at each place.
        """
        level = self.levels[number]
        contexts = level.contexts.find(self._extend(number, places, contexts)[0]) if len(level.contexts) else contexts
        known = np.flatnonzero(contexts >= 0) if len(level.contexts) else np.zeros(0, np.int64)
        own = contexts[known].reshape(-1, *[1] * (outcomes.ndim - 1))
        events = level.events.find(own * self.num_outcomes + outcomes[known])
        seen = np.where(events >= 0, level.events.counts[np.maximum(events, 0)], 0.0)
        return Found(known, seen, level.contexts.counts[own], level.types[own]), contexts

    def probabilities(self, places: Places, outcomes: np.ndarray, roots: np.ndarray | None = None) -> np.ndarray:
        """Probabilities of outcomes with all levels, of the shape of `outcomes`: (P,) or (P, Y)."""
        contexts = np.zeros(len(places), np.int64) if roots is None else roots
        found = np.full(outcomes.shape, 1 / self.num_outcomes)
        for number, level in enumerate(self.levels):
            facts, contexts = self.look_up(number, places, contexts, outcomes)
            found = facts.mixed(found, level.scale)
        return found

    def _extend(self, number: int, places: Places, contexts: np.ndarray) -> tuple[np.ndarray, int]:
        """Codes of the contexts of a level, -1 where there are none, and how many there may be."""
        if number == 0:
            return contexts, self.num_roots
        symbols = places.symbols(self.offset_of(number))
        known = (contexts >= 0) & (symbols >= 0)
        codes = np.where(known, contexts * self.num_symbols + symbols, -1)
        return codes, len(self.levels[number - 1].contexts) * self.num_symbols
