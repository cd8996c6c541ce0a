"""A score as a standard MIDI file: four tracks, one a voice, with its bars as time signatures."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import mido  # type: ignore[import-untyped]
import numpy as np

from seqkit_music.score import VOICES, bar_starts, notes

TICKS_PER_QUARTER = 480
_ORGAN = 19
_VELOCITY = 80


def write_midi(path: Path, score: np.ndarray, steps_per_quarter: int, tempo_bpm: float) -> None:
    """Save a score.

    Args:
        path: Where to.
        score: (R, 4); marks after the first bar decide the time signatures.
        steps_per_quarter: Steps of the grid in a quarter note; divides 480.
        tempo_bpm: Quarter notes a minute.
    """
    ticks_per_step = TICKS_PER_QUARTER // steps_per_quarter
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER)
    for voice, name in enumerate(VOICES):
        timed: list[tuple[int, int, mido.Message | mido.MetaMessage]] = []
        if voice == 0:
            timed.append((0, 0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo_bpm))))
            for step, numerator, denominator in _time_signatures(score, steps_per_quarter):
                signature = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
                timed.append((step * ticks_per_step, 0, signature))
        timed.append((0, 0, mido.Message("program_change", channel=voice, program=_ORGAN)))
        for note in notes(score):
            if note.voice == voice:
                # Ends before beginnings: a repeated note is let go before it is struck again.
                own = {"channel": voice, "note": note.pitch}
                timed.append((note.end * ticks_per_step, 1, mido.Message("note_off", **own)))
                timed.append((note.start * ticks_per_step, 2, mido.Message("note_on", velocity=_VELOCITY, **own)))
        file.tracks.append(_track(name, timed))
    file.save(path)


def _track(name: str, timed: list[tuple[int, int, mido.Message | mido.MetaMessage]]) -> mido.MidiTrack:
    """A track from messages with their tick and rank; MIDI counts from one message to the next."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    now = 0
    for tick, _, message in sorted(timed, key=lambda one: one[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def _time_signatures(score: np.ndarray, steps_per_quarter: int) -> list[tuple[int, int, int]]:
    """(step, numerator, denominator) wherever bars change their length; the last bar is as long as the one before.

    A bar that no time signature can name (a generated one, on a grid of triplets) is counted on.
    """
    found: list[tuple[int, int, int]] = []
    for start, end in pairwise(bar_starts(score)):
        for denominator in (4, 8, 16, 32):
            numerator, rest = divmod((end - start) * denominator, 4 * steps_per_quarter)
            if rest == 0 and 0 < numerator <= 255:
                if not found or found[-1][1:] != (numerator, denominator):
                    found.append((start, numerator, denominator))
                break
    return found
