"""What `seqkit check` tells of sound: durations, loudness, clipping, silence; the rates and channels of the files."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import numpy as np

from seqkit import Inspector, Record, observed

_FULL_SCALE = 0.999
_QUIET = 1e-3
"""-60 dB below full scale."""

_MUCH_CLIPPED = 1e-3
_NUM_NAMED = 3


class SoundInspector(Inspector):
    """Measures what the model reads: one channel, at the model's rate.

    Args:
        sample_rate_hz: Gives the model's rate, once it is known.
    """

    def __init__(self, sample_rate_hz: Callable[[], int]) -> None:
        self._rate_hz = sample_rate_hz
        self._lengths = array("q")
        self._total = self._clipped = self._quiet = 0
        self._squares, self._peak = 0.0, 0.0
        self._own_peak, self._own_clipped, self._origin = 0.0, 0, ""
        self._silent: list[str] = []
        self._loud: list[str] = []

    def add(self, record: Record) -> None:
        """Measure a recording or its next part."""
        samples = np.abs(np.asarray(record.sequence, dtype=np.float32))
        if not record.continues:
            self._close()
            self._lengths.append(0)
            self._origin, self._own_peak, self._own_clipped = record.origin, 0.0, 0
        self._lengths[-1] += len(samples)
        self._own_peak = max(self._own_peak, float(samples.max(initial=0.0)))
        self._own_clipped += int((samples >= _FULL_SCALE).sum())
        self._quiet += int((samples < _QUIET).sum())
        self._squares += float(np.square(samples, dtype=np.float64).sum())

    def facts(self) -> dict[str, Any]:
        """Durations in seconds, loudness in dB below full scale."""
        self._close()
        if not self._total:
            return {}
        seconds = np.array(self._lengths) / self._rate_hz()
        return {
            "model_sample_rate_hz": self._rate_hz(),
            "duration_s": round(float(seconds.sum()), 3),
            "shortest_s": round(float(seconds.min()), 3),
            "median_s": round(float(np.median(seconds)), 3),
            "longest_s": round(float(seconds.max()), 3),
            "peak": round(self._peak, 4),
            "level_db": round(10 * float(np.log10(max(self._squares / self._total, 1e-12))), 1),
            "clipped_share": self._clipped / self._total,
            "silence_share": self._quiet / self._total,
        }

    def warnings(self) -> list[str]:
        """Recordings of several kinds, without sound, or cut off at full scale."""
        self._close()
        said = []
        if len(rates := observed("sample_rate_hz")) > 1:
            said.append(f"{len(rates)} sample rates: all are resampled to {self._rate_hz()} Hz")
        if len(observed("channels")) > 1 or next(iter(observed("channels")), "1") != "1":
            said.append("recordings of several channels are mixed to one")
        if self._silent:
            said.append(f"{_named(self._silent)}: never louder than -60 dB")
        if self._loud:
            said.append(f"{_named(self._loud)}: more than {_MUCH_CLIPPED:.1%} of the samples at full scale (clipped)")
        return said

    def _close(self) -> None:
        """The recording before has ended."""
        if not self._origin:
            return
        self._total += self._lengths[-1]
        self._clipped += self._own_clipped
        self._peak = max(self._peak, self._own_peak)
        if self._own_peak < _QUIET:
            self._silent.append(self._origin)
        if self._own_clipped > _MUCH_CLIPPED * self._lengths[-1]:
            self._loud.append(self._origin)
        self._origin = ""


def _named(origins: list[str]) -> str:
    more = " ..." if len(origins) > _NUM_NAMED else ""
    return f"{len(origins):,} recording{'s' * (len(origins) > 1)} ({', '.join(origins[:_NUM_NAMED])}{more})"
