"""Timing: variants in turns, so that whatever else the machine does hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


def interleaved(
    variants: Mapping[str, Callable[[], object]],
    repeats: int,
    warmups: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of each call. In each round every variant is called once; another one begins each round.

    Args:
        variants: What to call, by name.
        repeats: Rounds that count.
        warmups: Rounds before them that do not: first calls allocate, plan and load.
        clock: Seconds that only grow; `time.process_time` counts this process alone.

    Returns:
        A list of `repeats` values for each name, of which those at one place belong to one round.
    """
    names = list(variants)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(warmups + repeats):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            begin = clock()
            variants[name]()
            seconds = clock() - begin
            if number >= warmups:
                taken[name].append(seconds)
    return taken


@dataclass(frozen=True)
class Ratio:
    """How many times as long one variant took as another, over the rounds that both were in.

    Attributes:
        median: Of the ratios of single rounds.
        low: Their lower quartile.
        high: Their upper quartile.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, longer: Sequence[float], shorter: Sequence[float]) -> Ratio:
        """The ratio of two lists of `interleaved`.

        Example:
            >>> print(Ratio.of([2.0, 3.0, 8.0], [1.0, 1.0, 2.0]))
            3.00 (2.00-4.00)
        """
        ratios = sorted(one / other for one, other in zip(longer, shorter, strict=True))
        if len(ratios) == 1:
            return cls(ratios[0], ratios[0], ratios[0])
        low, median, high = statistics.quantiles(ratios, n=4)
        return cls(median, max(low, ratios[0]), min(high, ratios[-1]))

    def __str__(self) -> str:
        """Median and quartiles; a single round has none."""
        spread = "" if self.low == self.high else f" ({self.low:.2f}-{self.high:.2f})"
        return f"{self.median:.2f}{spread}"


def median(seconds: Sequence[float]) -> float:
    """The middle of the values: one disturbed round does not move it."""
    return statistics.median(seconds)
