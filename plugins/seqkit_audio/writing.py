"""Waveforms into sound files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

from seqkit import ConfigError, DependencyError, Generation, did_you_mean, draw_spectrogram, save_figure

WRITTEN = {".wav": "PCM_16", ".flac": "PCM_16", ".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III"}
"""Endings of the files that are written, with libsndfile's name for what is in them."""

_BLOCK_FRAMES = 1 << 16

_MOST_SPECTROGRAMS = 5
"""Samples that get a picture: of a hundred, nobody looks at all."""

_SYSTEM_ERROR = 2
"""libsndfile's code for what the operating system refused."""


def write_generations(path: Path, generations: Iterable[Generation], sample_rate_hz: int) -> list[Path]:
    """Save each sample as a sound file, the recording it continues first; several get numbers: x-1.wav, x-2.wav.

    The first ones get a spectrogram beside them, x.png, if matplotlib is installed.

    Args:
        path: Ends in .wav, .flac, .ogg or .mp3.
        generations: What was made.
        sample_rate_hz: Samples a second.

    Returns:
        The files written.
    """
    pairs = [(np.asarray(g.prompt.sequence, np.float32), value) for g in generations for value in g.values]
    places = numbered(path, len(pairs))
    pictures = []
    for number, (place, (prompt, value)) in enumerate(zip(places, pairs, strict=True)):
        sound = np.concatenate([prompt, value]) if len(prompt) else value
        write_sound(place, sound, sample_rate_hz)
        if number < _MOST_SPECTROGRAMS:
            begin_s = len(prompt) / sample_rate_hz
            pictures += write_spectrogram(place.with_suffix(".png"), sound, sample_rate_hz, begin_s)
    return [*places, *pictures]


def write_sound(path: Path, samples: np.ndarray, sample_rate_hz: int) -> None:
    """Save a waveform in the format that the ending names: 16-bit WAV or FLAC, Ogg Vorbis, or MP3.

    Args:
        path: Ends in .wav, .flac, .ogg or .mp3.
        samples: (T,) in [-1, 1].
        sample_rate_hz: Samples a second.

    Raises:
        ConfigError: If the ending names no such format, or the format does not know the rate.
        DependencyError: If the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITTEN:
        known = ", ".join(WRITTEN)
        raise ConfigError(
            f"sound cannot be written as {path.suffix or path.name!r}",
            at=f"--out {path}",
            fix=did_you_mean(suffix, WRITTEN) or f"endings: {known}",
        )
    try:
        with soundfile.SoundFile(path, "w", sample_rate_hz, channels=1, subtype=WRITTEN[suffix]) as file:
            # libsndfile's Vorbis encoder keeps a whole call's samples on the stack.
            for begin in range(0, len(samples), _BLOCK_FRAMES):
                file.write(samples[begin : begin + _BLOCK_FRAMES])
    except soundfile.LibsndfileError as error:
        if error.code == _SYSTEM_ERROR:
            raise DependencyError("cannot be written", at=f"--out {path}", fix="name another place") from None
        raise ConfigError(
            f"{suffix} cannot hold this sound at {sample_rate_hz} Hz: {error.error_string}",
            at=f"--out {path}",
            fix="write .wav or .flac",
        ) from None


def write_spectrogram(path: Path, samples: np.ndarray, sample_rate_hz: int, begin_s: float) -> list[Path]:
    """Save a picture of a sound; nothing without matplotlib.

    Args:
        path: Ends in .png.
        samples: (T,) in [-1, 1].
        sample_rate_hz: Samples a second.
        begin_s: Where the generated part begins.
    """
    made = save_figure(path, lambda figure: draw_spectrogram(figure, samples, sample_rate_hz, begin_s), height_cm=7.5)
    return [] if made is None else [made]


def numbered(path: Path, count: int) -> list[Path]:
    """Names for `count` files: the path itself for one, `x-1.wav`, `x-2.wav` ... for more."""
    if count == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{number}") for number in range(1, count + 1)]
