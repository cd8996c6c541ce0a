"""Transcripts of recordings: where they are found, how they are read, and what is refused."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from seqkit import DataError
from seqkit_audio.data import AudioData
from tests.plugins.audio.sounds import WriteSound


def transcribed(path: object, **options: Any) -> AudioData:
    options = {"valid_fraction": 0.0, "test_fraction": 0.0} | options
    data: AudioData = AudioData(str(path), task="ctc", **options)
    return data


def said(data: AudioData) -> dict[str, Any]:
    return {record.origin: record.target for record in data.records("train")}


@pytest.fixture
def spoken(write_sound: WriteSound, tmp_path: Path) -> Path:
    """Three recordings and a manifest of two of them."""
    for name in ("1.wav", "2.flac", "more/3.wav"):
        write_sound(f"set/{name}")
    (tmp_path / "set" / "all.csv").write_text('file,text,n\n2.flac,"Olá, mundo",1\nmore/3.wav,  bom   dia ,2\n')
    return tmp_path / "set"


def test_a_manifest_names_transcripts(spoken: Path) -> None:
    data = transcribed(spoken / "all.csv", transcript_column="text")
    assert said(data) == {"all.csv:2.flac": "Olá, mundo", "all.csv:more/3.wav": "bom dia"}
    data.setup("fit")
    assert data.target_codec.state() == {"alphabet": " ,Oabdilmnouá"}
    assert data.target_codec.separator == 0
    (spoken / "all.jsonl").write_text('{"file": "1.wav", "transcript": "7302"}\n')
    assert said(transcribed(spoken / "all.jsonl")) == {"all.jsonl:1.wav": "7302"}
    (spoken / "all.tsv").write_text("file\ttranscript\n1.wav\tone, two\n")
    assert said(transcribed(spoken / "all.tsv")) == {"all.tsv:1.wav": "one, two"}


def test_transcripts_lie_beside_their_recordings(spoken: Path) -> None:
    (spoken / "1.txt").write_text("\ufeffnull\n", encoding="utf-8")
    (spoken / "2.lab").write_text("um\ndois\n")
    (spoken / "more" / "3.txt").write_text("três", encoding="utf-8")
    assert said(transcribed(spoken)) == {"set:1.wav": "null", "set:2.flac": "um dois", "set:more/3.wav": "três"}


def test_lists_of_librispeech_lie_in_the_folder_of_their_recordings(write_sound: WriteSound, tmp_path: Path) -> None:
    for name in ("84/121/84-121-0000.flac", "84/121/84-121-0001.flac", "84/122/84-122-0000.flac"):
        write_sound(f"dev/{name}")
    (tmp_path / "dev/84/121/84-121.trans.txt").write_text("84-121-0000 GO DO YOU HEAR\n84-121-0001 BUT\n")
    (tmp_path / "dev/84/122/84-122.trans.txt").write_text("84-122-0000 A SECOND CHAPTER\n")
    expected = ["go do you hear", "but", "a second chapter"]
    assert list(said(transcribed(tmp_path / "dev", lowercase=True)).values()) == expected
    with zipfile.ZipFile(tmp_path / "dev.zip", "w") as archive:
        for file in sorted((tmp_path / "dev").rglob("*.*")):
            archive.write(file, str(file.relative_to(tmp_path)))
    assert list(said(transcribed(tmp_path / "dev.zip", lowercase=True)).values()) == expected


def test_texts_lie_beside_recordings_in_an_archive_too(write_sound: WriteSound, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for folder, text in (("a", "one"), ("b", "two")):
            archive.write(write_sound("1.wav"), f"{folder}/1.wav")
            archive.writestr(f"{folder}/1.txt", text)
    assert said(transcribed(tmp_path / "z.zip")) == {"z.zip:a/1.wav": "one", "z.zip:b/1.wav": "two"}


def test_letters_are_composed_lowered_and_left_out_as_asked(spoken: Path) -> None:
    (spoken / "all.csv").write_text('file,transcript\n1.wav,"Ola\u0301 - MUNDO!  Sim?"\n', encoding="utf-8")
    path = spoken / "all.csv"
    assert said(transcribed(path)) == {"all.csv:1.wav": "Olá - MUNDO! Sim?"}
    letters = " abcdefghijklmnopqrstuvwxyzá"
    data = transcribed(path, lowercase=True, alphabet=letters, other_characters="drop")
    assert said(data) == {"all.csv:1.wav": "olá mundo sim"}
    data.setup("fit")
    assert data.target_codec.state() == {"alphabet": letters}


def test_a_character_that_training_does_not_have_is_named(spoken: Path) -> None:
    (spoken / "a.csv").write_text("file,transcript\n1.wav,abba\n")
    (spoken / "b.csv").write_text("file,transcript\n2.flac,abc\n")
    data = transcribed(spoken / "a.csv", valid_path=str(spoken / "b.csv"))
    data.setup("fit")
    with pytest.raises(DataError, match=r"(?s)character 'c' at position 2 is not in the alphabet.*b\.csv:2\.flac"):
        data.store("valid")
    data = transcribed(spoken / "b.csv", alphabet="ab")
    with pytest.raises(DataError, match=r"(?s)character 'c' at position 2.*b\.csv:2\.flac"):
        data.store("train")


@pytest.mark.parametrize("text", ["", "   ", "?!"])
def test_an_empty_transcript_is_refused(spoken: Path, text: str) -> None:
    (spoken / "m.csv").write_text(f"file,transcript\n1.wav,ab\n2.flac,{text}\n")
    data = transcribed(spoken / "m.csv", alphabet="ab", other_characters="drop")
    with pytest.raises(DataError, match=r"(?s)the transcript is empty.*at: m\.csv:2\.flac"):
        list(data.records("train"))


def test_a_recording_without_transcript_is_refused_but_in_prediction(spoken: Path) -> None:
    (spoken / "1.txt").write_text("one")
    data = transcribed(spoken)
    with pytest.raises(DataError, match=r"(?s)has no transcript.*at: set:2\.flac.*--data\.transcript_column"):
        data.setup("fit")
    assert [record.target for record in data.records("predict")] == ["one", None, None]


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ("file,transcript\n1.wav,a\n9.wav,b\n", {}, r"no such file: '9\.wav'(.|\n)*m\.csv, row 2"),
        ("file,transcript\n1.wav,a\n1.wav,b\n", {}, r"listed twice(.|\n)*m\.csv, row 2"),
        ("file,words\n1.wav,a\n", {}, r"no transcript(.|\n)*m\.csv:1\.wav"),
        ("file,words\n1.wav,a\n", {"transcript_column": "word"}, r"no column 'word'(.|\n)*did you mean 'words'"),
        ("file,transcript\n1.wav\n", {}, r"m\.csv"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(
    spoken: Path, table: str, options: dict[str, str], message: str
) -> None:
    (spoken / "m.csv").write_text(table)
    with pytest.raises(DataError, match=message):
        transcribed(spoken / "m.csv", **options).setup("fit")


def test_text_that_is_not_utf8_is_refused(spoken: Path) -> None:
    (spoken / "1.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"(?s)byte 0xe9 is not valid UTF-8.*1\.txt"):
        transcribed(spoken).setup("fit")


def test_a_changed_transcript_is_read_again(
    write_sound: WriteSound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))
    path = write_sound("1.wav")
    texts = []
    for text in ("aab", "abba"):
        (tmp_path / "1.txt").write_text(text)
        data = transcribed(path)
        data.setup("fit")
        texts.append(data.target_codec.decode(next(iter(data.loader("train"))).targets[0]))
    assert texts == ["aab", "abba"]
