"""Chorales made by the rules of harmony, for whoever has no MIDI files at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from seqkit_music.harmony import Cadence, Chord, Key, Mode, draw_phrase
from seqkit_music.score import BAR, END, HOLD, NUM_VOICES
from seqkit_music.voicing import lead_voices, parallels

NUM_CHORALES = 960
_PASSING_SHARE = 0.5


@dataclass(frozen=True)
class Chorale:
    """A chorale before it is written on a grid.

    Attributes:
        key: Its key.
        beats_per_bar: 4 or 3 quarter notes.
        chords: What is sung, one chord a beat; the last one of each phrase of two bars lasts two beats.
        pitches: How it is sung, (num_chords, 4).
        passing: Between a chord and the next: (chord number, voice, pitch), half a beat later.
    """

    key: Key
    beats_per_bar: int
    chords: list[Chord]
    pitches: np.ndarray
    passing: list[tuple[int, int, int]]

    @property
    def beats(self) -> list[int]:
        """The beat on which each chord begins."""
        return [place for place in range(8 * self.beats_per_bar) if (place + 1) % (2 * self.beats_per_bar)]


@cache
def demo_chorale(number: int) -> Chorale:
    """Chorale `number`, the same on every machine: four phrases of two bars; keys and modes in turn."""
    chance = np.random.default_rng([7, number])
    modes: tuple[Mode, Mode] = ("major", "minor")
    key = Key(number // 2 % 12, modes[number % 2])
    beats_per_bar = int(chance.choice([4, 4, 3]))
    endings: list[Cadence] = ["half", "authentic", "half" if chance.random() < 0.6 else "deceptive", "authentic"]
    sung = None
    while sung is None:  # The rules may allow no way through.
        phrases = [draw_phrase(chance, key.mode, 2 * beats_per_bar - 1, cadence) for cadence in endings]
        chords = [chord for phrase in phrases for chord in phrase]
        sung = lead_voices(chords, key, chance)
    passing = list(_passing_notes(sung, key, chance, 2 * beats_per_bar - 1))
    return Chorale(key, beats_per_bar, chords, sung, passing)


def write_on_grid(chorale: Chorale, steps_per_quarter: int) -> np.ndarray:
    """The score of a chorale; passing notes are left out where the grid has no half beats."""
    num_steps, bar = 8 * chorale.beats_per_bar * steps_per_quarter, chorale.beats_per_bar * steps_per_quarter
    steps = np.full((num_steps, NUM_VOICES), HOLD, dtype=np.int16)
    begins = [beat * steps_per_quarter for beat in chorale.beats]
    steps[begins] = chorale.pitches
    if steps_per_quarter % 2 == 0:
        for number, voice, pitch in chorale.passing:
            steps[begins[number] + steps_per_quarter // 2, voice] = pitch
    marked = np.insert(steps, range(0, num_steps, bar), BAR, axis=0)
    return np.concatenate([marked, np.full((1, NUM_VOICES), END, dtype=np.int16)])


def _passing_notes(
    pitches: np.ndarray, key: Key, chance: np.random.Generator, chords_per_phrase: int
) -> Iterator[tuple[int, int, int]]:
    """Some of the thirds that a voice goes, filled with the step between; none before a phrase begins anew."""
    for number, (here, there) in enumerate(pairwise(pitches)):
        if (number + 1) % chords_per_phrase == 0 or chance.random() > _PASSING_SHARE:
            continue
        ways = [(voice, pitch) for voice in range(NUM_VOICES) for pitch in _between(here[voice], there[voice], key)]
        chance.shuffle(ways)
        for voice, pitch in ways:
            middle = here.copy()
            middle[voice] = pitch
            if (middle[:-1] > middle[1:]).all() and not parallels(middle, there):
                yield number, int(voice), int(pitch)
                break


def _between(here: int, there: int, key: Key) -> list[int]:
    """The note of the scale in the middle of a third: at most two semitones from both ends."""
    low, high = sorted((int(here), int(there)))
    if high - low not in (3, 4):
        return []
    return [pitch for pitch in range(high - 2, low + 3) if low < pitch < high and pitch % 12 in key.scale()]
