"""Spectrogram: the power of a sound over time and frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqkit.plots.style import WIDTH_CM

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SPECTROGRAM_SIZE_CM = (WIDTH_CM, 7.5)

_RANGE_DB = 80.0
_SILENCE_DB = -60.0
"""What is quieter than this throughout is drawn as silence, not made as bright as a sound."""

_WINDOW_S = 0.025
_MOST_COLUMNS = 2000
"""Columns of the picture: more than its pixels would only take time."""


def draw_spectrogram(figure: Figure, samples: np.ndarray, sample_rate_hz: int, begin_s: float = 0.0) -> None:
    """Draw the log power of 25 ms Hann windows, 80 dB down from the loudest.

    Args:
        figure: Empty.
        samples: (T,) in [-1, 1].
        sample_rate_hz: Samples a second.
        begin_s: Where what was generated begins, after a prompt; not marked within the first window.
    """
    axis = figure.subplots()
    size = 1 << max(int(_WINDOW_S * sample_rate_hz) - 1, 15).bit_length()
    hop = max(size // 4, -(-len(samples) // _MOST_COLUMNS))
    power = _power(np.asarray(samples, np.float32), size, hop)
    level = 10 * np.log10(np.maximum(power, 1e-15))
    level -= level.max(initial=_SILENCE_DB)
    extent = (0.0, max(len(samples), 1) / sample_rate_hz, 0.0, sample_rate_hz / 2000)
    image = axis.imshow(level, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=-_RANGE_DB, vmax=0)
    if begin_s * sample_rate_hz >= size:
        axis.axvline(begin_s, color="white", linestyle="--", linewidth=1)
        axis.set_title(f"generated from {begin_s:.2f} s on", fontsize=8)
    axis.set_xlabel("time (s)")
    axis.set_ylabel("frequency (kHz)")
    figure.colorbar(image, ax=axis).set_label("power (dB, 0 is the loudest)")


def _power(samples: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Power of each window, (size // 2 + 1, columns); short sounds are padded with silence."""
    samples = np.pad(samples, (0, max(size - len(samples), 0)))
    windows = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    spectrum = np.fft.rfft(windows * np.hanning(size).astype(np.float32), axis=1)
    return (np.abs(spectrum) ** 2).T / size
