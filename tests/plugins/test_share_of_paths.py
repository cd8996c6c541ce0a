"""The share of bad records under `max_bad` is one over all paths, in every domain: no path is judged alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqkit import SequenceDataModule
from seqkit.errors import TooManyBadRecords
from seqkit_audio.data import AudioData
from seqkit_dna.data import DnaData
from seqkit_text.data import TextData
from seqkit_timeseries.data import TimeseriesData
from tests.plugins.audio.bad_making import encoded

Write = Callable[[Path, int, int], Path]


def _text(folder: Path, good: int, bad: int) -> Path:
    lines = [b"caf\xe9 %d\n" % n for n in range(bad)] + [b"some words of line %d\n" % n for n in range(good)]
    return _written(folder.with_suffix(".txt"), b"".join(lines))


def _rows_of_text(folder: Path, good: int, bad: int) -> Path:
    rows = [",x"] * bad + [f"some words of row {n},{'xy'[n % 2]}" for n in range(good)]
    return _written(folder.with_suffix(".csv"), "\n".join(["text,label", *rows, ""]).encode())


def _rows_of_dna(folder: Path, good: int, bad: int) -> Path:
    rows = ["AC!T,x"] * bad + [f"ACGTTGCA,{'xy'[n % 2]}" for n in range(good)]
    return _written(folder.with_suffix(".csv"), "\n".join(["sequence,label", *rows, ""]).encode())


def _dna(folder: Path, good: int, bad: int) -> Path:
    records = [f">b{n}\nAC!T\n" for n in range(bad)] + [f">r{n}\nACGTTGCA\n" for n in range(good)]
    return _written(folder.with_suffix(".fa"), "".join(records).encode())


def _audio(folder: Path, good: int, bad: int) -> Path:
    folder.mkdir()
    for number in range(good + bad):
        _written(
            folder / f"{folder.name}{number:03}_{'xy'[number % 2]}.wav",
            b"no sound" if number < bad else encoded(num_frames=40),
        )
    return folder


def _series(folder: Path, good: int, bad: int) -> Path:
    rows = [f"{n % 7}.5,{'on' if n % 20 < 10 else 'off'}" for n in range(good)]
    rows[10:10] = ["broken,on"] * bad
    return _written(folder.with_suffix(".csv"), ("load,state\n" + "\n".join(rows) + "\n").encode())


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


WRITE: dict[str, tuple[Write, type[SequenceDataModule], dict[str, Any]]] = {
    "text": (_text, TextData, {"task": "next_step"}),
    "dna": (_dna, DnaData, {"task": "next_step"}),
    "audio": (_audio, AudioData, {"task": "next_step"}),
    "text, classes": (_rows_of_text, TextData, {"task": "classify"}),
    "dna, classes": (_rows_of_dna, DnaData, {"task": "classify"}),
    "audio, classes": (_audio, AudioData, {"task": "classify", "label_pattern": r"_(\w)\.wav"}),
    "timeseries": (_series, TimeseriesData, {"task": "tag", "label_column": "state"}),
}


def _read(data_set: str, paths: dict[str, Any], max_bad: str = "1%") -> SequenceDataModule:
    _, kind, options = WRITE[data_set]
    data: SequenceDataModule = kind(**paths, **options, on_bad_record="skip", max_bad=max_bad)
    for split in ("train", "valid", "test"):
        data.store(split)
    return data


@pytest.mark.parametrize("data_set", WRITE)
def test_a_bad_path_among_several_is_judged_with_the_others(data_set: str, tmp_path: Path) -> None:
    write = WRITE[data_set][0]
    paths = [str(write(tmp_path / "a", 50, 2)), str(write(tmp_path / "b", 250, 0))]  # 2 of 52, 0 of 250
    summary = _read(data_set, {"path": paths}).tolerance.summary()
    assert (summary["num_bad"], summary["num_good"]) == (2, 300)
    with pytest.raises(TooManyBadRecords, match="2 of 302"):
        _read(data_set, {"path": paths}, "0.6%")


@pytest.mark.parametrize("data_set", WRITE)
def test_paths_of_their_own_are_judged_with_the_one_of_training(data_set: str, tmp_path: Path) -> None:
    write = WRITE[data_set][0]
    counts = {"path": 0, "valid_path": 2, "test_path": 1}  # 2 of 102 alone would be too many
    paths = {name: str(write(tmp_path / name, 100, bad)) for name, bad in counts.items()}
    summary = _read(data_set, paths).tolerance.summary()
    assert (summary["num_bad"], summary["num_good"]) == (3, 300)
