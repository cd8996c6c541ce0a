"""Figures of each group of records: a mean over all may hide a speaker that is never understood."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from seqkit.data.groups import group_of

NO_GROUP = "(none)"


def group_rows(origins: list[str], values: np.ndarray, pattern: str, figure: str) -> list[dict[str, Any]]:
    """The mean of one value a record over each group, the worst first; `(none)` holds those of which none is found.

    Args:
        origins: Of the records.
        values: One a record, (N,): 1 for a right answer and 0 for a wrong one, or an error.
        pattern: `group_match` of the data.
        figure: What the mean is called, such as `accuracy`.
    """
    members: dict[str, list[float]] = defaultdict(list)
    for origin, value in zip(origins, values.tolist(), strict=True):
        members[group_of(origin, pattern) or NO_GROUP].append(value)
    rows = [{"group": name, figure: float(np.mean(own)), "records": len(own)} for name, own in members.items()]
    sign = 1 if figure == "accuracy" else -1
    return sorted(rows, key=lambda row: (sign * row[figure], row["group"]))
