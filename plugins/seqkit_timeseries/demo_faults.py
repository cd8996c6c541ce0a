"""Demo data of `tag`, made from a seed: sensors of a machine, with faults whose steps are labelled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seqkit_timeseries.frequency import infer_frequency
from seqkit_timeseries.series import Series

FAULT, NORMAL = "fault", "normal"

_NUM_SENSORS = 30
_NUM_STEPS = 1000
_CYCLE = 24
_KINDS = ("spike", "shift", "flat")
_LENGTHS = {"spike": (1, 3), "shift": (12, 30), "flat": (12, 30)}
"""Fewest and most steps of a fault."""

_BETWEEN = (60, 240)
"""Steps from the end of a fault to the next."""


def demo_sensors(values_as_targets: bool, seed: int = 0) -> Iterator[Series]:
    """30 sensors of 1000 steps of ten minutes: a cycle in noise, with spikes, level shifts and flat stretches.

    Args:
        values_as_targets: Label each step with the value without fault and noise, instead of `fault` or `normal`.
        seed: Of everything.
    """
    random = np.random.default_rng([seed, 3])
    times = np.datetime64("2024-01-01", "us") + (10 * np.arange(_NUM_STEPS)).astype("m8[m]")
    for number in range(_NUM_SENSORS):
        phase = 2 * np.pi * (np.arange(_NUM_STEPS) / _CYCLE + random.random())
        clean = 20 + 2 * np.sin(phase) + 0.6 * np.sin(2 * phase)
        values = clean + random.normal(0, 0.25, _NUM_STEPS)
        faults = _put_in_faults(values, random)
        labels = clean if values_as_targets else np.where(faults, FAULT, NORMAL).astype(object)
        yield Series(
            "demo", f"sensor{number:02d}", values[:, None], times, ("value",), timed=True,
            frequency=infer_frequency(times), labels=labels,
        )  # fmt: skip


def _put_in_faults(values: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Change the values at faults, in place; where they are, (T,) bool."""
    faults = np.zeros(len(values), dtype=bool)
    begin = int(random.integers(*_BETWEEN))
    while begin < len(values):
        kind = _KINDS[int(random.integers(len(_KINDS)))]
        fewest, most = _LENGTHS[kind]
        place = slice(begin, begin + int(random.integers(fewest, most + 1)))
        size = random.uniform(3, 6) * random.choice([-1, 1])
        if kind == "flat":
            values[place] = values[begin]
        else:
            values[place] += size if kind == "shift" else size * random.uniform(1, 1.5)
        faults[place] = True
        begin = place.stop + int(random.integers(*_BETWEEN))
    return faults
