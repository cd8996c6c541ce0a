from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
from seqkit_music.demo import demo_chorale, write_on_grid
from seqkit_music.midi_events import read_song
from seqkit_music.midi_writing import write_midi
from seqkit_music.quantise import score_of
from seqkit_music.score import END, bar_starts, from_text, to_text


def read(path: Path, steps_per_quarter: int = 2) -> np.ndarray:
    with path.open("rb") as file:
        return score_of(read_song(file, path.name), steps_per_quarter, path.name)


def text_of(path: Path, steps_per_quarter: int = 2) -> str:
    """Words of a score with single spaces, one bar a line."""
    return "\n".join(" ".join(line.split()) for line in to_text(read(path, steps_per_quarter)).splitlines())


@pytest.mark.parametrize("steps_per_quarter", [1, 2, 3, 4])
def test_a_chorale_comes_back_from_its_file(steps_per_quarter: int, tmp_path: Path) -> None:
    for number in range(12):
        score = write_on_grid(demo_chorale(number), steps_per_quarter)
        write_midi(tmp_path / "chorale.mid", score, steps_per_quarter, 84.0)
        assert np.array_equal(read(tmp_path / "chorale.mid", steps_per_quarter), score[score[:, 0] != END])


def test_bars_of_changing_length_and_rests_come_back(tmp_path: Path) -> None:
    score = from_text("| r r r C3 . C5 . . E5 . . . | D5 r G4 . . . . . | C5 . . . r . . . . . . . C5 . . .", "here")
    write_midi(tmp_path / "x.mid", score, 2, 60.0)
    signatures = [
        (message.numerator, message.denominator)
        for message in mido.MidiFile(tmp_path / "x.mid").tracks[0]
        if message.type == "time_signature"
    ]
    assert signatures == [(3, 8), (1, 4)]
    assert bar_starts(score) == [0, 3, 5]
    again = read(tmp_path / "x.mid")
    assert bar_starts(again) == [0, 3, 5, 7]  # the last bar is as long as the one before
    assert np.array_equal(again[: len(score) - 2], score[:-2])


def test_a_file_has_four_tracks_with_names_tempo_and_whole_notes(tmp_path: Path) -> None:
    write_midi(tmp_path / "x.mid", from_text("| C5 G4 E4 C3 . . . . C5 . . .", "here"), 2, 120.0)
    file = mido.MidiFile(tmp_path / "x.mid")
    assert [track.name for track in file.tracks] == ["soprano", "alto", "tenor", "bass"]
    assert file.length == pytest.approx(3 * 0.25)
    soprano = [(m.type, m.note, m.time) for m in file.tracks[0] if m.type.startswith("note")]
    assert soprano == [("note_on", 72, 0), ("note_off", 72, 480), ("note_on", 72, 0), ("note_off", 72, 240)]


def test_parts_are_ordered_by_their_pitch_whatever_the_order_of_tracks(save_midi: Callable[..., Path]) -> None:
    path = save_midi([(48, 0, 960)], [(72, 0, 480), (74, 480, 960)], [(60, 0, 960)], [(67, 0, 960)])
    assert text_of(path) == "| C5 G4 C4 C3 . . . . D5 . . . . . . ."


def test_named_tracks_keep_their_voices_even_when_they_cross(tmp_path: Path) -> None:
    crossed = from_text("| C4 G4 E5 C3 . . . . E4 A4 C4 F5", "here")
    write_midi(tmp_path / "x.mid", crossed, 2, 84.0)
    assert np.array_equal(read(tmp_path / "x.mid"), crossed)


def test_the_top_note_of_a_part_counts(save_midi: Callable[..., Path]) -> None:
    path = save_midi([(72, 0, 480), (76, 0, 480)], [(67, 0, 480)], [(60, 0, 480)], [(48, 0, 480)])
    assert text_of(path, 1) == "| E5 G4 C4 C3"


def test_a_piano_is_divided_from_outside(save_midi: Callable[..., Path]) -> None:
    path = save_midi(
        [(pitch, 0, 480) for pitch in (76, 72, 67, 64)] + [(79, 480, 960), (80, 960, 1440)],
        [(48, 0, 480), (55, 480, 960), (60, 960, 1440), (62, 960, 1440)],
    )
    # Five notes: the fourth from above is left out; then two: soprano and bass; then three: no tenor.
    assert text_of(path, 1) == "| E5 C5 G4 C3 G5 r r G3 G#5 D4 . C4"


def test_an_unison_of_four_parts_is_kept(save_midi: Callable[..., Path]) -> None:
    path = save_midi([(60, 0, 480)], [(60, 0, 480)], [(60, 0, 480)], [(48, 0, 480)])
    assert text_of(path, 1) == "| C4 C4 C4 C3"


def test_human_timing_is_moved_to_the_grid(save_midi: Callable[..., Path]) -> None:
    path = save_midi([(72, 11, 470), (74, 492, 975), (76, 950, 961)])
    assert text_of(path) == "| C5 r r r . . . . D5 . . . . . . . E5 . . ."


def test_a_fast_run_keeps_its_last_note_on_a_coarse_grid(save_midi: Callable[..., Path]) -> None:
    run = [(72, 0, 120), (71, 120, 240), (72, 480, 960), (74, 960, 1440)]
    assert text_of(save_midi(run), 2) == "| C5 r r r B4 . . . C5 . . . . . . . D5 . . . . . . ."
    assert text_of(save_midi(run), 4) == "| C5 r r r B4 . . . r . . . . . . . " + "C5 . . . " + ". . . . " * 3 + (
        "D5 . . . . . . . . . . . . . . ."
    )


def test_tempo_changes_nothing(save_midi: Callable[..., Path]) -> None:
    part = [(72, 0, 480), (74, 480, 960)]
    tempi = (mido.MetaMessage("set_tempo", tempo=300_000), mido.MetaMessage("set_tempo", tempo=900_000, time=0))
    assert text_of(save_midi(part, before=tempi)) == text_of(save_midi(part))


def test_empty_bars_before_the_first_note_are_left_out(save_midi: Callable[..., Path]) -> None:
    three = (mido.MetaMessage("time_signature", numerator=3, denominator=4),)
    path = save_midi([(72, 5 * 480, 6 * 480), (74, 6 * 480, 7 * 480)], before=three)
    assert text_of(path, 1) == "| r r r r . . . . C5 . . .\n| D5 . . ."


def test_percussion_is_left_out(save_midi: Callable[..., Path]) -> None:
    file = mido.MidiFile(save_midi([(72, 0, 480)]))
    file.add_track().extend([mido.Message("note_on", channel=9, note=40), mido.Message("note_off", channel=9, note=40)])
    path = save_midi([(72, 0, 480)])
    file.save(path)
    assert text_of(path, 1) == "| C5 r r r"


def test_parts_may_share_a_track_on_channels_of_their_own(tmp_path: Path) -> None:
    file = mido.MidiFile(type=0)
    track = file.add_track()
    for channel, pitch in enumerate([48, 60, 67, 72]):
        track.append(mido.Message("note_on", channel=channel, note=pitch))
    for channel, pitch in enumerate([48, 60, 67, 72]):
        track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=0, time=480 if channel == 0 else 0))
    file.save(tmp_path / "x.mid")
    assert text_of(tmp_path / "x.mid", 1) == "| C5 G4 C4 C3"
