"""Notes in ticks to a score: on a grid, in four voices, with bars.

Voices: a file with four parts (track and channel) is sung by them: as their tracks are named (soprano, alto, tenor,
bass), else the highest on average first. Where a part sounds several notes its top note counts. Of any other file
the notes that sound together are divided: the highest is the soprano, the lowest the bass, the next two from above
are alto and tenor, the rest is left out. A note that another one covered for a while, or that changes its voice, is
struck again.
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from seqkit import DataError, observe
from seqkit_music.midi_events import MidiNote, Song
from seqkit_music.score import BAR, HOLD, NUM_VOICES, REST, VOICES

_MOST_STEPS = 100_000
_MOST_OFF_GRID = 1 / 3
"""Share of notes that may begin over a quarter of a step off the grid: of a recording without a beat half do."""

_NOBODY = -1

NO_VOICE = "notes in no voice"
"""What `seqkit check` calls the notes for which four voices are too few, or the grid too coarse."""


def score_of(song: Song, steps_per_quarter: int, origin: str) -> np.ndarray:
    """The score of a MIDI file, beginning with the bar of its first note, without END.

    Args:
        song: What was read.
        steps_per_quarter: Steps of the grid in a quarter note.
        origin: Named in errors.

    Raises:
        DataError: If the notes do not keep to the grid, or its bars are no whole number of steps.
    """
    starts, ends = _on_grid(song, steps_per_quarter, origin)
    bars = _bar_starts(song, steps_per_quarter, int(ends.max()), origin)
    begin = max(bar for bar in bars if bar <= starts.min())
    starts, ends = starts - begin, ends - begin
    parts = _parts(song)
    if len(parts) == NUM_VOICES:
        owners = _by_part(song.notes, parts, starts, ends)
    else:
        owners = _from_outside(song.notes, starts, ends)
    observe("voices", "four parts" if len(parts) == NUM_VOICES else "divided from outside")
    left_out = len(song.notes) - len(np.setdiff1d(owners, [_NOBODY]))
    if left_out:
        observe("left_out", NO_VOICE, left_out)
    for _, numerator, denominator in song.metre:
        observe("time_signatures", f"{numerator}/{denominator}")
    steps = _written(owners, np.array([note.pitch for note in song.notes]))
    return np.insert(steps, [bar - begin for bar in bars if bar >= begin], BAR, axis=0)


def _on_grid(song: Song, steps_per_quarter: int, origin: str) -> tuple[np.ndarray, np.ndarray]:
    """First step of each note, and the step before which it ends; each note has at least one."""
    ticks = np.array([(note.start, note.end) for note in song.notes]) * steps_per_quarter / song.ticks_per_quarter
    grid = np.floor(ticks + 0.5).astype(np.int64)
    off = float((np.abs(ticks[:, 0] - grid[:, 0]) >= 0.25).mean())
    if off > _MOST_OFF_GRID:
        raise DataError(
            f"{off:.0%} of the notes begin between the steps of the grid",
            at=origin,
            fix=f"take a finer grid than --data.steps_per_quarter {steps_per_quarter}, or quantise a live recording",
        )
    if grid.max() > _MOST_STEPS:
        raise DataError(
            f"is {grid.max()} steps long", at=origin, fix=f"cut it: a piece has {_MOST_STEPS} steps at most"
        )
    return grid[:, 0], np.maximum(grid[:, 1], grid[:, 0] + 1)


def _bar_starts(song: Song, steps_per_quarter: int, num_steps: int, origin: str) -> list[int]:
    """The steps before which a bar begins; a new time signature begins a new one."""
    changes = [math.floor(tick * steps_per_quarter / song.ticks_per_quarter + 0.5) for tick, _, _ in song.metre]
    bars: list[int] = []
    for begin, end, (_, numerator, denominator) in zip(changes, [*changes[1:], num_steps], song.metre, strict=True):
        length, rest = divmod(4 * numerator * steps_per_quarter, denominator)
        if rest:
            raise DataError(
                f"a bar of {numerator}/{denominator} is no whole number of steps",
                at=origin,
                fix=f"take a finer grid than --data.steps_per_quarter {steps_per_quarter}",
            )
        bars += range(begin, min(end, num_steps), length)
    return bars


def _parts(song: Song) -> list[tuple[int, int]]:
    """Tracks and channels that hold notes, in the order of the voices they are named after, else by their pitch."""
    pitches: dict[tuple[int, int], list[int]] = defaultdict(list)
    for note in song.notes:
        pitches[note.part].append(note.pitch)
    named = {song.track_names[track]: (track, channel) for track, channel in pitches}
    if len(pitches) == len(named) and named.keys() == set(VOICES):
        return [named[voice] for voice in VOICES]
    return sorted(pitches, key=lambda part: (-float(np.mean(pitches[part])), part))


def _by_part(notes: list[MidiNote], parts: list[tuple[int, int]], starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Number of the note that each part sings at each step, (num_steps, 4): of several the top one."""
    owners = np.full((ends.max(), NUM_VOICES), _NOBODY)
    for number in sorted(range(len(notes)), key=lambda number: (notes[number].pitch, starts[number])):
        owners[starts[number] : ends[number], parts.index(notes[number].part)] = number
    return owners


def _from_outside(notes: list[MidiNote], starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Number of the note that each voice sings at each step, (num_steps, 4), of all that sound."""
    together: list[dict[int, int]] = [{} for _ in range(ends.max())]
    for number, note in enumerate(notes):
        for step in range(starts[number], ends[number]):
            together[step][note.pitch] = number
    owners = np.full((len(together), NUM_VOICES), _NOBODY)
    for step, sounding in enumerate(together):
        downwards = [sounding[pitch] for pitch in sorted(sounding, reverse=True)]
        if len(downwards) > 1:
            owners[step, -1] = downwards.pop()
        upper = downwards[: NUM_VOICES - 1]
        owners[step, : len(upper)] = upper
    return owners


def _written(owners: np.ndarray, pitches: np.ndarray) -> np.ndarray:
    """Steps of a score, (num_steps, 4): a pitch or REST where a voice changes its note, HOLD elsewhere."""
    before = np.concatenate([np.full((1, NUM_VOICES), len(pitches)), owners[:-1]])
    words = np.where(owners == _NOBODY, REST, pitches[owners])
    return np.where(owners == before, HOLD, words).astype(np.int16)
