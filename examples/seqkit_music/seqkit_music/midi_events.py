"""MIDI files to notes in ticks. mido parses; what it accepts silently is checked here."""

from __future__ import annotations

import io
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import mido  # type: ignore[import-untyped]
from mido.midifiles.meta import KeySignatureError  # type: ignore[import-untyped]

from seqkit import DataError
from seqkit_music.score import pitch_name

_PERCUSSION = 9
"""The tenth channel: its numbers are drums, not pitches."""

_DAMAGE = (OSError, EOFError, ValueError, LookupError, TypeError, OverflowError, KeySignatureError)
"""What mido raises for broken files."""


@dataclass(frozen=True)
class MidiNote:
    """A note as a file has it: its part is (track, channel), its ticks are absolute."""

    part: tuple[int, int]
    pitch: int
    start: int
    end: int


@dataclass(frozen=True)
class Song:
    """What this domain takes from a MIDI file.

    Attributes:
        notes: In order of their beginning.
        ticks_per_quarter: Ticks of a quarter note.
        metre: Time signatures: (tick, numerator, denominator), in order; 4/4 where the file names none.
        mode: `major` or `minor` by the first key signature; None if there is none.
        track_names: Of each track, lower case, as MIDI names them; empty where it has none.
    """

    notes: list[MidiNote]
    ticks_per_quarter: int
    metre: list[tuple[int, int, int]]
    mode: str | None
    track_names: list[str]


def read_song(file: IO[bytes], origin: str) -> Song:
    """Read and check a MIDI file. Tempo is not read: the grid counts notes, not seconds.

    Args:
        file: Its bytes.
        origin: Named in errors.

    Raises:
        DataError: If the file is broken, or is one that has no bars: format 2, SMPTE time.
    """
    try:
        content = io.BytesIO(file.read())
        parsed = mido.MidiFile(file=content)
    except _DAMAGE as error:
        raise DataError(
            f"is no whole MIDI file: {str(error) or 'it ends too early'}", at=origin, fix="export it again"
        ) from error
    _check_form(parsed, content.read(), origin)
    notes = [note for number, track in enumerate(parsed.tracks) for note in _track_notes(track, number, origin)]
    if not notes:
        raise DataError("holds no notes (percussion is left out)", at=origin, fix="leave the file out")
    events = sorted((event for track in parsed.tracks for event in _with_ticks(track)), key=lambda event: event[0])
    metre = [
        (tick, message.numerator, message.denominator) for tick, message in events if message.type == "time_signature"
    ]
    if any(numerator < 1 or denominator > 64 for _, numerator, denominator in metre):
        raise DataError(f"the time signatures {metre[:4]} are none", at=origin, fix="correct them in the file")
    if not metre or metre[0][0] > 0:
        metre = [(0, 4, 4), *metre]
    keys = [message.key for _, message in events if message.type == "key_signature"]
    mode = ("minor" if keys[0].endswith("m") else "major") if keys else None
    names = [track.name.strip().lower() for track in parsed.tracks]
    return Song(sorted(notes, key=lambda note: note.start), parsed.ticks_per_beat, metre, mode, names)


def _check_form(parsed: mido.MidiFile, rest: bytes, origin: str) -> None:
    """Refuse what mido reads without a word but which has no bars, or not all of its tracks."""
    if parsed.type not in (0, 1):
        raise DataError(
            f"is MIDI of format {parsed.type}, whose tracks have no common time", at=origin, fix="export it as format 1"
        )
    if parsed.ticks_per_beat <= 0:  # The sign bit marks frames a second.
        raise DataError(
            "counts time in SMPTE frames, which know no bars", at=origin, fix="export it with ticks per quarter note"
        )
    if rest.startswith(b"MTrk"):
        raise DataError(
            f"holds more tracks than the {len(parsed.tracks)} its header names", at=origin, fix="export it again"
        )
    for number, track in enumerate(parsed.tracks, start=1):
        kinds = [message.type for message in track]
        if "end_of_track" not in kinds or kinds.index("end_of_track") != len(kinds) - 1:
            raise DataError(
                "the track does not end where it says", at=f"{origin}, track {number}", fix="export it again"
            )


def _track_notes(track: mido.MidiTrack, number: int, origin: str) -> Iterator[MidiNote]:
    """Notes of a track; of several equal ones that sound together, the first begun is the first to end."""
    begun: dict[tuple[int, int], deque[int]] = defaultdict(deque)
    at = f"{origin}, track {number + 1}"
    for tick, message in _with_ticks(track):
        if message.type not in ("note_on", "note_off") or message.channel == _PERCUSSION:
            continue
        started = begun[message.channel, message.note]
        if message.type == "note_on" and message.velocity > 0:
            started.append(tick)
        elif started:
            yield MidiNote((number, message.channel), message.note, started.popleft(), tick)
        else:
            raise DataError(
                f"the note {pitch_name(message.note)} ends at tick {tick} before it begins",
                at=at,
                fix="export it again",
            )
    for (_, pitch), ticks in begun.items():
        if ticks:
            raise DataError(f"the note {pitch_name(pitch)} of tick {ticks[0]} never ends", at=at, fix="export it again")


def _with_ticks(track: mido.MidiTrack) -> Iterator[tuple[int, mido.Message]]:
    """Messages with their absolute time."""
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message
