"""Made sounds: six kinds of sound to tell apart, and plucked melodies to continue."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from seqkit import Record

DEMO_RATE_HZ = 8000
NUM_CLIPS = 360
NUM_MELODIES = 4

_SEED = 20
_MELODY_S = 6.0
_NOTE_S = 0.25
_PENTATONIC = (0, 2, 4, 7, 9, 12, 14, 16)
_FORMANTS_HZ = {"vowel_a": (730, 1090, 2440), "vowel_i": (270, 2290, 3010)}
"""First three formants of /a/ and /i/. Source: Peterson and Barney 1952, table II, men."""


def demo_clips() -> Iterator[Record]:
    """Clips of 0.2 to 0.5 s: a steady, rising or falling tone, two vowels, or noise, in some background noise.

    Pitch, length and loudness are random, so only the shape of a sound tells its kind; `rise` and `fall` differ in
    nothing but their order in time.
    """
    random = np.random.default_rng(_SEED)
    names = list(_KINDS)
    for number in range(NUM_CLIPS):
        label = names[number % len(names)]
        num_samples = int(random.uniform(0.2, 0.5) * DEMO_RATE_HZ)
        sound = _KINDS[label](random, num_samples)
        sound = sound / np.abs(sound).max() + random.normal(0, 0.05, num_samples)
        sound *= random.uniform(0.2, 0.9) / np.abs(sound).max()
        yield Record(sound.astype(np.float32), label, f"demo:{number}")


def demo_melodies() -> Iterator[Record]:
    """Melodies of plucked notes from a pentatonic scale, a wandering step at a time."""
    random = np.random.default_rng(_SEED)
    for number in range(NUM_MELODIES):
        notes, place = [], int(random.integers(len(_PENTATONIC)))
        for _ in range(round(_MELODY_S / _NOTE_S)):
            notes.append(_pluck(220.0 * 2 ** (_PENTATONIC[place] / 12)))
            place = int(np.clip(place + random.integers(-1, 2), 0, len(_PENTATONIC) - 1))
        yield Record(np.concatenate(notes).astype(np.float32), origin=f"demo:{number}")


def _pluck(pitch_hz: float) -> np.ndarray:
    """A note of four harmonics that die away, the higher the faster."""
    time_s = np.arange(round(_NOTE_S * DEMO_RATE_HZ)) / DEMO_RATE_HZ
    harmonics = [np.sin(2 * np.pi * n * pitch_hz * time_s) * np.exp(-4.0 * n * time_s) / n for n in range(1, 5)]
    note: np.ndarray = 0.4 * np.sum(harmonics, axis=0)
    return note


def _glide(low: float, high: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    """A tone with two overtones whose pitch goes by a random number of octaves between `low` and `high`."""

    def sound(random: np.random.Generator, num_samples: int) -> np.ndarray:
        octaves = np.linspace(-0.5, 0.5, num_samples) * random.uniform(low, high)
        pitch_hz = random.uniform(300, 900) * 2**octaves
        phase = 2 * np.pi * np.cumsum(pitch_hz) / DEMO_RATE_HZ
        return np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)

    return sound


def _vowel(formants_hz: tuple[int, ...]) -> Callable[[np.random.Generator, int], np.ndarray]:
    """Harmonics of a voice of random pitch, strong near the formants of a vocal tract of random length."""

    def sound(random: np.random.Generator, num_samples: int) -> np.ndarray:
        time_s = np.arange(num_samples) / DEMO_RATE_HZ
        pitch_hz, tract = random.uniform(90, 220), random.uniform(0.9, 1.15)
        partials = np.arange(pitch_hz, DEMO_RATE_HZ / 2, pitch_hz)
        distance = [(partials / (tract * formant) - 1) / 0.1 for formant in formants_hz]
        strength = sum(np.exp(-0.5 * d**2) / (n + 1) for n, d in enumerate(distance))
        return strength @ np.sin(2 * np.pi * partials[:, None] * time_s)

    return sound


def _noise(random: np.random.Generator, num_samples: int) -> np.ndarray:
    """White noise, smoothed over a random number of samples."""
    width = int(random.integers(1, 6))
    return np.convolve(random.normal(size=num_samples), np.ones(width) / width, mode="same")


_KINDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "steady": _glide(0.0, 0.0),
    "rise": _glide(0.7, 1.5),
    "fall": _glide(-1.5, -0.7),
    "noise": _noise,
    **{name: _vowel(formants) for name, formants in _FORMANTS_HZ.items()},
}
