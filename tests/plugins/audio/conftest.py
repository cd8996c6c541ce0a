"""Sounds made for the tests: nothing is stored."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.plugins.audio.sounds import WriteSound, tone


@pytest.fixture
def write_sound(tmp_path: Path) -> WriteSound:
    """Write a tone (or given samples) below the test's folder; the format follows from the name's ending."""

    def write(
        name: str,
        samples: np.ndarray | None = None,
        rate: int = 8000,
        duration_s: float = 0.25,
        pitch_hz: float = 440.0,
        subtype: str | None = None,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if samples is None:
            samples = tone(rate, duration_s, pitch_hz)
        soundfile.write(path, samples, rate, subtype=subtype)
        return path

    return write
