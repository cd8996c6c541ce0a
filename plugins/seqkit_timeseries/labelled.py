"""Records to classify: series with their class, or with a number to predict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from seqkit import DataError, Record, report
from seqkit_timeseries.series import Series


def labelled_records(found: Iterable[Series], as_numbers: bool, required: bool) -> Iterator[Record]:
    """Series as records with their targets.

    Args:
        found: The series.
        as_numbers: Labels are numbers to predict; a series whose label is none is reported and left out.
        required: A series without a label is reported and left out.
    """
    for series in found:
        target: Any = series.label
        if required and not target:
            fix = "give it a label, or leave it out"
            report(DataError("the label is missing", at=series.origin, fix=fix))
            continue
        if as_numbers and target is not None:
            target = _number(series)
            if target is None:
                continue
        yield Record(sequence=series.values, target=target, origin=series.origin)


def _number(series: Series) -> float | None:
    """The target as a number; None if it is none and that was reported."""
    try:
        number = float(series.label or "")
        if np.isfinite(number):
            return number
    except ValueError:
        pass
    what = f"target {series.label!r} is not a finite number"
    report(DataError(what, at=series.origin, fix="correct it, or use --data.target label"))
    return None
