"""Another sample rate, block by block, with the same result as for the whole recording at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from seqkit import DataError
from seqkit_audio.torchaudio_import import torchaudio

_LARGEST_KERNEL = 1 << 23
"""Weights of a resampling filter at most: made in a second and 300 MiB, kept in 32 MiB. Only odd pairs of rates such as
44099 and 8000 Hz need more."""


def resample_blocks(blocks: Iterable[np.ndarray], from_hz: int, to_hz: int, origin: str = "") -> Iterator[np.ndarray]:
    """Blocks of one recording at another rate, by windowed sinc interpolation (torchaudio's `Resample`).

    Each block is filtered together with the end of the one before and the beginning of the next, so that no seam
    is heard or measured.

    Args:
        blocks: (n,) float32 each.
        from_hz: Their rate.
        to_hz: The wanted rate.
        origin: Names the recording in errors.

    Raises:
        DataError: If the two rates have so little in common that the filter would not fit in memory.
    """
    if from_hz == to_hz:
        yield from blocks
        return
    _require_common(from_hz, to_hz, origin)
    sinc = _filter(from_hz, to_hz)
    pending, left = np.zeros(0, np.float32), 0  # Samples in hand; the first `left` of them are done already.
    for block in blocks:
        pending = np.concatenate([pending, block]) if len(pending) else block
        # The latest block waits for the next one, so that no short rest is left over in the end.
        done = (len(pending) - max(len(block), sinc.context)) // sinc.period * sinc.period
        if done > left:
            yield sinc(pending[: done + sinc.context])[sinc.made_from(left) : sinc.made_from(done)]
            spent = max(done - sinc.context, 0)
            pending, left = pending[spent:], done - spent
    yield sinc(pending)[sinc.made_from(left) :]


@dataclass(frozen=True)
class _Filter:
    """The filter of a pair of rates: each `period` samples become `made` samples.

    Attributes:
        resample: torchaudio's module.
        period: Samples that go in at a time.
        made: Samples that come out.
        context: Samples on each side that a period's result depends on at most, in whole periods.
    """

    resample: torch.nn.Module
    period: int
    made: int
    context: int

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        made: torch.Tensor = self.resample(torch.from_numpy(samples))
        return made.numpy()

    def made_from(self, num_samples: int) -> int:
        """Samples that come out for `num_samples`, whole periods."""
        return num_samples // self.period * self.made


def _require_common(from_hz: int, to_hz: int, origin: str) -> None:
    divisor = math.gcd(from_hz, to_hz)
    period, made = from_hz // divisor, to_hz // divisor
    # torchaudio makes `made` filters of one period and six zero crossings to each side.
    if made * (period + 13 * max(period / made, 1)) > _LARGEST_KERNEL:
        raise DataError(
            f"{from_hz} Hz cannot be resampled to {to_hz} Hz: the rates have too little in common",
            at=origin,
            fix="choose a --data.sample_rate_hz such as 8000, 16000 or 44100, or convert the files beforehand",
        )


@lru_cache(maxsize=8)
def _filter(from_hz: int, to_hz: int) -> _Filter:
    """Made once for each pair of rates."""
    divisor = math.gcd(from_hz, to_hz)
    period, made = from_hz // divisor, to_hz // divisor
    resample = torchaudio.transforms.Resample(from_hz, to_hz)
    return _Filter(resample, period, made, context=period * math.ceil((resample.width + period) / period))
