"""Made recordings whose class is decided near their beginning (`made:memory`)."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import soundfile

from seqkit import ConfigError, Known, Made, PathOption, Split
from seqkit_audio.made_noise import MADE_RATE_HZ

PITCHES_HZ = {"low": 500.0, "high": 1500.0}
"""The classes: the tone that comes first."""

STEP_S = 0.02
"""A step of the backbone under `classify`: two frames of 10 ms (`--encoder.stride`, `--encoder.hop_s`)."""

_TONE_STEPS = 6
_FADE_S = 0.01
_TONE_LEVEL, _NOISE_LEVEL = 0.3, 0.03
_DETUNED = 0.05


def write_memory(
    folder: Path,
    seed: int,
    *,
    lag: int = 50,
    gap: int = 10,
    train_recordings: int = 400,
    held_out_recordings: int = 100,
) -> Made:
    """Which of two tones comes first, asked after `lag` steps of noise; the other one follows it as a decoy.

    A recording (16-bit WAV, 8 kHz) is `gap` steps of noise, a tone, `gap` steps, the other tone, and `lag` steps, with
    the same noise under all of it. Its end says nothing of its class, and both tones sound once, so that what sounds
    for how long says nothing either. A step is one of the backbone under `classify`, 20 ms. Under `--model.pooling
    last` the model must carry the answer over `lag` steps, less the two that the encoder's frames and convolutions
    reach back; with `mean`, `max` or `--model.bidirectional` it has shorter ways.

    Args:
        folder: Where the recordings go, in a folder for each split and class.
        seed: Of the noise, the phases and the detuning.
        lag: Steps of noise after the last tone.
        gap: Steps of noise before each tone; more than the encoder's convolutions span.
        train_recordings: Recordings to train on, half of each class.
        held_out_recordings: Recordings to validate on, and to test on.
    """
    sizes = (
        ("lag", lag, 0),
        ("gap", gap, 0),
        ("train_recordings", train_recordings, 2),
        ("held_out_recordings", held_out_recordings, 2),
    )
    for name, value, least in sizes:
        if value < least:
            raise ConfigError(f"{name} is {value}", at="made:memory", fix=f"give {least} or more")
    random = np.random.default_rng(seed)
    paths: dict[Split, PathOption] = {}
    splits: tuple[Split, ...] = ("train", "valid", "test")
    for split in splits:
        count = (train_recordings if split == "train" else held_out_recordings) // len(PITCHES_HZ)
        folders = []
        for first in PITCHES_HZ:
            place = folder / f"{split}-{first}"
            place.mkdir()
            for number in range(1, count + 1):
                sound = _recording(first, gap, lag, random)
                soundfile.write(place / f"{number:04d}.wav", sound, MADE_RATE_HZ, subtype="PCM_16")
            folders.append(f"{first}={place.name}")
        paths[split] = folders
    best, guessing = {"loss": 0.0, "accuracy": 1.0}, {"loss": math.log(2), "accuracy": 0.5}
    return Made(paths, {split: Known(dict(best), dict(guessing)) for split in splits})


def _recording(first: str, gap: int, lag: int, random: np.random.Generator) -> np.ndarray:
    """Two tones in noise, (T,) in [-1, 1]."""
    (other,) = PITCHES_HZ.keys() - {first}
    silence = np.zeros(_samples(gap))
    tones = [_tone(PITCHES_HZ[name], random) for name in (first, other)]
    sound = np.concatenate([silence, tones[0], silence, tones[1], np.zeros(_samples(lag))])
    return np.clip(sound + random.normal(0, _NOISE_LEVEL, len(sound)), -1, 1)


def _tone(pitch_hz: float, random: np.random.Generator) -> np.ndarray:
    """A tone a little off its pitch, of any phase, that fades in and out."""
    time_s = np.arange(_samples(_TONE_STEPS)) / MADE_RATE_HZ
    pitch_hz *= 1 + random.uniform(-_DETUNED, _DETUNED)
    fade = np.minimum(1, np.minimum(time_s, time_s[::-1]) / _FADE_S)
    tone: np.ndarray = _TONE_LEVEL * fade * np.sin(2 * np.pi * (pitch_hz * time_s + random.random()))
    return tone


def _samples(num_steps: int) -> int:
    return round(num_steps * STEP_S * MADE_RATE_HZ)
