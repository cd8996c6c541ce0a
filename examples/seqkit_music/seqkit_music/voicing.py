"""How four voices sing a row of chords: their ranges, what they may not do, and the nearest way."""

from __future__ import annotations

from functools import cache
from itertools import pairwise, product

import numpy as np

from seqkit_music.harmony import Chord, Key

RANGES = ((60, 79), (55, 74), (48, 67), (40, 60))
"""Lowest and highest pitch of soprano, alto, tenor and bass: C4-G5, G3-D5, C3-G4, E2-C4."""

MOST_APART = (12, 12, 19)
"""Semitones between neighbours: soprano and alto, alto and tenor, tenor and bass."""

LARGEST_LEAPS = np.array([7, 7, 7, 12])
FORBIDDEN_LEAPS = (6, 10, 11)
PERFECT = (0, 7)
"""Octaves (and unisons) and fifths, in semitones modulo 12."""

_PAIRS = np.array([(upper, lower) for upper in range(4) for lower in range(upper + 1, 4)])
_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.4])
_CENTRES = np.array([sum(limits) / 2 for limits in RANGES])
_WILFULNESS = 1.5


def lead_voices(chords: list[Chord], key: Key, chance: np.random.Generator) -> np.ndarray | None:
    """Voices for a row of chords, each near the one before, or None where the rules allow no way through.

    Args:
        chords: What is to be sung.
        key: In which key.
        chance: Draws among the ways that lead to the end; short ones are likelier.

    Returns:
        Pitches (num_chords, 4).
    """
    links = [_links(key, here, there) for here, there in pairwise(chords)]
    alive = [np.ones(len(_ways(key, chords[-1])), dtype=bool)]
    for link in reversed(links):  # From the end: what can go on to a way that goes on.
        alive.append((link & alive[-1]).any(axis=1))
    alive.reverse()
    if not alive[0].any():
        return None
    sung: list[np.ndarray] = []
    open_now = alive[0]
    for number, chord in enumerate(chords):
        ways = _ways(key, chord)
        cost = 0.15 * np.abs(ways - _CENTRES).sum(axis=1)
        if sung:
            cost += np.abs(ways - sung[-1]) @ _WEIGHTS
        chosen = int(np.where(open_now, cost + _WILFULNESS * chance.gumbel(size=len(cost)), np.inf).argmin())
        sung.append(ways[chosen])
        if number < len(links):
            open_now = links[number][chosen] & alive[number + 1]
    return np.stack(sung)


@cache
def _links(key: Key, here: Chord, there: Chord) -> np.ndarray:
    """Which way to sing one chord may go on to which way to sing another: (N, M) bool."""
    return may_follow(_ways(key, here)[:, None], _ways(key, there)[None], key)


def _ways(key: Key, chord: Chord) -> np.ndarray:
    return voicings(chord.pitch_classes(key), chord.bass(key), key.leading_tone)


@cache
def voicings(pitch_classes: tuple[int, int, int], bass: int, leading_tone: int) -> np.ndarray:
    """All ways (N, 4) to sing a complete triad: in range, in order, close together, leading tone not doubled."""
    choices = [
        [pitch for pitch in range(low, high + 1) if pitch % 12 in (pitch_classes if voice < 3 else (bass,))]
        for voice, (low, high) in enumerate(RANGES)
    ]
    ways = np.array(list(product(*choices)))
    gaps = ways[:, :-1] - ways[:, 1:]
    classes = ways % 12
    complete = np.all([(classes == one).any(axis=1) for one in pitch_classes], axis=0)
    close = ((gaps > 0) & (gaps <= MOST_APART)).all(axis=1)
    kept: np.ndarray = ways[complete & close & ((classes == leading_tone).sum(axis=1) <= 1)]
    return kept


def may_follow(before: np.ndarray, after: np.ndarray, key: Key) -> np.ndarray:
    """Whether the rules allow a step from one way to sing to another: two (..., 4) -> (...) bool."""
    moves = after - before
    leaps = np.abs(moves)
    singable = ((leaps <= LARGEST_LEAPS) & ~np.isin(leaps, FORBIDDEN_LEAPS)).all(axis=-1)
    # No voice goes past where its neighbour just was.
    apart = ((after[..., 1:] <= before[..., :-1]) & (after[..., :-1] >= before[..., 1:])).all(axis=-1)
    resolved = ((before % 12 != key.leading_tone) | (moves == 1)).all(axis=-1)
    forbidden = parallels(before, after) | _augmented_second(before, after, key)
    allowed: np.ndarray = singable & apart & resolved & ~forbidden
    return allowed


def parallels(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Whether two voices move from one perfect consonance to the same one: two (..., 4) -> (...) bool."""
    upper, lower = _PAIRS.T
    first, second = (before[..., upper] - before[..., lower]) % 12, (after[..., upper] - after[..., lower]) % 12
    moves = after[..., upper] != before[..., upper]
    found: np.ndarray = (np.isin(first, PERFECT) & (first == second) & moves).any(axis=-1)
    return found


def _augmented_second(before: np.ndarray, after: np.ndarray, key: Key) -> np.ndarray:
    """Whether a voice goes from the minor sixth up to the leading tone; the way down breaks its own rule."""
    sixth = (key.tonic + 8) % 12
    found: np.ndarray = ((before % 12 == sixth) & (after % 12 == key.leading_tone)).any(axis=-1)
    return found
