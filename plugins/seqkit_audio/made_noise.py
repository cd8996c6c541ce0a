"""Made noise of known entropy: a resonance excited by noise, rounded to mu-law levels inside its own feedback."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import final

import numpy as np
import soundfile
import torch

from seqkit import ConfigError, Known, Made, Split
from seqkit_audio.codecs import MuLawCodec

MADE_RATE_HZ = 8000
MADE_LEVELS = 256
"""Levels of `made:noise`; to others (`--data.mu_law_classes`) its known figures do not apply."""

_FULL_SCALE = 1 << 15
_MOST_LOUDNESS = 0.5


@final
class QuantisedNoise:
    """x_t = Q(sum_k a_k x_(t-k) + sigma e_t), with e_t standard normal and Q the nearest level of a mu-law codec.

    Rounding happens inside the loop, and the filter begins at rest (x = 0). So past levels give the mean m_t exactly,
    and the next level has the Gaussian mass of its bin, P(code | past) = Phi((right - m_t) / sigma) - Phi((left - m_t)
    / sigma), where the outermost bins are open. Nothing is approximated, however coarse the levels.

    Args:
        coefficients: a_1, a_2 ...; the filter must be stable.
        sigma: Deviation of the excitation.
        codec: Its levels.
    """

    def __init__(self, coefficients: Sequence[float], sigma: float, codec: MuLawCodec) -> None:
        self.coefficients, self.sigma = tuple(coefficients), sigma
        numbers = torch.arange(codec.num_classes)
        self.levels = codec.decode(numbers).astype(np.float64)
        self.edges = codec.edges().numpy()

    def sample(self, num_steps: int, random: np.random.Generator) -> np.ndarray:
        """Codes of a recording that begins at rest, (num_steps,) int64."""
        levels, edges = self.levels.tolist(), self.edges.tolist()
        past = [0.0] * len(self.coefficients)  # The latest first.
        codes = []
        for excitation in (self.sigma * random.standard_normal(num_steps)).tolist():
            mean = sum(a * x for a, x in zip(self.coefficients, past, strict=True))
            codes.append(bisect_right(edges, mean + excitation))
            past = [levels[codes[-1]], *past[:-1]]
        return np.array(codes, dtype=np.int64)

    def nll(self, codes: np.ndarray, first: int = 0) -> np.ndarray:
        """Nats of each code of a recording given all those before it, (T - first,).

        Args:
            codes: (T,), from the recording's beginning.
            first: Leading codes that are given and not judged.
        """
        samples, mean = self.levels[codes], np.zeros(len(codes))
        for back, coefficient in enumerate(self.coefficients, start=1):
            mean[back:] += coefficient * samples[:-back]
        bounds = np.concatenate([[-np.inf], self.edges, [np.inf]])
        left, right = ((bounds[codes + side] - mean) / self.sigma for side in (0, 1))
        # On the right of the mean both are near 1: there the mass is that of the mirror image.
        mirrored = left > 0
        left, right = np.where(mirrored, -right, left), np.where(mirrored, -left, right)
        # ln(Phi(right) - Phi(left)) = ln Phi(right) + ln(1 - Phi(left) / Phi(right)), far out in the tails too.
        below, within = _log_normal_cdf(left), _log_normal_cdf(right)
        nats: np.ndarray = -within - np.log(-np.expm1(below - within))
        return nats[first:]


def resonance(centre_hz: float, bandwidth_hz: float, sample_rate_hz: float) -> tuple[float, float]:
    """Coefficients a_1, a_2 of a filter with one resonance: poles r exp(+-i theta).

    r = exp(-pi bandwidth / rate), theta = 2 pi centre / rate, a_1 = 2 r cos(theta), a_2 = -r^2.
    Source: Klatt 1980, equations 2 and 3 [klatt1980].
    """
    radius = math.exp(-math.pi * bandwidth_hz / sample_rate_hz)
    return 2 * radius * math.cos(2 * math.pi * centre_hz / sample_rate_hz), -(radius**2)


def resonance_gain(coefficients: tuple[float, float]) -> float:
    """Variance of the output for white noise of variance 1: (1 - a_2) / ((1 + a_2) ((1 - a_2)^2 - a_1^2))."""
    first, second = coefficients
    return (1 - second) / ((1 + second) * ((1 - second) ** 2 - first**2))


def write_noise(
    folder: Path,
    seed: int,
    *,
    centre_hz: float = 600.0,
    bandwidth_hz: float = 60.0,
    loudness: float = 0.15,
    train_s: float = 200.0,
    held_out_s: float = 8.0,
    recording_s: float = 4.0,
) -> Made:
    """Noise with one resonance as 16-bit WAV at 8 kHz; the bits of each sample are known exactly.

    The mu-law codec of 256 levels reads just the codes back that were drawn. Chance knows how often each level comes in
    the training recordings.

    Args:
        folder: Where the recordings go, in a folder for each split.
        seed: Of the excitation.
        centre_hz: Frequency of the resonance, below 4000.
        bandwidth_hz: Its width at half power: the narrower, the more there is to learn.
        loudness: Root mean square of the samples before they are rounded, at most 0.5.
        train_s: Length of the training recordings together.
        held_out_s: Length of those to validate on, and of those to test on.
        recording_s: Length of a recording.
    """
    _check(centre_hz, bandwidth_hz, loudness, min(train_s, held_out_s), recording_s)
    coefficients = resonance(centre_hz, bandwidth_hz, MADE_RATE_HZ)
    sigma = loudness / math.sqrt(resonance_gain(coefficients))
    codec = MuLawCodec(MADE_LEVELS, MADE_RATE_HZ)
    noise, random = QuantisedNoise(coefficients, sigma, codec), np.random.default_rng(seed)
    known: dict[Split, Known] = {}
    counts = np.ones(MADE_LEVELS)
    durations: dict[Split, float] = {"train": train_s, "valid": held_out_s, "test": held_out_s}
    for split, duration_s in durations.items():
        (folder / split).mkdir()
        recordings = [
            noise.sample(round(recording_s * MADE_RATE_HZ), random) for _ in range(int(duration_s / recording_s))
        ]
        for number, codes in enumerate(recordings, start=1):
            write_codes(folder / split / f"noise-{number:03d}.wav", codes, codec)
        if split == "train":
            counts += np.bincount(np.concatenate(recordings), minlength=MADE_LEVELS)
        chance = -np.log(counts / counts.sum())
        known[split] = Known(
            optimum={"loss": float(np.concatenate([noise.nll(codes, first=1) for codes in recordings]).mean())},
            chance={"loss": float(np.concatenate([chance[codes[1:]] for codes in recordings]).mean())},
        )
    return Made({split: split for split in durations}, known)


def write_codes(path: Path, codes: np.ndarray, codec: MuLawCodec) -> None:
    """Codes (T,) as a 16-bit WAV that the codec reads as the same codes."""
    levels = codec.decode(torch.from_numpy(codes)).astype(np.float64)
    samples = np.clip(np.rint(levels * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
    soundfile.write(path, samples, codec.sample_rate_hz, subtype="PCM_16")


def _log_normal_cdf(values: np.ndarray) -> np.ndarray:
    found: np.ndarray = torch.special.log_ndtr(torch.from_numpy(values)).numpy()
    return found


def _check(centre_hz: float, bandwidth_hz: float, loudness: float, least_s: float, recording_s: float) -> None:
    at = "made:noise"
    if not 0 < centre_hz < MADE_RATE_HZ / 2:
        raise ConfigError(f"centre_hz is {centre_hz:g}", at=at, fix=f"give a frequency below {MADE_RATE_HZ // 2}")
    if not 0 < bandwidth_hz < MADE_RATE_HZ / 2:
        raise ConfigError(f"bandwidth_hz is {bandwidth_hz:g}", at=at, fix=f"give a width below {MADE_RATE_HZ // 2}")
    if not 0 < loudness <= _MOST_LOUDNESS:
        raise ConfigError(f"loudness is {loudness:g}", at=at, fix=f"give at most {_MOST_LOUDNESS}")
    if recording_s * MADE_RATE_HZ < 2 or least_s < recording_s:
        what = f"recordings of {recording_s:g} s in splits of {least_s:g} s and more"
        raise ConfigError(what, at=at, fix="give each split at least one recording")
