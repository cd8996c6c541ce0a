import io
import struct
from collections.abc import Callable
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqkit_music.demo import demo_chorale, write_on_grid
from seqkit_music.midi_events import read_song
from seqkit_music.midi_writing import write_midi
from seqkit_music.quantise import score_of

from seqkit import DataError


def refusal(content: bytes, steps_per_quarter: int = 2) -> DataError:
    with pytest.raises(DataError) as error:
        score_of(read_song(io.BytesIO(content), "x.mid"), steps_per_quarter, "x.mid")
    assert error.value.fix
    return error.value


def content_of(*messages: mido.Message, kind: int = 1) -> bytes:
    file, buffer = mido.MidiFile(type=kind, ticks_per_beat=480), io.BytesIO()
    file.tracks += [mido.MidiTrack(), mido.MidiTrack(messages)]
    file.save(file=buffer)
    return buffer.getvalue()


def on(note: int, time: int = 0) -> mido.Message:
    return mido.Message("note_on", note=note, time=time)


def off(note: int, time: int = 0) -> mido.Message:
    return mido.Message("note_off", note=note, time=time)


GOOD = content_of(on(60), off(60, 480))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ends too early"),
        (b"RIFF not a midi file", "MThd not found"),
        (GOOD[:-6], "ends too early"),
        (GOOD[:8] + struct.pack(">hhh", 2, 2, 480) + GOOD[14:], "format 2"),
        (GOOD[:8] + struct.pack(">hhh", 1, 2, -6360) + GOOD[14:], "SMPTE"),
        (GOOD[:8] + struct.pack(">hhh", 1, 1, 480) + GOOD[14:], "more tracks than the 1"),
        (GOOD[:8] + struct.pack(">hhh", 1, 3, 480) + GOOD[14:], "ends too early"),
        (GOOD.replace(bytes([60]), bytes([200])), "0..127"),
        (content_of(), "no notes"),
        (
            content_of(mido.Message("note_on", channel=9, note=40), mido.Message("note_off", channel=9, note=40)),
            "no notes",
        ),
    ],
)
def test_a_broken_file_is_refused_by_name(content: bytes, message: str) -> None:
    error = refusal(content)
    assert message in error.what
    assert error.at == "x.mid"


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ((on(60), off(60, 480), off(60)), "C4 ends at tick 480 before it begins"),
        ((off(62), on(62), off(62, 480)), "D4 ends at tick 0 before it begins"),
        ((on(60), on(64), off(60, 480)), "E4 of tick 0 never ends"),
    ],
)
def test_notes_in_the_wrong_order_are_refused_with_their_track(messages: tuple, message: str) -> None:
    error = refusal(content_of(*messages))
    assert message in error.what
    assert error.at == "x.mid, track 2"


def test_a_track_without_its_end_is_refused() -> None:
    header, track = GOOD[:14], GOOD[14:]
    empty = track[: 8 + 4]
    cut = b"MTrk" + struct.pack(">L", len(track) - len(empty) - 8 - 4) + track[len(empty) + 8 : -4]
    error = refusal(header + empty + cut)
    assert error.what == "the track does not end where it says"
    assert error.at == "x.mid, track 2"


def test_a_recording_without_a_beat_is_refused() -> None:
    messages = [message for number in range(9) for message in (on(60, 67 * number), off(60, 31))]
    error = refusal(content_of(*messages))
    assert "between the steps of the grid" in error.what and "--data.steps_per_quarter" in error.fix


def test_a_bar_that_the_grid_cannot_hold_is_refused() -> None:
    error = refusal(content_of(mido.MetaMessage("time_signature", numerator=3, denominator=8), on(60), off(60, 480)), 1)
    assert error.what == "a bar of 3/8 is no whole number of steps"


def test_a_time_signature_of_nothing_is_refused() -> None:
    content = content_of(mido.MetaMessage("time_signature", numerator=3, denominator=8), on(60), off(60, 480))
    assert "are none" in refusal(content.replace(b"\xff\x58\x04\x03", b"\xff\x58\x04\x00")).what


def test_a_piece_of_days_is_refused() -> None:
    assert "steps long" in refusal(content_of(on(60), off(60, 0x0FFFFFFF))).what


@settings(max_examples=80)
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.booleans())
def test_damage_anywhere_gives_a_score_or_one_error(place: int, byte: int, cut: bool, whole: bytes) -> None:
    place %= len(whole)
    damaged = whole[:place] if cut else whole[:place] + bytes([byte]) + whole[place + 1 :]
    try:
        score = score_of(read_song(io.BytesIO(damaged), "x.mid"), 2, "x.mid")
    except DataError as error:
        assert error.at.startswith("x.mid") and error.fix
    else:
        assert score.shape[1] == 4


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("midi") / "x.mid"
    write_midi(path, write_on_grid(demo_chorale(1), 2)[:40], 2, 84.0)
    return path.read_bytes()


def test_the_error_names_the_member_of_an_archive(save_midi: Callable[..., Path], tmp_path: Path) -> None:
    import zipfile

    from seqkit_music import MusicData

    with zipfile.ZipFile(tmp_path / "bach.zip", "w") as archive:
        archive.write(save_midi([(60, 0, 480)]), "good.mid")
        archive.writestr("poor.mid", GOOD[:-6])
    with pytest.raises(DataError, match="ends too early") as error:
        list(MusicData(path=str(tmp_path / "bach.zip")).records("predict"))
    assert error.value.at == "bach.zip:poor.mid"
