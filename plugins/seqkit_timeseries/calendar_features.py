"""Calendar features: where in the hour, the day, the week and the year a time lies, as points on a circle."""

from __future__ import annotations

from typing import Literal

import numpy as np

from seqkit_timeseries.frequency import DAY_US, Frequency

Cycle = Literal["hour", "day", "week", "year"]

_SIZES_US: dict[Cycle, int] = {"hour": DAY_US // 24, "day": DAY_US, "week": 7 * DAY_US}
_MONDAY_US = 4 * DAY_US
"""The first Monday after 1970-01-01, a Thursday."""


def cycles_of(frequency: Frequency | None) -> list[Cycle]:
    """The cycles in which steps of a frequency move; none where times are no dates.

    Example:
        >>> cycles_of(Frequency("us", DAY_US // 24)), cycles_of(Frequency("month", 1))
        (['day', 'week', 'year'], ['year'])
    """
    if frequency is None or frequency.unit == "index":
        return []
    if frequency.unit == "month":
        return ["year"] if frequency.count % 12 else []
    if frequency.unit == "weekday":
        return ["week", "year"]
    shorter: list[Cycle] = [cycle for cycle, size in _SIZES_US.items() if frequency.count % size]
    return [*shorter, "year"]


def calendar_features(times: np.ndarray, cycles: list[Cycle]) -> np.ndarray:
    """Sine and cosine of the place in each cycle, (T, 2 per cycle) float64.

    Args:
        times: (T,) datetime64[us].
        cycles: Which; their order is that of the features.
    """
    places = [2 * np.pi * _share(times, cycle) for cycle in cycles]
    pairs = [wave for place in places for wave in (np.sin(place), np.cos(place))]
    return np.stack(pairs, axis=1) if pairs else np.zeros((len(times), 0))


def _share(times: np.ndarray, cycle: Cycle) -> np.ndarray:
    """How much of its cycle lies before each time, from 0 to below 1; a week begins on Monday."""
    if cycle == "year":
        years = times.astype("M8[Y]")
        begin, end = years.astype("M8[us]"), (years + 1).astype("M8[us]")
        return np.asarray((times - begin) / (end - begin))
    since = times.astype("M8[us]").astype(np.int64) - _MONDAY_US
    return np.asarray((since % _SIZES_US[cycle]) / _SIZES_US[cycle])
