"""StaticColumn: what never changes over a series, as numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from seqkit import DataError
from seqkit_timeseries.cells import MISSING, is_number, parse_number

MOST_CATEGORIES = 256
"""Each becomes a feature of every step: more would be names, which say nothing of other series."""


@dataclass(frozen=True)
class StaticColumn:
    """How one column becomes features, as the training series have it.

    Attributes:
        categories: Its values, sorted, if any of them is no number; each has a feature that is 1 for it.
        mean: Of its numbers, one a series.
        deviation: The same.
    """

    categories: list[str] = field(default_factory=list)
    mean: float = 0.0
    deviation: float = 1.0

    @classmethod
    def learn(cls, name: str, cells: Iterable[str]) -> StaticColumn:
        """From the cells of all training series.

        Raises:
            DataError: If the column is empty, or has too many categories.
        """
        known = [cell.strip() for cell in cells if cell.strip().lower() not in MISSING]
        if not known:
            raise DataError("the column is empty in all training series", at=f"--data.static_columns {name}",
                            fix="leave it out")  # fmt: skip
        if all(map(is_number, known)):
            numbers = np.array([parse_number(cell) for cell in known])
            return cls(mean=float(numbers.mean()), deviation=float(numbers.std()) or 1.0)
        categories = sorted(set(known))
        if len(categories) > MOST_CATEGORIES:
            raise DataError(
                f"{len(categories)} categories where {MOST_CATEGORIES} are the most",
                at=f"--data.static_columns {name}",
                fix="leave it out, or group its values",
            )
        return cls(categories=categories)

    @property
    def num_features(self) -> int:
        """One for numbers, one a category."""
        return len(self.categories) or 1

    def features(self, cell: str) -> np.ndarray:
        """Features of a cell, (num_features,): NaN for a missing number, all 0 for a category that training lacks.

        Raises:
            DataError: If the cell is no number where training has numbers.
        """
        cell = cell.strip()
        if self.categories:
            return np.array([float(cell == category) for category in self.categories])
        try:
            return np.array([(parse_number(cell) - self.mean) / self.deviation])
        except ValueError:
            raise DataError(
                f"{cell!r} is not a finite number, as in the training series",
                at="--data.static_columns",
                fix="correct the cell, or empty it",
            ) from None

    def state(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)
