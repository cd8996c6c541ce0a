"""Recordings of any length are read in flat memory, and a million tiny parts of one are no trouble."""

import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from seqkit import DataError
from seqkit_audio.data import AudioData
from tests.soak.conftest import Tally
from tests.soak.test_text_reading import MOST_MORE_MB, more_megabytes, needs_peaks

pytestmark = pytest.mark.soak

NUM_BYTES = 1_000_000_000
"""Of the long recording. Not scaled by `--soak-share`: a short one fits in memory either way."""

RATE_HZ = 8000


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))


def store(path: Path, **options: Any) -> int:
    """Records of the training split in a fresh store, with nothing held out."""
    data = AudioData(path=str(path), valid_fraction=0.0, test_fraction=0.0, **options)
    data.setup("fit")
    return len(data.store("train"))


@needs_peaks
def test_a_long_recording_is_read_in_flat_memory(tmp_path: Path, tally: Tally) -> None:
    path = tmp_path / "long.wav"
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    with path.open("wb") as file:  # Silence, which takes no room on the disk.
        file.write(b"RIFF" + struct.pack("<I", NUM_BYTES + 36) + head + b"data" + struct.pack("<I", NUM_BYTES))
        file.truncate(44 + NUM_BYTES)
    flat = more_megabytes(partial(store, path, task="next_step"))
    whole = more_megabytes(lambda: soundfile.read(path, dtype="float32"))
    tally("WAV of 1 GB read within 200 MB (control: soundfile)", 1, flat > MOST_MORE_MB, 1, whole > MOST_MORE_MB)


@needs_peaks
def test_a_million_parts_of_a_recording_are_no_trouble(
    tmp_path: Path, tally: Tally, trials: Callable[[int], int]
) -> None:
    number = trials(1_000_000)
    soundfile.write(tmp_path / "talk.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 8 * number), RATE_HZ)
    rows = [f"talk.wav,{'ab'[n % 2]},{n / 1000:.3f},{(n + 1) / 1000:.3f}\n" for n in range(number)]
    options = {"start_column": "start", "end_column": "end"}
    (tmp_path / "parts.csv").write_text("file,label,start,end\n" + "".join(rows))
    more = more_megabytes(partial(store, tmp_path / "parts.csv", **options))
    (tmp_path / "beyond.csv").write_text(f"file,label,start,end\n{rows[0]}{rows[1]}talk.wav,b,0,{number / 1000 + 1}\n")
    try:
        store(tmp_path / "beyond.csv", **options)
        refused = False
    except DataError:
        refused = True
    tally("tiny parts of a recording (control: one beyond its end)", number, more > MOST_MORE_MB, 1, refused)
