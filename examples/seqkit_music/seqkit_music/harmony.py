"""What chord comes next: keys, chords on their degrees, and phrases that lead to a cadence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

Mode = Literal["major", "minor"]
Cadence = Literal["half", "authentic", "deceptive"]

SCALES: dict[Mode, tuple[int, ...]] = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
"""Semitones of the degrees above the tonic; minor is natural, its chord V takes the raised seventh."""

LEADING_TONE = 11

_NEXT: dict[int, dict[int, float]] = {
    1: {2: 0.2, 4: 0.3, 5: 0.25, 6: 0.25},
    2: {5: 1.0},
    4: {1: 0.25, 2: 0.25, 5: 0.5},
    5: {1: 0.75, 6: 0.25},
    6: {2: 0.5, 4: 0.5},
}
"""Which degree follows which, and how often: tonic, then subdominant, then dominant, then tonic."""

_ENDINGS: dict[Cadence, tuple[int, ...]] = {"half": (5,), "authentic": (5, 1), "deceptive": (5, 6)}

_INVERTED_SHARE = 0.25


@dataclass(frozen=True)
class Key:
    """A key: the tonic's pitch class (0 is C) and a mode."""

    tonic: int
    mode: Mode

    @property
    def leading_tone(self) -> int:
        """The pitch class a semitone below the tonic."""
        return (self.tonic + LEADING_TONE) % 12

    def scale(self) -> frozenset[int]:
        """Pitch classes of the (natural) scale."""
        return frozenset((self.tonic + semitones) % 12 for semitones in SCALES[self.mode])


@dataclass(frozen=True)
class Chord:
    """A triad on a degree of a key; `inverted` has its third in the bass."""

    degree: int
    inverted: bool = False

    def pitch_classes(self, key: Key) -> tuple[int, int, int]:
        """Root, third and fifth."""
        scale = SCALES[key.mode]
        above = [scale[(self.degree - 1 + skip) % 7] for skip in (0, 2, 4)]
        if self.degree == 5:
            above[1] = LEADING_TONE
        root, third, fifth = ((key.tonic + semitones) % 12 for semitones in above)
        return root, third, fifth

    def bass(self, key: Key) -> int:
        """Pitch class of the bass."""
        return self.pitch_classes(key)[1 if self.inverted else 0]


def draw_phrase(chance: np.random.Generator, mode: Mode, num_chords: int, cadence: Cadence) -> list[Chord]:
    """A phrase that begins on the tonic, walks through the functions, and ends with a cadence in root position.

    Args:
        chance: Of the draws.
        mode: Decides which chords are inverted: the diminished ii of minor always is.
        num_chords: Chords of the phrase.
        cadence: Its end: V, V-I or V-vi.
    """
    walks, shares = _walks(num_chords, _ENDINGS[cadence])
    degrees = walks[chance.choice(len(walks), p=shares)]
    inverted = chance.random(num_chords) < _INVERTED_SHARE
    inverted[[0, *range(num_chords - len(_ENDINGS[cadence]), num_chords)]] = False
    for place, degree in enumerate(degrees):
        if degree == 5 and inverted[place]:  # Its bass is the leading tone: it must rise to the tonic.
            inverted[place] = degrees[place + 1] == 1 and not inverted[place + 1]
        inverted[place] = (inverted[place] and degree != 6) or (degree == 2 and mode == "minor")
    return [Chord(degree, bool(turned)) for degree, turned in zip(degrees, inverted, strict=True)]


@cache
def _walks(num_chords: int, ending: tuple[int, ...]) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """All rows of degrees from the tonic to an ending, and how likely each is among them."""
    walks: dict[tuple[int, ...], float] = {(1,): 1.0}
    for _ in range(num_chords - 1):
        walks = {(*walk, on): share * part for walk, share in walks.items() for on, part in _NEXT[walk[-1]].items()}
    kept = {walk: share for walk, share in walks.items() if walk[-len(ending) :] == ending}
    shares = np.array(list(kept.values()))
    return list(kept), shares / shares.sum()
