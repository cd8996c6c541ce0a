"""Bad recordings left out: counted exactly, kept for mending, and the good ones are as they were."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from seqkit import DataError, Split
from seqkit.cli.main import main
from seqkit.errors import TooManyBadRecords
from seqkit_audio import sound
from seqkit_audio.data import AudioData
from tests.plugins.audio.bad_making import RATE_HZ, encoded, noise, wav

# Lightning's CSV logger warns about the run folder that it is told to write to.
pytestmark = pytest.mark.filterwarnings("ignore:Experiment logs directory")

NUM_GOOD = 120
SPLITS: tuple[Split, ...] = ("train", "valid", "test")

BAD = {
    "a/000.wav": encoded()[:900],  # The first one, whose rate would be taken.
    "a/050x.wav": b"no sound",
    "b/117.flac": encoded("FLAC", "PCM_16")[:-200],
    "b/999.wav": wav(np.array([0.1, np.nan, 0.2], "<f4").tobytes(), tag=3, bits=32),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good clips alone."""
    return write(tmp_path_factory.mktemp("good"), {})


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same clips with bad ones among them."""
    return write(tmp_path_factory.mktemp("mixed"), BAD)


def write(folder: Path, bad: dict[str, bytes]) -> Path:
    for number in range(1, NUM_GOOD + 1):
        path = folder / "clips" / "ab"[number % 2] / f"{number:03}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, noise(300 + number, seed=number), RATE_HZ)
    for name, content in bad.items():
        (folder / "clips" / name).write_bytes(content)
    return folder


def encoded_records(data: AudioData) -> dict[str, list[Any]]:
    """Origin to steps, of all splits."""
    stores = [data.store(split) for split in SPLITS]
    origins = [origin for store in stores for origin in store.origins()]
    steps = [store.sequence(index).tolist() for store in stores for index in range(len(store))]
    assert len(set(origins)) == len(origins)
    return dict(zip(origins, steps, strict=True))


def over(path: Path, **options: Any) -> AudioData:
    data: AudioData = AudioData(path=str(path), valid_fraction=0.2, test_fraction=0.2, **options)
    return data


def places(data: AudioData) -> list[str]:
    return sorted(
        (error.at or "").partition(",")[0].removeprefix("clips:") for error in data.tolerance.collected.errors
    )


@pytest.mark.parametrize("task", ["classify", "next_step"])
def test_bad_clips_are_left_out_and_the_good_ones_stay_to_the_bit(good: Path, mixed: Path, task: str) -> None:
    data = over(mixed / "clips", task=task, on_bad_record="skip", max_bad=len(BAD))
    assert encoded_records(data) == encoded_records(over(good / "clips", task=task))
    summary = data.tolerance.summary()
    assert places(data) == sorted(BAD) and (summary["num_bad"], summary["num_good"]) == (len(BAD), NUM_GOOD)


def test_clips_of_a_stream_are_left_out_before_it_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "BLOCK_FRAMES", 64)
    late = wav(np.append(np.zeros(200), np.inf).astype("<f4").tobytes(), tag=3, bits=32)
    for name in ("good", "mixed"):
        (tmp_path / name / "clips").mkdir(parents=True)
        for number in range(12):
            soundfile.write(tmp_path / name / "clips" / f"{number:02}.wav", noise(500, seed=number), RATE_HZ)
    (tmp_path / "mixed" / "clips" / "04x.wav").write_bytes(late)  # Its first blocks are good.
    data = over(tmp_path / "mixed" / "clips", task="next_step", on_bad_record="skip", max_bad=1)
    clean = over(tmp_path / "good" / "clips", task="next_step")
    for split in SPLITS:
        ours, theirs = data.store(split), clean.store(split)
        assert ours.origins() == theirs.origins() and np.array_equal(ours.steps, theirs.steps)
    assert places(data) == ["04x.wav"]


def test_bad_rows_of_a_manifest_are_left_out(good: Path) -> None:
    rows = [f"clips/{'ab'[n % 2]}/{n:03}.wav,{'ab'[n % 2]}" for n in range(1, NUM_GOOD + 1)]
    bad = {3: "gone.wav,a", 50: "../secret.wav,a", 51: f"{rows[0]}", 90: ",b"}
    for name, extra in (("clean", {}), ("bad", bad)):
        lines = list(rows)
        for place in sorted(extra):
            lines.insert(place, extra[place])
        (good / f"{name}.csv").write_text("\n".join(["file,label", *lines]) + "\n")
    (good.parent / "secret.wav").write_bytes(encoded())
    data = over(good / "bad.csv", on_bad_record="quarantine", max_bad=4)
    ours, theirs = encoded_records(data), encoded_records(over(good / "clean.csv"))
    assert {name.partition(":")[2]: steps for name, steps in ours.items()} == {
        name.partition(":")[2]: steps for name, steps in theirs.items()
    }
    assert sorted(error.at or "" for error in data.tolerance.collected.errors) == [
        f"bad.csv, row {place + 1}" for place in sorted(bad)
    ]
    written = data.tolerance.write_quarantine(good / "quarantine.jsonl")
    assert written is not None
    kept = [json.loads(line) for line in written.read_text().splitlines()]
    assert "../secret.wav" in next(row["record"] for row in kept if row["at"] == "bad.csv, row 51")


def test_a_bad_clip_does_not_spoil_those_it_would_be_joined_to(mixed: Path) -> None:
    data = over(mixed / "clips", task="ctc", join="2-3", joins_per_clip=1, on_bad_record="skip", max_bad=len(BAD))
    named = [name for record in data.accepted("train") for name in record.origin.partition(":")[2].split("+")]
    named += [name for split in ("valid", "test") for r in data.accepted(split) for name in r.origin[6:].split("+")]
    assert {f"{'ab'[n % 2]}/{n:03}.wav" for n in range(1, NUM_GOOD + 1)} == set(named)
    assert places(data) == sorted(BAD)


@pytest.mark.parametrize("most", [len(BAD) - 1, "3%", "1%"])
def test_more_than_allowed_are_an_error(mixed: Path, most: int | str) -> None:
    data = over(mixed / "clips", on_bad_record="skip", max_bad=most)
    with pytest.raises(TooManyBadRecords, match="bad"):
        encoded_records(data)


def test_where_no_clip_can_be_read_that_is_said(tmp_path: Path) -> None:
    for name in ("a/1.wav", "b/2.wav"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"no sound")
    with pytest.raises(DataError, match="no sound file"):
        over(tmp_path, on_bad_record="skip").setup("fit")


def test_the_command_line_trains_on_what_is_left(
    mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["fit", "--domain", "audio", "--data.path", str(mixed / "clips"), "--run", str(tmp_path / "run")]
    words += ["--on-bad-record", "quarantine", "--trainer.max_steps", "1", "--model.hidden_size", "4"]
    assert main(words) == 2 and "bad" in capsys.readouterr().err  # Of 124, 4 are more than a hundredth.
    assert main([*words, "--max-bad", "5%"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "run" / "quarantine.jsonl").read_text().splitlines()]
    assert {row["at"].partition(",")[0].removeprefix("clips:") for row in rows} <= set(BAD) and len(rows) >= 2
