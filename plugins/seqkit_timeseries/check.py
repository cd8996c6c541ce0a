"""What `seqkit check` tells of series: number, length against the horizon, missing values, what never varies."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqkit import Inspector, Record

_NUM_NAMED = 3
_MUCH_MISSING = 0.2


class SeriesInspector(Inspector):
    """Counts values; a series may come in parts, one for each split.

    Args:
        horizon: Steps to forecast; None where there is none.
    """

    def __init__(self, horizon: int | None) -> None:
        self._horizon = horizon
        self._series = self._constant = self._sparse = self._values = self._missing = 0
        self._named: dict[str, list[str]] = {"constant": [], "sparse": []}
        self._features: set[int] = set()
        self._least, self._most = np.inf, -np.inf
        self._shortest = 0
        self._origin = ""
        self._low = self._high = np.zeros(0)
        self._length = self._unseen = 0

    def add(self, record: Record) -> None:
        """Count the values of a series or of its next part."""
        values = np.asarray(getattr(record.sequence, "values", record.sequence), dtype=np.float64)
        values = values.reshape(len(values), -1)
        if not record.continues:
            self._close()
            self._origin, self._length, self._unseen = record.origin, 0, 0
            self._low, self._high = np.full(values.shape[1], np.inf), np.full(values.shape[1], -np.inf)
            self._features.add(values.shape[1])
        missing = np.isnan(values)
        self._low = np.minimum(self._low, np.where(missing, np.inf, values).min(axis=0, initial=np.inf))
        self._high = np.maximum(self._high, np.where(missing, -np.inf, values).max(axis=0, initial=-np.inf))
        self._length += len(values)
        self._unseen += int(missing.sum())
        self._values += values.size

    def facts(self) -> dict[str, Any]:
        """Sizes, range, and what is missing or constant."""
        self._close()
        shown: dict[str, Any] = {
            "series": self._series,
            "features": sorted(self._features)[0] if len(self._features) == 1 else sorted(self._features),
            "smallest_value": float(self._least),
            "largest_value": float(self._most),
            "missing_values": self._missing,
            "missing_share": self._missing / max(self._values, 1),
            "constant_series": self._constant,
        }
        if not self._series:
            return {}
        return shown if self._horizon is None else shown | {"horizon": self._horizon, "shortest_series": self._shortest}

    def warnings(self) -> list[str]:
        """Series that hold little to learn from."""
        self._close()
        said = []
        if self._constant:
            said.append(f"{self._constant:,} series never vary in some feature: {self._names('constant')}")
        if self._sparse:
            said.append(
                f"{self._sparse:,} series miss more than {_MUCH_MISSING:.0%} of their values: {self._names('sparse')}"
            )
        return said

    def _close(self) -> None:
        """The series before has ended."""
        if not self._origin:
            return
        self._series += 1
        self._missing += self._unseen
        self._shortest = self._length if self._series == 1 else min(self._shortest, self._length)
        self._least, self._most = min(self._least, self._low.min()), max(self._most, self._high.max())
        if (self._low == self._high).any():
            self._constant += 1
            self._name("constant")
        if self._unseen > _MUCH_MISSING * self._length * len(self._low):
            self._sparse += 1
            self._name("sparse")
        self._origin = ""

    def _name(self, kind: str) -> None:
        if len(self._named[kind]) <= _NUM_NAMED:
            self._named[kind].append(self._origin)

    def _names(self, kind: str) -> str:
        names = self._named[kind]
        return ", ".join(names[:_NUM_NAMED]) + (" ..." if len(names) > _NUM_NAMED else "")
