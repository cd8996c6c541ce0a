"""seqkit check over sound: what is measured, by hand, and every recording that cannot be used."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import Record, check
from seqkit_audio.check import SoundInspector
from tests.plugins.audio.sounds import WriteSound

DATA = Path(__file__).parents[3] / ".." / "shared" / "data" / "audio"


def places(report: dict[str, Any]) -> list[str]:
    return [problem["at"].rpartition("/")[2] for problem in report["problems"] if "path" not in problem["at"]]


def test_durations_levels_clipping_and_silence_are_measured() -> None:
    inspector = SoundInspector(lambda: 100)
    half = np.array([0.5, -0.5] * 50, np.float32)
    inspector.add(Record(half[:30], origin="a"))
    inspector.add(Record(half[30:], origin="a", continues=True))
    inspector.add(Record(np.array([1.0, -1.0, 0.0, 0.0], np.float32), origin="b"))
    inspector.add(Record(np.zeros(96, np.float32), origin="c"))
    facts = inspector.facts()
    assert (facts["duration_s"], facts["shortest_s"], facts["median_s"], facts["longest_s"]) == (2.0, 0.04, 0.96, 1.0)
    assert facts["clipped_share"] == 2 / 200 and facts["silence_share"] == 98 / 200 and facts["peak"] == 1.0
    # Mean square: (100 x 0.25 + 2 x 1) / 200 = 0.135, 10 log10 of it -8.7
    assert facts["level_db"] == -8.7
    assert inspector.warnings() == [
        "1 recording (c): never louder than -60 dB",
        "1 recording (b): more than 0.1% of the samples at full scale (clipped)",
    ]


def test_each_recording_that_cannot_be_read_is_named_and_the_others_are_measured(
    write_sound: WriteSound, tmp_path: Path
) -> None:
    for label, pitch_hz in (("a", 300.0), ("b", 500.0)):
        for number in range(12):
            write_sound(f"{label}/{number:02}.wav", pitch_hz=pitch_hz + number)
    cut = (tmp_path / "a" / "03.wav").read_bytes()
    (tmp_path / "a" / "00.wav").write_bytes(cut[: len(cut) // 2])  # The first one, which gives the sample rate.
    (tmp_path / "b" / "04.wav").write_bytes(b"no sound")
    write_sound("b/05.wav", np.array([0.0, np.nan, 0.0], np.float32), subtype="FLOAT")
    (tmp_path / "loose.wav").write_bytes(cut)
    found = check("audio", path=str(tmp_path), valid_fraction=0.3)
    assert places(found) == ["00.wav", "04.wav", "05.wav", f"{tmp_path.name}:loose.wav"]
    assert found["num_records"] == 21 and found["facts"]["duration_s"] == 21 * 0.25
    assert found["targets"]["classes"]["a"]["count"] == 11


def test_mixed_rates_and_channels_are_told(write_sound: WriteSound, tmp_path: Path) -> None:
    for number in range(20):
        write_sound(f"{'ab'[number % 2]}/{number:02}.wav", rate=8000 if number < 15 else 16000, pitch_hz=200.0 + number)
    write_sound("a/stereo.wav", np.stack([np.linspace(-0.5, 0.5, 2000)] * 2, axis=1).astype(np.float32))
    found = check("audio", path=str(tmp_path), valid_fraction=0.3)
    assert found["facts"]["sample_rate_hz"] == {"8000": 16, "16000": 5}
    assert found["facts"]["channels"] == {"1": 20, "2": 1}
    assert "2 sample rates: all are resampled to 8000 Hz" in found["warnings"]
    assert "recordings of several channels are mixed to one" in found["warnings"] and found["num_problems"] == 0


def test_each_row_of_a_manifest_is_looked_at(write_sound: WriteSound, tmp_path: Path) -> None:
    rows = ["file,label"]
    for number in range(30):
        write_sound(f"{number}.wav", pitch_hz=200.0 + number)
        rows.append(f"{number}.wav,{'ab'[number % 2]}")
    rows += ["gone.wav,a", "3.wav,b", "lost.wav,b"]
    (tmp_path / "list.csv").write_text("\n".join(rows))
    found = check("audio", path=str(tmp_path / "list.csv"), valid_fraction=0.3)
    assert places(found) == ["list.csv, row 31", "list.csv, row 32", "list.csv, row 33"]
    assert found["num_records"] == 30


@pytest.mark.parametrize("task", ["classify", "next_step"])
def test_demo_data_are_clean(task: str) -> None:
    assert check("audio", task=task)["num_problems"] == 0


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_spoken_digits_are_as_their_readme_says() -> None:
    found = check("audio", path=str(DATA / "fsdd" / "recordings.zip"), label_pattern=r"^(\d)_")
    assert found["num_problems"] == 0 and found["num_records"] == 3000 and found["duplicates"]["records"] == 0
    assert found["facts"]["duration_s"] == pytest.approx(1312.3, abs=0.05) and found["facts"]["median_s"] == 0.42
    assert {row["count"] for row in found["targets"]["classes"].values()} == {300}
