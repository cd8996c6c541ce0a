"""A score: what a record of this domain holds. Four voices on a grid, and marks for bars and the end.

A score is an int16 array (R, 4). A row is one step of the grid, its columns the voices from soprano to bass, each a
MIDI pitch (0 to 127, 60 is middle C), HOLD or REST; or a row is a mark: BAR before the first step of a bar, END
after the last step of the piece, in all four columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from seqkit import DataError

VOICES = ("soprano", "alto", "tenor", "bass")
NUM_VOICES = len(VOICES)

HOLD, REST, BAR, END = -1, -2, -3, -4
"""Go on as before, sounding or silent; be silent from here; a bar begins; the piece is over."""

_WORDS = {HOLD: ".", REST: "r"}
_MARKS = {BAR: "|", END: "||"}
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_PITCH = re.compile(r"([A-Ga-g])([#b]?)(-?\d)")


@dataclass(frozen=True)
class Note:
    """A sounding note: voice (0 is soprano), MIDI pitch, and the steps from `start` to before `end`."""

    voice: int
    pitch: int
    start: int
    end: int


def is_mark(score: np.ndarray) -> np.ndarray:
    """Which rows are marks, (R, 4) -> (R,) bool."""
    marks: np.ndarray = score[:, 0] <= BAR
    return marks


def bar_starts(score: np.ndarray) -> list[int]:
    """The steps before which a bar begins."""
    steps_before = np.cumsum(~is_mark(score))
    return [int(step) for step in steps_before[score[:, 0] == BAR]]


def sounding(score: np.ndarray) -> np.ndarray:
    """The pitch that each voice sounds at each step, REST where it is silent: (R, 4) -> (num_steps, 4)."""
    steps: np.ndarray = score[~is_mark(score)].copy()
    before = np.full(NUM_VOICES, REST, dtype=steps.dtype)
    for row in steps:
        np.copyto(row, before, where=row == HOLD)
        before = row
    return steps


def notes(score: np.ndarray) -> Iterator[Note]:
    """All notes, voice by voice in order of time."""
    steps, pitches = score[~is_mark(score)], sounding(score)
    for voice in range(NUM_VOICES):
        begins = np.flatnonzero(steps[:, voice] != HOLD)
        for start, end in zip(begins, [*begins[1:], len(steps)], strict=True):
            if pitches[start, voice] >= 0:
                yield Note(voice, int(pitches[start, voice]), int(start), int(end))


def pitch_name(pitch: int) -> str:
    """A MIDI pitch as written: 60 is C4."""
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def to_text(score: np.ndarray) -> str:
    """A score as text, one bar a line: `| C5 G4 E4 C3  . . . .`."""
    words: list[str] = []
    for row in score.tolist():
        if row[0] in _MARKS:
            words.append(f"\n{_MARKS[row[0]]}")
        else:
            words.append(" ".join(_WORDS.get(value) or pitch_name(value) for value in row))
    return "  ".join(words).replace("  \n", "\n").lstrip("\n")


def from_text(text: str, origin: str) -> np.ndarray:
    """A score from text: four words a step from soprano to bass; `.` holds, `r` rests, `|` begins a bar.

    Args:
        text: Such as `| C5 G4 E4 C3 . . . . D5 G4 D4 B2`; flats (`Bb3`) are understood.
        origin: Named in errors.

    Raises:
        DataError: For a word that is no pitch, or a step that lacks voices.
    """
    rows: list[list[int]] = []
    voices: list[int] = []
    marks = {word: value for value, word in _MARKS.items()}
    for word in text.split():
        if word in marks:
            _require_whole(voices, origin)
            rows.append([marks[word]] * NUM_VOICES)
            continue
        voices.append(_value(word, origin))
        if len(voices) == NUM_VOICES:
            rows.append(voices)
            voices = []
    _require_whole(voices, origin)
    if not rows:
        raise DataError("holds no notes", at=origin, fix="write e.g. 'C5 G4 E4 C3 . . . .'")
    return np.array(rows, dtype=np.int16)


def _require_whole(voices: list[int], origin: str) -> None:
    if voices:
        raise DataError(
            f"a step has {len(voices)} voices, not {NUM_VOICES}",
            at=origin,
            fix=f"give {', '.join(VOICES)} for each step; `.` holds a voice, `r` is a rest",
        )


def _value(word: str, origin: str) -> int:
    special = {written: value for value, written in _WORDS.items()}
    if word in special:
        return special[word]
    found = _PITCH.fullmatch(word)
    if found:
        letter, accidental, octave = found.groups()
        shift = {"#": 1, "b": -1}.get(accidental, 0)
        pitch = _NAMES.index(letter.upper()) + shift + 12 * (int(octave) + 1)
        if 0 <= pitch <= 127:
            return pitch
    raise DataError(
        f"{word[:20]!r} is no pitch", at=origin, fix="write pitches as C4, F#3 or Bb2; `.` holds, `r` rests"
    )
