"""The Free Spoken Digit Dataset, where it is at hand: its counts, and how fast it is read."""

import time
from pathlib import Path

import numpy as np
import pytest

from seqkit_audio.data import AudioData


@pytest.fixture
def digits(shared_data: Path) -> str:
    path = shared_data / "audio" / "fsdd" / "recordings.zip"
    if not path.exists():
        pytest.skip("the spoken digits are not beside this checkout")
    return str(path)


def test_spoken_digits_have_their_official_split(digits: str) -> None:
    data = AudioData(digits, label_pattern=r"^(\d)_", test_match=r"_[0-4]\.wav$", valid_fraction=0.0)
    data.setup("fit")
    assert data.codec.sample_rate_hz == 8000
    assert data.target_codec.state() == {"labels": list("0123456789")}
    began = time.perf_counter()
    train, test = data.store("train"), data.store("test")
    assert time.perf_counter() - began < 30
    assert (len(train), len(test)) == (2700, 300)
    assert np.bincount(np.asarray(test.targets)).tolist() == [30] * 10
    assert round((len(train.steps) + len(test.steps)) / 8000, 1) == 1312.3
    assert test.origins()[:2] == ["recordings.zip:0_george_0.wav", "recordings.zip:0_george_1.wav"]
    assert (int(test.lengths.min()), int(train.lengths.max())) == (1148, 18262)  # counted with the module wave


def test_one_speaker_can_be_left_out(digits: str) -> None:
    data = AudioData(digits, label_pattern=r"^(\d)_", test_match="_theo_")
    assert sum(1 for _ in data.records("test")) == 500


def test_spoken_digits_are_a_stream_for_next_step(digits: str) -> None:
    data = AudioData(digits, task="next_step", test_match=r"_[0-4]\.wav$", max_duration_s=0.5)
    assert len(data.store("test")) == 300
    assert int(data.store("test").lengths.max()) == 4000
