"""Listening by numbers: what a score keeps of the rules, judged from its pitches alone.

    python -m seqkit_music.listening generated.mid another.mid

It knows nothing of how demo chorales are made, so it may judge them as well as what a model made.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from seqkit import SeqkitError, find_files
from seqkit_music.midi_events import read_song
from seqkit_music.quantise import score_of
from seqkit_music.score import is_mark, sounding

TRIADS = frozenset(
    frozenset((root + step) % 12 for step in shape) for shape in ((0, 4, 7), (0, 3, 7), (0, 3, 6)) for root in range(12)
)
"""Major, minor and diminished triads as sets of pitch classes."""

SUNG = ((57, 81), (52, 76), (48, 69), (38, 64))
"""What a choir sings: soprano A3-A5, alto E3-E5, tenor C3-A4, bass D2-E4."""


@dataclass(frozen=True)
class Report:
    """What was heard.

    Attributes:
        num_chords: Steps at which all four voices begin a note.
        triads: Share of these chords that are complete triads.
        in_range: Share of sounding notes that their voice can sing.
        in_order: Share of sounding steps at which no voice is above a higher one.
        parallels: Pairs of voices that move in parallel fifths or octaves, for 100 changes of the harmony.
    """

    num_chords: int
    triads: float
    in_range: float
    in_order: float
    parallels: float

    def __str__(self) -> str:
        return (
            f"{self.num_chords} chords, {self.triads:.0%} complete triads, {self.in_range:.0%} of notes in range, "
            f"{self.in_order:.0%} of steps in order, {self.parallels:.1f} parallels a hundred changes"
        )


def listen(score: np.ndarray) -> Report:
    """Judge a score (R, 4)."""
    pitches = sounding(score)  # (num_steps, 4)
    struck = (score[~is_mark(score)] >= 0).all(axis=1)
    chords = [frozenset(row) for row in (pitches[struck] % 12).tolist()]
    full = pitches[(pitches >= 0).all(axis=1)]
    low, high = np.array(SUNG).T
    sung = pitches >= 0
    moves = full[1:][(full[1:] != full[:-1]).any(axis=1)]
    return Report(
        num_chords=len(chords),
        triads=_share(chord in TRIADS for chord in chords),
        in_range=_share(((pitches >= low) & (pitches <= high))[sung]),
        in_order=_share((np.diff(full, axis=1) <= 0).all(axis=1)),
        parallels=100 * num_parallels(full) / max(len(moves), 1),
    )


def num_parallels(pitches: np.ndarray) -> int:
    """Pairs of voices that go from a fifth to a fifth or an octave to an octave, both moving: (num_steps, 4)."""
    found = 0
    for here, there in zip(pitches[:-1].tolist(), pitches[1:].tolist(), strict=True):
        for upper, lower in combinations(range(len(here)), 2):
            first, second = (here[upper] - here[lower]) % 12, (there[upper] - there[lower]) % 12
            both_move = here[upper] != there[upper] and here[lower] != there[lower]
            found += first == second and first in (0, 7) and both_move
    return found


def shuffled(score: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """The same notes at the same times, each voice's pitches in random order: what is left without harmony."""
    mixed = score.copy()
    for voice in range(score.shape[1]):
        begins = score[:, voice] >= 0
        mixed[begins, voice] = chance.permutation(score[begins, voice])
    return mixed


def average(reports: Sequence[Report]) -> Report:
    """The mean of some reports, each counted by its chords."""
    total = sum(report.num_chords for report in reports)
    means = [
        sum(getattr(report, name) * report.num_chords for report in reports) / max(total, 1)
        for name in ("triads", "in_range", "in_order", "parallels")
    ]
    return Report(total, *means)


def main(paths: Sequence[str], steps_per_quarter: int = 2) -> int:
    """Print a line for each MIDI file, their average, and that of the same notes in random order."""
    heard, mixed = [], []
    chance = np.random.default_rng(0)
    try:
        for file in find_files(paths, (".mid", ".midi")):
            with file.open() as stream:
                score = score_of(read_song(stream, file.origin), steps_per_quarter, file.origin)
            heard.append(listen(score))
            mixed.append(listen(shuffled(score, chance)))
            print(f"{file.origin}: {heard[-1]}")
    except SeqkitError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"together: {average(heard)}")
    print(f"in random order: {average(mixed)}")
    return 0


def _share(values: object) -> float:
    flags = np.fromiter(values, dtype=bool)  # type: ignore[call-overload]
    return float(flags.mean()) if len(flags) else 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
