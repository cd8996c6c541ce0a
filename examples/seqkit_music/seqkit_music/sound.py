"""A score as sound: additive synthesis, a pipe of an organ for each note."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from seqkit_music.score import Note, notes

SAMPLE_RATE_HZ = 44_100
_PARTIALS = (1.0, 0.5, 0.35, 0.18, 0.12, 0.08, 0.05, 0.03)
"""Strength of the fundamental and the overtones."""

_ATTACK_S, _RELEASE_S = 0.03, 0.12
_DECAY_S, _SUSTAINED = 0.8, 0.6
"""After the attack a tone falls towards this share of its strength."""

_PEAK = 0.9


def write_wav(path: Path, score: np.ndarray, steps_per_quarter: int, tempo_bpm: float) -> None:
    """Save a score as 16-bit PCM, one channel.

    Args:
        path: Where to.
        score: (R, 4).
        steps_per_quarter: Steps of the grid in a quarter note.
        tempo_bpm: Quarter notes a minute.
    """
    samples = synthesise(score, 60 / tempo_bpm / steps_per_quarter)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())


def synthesise(score: np.ndarray, step_s: float) -> np.ndarray:
    """The waveform of a score, (T,) float64 within [-0.9, 0.9]; silence after the last note is its reverberation.

    Args:
        score: (R, 4).
        step_s: Seconds of a step.
    """
    sung = list(notes(score))
    duration_s = max((note.end for note in sung), default=0) * step_s + _RELEASE_S
    sound = np.zeros(round(duration_s * SAMPLE_RATE_HZ) + 1)
    for note in sung:
        wave_of_note = tone(note, step_s)
        begin = round(note.start * step_s * SAMPLE_RATE_HZ)
        sound[begin : begin + len(wave_of_note)] += wave_of_note[: len(sound) - begin]
    loudest = np.abs(sound).max()
    return sound * (_PEAK / loudest) if loudest else sound


def frequency_hz(pitch: int) -> float:
    """Of a MIDI pitch in equal temperament; A4, 69, has 440 Hz."""
    return float(440 * 2 ** ((pitch - 69) / 12))


def tone(note: Note, step_s: float) -> np.ndarray:
    """The waveform of one note with its release, (T,); overtones beyond half the sample rate are left out."""
    duration_s = (note.end - note.start) * step_s
    time_s = np.arange(round((duration_s + _RELEASE_S) * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    fundamental = frequency_hz(note.pitch)
    sound: np.ndarray = np.zeros_like(time_s)
    for number, strength in enumerate(_PARTIALS, start=1):
        if number * fundamental < SAMPLE_RATE_HZ / 2:
            sound += strength * np.sin(2 * np.pi * number * fundamental * time_s)
    sound *= _envelope(time_s, duration_s)
    return sound


def _envelope(time_s: np.ndarray, duration_s: float) -> np.ndarray:
    """Strength over time, (T,): a straight rise, a slow fall, and a straight end after the note."""
    rise = np.minimum(time_s / _ATTACK_S, 1.0)
    fall = _SUSTAINED + (1 - _SUSTAINED) * np.exp(-time_s / _DECAY_S)
    end = np.clip(1 - (time_s - duration_s) / _RELEASE_S, 0.0, 1.0)
    return rise * fall * end
