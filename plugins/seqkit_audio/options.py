"""Options that cannot be meant."""

from __future__ import annotations

from math import inf

from seqkit import ConfigError
from seqkit_audio.wav_header import MOST_RATE_HZ


def check_sizes(sample_rate_hz: int | None, max_duration_s: float | None) -> None:
    """Refuse a rate that no recording has, and a duration that is none.

    Raises:
        ConfigError: Names the option.
    """
    if sample_rate_hz is not None and not 1 <= sample_rate_hz <= MOST_RATE_HZ:
        raise ConfigError(f"sample_rate_hz is {sample_rate_hz}", at="--data.sample_rate_hz", fix="give e.g. 8000")
    if max_duration_s is not None and not 0 < max_duration_s < inf:
        raise ConfigError(f"max_duration_s is {max_duration_s}", at="--data.max_duration_s", fix="give seconds")


def check_rate(asked_hz: int | None, trained_hz: int | None) -> None:
    """Refuse another rate than that of a trained model.

    Raises:
        ConfigError: Names both.
    """
    if asked_hz not in (None, trained_hz):
        raise ConfigError(
            f"the model was trained at {trained_hz} Hz, not {asked_hz} Hz",
            at="--data.sample_rate_hz",
            fix="leave it out: recordings are resampled to the model's rate",
        )
