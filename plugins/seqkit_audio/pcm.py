"""Samples as WAV files hold them: integers and floating point numbers of several sizes, and their common scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqkit import FixedPoint

Samples = np.ndarray | FixedPoint
"""A waveform, (n,): float32, or 16-bit integers that numpy reads as float32."""

FULL_SCALE = 1 << 15
"""Of 16-bit samples."""

PCM, FLOAT, EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
"""Format tags of WAV."""

PLAIN = {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}
"""Tags and bits of what numpy reads as it stands, four times as fast as libsndfile."""


@dataclass(frozen=True)
class SampleFormat:
    """How samples are written, little-endian.

    Attributes:
        channels: Of a frame.
        bits: Of a sample.
        floating: Floating point rather than integers.
    """

    channels: int = 1
    bits: int = 16
    floating: bool = False

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of each channel."""
        return self.channels * self.bits // 8

    @property
    def bounded(self) -> bool:
        """Whether every sample that can be written lies in [-1, 1]."""
        return not self.floating

    @property
    def fixed_point(self) -> bool:
        """Whether the bytes are the waveform's own 16-bit integers: one channel, nothing to mix."""
        return self.channels == 1 and self.bits == 16 and not self.floating

    def integers(self, data: bytes | np.ndarray) -> FixedPoint:
        """Whole frames of such bytes as they stand, (n,)."""
        return FixedPoint(np.frombuffer(data, "<i2").astype(np.int16, copy=False))

    def frames(self, data: bytes) -> np.ndarray:
        """Whole frames to (n, channels) float32, about in [-1, 1]; the values that libsndfile gives."""
        flat: np.ndarray
        if self.floating:
            flat = np.frombuffer(data, f"<f{self.bits // 8}").astype(np.float32)
        elif self.bits == 8:
            flat = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
        elif self.bits == 16:
            flat = np.multiply(np.frombuffer(data, "<i2"), np.float32(1 / FULL_SCALE), dtype=np.float32)
        elif self.bits == 24:
            padded = np.zeros((len(data) // 3, 4), np.uint8)
            padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            flat = padded.view("<i4")[:, 0].astype(np.float32) / 2**31
        else:
            flat = np.frombuffer(data, "<i4").astype(np.float32) / 2**31
        return flat.reshape(-1, self.channels)


def joined(parts: list[Samples]) -> Samples:
    """Waveforms one after another: integers if all are."""
    if len(parts) == 1:
        return parts[0]
    integers = [part.integers for part in parts if isinstance(part, FixedPoint)]
    if len(integers) == len(parts):
        return FixedPoint(np.concatenate(integers))
    return np.concatenate([np.asarray(part) for part in parts])


def mix(frames: np.ndarray) -> np.ndarray:
    """The mean of the channels, (n, channels) float32 to (n,)."""
    mixed: np.ndarray = frames.mean(axis=1) if frames.shape[1] > 1 else frames[:, 0]
    return mixed
