"""Sounds as the tests write and read them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from seqkit import SourceFile
from seqkit_audio.reading import open_sound

WriteSound = Callable[..., Path]
"""What the fixture `write_sound` gives."""


def tone(rate: int, duration_s: float, pitch_hz: float) -> np.ndarray:
    """(T,) float32, half as loud as it could be."""
    time_s = np.arange(round(duration_s * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * pitch_hz * time_s)).astype(np.float32)


def read(path: Path, max_duration_s: float | None = None) -> np.ndarray:
    """All blocks of a file one behind the other, (T,)."""
    with open_sound(SourceFile(path), path.name) as opened:
        return np.concatenate(list(opened.blocks(max_duration_s)))
