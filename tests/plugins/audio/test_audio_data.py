"""Recordings become records: which, under what name, with what label, at what rate, in which split."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqkit import ConfigError, DataError, Record, SourceFile, Split
from seqkit_audio import sound
from seqkit_audio.codecs import MuLawCodec
from seqkit_audio.data import AudioData
from seqkit_audio.reading import open_sound
from seqkit_audio.torchaudio_import import torchaudio
from tests.plugins.audio.sounds import WriteSound

SPLITS: tuple[Split, ...] = ("train", "valid", "test")


def everything(data: AudioData) -> list[tuple[str, Any]]:
    """Origin and label of all records that go into training when nothing is held out."""
    return [(record.origin, record.target) for record in data.records("train")]


def all_of(path: Any, **options: Any) -> AudioData:
    data: AudioData = AudioData(path, valid_fraction=0.0, test_fraction=0.0, **options)
    return data


@pytest.fixture
def animals(write_sound: WriteSound, tmp_path: Path) -> Path:
    for name in ("cat/1.wav", "cat/more/2.flac", "dog/1.ogg", "dog/old/cat/9.mp3"):
        write_sound(f"animals/{name}")
    (tmp_path / "animals" / "notes.txt").write_text("not a sound")
    return tmp_path / "animals"


def test_a_label_is_the_folder_that_the_file_lies_in(animals: Path) -> None:
    data = all_of(str(animals))
    assert everything(data) == [
        ("animals:cat/1.wav", "cat"),
        ("animals:cat/more/2.flac", "more"),
        ("animals:dog/1.ogg", "dog"),
        ("animals:dog/old/cat/9.mp3", "cat"),
    ]
    data.setup("fit")
    assert data.target_codec.state() == {"labels": ["cat", "dog", "more"]}


def test_a_pattern_with_a_slash_finds_labels_in_the_path(animals: Path) -> None:
    assert [label for _, label in everything(all_of(str(animals), label_pattern="^([^/]+)/"))] == [
        "cat", "cat", "dog", "dog",
    ]  # fmt: skip


def test_a_pattern_without_a_slash_finds_labels_in_the_name(write_sound: WriteSound, tmp_path: Path) -> None:
    for name in ("x/7_theo_3.wav", "x/y/0_jackson_12.wav"):
        write_sound(name)
    assert everything(all_of(str(tmp_path / "x"), label_pattern=r"^(\d)_")) == [
        ("x:7_theo_3.wav", "7"),
        ("x:y/0_jackson_12.wav", "0"),
    ]


def test_a_label_may_stand_before_the_path(write_sound: WriteSound, tmp_path: Path) -> None:
    for name in ("a/s/1.wav", "b/s/1.wav", "b/s/2.wav"):
        write_sound(name)
    data = all_of([f"up={tmp_path}/a/s", f"down={tmp_path}/b/s"])
    # Two folders of one name: their whole paths tell them apart.
    assert everything(data) == [
        (f"{tmp_path}/a/s:1.wav", "up"),
        (f"{tmp_path}/b/s:1.wav", "down"),
        (f"{tmp_path}/b/s:2.wav", "down"),
    ]


def test_a_manifest_names_files_and_labels(write_sound: WriteSound, tmp_path: Path) -> None:
    for name in ("set/clips/1.wav", "set/clips/2.flac"):
        write_sound(name)
    (tmp_path / "set" / "all.csv").write_text("speaker,clip,word,n\nann,clips/2.flac,yes,1\nbob,clips/1.wav,no,2\n")
    data = all_of(str(tmp_path / "set" / "all.csv"), file_column="clip", label_column="word")
    assert everything(data) == [("all.csv:clips/2.flac", "yes"), ("all.csv:clips/1.wav", "no")]
    (tmp_path / "set" / "all.jsonl").write_text('{"file": "clips/1.wav", "label": 3}\n')
    assert everything(all_of(str(tmp_path / "set" / "all.jsonl"))) == [("all.jsonl:clips/1.wav", "3")]


def test_a_zip_archive_is_read_in_place(write_sound: WriteSound, tmp_path: Path) -> None:
    sounds = {name: write_sound(name, pitch_hz=pitch) for name, pitch in (("7_a_0.wav", 300.0), ("8_b_1.wav", 500.0))}
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sounds.items():
            archive.write(file, f"recordings/{name}")
        archive.writestr("recordings/README.md", "no sound")
        archive.writestr("__MACOSX/recordings/._7_a_0.wav", "no sound")
    before = set(tmp_path.iterdir())
    records = list(all_of(str(tmp_path / "z.zip"), label_pattern=r"^(\d)").records("train"))
    assert [(r.origin, r.target) for r in records] == [("z.zip:7_a_0.wav", "7"), ("z.zip:8_b_1.wav", "8")]
    for record, file in zip(records, sounds.values(), strict=True):
        (expected,) = all_of([f"x={file}"]).records("train")
        assert np.array_equal(record.sequence, expected.sequence)
    assert set(tmp_path.iterdir()) == before


def test_classes_may_be_folders_of_an_archive(write_sound: WriteSound, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name in ("top/cat/1.wav", "top/dog/1.wav"):
            archive.write(write_sound(name), name)
    assert everything(all_of(str(tmp_path / "z.zip"))) == [("z.zip:cat/1.wav", "cat"), ("z.zip:dog/1.wav", "dog")]


def test_the_present_folder_has_its_own_name(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(animals)
    assert everything(all_of("."))[0] == ("animals:cat/1.wav", "cat")


def test_the_first_file_gives_the_rate_and_the_others_are_resampled(write_sound: WriteSound, tmp_path: Path) -> None:
    write_sound("x/a/1.wav", rate=11025)
    other = write_sound("x/b/2.wav", rate=16000, duration_s=0.5, subtype="FLOAT")
    data = all_of(str(tmp_path / "x"))
    data.setup("fit")
    assert data.codec.sample_rate_hz == 11025
    first, second = data.records("train")
    assert len(first.sequence) == round(0.25 * 11025)
    with open_sound(SourceFile(other), "x") as opened:
        samples = torch.from_numpy(np.concatenate(list(opened.blocks())))
    expected = torchaudio.functional.resample(samples, 16000, 11025).numpy()
    assert np.allclose(second.sequence, expected, atol=1e-5)


def test_a_wanted_rate_holds_for_all(write_sound: WriteSound, tmp_path: Path) -> None:
    write_sound("x/a/1.wav", rate=8000)
    write_sound("x/b/2.wav", rate=44100)
    data = all_of(str(tmp_path / "x"), sample_rate_hz=16000)
    data.setup("fit")
    assert [len(record.sequence) for record in data.records("train")] == [4000, 4000]
    assert data.codec.state() == {"sample_rate_hz": 16000}


def test_what_resampling_overshoots_is_cut_off(write_sound: WriteSound, tmp_path: Path) -> None:
    square = np.sign(np.sin(np.arange(4000) * 0.05)).astype(np.float32)
    write_sound("a.wav", square, subtype="FLOAT")
    (record,) = all_of(f"x={tmp_path}/a.wav", sample_rate_hz=12000).records("train")
    assert np.abs(record.sequence).max() == 1.0


def test_a_model_keeps_its_rate_when_it_meets_another(write_sound: WriteSound) -> None:
    trained = AudioData(task="next_step")
    trained.setup("fit")
    path = str(write_sound("a.wav", rate=44100, duration_s=0.5))
    later = AudioData(path, task="next_step")
    later.restore_codecs(trained.codec.state(), trained.target_codec.state())
    (record,) = later.records("predict")
    assert len(record.sequence) == 4000 and record.target is None
    other = AudioData(path, task="next_step", sample_rate_hz=44100)
    with pytest.raises(ConfigError, match="trained at 8000 Hz, not 44100 Hz"):
        other.restore_codecs(trained.codec.state(), trained.target_codec.state())


def test_a_long_recording_comes_in_blocks_that_make_one_record(
    write_sound: WriteSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "BLOCK_FRAMES", 1000)
    path = str(write_sound("long.wav", rate=8000, duration_s=2.0))
    data = AudioData(path, task="next_step", sample_rate_hz=6000, valid_fraction=0.25, test_fraction=0.25)
    parts = list(data.records("train"))
    assert [part.continues for part in parts] == [False] + [True] * (len(parts) - 1) and len(parts) >= 7
    assert max(len(part.sequence) for part in parts) < 1600
    lengths = [len(data.store(split).steps) for split in SPLITS]
    assert lengths == [6000, 3000, 3000] and [len(data.store(split)) for split in SPLITS] == [1, 1, 1]
    monkeypatch.setattr(sound, "BLOCK_FRAMES", 1 << 20)
    (whole,) = AudioData(path, task="next_step", sample_rate_hz=6000).records("predict")
    steps = np.concatenate([data.store(split).steps for split in SPLITS])
    differing = steps != MuLawCodec().encode(whole.sequence).numpy()
    assert differing.mean() < 0.001  # Rounding may tip a sample that lies between two levels.


def test_only_the_first_seconds_are_read_when_asked(write_sound: WriteSound) -> None:
    path = write_sound("a.wav", duration_s=1.0)
    for task in ("classify", "next_step"):
        (record,) = AudioData(f"x={path}", task=task, max_duration_s=0.3).records("predict")
        assert len(record.sequence) == 2400


def test_few_recordings_are_held_out_by_their_end_and_many_whole(write_sound: WriteSound, tmp_path: Path) -> None:
    for number in range(100):
        write_sound(f"x/{number:03}.wav", np.full(50, number / 128))
    many = AudioData(str(tmp_path / "x"), task="next_step")
    origins = [{record.origin for record in many.records(split)} for split in SPLITS]
    assert sum(map(len, origins)) == len(set.union(*origins)) == 100 and all(origins)
    assert all(len(record.sequence) == 50 for record in many.records("train"))
    (tmp_path / "x" / "050.wav").unlink()
    # 99 recordings, of which the first 79.2 train.
    few = AudioData(str(tmp_path / "x"), task="next_step")
    assert {r.origin for r in few.records("train")} == {f"x:{n:03}.wav" for n in range(81) if n != 50}


def test_a_split_by_pattern_takes_whole_recordings(write_sound: WriteSound, tmp_path: Path) -> None:
    for take in range(8):
        write_sound(f"x/{take % 2}_a_{take}.wav")
    data = AudioData(str(tmp_path / "x"), label_pattern=r"^(\d)", test_match=r"_[0-4]\.wav$", valid_fraction=0.0)
    assert [r.origin for r in data.records("test")] == [f"x:{take % 2}_a_{take}.wav" for take in (0, 2, 4, 1, 3)]
    assert len(list(data.records("train"))) == 3


def test_labels_are_learned_without_decoding_a_sound(
    write_sound: WriteSound, animals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound.Sound, "blocks", lambda *_: pytest.fail("a sound was decoded"))
    data = all_of(str(animals))
    data.setup("fit")
    assert data.target_codec.state()["labels"] and data.codec.sample_rate_hz == 8000


def test_prediction_needs_no_labels(write_sound: WriteSound, tmp_path: Path) -> None:
    path = write_sound("new.wav")
    (record,) = AudioData(str(path)).records("predict")
    assert (record.origin, record.target) == ("new.wav", None)
    (record,) = AudioData(str(path), label_pattern=r"^(\d)").records("predict")
    assert record.target is None
    with pytest.raises(DataError, match=r"has no label(.|\n)*at: new\.wav(.|\n)*--data\.label_pattern"):
        list(all_of(str(path)).records("train"))


def test_a_name_that_the_pattern_does_not_fit_is_named(write_sound: WriteSound, tmp_path: Path) -> None:
    write_sound("x/7_a.wav")
    write_sound("x/noise.wav")
    with pytest.raises(
        DataError, match=r"label_pattern '\^\(\\\\d\)_' finds no label in 'noise.wav'(.|\n)*x:noise\.wav"
    ):
        all_of(str(tmp_path / "x"), label_pattern=r"^(\d)_").setup("fit")


@pytest.mark.parametrize(("pattern", "reason"), [("(", "not a regular expression"), (r"^\d", "has no group")])
def test_patterns_that_cannot_give_a_label_are_refused(pattern: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=rf"{reason}(.|\n)*--data\.label_pattern"):
        AudioData(label_pattern=pattern)


def test_one_label_is_not_enough(write_sound: WriteSound, tmp_path: Path) -> None:
    write_sound("x/recordings/7_a.wav")
    write_sound("x/recordings/8_a.wav")
    with pytest.raises(DataError, match=r"at least two labels(.|\n)*\['recordings'\](.|\n)*--data\.label_pattern"):
        all_of(str(tmp_path / "x")).setup("fit")


def test_a_manifest_row_whose_file_is_missing_is_named(write_sound: WriteSound, tmp_path: Path) -> None:
    write_sound("1.wav")
    manifest = tmp_path / "m.csv"
    manifest.write_text("file,label\n1.wav,a\n2.wav,b\n")
    with pytest.raises(DataError, match=r"no such file: '2\.wav'(.|\n)*at: m\.csv, row 2"):
        all_of(str(manifest)).setup("fit")
    manifest.write_text("file,label\n1.wav,a\n,b\n")
    with pytest.raises(DataError, match=r"no such file: ''(.|\n)*at: m\.csv, row 2"):
        all_of(str(manifest)).setup("fit")


def test_columns_that_a_manifest_lacks_are_named(write_sound: WriteSound, tmp_path: Path) -> None:
    write_sound("1.wav")
    manifest = tmp_path / "m.csv"
    manifest.write_text("files,label\n1.wav,a\n")
    with pytest.raises(DataError, match=r"no column 'file'(.|\n)*--data\.file_column(.|\n)*did you mean 'files'"):
        all_of(str(manifest)).setup("fit")
    manifest.write_text("file,word\n1.wav,a\n")
    with pytest.raises(DataError, match=r"no label(.|\n)*at: m\.csv:1\.wav(.|\n)*--data\.label_column"):
        all_of(str(manifest)).setup("fit")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("file,label\n1.wav,a\n1.wav,a\n", {}, r"'1\.wav' is listed twice\n  at: m\.csv, row 2"),
        ("file,label\n", {}, r"holds no rows\n  at: m\.csv"),
        ("text,label\n" + "x" * 300 + ",a\n", {"file_column": "text"}, r"no such file: 'x+'\n  at: m\.csv, row 1"),
        ("file,word\n1.wav,a\n", {"label_column": "wrod"}, r"no column 'wrod'(.|\n)*did you mean 'word'"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(
    write_sound: WriteSound, tmp_path: Path, text: str, options: dict[str, str], message: str
) -> None:
    write_sound("1.wav")
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        all_of(str(tmp_path / "m.csv"), **options).setup("fit")


def test_a_changed_recording_of_a_manifest_is_read_again(
    write_sound: WriteSound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))
    write_sound("1.wav", duration_s=0.25)
    (tmp_path / "m.csv").write_text("file\n1.wav\n")
    path = str(tmp_path / "m.csv")
    assert len(AudioData(path, task="next_step").store("predict").steps) == 2000
    write_sound("1.wav", duration_s=0.5)
    assert len(AudioData(path, task="next_step").store("predict").steps) == 4000


def test_a_broken_recording_is_named_when_records_are_encoded(animals: Path) -> None:
    path = animals / "dog" / "2.wav"
    path.write_bytes((b"RIFF" + bytes(100))[:60])
    with pytest.raises(DataError, match=r"at: animals:dog/2\.wav"):
        all_of(str(animals)).store("train")


def test_what_cannot_be_read_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        AudioData(str(tmp_path / "nothing")).setup("fit")
    with pytest.raises(DataError, match=r"holds no file to read(.|\n)*\.wav, \.flac"):
        AudioData(str(tmp_path)).setup("fit")
    with pytest.raises(DataError, match=r"not read from the hub(.|\n)*hf://owner/sounds"):
        AudioData("hf://owner/sounds").setup("fit")


@pytest.mark.parametrize("options", [{"sample_rate_hz": 0}, {"max_duration_s": 0.0}, {"mu_law_classes": 1}])
def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(ConfigError, match=rf"{name} is (.|\n)*--data\.{name}"):
        AudioData(task="next_step", **options)


def test_demo_clips_are_balanced_short_and_the_same_each_time() -> None:
    data = AudioData()
    data.setup("fit")
    once, again = list(data.records("predict")), list(AudioData().records("predict"))
    assert all(np.array_equal(one.sequence, two.sequence) for one, two in zip(once, again, strict=True))
    counts = {label: sum(record.target == label for record in once) for label in data.target_codec.state()["labels"]}
    assert len(counts) == 6 and set(counts.values()) == {60}
    assert all(1600 <= len(record.sequence) <= 4000 and np.abs(record.sequence).max() <= 1 for record in once)
    assert len({record.origin for record in once}) == 360


def test_demo_sounds_can_be_made_at_another_rate() -> None:
    slow, fast = (next(iter(AudioData(sample_rate_hz=rate).records("predict"))) for rate in (8000, 16000))
    assert len(fast.sequence) == 2 * len(slow.sequence)


def test_words_are_no_prompt() -> None:
    with pytest.raises(DataError, match=r"'la la' is no sound(.|\n)*--prompt-file"):
        AudioData(task="next_step").prompt("la la")


def test_records_of_melodies_are_streams_of_mu_law_levels() -> None:
    data = AudioData(task="next_step", mu_law_classes=64)
    data.setup("fit")
    assert data.horizon == 8000  # a second
    batch = next(iter(data.train_dataloader()))
    assert batch.inputs.dtype == torch.int64 and int(batch.inputs.max()) < 64
    assert isinstance(next(iter(data.records("train"))), Record)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_parts_of_a_recording_are_its_own_samples(
    write_sound: WriteSound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(sound, "BLOCK_FRAMES", 700)
    write_sound(name, np.random.default_rng(0).uniform(-0.5, 0.5, 8000))
    (tmp_path / "parts.csv").write_text(f"file,label,from,to\n{name},a,,0.1\n{name},b,0.25,0.5\n{name},a,0.75,\n")
    (tmp_path / "whole.csv").write_text(f"file,label\n{name},a\n")
    (whole,) = all_of(str(tmp_path / "whole.csv")).records("predict")
    data = all_of(str(tmp_path / "parts.csv"), start_column="from", end_column="to")
    first, second, third = data.records("predict")
    assert [record.origin for record in (first, second, third)] == [
        f"parts.csv:{name}@0-0.1", f"parts.csv:{name}@0.25-0.5", f"parts.csv:{name}@0.75-"
    ]  # fmt: skip
    assert np.array_equal(first.sequence, whole.sequence[:800])
    assert np.array_equal(second.sequence, whole.sequence[2000:4000])
    assert np.array_equal(third.sequence, whole.sequence[6000:])
    short = all_of(str(tmp_path / "parts.csv"), start_column="from", end_column="to", max_duration_s=0.15)
    assert [len(record.sequence) for record in short.records("predict")] == [800, 1200, 1200]


def test_blanks_around_a_label_do_not_count(write_sound: WriteSound, tmp_path: Path) -> None:
    for name in ("1.wav", "2.wav"):
        write_sound(name)
    (tmp_path / "m.csv").write_text("file,label\n1.wav, yes\n2.wav,yes \n")
    assert {label for _, label in everything(all_of(str(tmp_path / "m.csv")))} == {"yes"}
