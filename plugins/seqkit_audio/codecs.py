"""Waveforms as steps: the samples themselves, or one of a few mu-law levels each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from seqkit import Codec, ConfigError, Continuous, DataError, Discrete, FixedPoint
from seqkit_audio.pcm import FULL_SCALE
from seqkit_audio.torchaudio_import import torchaudio


@dataclass(frozen=True)
class Waveform(Continuous):
    """A step is one sample; the encoder builds its filters from the rate."""

    num_features: int = 1
    sample_rate_hz: int = 0


class _SampledCodec(Codec):
    """What both codecs share: the sample rate, without which a waveform cannot be written or compared.

    Attributes:
        sample_rate_hz: Samples a second; None until the first file is seen.
    """

    def __init__(self, sample_rate_hz: int | None = None) -> None:
        self.sample_rate_hz = sample_rate_hz

    def state(self) -> dict[str, Any]:
        """The sample rate."""
        return {"sample_rate_hz": self.sample_rate_hz}

    def restore(self, state: dict[str, Any]) -> None:
        """Put the sample rate back."""
        self.sample_rate_hz = state["sample_rate_hz"]


@final
class WaveformCodec(_SampledCodec):
    """One step a sample, unchanged: a waveform (T,) in [-1, 1] to (T, 1) float32 and back."""

    @property
    def spec(self) -> Waveform:
        """One number a step, and the rate."""
        if self.sample_rate_hz is None:
            raise ConfigError(
                "WaveformCodec is used before its sample rate is known", fix="call datamodule.setup('fit') first"
            )
        return Waveform(sample_rate_hz=self.sample_rate_hz)

    def encode(self, value: Any) -> Tensor:
        """A waveform, (T,), to steps, (T, 1) float32.

        Raises:
            DataError: If a sample is not in [-1, 1].
        """
        return torch.tensor(np.asarray(self.encode_array(value)))  # A copy: the waveform stays the caller's.

    def encode_array(self, value: Any) -> np.ndarray | FixedPoint:
        """The same as `encode`, for reading only: it may be the waveform itself."""
        if isinstance(value, FixedPoint) and value.integers.ndim == 1:
            return FixedPoint(value.integers[:, None])  # No integer is outside [-1, 1].
        return _as_waveform(value)[:, None]

    def decode(self, steps: Tensor) -> np.ndarray:
        """Steps, (T, 1), to a waveform, (T,) float32."""
        return steps.reshape(-1).cpu().float().numpy()


@final
class MuLawCodec(_SampledCodec):
    """One step a sample, as one of a few levels that lie closer together where the sound is quiet.

    Source: mu-law companding of ITU-T G.711 in continuous form, van den Oord et al. 2016, section 2.2 [oord2016].

    Args:
        num_classes: Levels.
        sample_rate_hz: Samples a second; None until the first file is seen.

    Example:
        >>> codec = MuLawCodec(num_classes=256)
        >>> codec.encode([-1.0, -0.01, 0.0, 0.01, 1.0])
        tensor([  0,  98, 128, 157, 255])
    """

    lossless = False

    def __init__(self, num_classes: int = 256, sample_rate_hz: int | None = None) -> None:
        super().__init__(sample_rate_hz)
        if not 2 <= num_classes <= 2**16:
            raise ConfigError(
                f"mu_law_classes is {num_classes}", at="--data.mu_law_classes", fix="give 2 to 65536; 256 is usual"
            )
        self._set(num_classes)

    @property
    def spec(self) -> Discrete:
        """As many classes as levels."""
        return Discrete(self.num_classes)

    def encode(self, value: Any) -> Tensor:
        """A waveform, (T,), to the nearest levels' numbers, (T,) int64.

        Raises:
            DataError: If a sample is not in [-1, 1].
        """
        return torch.from_numpy(self.encode_array(value).astype(np.int64))

    def encode_array(self, value: Any) -> np.ndarray:
        """A waveform, (T,), to the numbers of the nearest levels, (T,)."""
        if isinstance(value, FixedPoint) and value.integers.ndim == 1:
            return np.take(self._of_16_bits, value.integers.view(np.uint16))
        return self._encode(_as_waveform(value))

    def _encode(self, samples: np.ndarray) -> np.ndarray:
        # In float64: in float32 some of 65536 levels would not find back to themselves.
        numbers = torchaudio.functional.mu_law_encoding(torch.from_numpy(samples).double(), self.num_classes)
        return np.asarray(numbers)

    def decode(self, steps: Tensor) -> np.ndarray:
        """Level numbers, (T,), to a waveform, (T,) float32."""
        waveform: np.ndarray = self._levels[steps.cpu().numpy()]
        return waveform

    def edges(self) -> Tensor:
        """Where one level's samples end and the next one's begin, (num_classes - 1,) float64."""
        between = torch.arange(1, self.num_classes, dtype=torch.float64) - 0.5
        edges: Tensor = torchaudio.functional.mu_law_decoding(between, self.num_classes)
        return edges

    def state(self) -> dict[str, Any]:
        """The sample rate and the number of levels."""
        return {**super().state(), "num_classes": self.num_classes}

    def restore(self, state: dict[str, Any]) -> None:
        """Put both back."""
        super().restore(state)
        self._set(state["num_classes"])

    def _set(self, num_classes: int) -> None:
        self.num_classes = num_classes
        numbers = torch.arange(num_classes)
        levels = torchaudio.functional.mu_law_decoding(numbers.double(), num_classes).clamp(-1.0, 1.0)
        self._levels = levels.numpy().astype(np.float32)
        # What each sample of 16 bits becomes, negative ones behind the others as in their bits.
        every = np.asarray(FixedPoint(np.arange(2 * FULL_SCALE, dtype=np.uint16).view(np.int16)))
        self._of_16_bits = self._encode(every).astype(np.uint8 if num_classes <= 2**8 else np.uint16)
        # Half a level below the loudest: there the levels lie furthest apart. Room for rounding to float32.
        edge = torch.tensor(num_classes - 1.5, dtype=torch.float64)
        self.tolerance = 1.0 - float(torchaudio.functional.mu_law_decoding(edge, num_classes)) + 1e-6


def _as_waveform(value: Any) -> np.ndarray:
    """A value as (T,) float32 samples, all in [-1, 1]."""
    if isinstance(value, str) or not isinstance(value, Iterable | FixedPoint):
        raise DataError(f"{value!r:.40} is no waveform", fix="give samples in [-1, 1], or a sound file")
    samples = np.asarray(value, dtype=np.float32)
    if samples.ndim != 1:
        raise DataError(f"a waveform of shape {samples.shape}", fix="mix the channels down to one: (T,)")
    if len(samples) and not (samples.min() >= -1.0 and samples.max() <= 1.0):  # NaN is outside, too.
        outside = ~(np.abs(samples) <= 1.0)
        first = int(np.argmax(outside))
        raise DataError(
            f"sample {samples[first]:g} at position {first} is not in [-1, 1]", fix="scale the waveform, or clip it"
        )
    return samples
