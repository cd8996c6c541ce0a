"""MIDI files for the tests: a part is a list of (pitch, first tick, last tick)."""

from collections.abc import Callable
from pathlib import Path

import mido
import pytest
import torch
from hypothesis import settings

settings.register_profile("music", max_examples=40, deadline=None)
settings.load_profile("music")

Part = list[tuple[int, int, int]]


@pytest.fixture(scope="session", autouse=True)
def _one_thread_and_an_own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def track_of(part: Part, channel: int = 0, before: tuple[mido.MetaMessage, ...] = ()) -> mido.MidiTrack:
    """A track that begins with meta messages; notes end before others begin."""
    events = [(end, 0, "note_off", pitch) for pitch, _, end in part]
    events += [(start, 1, "note_on", pitch) for pitch, start, _ in part]
    track, now = mido.MidiTrack(before), 0
    for tick, _, kind, pitch in sorted(events):
        track.append(mido.Message(kind, note=pitch, velocity=64, channel=channel, time=tick - now))
        now = tick
    return track


@pytest.fixture
def save_midi(tmp_path: Path) -> Callable[..., Path]:
    """Saves parts as a file of 480 ticks a quarter, one track each."""

    def save(*parts: Part, name: str = "song.mid", before: tuple[mido.MetaMessage, ...] = (), channel: int = 0) -> Path:
        file = mido.MidiFile(type=1, ticks_per_beat=480)
        file.tracks += [track_of(part, channel, () if number else before) for number, part in enumerate(parts)]
        file.save(tmp_path / name)
        return tmp_path / name

    return save
