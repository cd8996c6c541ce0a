import zipfile
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
from seqkit_music import DOMAIN, MusicData
from seqkit_music.midi_writing import write_midi
from seqkit_music.score import BAR, END, from_text, to_text

from seqkit import ConfigError, DataError, Generation, Record


def sequences(data: MusicData, split: str | None = None) -> list[np.ndarray]:
    return [record.sequence for record in (data.prompts() if split is None else data.records(split))]


def test_pieces_end_but_not_those_that_are_to_be_continued(save_midi: Callable[..., Path]) -> None:
    path = str(save_midi([(60, 0, 480)]))
    (whole,) = MusicData(valid_path=path).records("valid")
    (open_end,) = MusicData(path=path).prompts()
    assert (whole.sequence[-1] == END).all()
    assert np.array_equal(open_end.sequence, whole.sequence[:-1])


def test_demo_chorales_are_held_out_whole() -> None:
    data = MusicData()
    counts = {split: len(sequences(data, split)) for split in ("train", "valid", "test")}
    assert sum(counts.values()) == 960 and min(counts.values()) > 60
    assert all((sequence[0] == BAR).all() and (sequence[-1] == END).all() for sequence in sequences(data, "valid"))


def test_transposition_is_heard_in_training_alone() -> None:
    plain, moved = MusicData(), MusicData(transpose=2)
    assert len(sequences(moved, "train")) == 5 * len(sequences(plain, "train"))
    assert len(sequences(moved, "valid")) == len(sequences(plain, "valid"))
    first, *others = list(moved.records("train"))[:5]
    assert [other.origin for other in others] == [f"{first.origin} ({shift})" for shift in ("+1", "-1", "+2", "-2")]
    pitched = first.sequence >= 0
    assert ((others[3].sequence - first.sequence)[pitched] == -2).all()
    assert np.array_equal(others[3].sequence[~pitched], first.sequence[~pitched])


def test_a_piece_at_the_edge_is_moved_inwards_alone(save_midi: Callable[..., Path]) -> None:
    data = MusicData(
        path=str(save_midi([(127, 0, 480)])), task="classify", transpose=1, valid_fraction=0, test_fraction=0
    )
    assert [record.origin for record in data.records("train")] == ["song.mid", "song.mid (-1)"]


def test_the_demo_is_labelled_by_mode() -> None:
    data = MusicData(task="classify")
    data.fit_codecs()
    assert data.target_codec.state() == {"labels": ["major", "minor"]}


def test_labels_come_from_the_option_the_folder_or_the_key(save_midi: Callable[..., Path], tmp_path: Path) -> None:
    minor = (mido.MetaMessage("key_signature", key="F#m"),)
    path = save_midi([(60, 0, 480)], before=minor)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(path, "bach/one.mid")

    def target(path: str, **options: str) -> str | None:
        return next(iter(MusicData(path=path, task="classify", **options).records("predict"))).target

    assert target(f"tallis={path}") == "tallis"
    assert target(str(tmp_path / "all.zip")) == "bach"
    assert target(str(path), labels="mode") == "minor"
    assert target(str(path)) is None


def test_few_files_are_cut_at_the_end_and_many_are_held_out_whole(tmp_path: Path) -> None:
    for number in range(50):
        write_midi(tmp_path / f"{number}.mid", from_text("| C5 G4 E4 C3", "here"), 2, 84.0)
    assert MusicData(path=str(tmp_path)).holds_out_whole
    (tmp_path / "0.mid").unlink()
    assert not MusicData(path=str(tmp_path)).holds_out_whole
    assert MusicData(path=str(tmp_path), task="classify").holds_out_whole
    assert sum(len(sequence) for sequence in sequences(MusicData(path=str(tmp_path)), "test")) == round(0.1 * 49 * 3)


def test_a_prompt_gets_bar_lines_unless_it_has_them() -> None:
    data = MusicData(steps_per_quarter=1)
    chord = "C5 G4 E4 C3 "
    assert to_text(data.prompt(chord * 5).sequence) == "|  " + "  ".join([chord.strip()] * 4) + f"\n|  {chord.strip()}"
    assert to_text(data.prompt("| " + chord * 5).sequence).count("|") == 1
    assert not (data.prompt(chord + "||").sequence == END).any()
    with pytest.raises(DataError, match="3 voices"):
        data.prompt("C5 G4 E4")


def generation(prompt: str, *values: str) -> Generation:
    return Generation(Record(from_text(prompt, "p"), origin="p"), [from_text(value, "v") for value in values])


def test_what_is_written_begins_with_the_prompt(tmp_path: Path) -> None:
    data = MusicData(steps_per_quarter=1)
    made = generation("| C5 G4 E4 C3", "D5 G4 F4 B2 E5 . . C3 ||")
    assert data.write(tmp_path / "x.mid", [made]) == [tmp_path / "x.mid"]
    (read,) = sequences(MusicData(path=str(tmp_path / "x.mid"), steps_per_quarter=1))
    assert to_text(read) == "|  C5 G4 E4 C3  D5 G4 F4 B2  E5 . . C3"


@pytest.mark.parametrize("suffix", MusicData.output_suffixes)
def test_several_samples_get_files_of_their_own(suffix: str, tmp_path: Path) -> None:
    made = generation("| C5 G4 E4 C3", "D5 G4 F4 B2", "E5 C5 G4 C3")
    written = MusicData().write(tmp_path / f"x{suffix}", [made])
    assert [path.name for path in written] == [f"x-1{suffix}", f"x-2{suffix}"]
    assert written[0].read_bytes() != written[1].read_bytes()


def test_the_tempo_is_that_of_the_option(tmp_path: Path) -> None:
    MusicData(tempo_bpm=60.0).write(tmp_path / "x.mid", [generation("| C5 G4 E4 C3", ". . . .")])
    assert mido.MidiFile(tmp_path / "x.mid").length == pytest.approx(1.0)


def test_another_grid_than_the_models_is_refused() -> None:
    trained = MusicData(steps_per_quarter=2)
    with pytest.raises(ConfigError, match="trained with steps_per_quarter 2, not 4"):
        MusicData(steps_per_quarter=4).restore_codecs(trained.codec.state(), trained.codec.state())


@pytest.mark.parametrize(
    "options", [{"steps_per_quarter": 0}, {"steps_per_quarter": 7}, {"transpose": 7}, {"tempo_bpm": 0.0}]
)
def test_options_out_of_range_are_refused_by_name(options: dict) -> None:
    with pytest.raises(ConfigError) as error:
        MusicData(**options)
    assert error.value.at == f"--data.{next(iter(options))}"


def test_the_domain_is_called_music() -> None:
    assert DOMAIN.name == "music" and DOMAIN.tasks == ("next_step", "classify")
