"""Frequency: the regular step between timestamps, found from them, calendar months and weekdays included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000

_TIMES_AT_ONCE = 1 << 16

_HOUR_US = 60 * MINUTE_US
_UNITS = (
    (2 * DAY_US, DAY_US, "day"),
    (_HOUR_US, _HOUR_US, "hour"),
    (2 * MINUTE_US, MINUTE_US, "minute"),
    (1_000_000, 1_000_000, "s"),
    (0, 1_000, "ms"),
)
"""From which duration on which unit of how many microseconds is used."""


@dataclass(frozen=True)
class Frequency:
    """A regular step of time.

    Attributes:
        unit: What is counted: microseconds, calendar months, weekdays (Monday to Friday) or plain integers.
        count: Units in a step.
        from_end: Months are counted from the instant where the month ends, not where it begins.
    """

    unit: Literal["us", "month", "weekday", "index"]
    count: int
    from_end: bool = False

    @property
    def season(self) -> int:
        """Steps of the usual season: a day below a day, 7 days, 5 weekdays, 52 weeks, a year of months or quarters."""
        if self.unit == "weekday":
            return 5
        if self.unit == "month":
            return 12 // self.count if 12 % self.count == 0 else 1
        if self.unit == "index" or self.count < MINUTE_US:
            return 1
        known = {DAY_US: 7, 7 * DAY_US: 52}
        return known.get(self.count, DAY_US // self.count if DAY_US % self.count == 0 else 1)

    def span(self, num_steps: float) -> str:
        """So many steps in words: `38 hours`, `3.2 days`, `7 months`, and `38 steps` where they are only numbered."""
        if self.unit != "us":
            name = {"index": "step", "month": "month", "weekday": "weekday"}[self.unit]
            return _amount(num_steps * (1 if self.unit == "index" else self.count), name)
        size = num_steps * self.count
        unit, name = next((unit, name) for least, unit, name in _UNITS if size >= least)
        return f"{size / unit:.3g} {name}" if name in ("ms", "s") else _amount(size / unit, name)

    def keeps(self, times: np.ndarray) -> bool:
        """Whether the times are known to be one step apart each; False may mean that `steps` has to be asked."""
        if self.unit not in ("us", "index"):
            return False
        return bool((np.diff(times).astype(np.int64) == self.count).all())

    def steps(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whole steps since the first time, (T,) int64, and whether each time is on the grid, (T,) bool.

        Args:
            times: (T,) datetime64[us] or int64, increasing.
        """
        if self.unit == "month":
            months, rest = _months(times, self.from_end)
            steps, odd = np.divmod(months - months[0], self.count)
            return steps, (odd == 0) & (rest == rest[0])
        if self.unit == "weekday":
            days = times.astype("M8[D]")
            clock = times - days
            return np.busday_count(days[0], days), np.is_busday(days) & (clock == clock[0])
        steps, odd = np.divmod((times - times[0]).astype(np.int64), self.count)
        return steps, odd == 0

    def times(self, start: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """The times that lie some steps after a time, (N,); the inverse of `steps`.

        Args:
            start: A time, ().
            steps: Whole steps, (N,) int64.
        """
        if self.unit == "month":
            months, rest = _months(np.asarray(start)[None], self.from_end)
            later = months[0] + steps * self.count + self.from_end
            return np.asarray(later.astype("M8[M]").astype("M8[us]") + rest[0])
        if self.unit == "weekday":
            day = start.astype("M8[D]")
            return np.asarray(np.busday_offset(day, steps, roll="forward").astype("M8[us]") + (start - day))
        return np.asarray(start + (steps * self.count).astype("m8[us]" if self.unit == "us" else np.int64))

    def __str__(self) -> str:
        """In words: `1 hour`, `3 month`, `1 weekday`."""
        if self.unit != "us":
            return f"{self.count} {self.unit}"
        for name, size in (("week", 7 * DAY_US), ("day", DAY_US), ("hour", DAY_US // 24), ("minute", MINUTE_US)):
            if self.count % size == 0:
                return f"{self.count // size} {name}"
        return f"{self.count / 1e6:g} s"


def infer_frequency(times: np.ndarray) -> Frequency | None:
    """The commonest step between times; None for fewer than two times.

    Times that all lie equally far from the beginning (or from the end) of their month are counted in months;
    days without a Saturday or Sunday that go on over a weekend are counted in weekdays.

    Args:
        times: (T,) datetime64[us] or int64, strictly increasing.

    Example:
        >>> days = np.array(["2024-01-31", "2024-02-29", "2024-03-31"], dtype="M8[us]")
        >>> str(infer_frequency(days))
        '1 month'
    """
    if len(times) < 2:
        return None
    if times.dtype.kind == "i":
        return Frequency("index", _commonest(np.diff(times)))
    gaps = np.diff(times.astype(np.int64))
    if gaps.min() >= 28 * DAY_US:
        for from_end in (False, True):
            months, rest = _months(times, from_end)
            # Not every month has a 29th: later days are counted from the end.
            if (rest == rest[0]).all() and rest[0].astype(np.int64) < 28 * DAY_US:
                return Frequency("month", _commonest(np.diff(months)), from_end)
    step = _commonest(gaps)
    if step == DAY_US and (gaps == 3 * DAY_US).any() and np.is_busday(times.astype("M8[D]")).all():
        return Frequency("weekday", 1)
    return Frequency("us", step)


def constant_frequency(times: np.ndarray) -> Frequency | None:
    """What `infer_frequency` says where each step follows after the same time, and that time is less than a month.

    None says nothing. It looks at little of the times at once: they may lie on the disk.

    Args:
        times: (T,) datetime64[us] or int64, in any order.
    """
    if len(times) < 2:
        return None
    plain = times.view(np.int64)
    gap = int(plain[1] - plain[0])
    if gap <= 0 or (times.dtype.kind == "M" and gap >= 28 * DAY_US):
        return None
    for begin in range(0, len(plain) - 1, _TIMES_AT_ONCE):
        part = plain[begin : begin + _TIMES_AT_ONCE + 1]
        if (part[1:] - part[:-1] != gap).any():
            return None
    return Frequency("us" if times.dtype.kind == "M" else "index", gap)


def _amount(count: float, name: str) -> str:
    """A count of a unit, with three digits at least: `1 hour`, `3.2 days`, `1,250 days`."""
    number = f"{count:,.0f}" if count >= 100 else f"{count:.3g}"
    return f"{number} {name}" if number == "1" else f"{number} {name}s"


def _commonest(gaps: np.ndarray) -> int:
    """The most frequent gap, the smallest of several."""
    if (gaps == gaps[0]).all():
        return int(gaps[0])
    sizes, counts = np.unique(gaps, return_counts=True)
    return int(sizes[counts.argmax()])


def _months(times: np.ndarray, from_end: bool) -> tuple[np.ndarray, np.ndarray]:
    """Months since 1970, and how far each time lies from the beginning (or end) of its month."""
    months = times.astype("M8[M]")
    return months.astype(np.int64), times - (months + int(from_end)).astype("M8[us]")
