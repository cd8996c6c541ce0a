"""Neighbours: how many cores other processes keep busy, counted while a training is prepared."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

_STAT = Path("/proc/stat")
_LEAST_S = 0.1
"""Shorter looks tell little: the kernel counts in hundredths of a second."""


class _Ticks(NamedTuple):
    """Seconds of all our cores together."""

    busy_s: float
    all_s: float
    own_s: float


class Neighbours:
    """Other processes on the cores of this one, from the making of this value on; says nothing where /proc is not.

    Two threads wait for each other at each step. If one of them has to share its core, both lose the time: beside a
    busy neighbour two threads may take ten times as long as one.

    Args:
        stat: The kernel's count of busy and idle time.
    """

    def __init__(self, stat: Path = _STAT) -> None:
        self.stat = stat
        self.cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._begin, self._begin_s = self._look(), time.perf_counter()

    def busy_cores(self) -> float | None:
        """Cores that others kept busy since the beginning; None if it cannot be said."""
        if self._begin is None:
            return None
        time.sleep(max(_LEAST_S - (time.perf_counter() - self._begin_s), 0.0))
        now = self._look()
        if now is None or now.all_s <= self._begin.all_s:
            return None
        others = (now.busy_s - self._begin.busy_s) - (now.own_s - self._begin.own_s)
        return max(others / (now.all_s - self._begin.all_s) * len(self.cores), 0.0)

    def advice(self, threads: int) -> str:
        """A line for the user if the threads would have to share cores with others; empty otherwise."""
        busy = self.busy_cores()
        if busy is None or busy < 0.5 or threads + busy <= len(self.cores) + 0.5:
            return ""
        cores = len(self.cores)
        return (
            f"other processes keep {busy:.1f} of {cores} cores busy, and {threads} threads wait for each other:"
            f" --threads {max(int(cores - busy), 1)} may be faster, --threads auto tries it"
        )

    def _look(self) -> _Ticks | None:
        """Busy and all time of our cores, and this process's own."""
        try:
            lines = [line.split() for line in self.stat.read_text().splitlines()]
        except OSError:
            return None
        # user nice system idle iowait irq softirq steal (guest times are in user and nice already)
        ours = {f"cpu{core}" for core in self.cores}
        counts = [[int(word) for word in words[1:9]] for words in lines if words and words[0] in ours]
        if not counts or any(len(count) < 5 for count in counts):
            return None
        total, idle = sum(map(sum, counts)), sum(count[3] + count[4] for count in counts)
        second = os.sysconf("SC_CLK_TCK")
        return _Ticks((total - idle) / second, total / second, time.process_time())
