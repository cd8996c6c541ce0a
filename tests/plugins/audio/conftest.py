"""Sounds made for the tests: nothing is stored."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

WriteSound = Callable[..., Path]


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


def tone(rate: int, duration_s: float, pitch_hz: float) -> np.ndarray:
    """(T,) float32, half as loud as it could be."""
    time_s = np.arange(round(duration_s * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * pitch_hz * time_s)).astype(np.float32)
