"""Demo data, made from a seed: series with a daily season to forecast, and shapes to classify."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seqkit_timeseries.frequency import infer_frequency
from seqkit_timeseries.series import Series

SEASON = 24
HORIZON = 24

_NUM_SERIES = 40
_NUM_SHAPES = 300
_SHAPES = ("bump", "step", "wave")


def demo_series(seed: int = 0) -> Iterator[Series]:
    """40 hourly series of 300 to 500 steps: level, trend, daily season and noise of sizes of their own, 1 % missing."""
    random = np.random.default_rng([seed, 1])
    for number in range(_NUM_SERIES):
        num_steps = int(random.integers(300, 501))
        hours = np.arange(num_steps)
        level = 10 ** random.uniform(0, 3)
        phase, second = random.uniform(0, 2 * np.pi, 2)
        day = 2 * np.pi * hours / SEASON
        season = np.sin(day + phase) + 0.4 * np.sin(2 * day + second)
        noise = _autoregressive(random.normal(0, 1, num_steps), 0.6)
        growth = random.uniform(-0.2, 0.2) * hours / num_steps
        values = level * (1 + growth + 0.3 * season + 0.03 * noise)
        values[random.random(num_steps) < 0.01] = np.nan
        times = np.datetime64("2024-01-01", "us") + hours.astype("m8[h]")
        yield Series(
            "demo", f"s{number:02d}", values[:, None], times, ("y",), timed=True, frequency=infer_frequency(times)
        )


def demo_shapes(values_as_targets: bool, seed: int = 0) -> Iterator[Series]:
    """300 records of 20 to 60 steps and 2 features: a bump, a step or a wave somewhere in noise, and its slope.

    Args:
        values_as_targets: Label each record with its size (a number) instead of its shape.
        seed: Of everything.
    """
    random = np.random.default_rng([seed, 2])
    for number in range(_NUM_SHAPES):
        shape = _SHAPES[number % len(_SHAPES)]
        num_steps = int(random.integers(20, 61))
        place, size = random.uniform(0.25, 0.75) * num_steps, random.uniform(0.7, 2.0)
        away = np.arange(num_steps) - place
        curve = (
            size
            * {
                "bump": np.exp(-0.5 * (away / 3) ** 2),
                "step": np.tanh(away / 2),
                "wave": np.sin(2 * np.pi * away / 8),
            }[shape]
        )
        features = np.stack([curve, np.gradient(curve)], axis=1) + random.normal(0, 0.2, (num_steps, 2))
        yield Series(
            "demo", str(number + 1), features, np.arange(num_steps), ("value", "slope"),
            label=f"{size:.4f}" if values_as_targets else shape,
        )  # fmt: skip


def _autoregressive(noise: np.ndarray, memory: float) -> np.ndarray:
    """x_t = memory x_{t-1} + noise_t."""
    values = noise.copy()
    for step in range(1, len(values)):
        values[step] += memory * values[step - 1]
    return values
