"""Step rows: what `predict` says under `tag` as a table with a row for each step, dated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seqkit import DataError
from seqkit_timeseries.forecasts import Timeline, write_tables
from seqkit_timeseries.series import Series

Rows = Iterator[dict[str, Any]]


def step_writers(series: Callable[[], Iterable[Series]]) -> dict[str, Callable[[Rows, Path], None]]:
    """Writers of a row a step by ending; JSON lines keep a row a record.

    Args:
        series: Reads the series that were tagged, in the order of the rows, for their times.
    """
    return {suffix: partial(_write, series=series, suffix=suffix) for suffix in (".csv", ".parquet")}


def step_tables(rows: Rows, series: Iterable[Series]) -> Iterator[pd.DataFrame]:
    """A table a record: `origin` of its series, `ds` (the time, or the number of the row from 0), `step`, `prediction`.

    Args:
        rows: With `origin` as `file:series:FIRST-LAST` and `prediction`.
        series: The series in the same order.

    Raises:
        DataError: If the series of a row is not there any more.
    """
    those = iter(series)
    current: Series | None = None
    for row in rows:
        origin, _, steps = row["origin"].rpartition(":")
        while current is None or current.origin != origin:
            current = next(those, None)
            if current is None:
                raise DataError("the series is not found again", at=origin, fix="leave the files as they are meanwhile")
        first, last = map(int, steps.split("-"))
        predicted = np.asarray(row["prediction"]).reshape(last - first + 1)
        columns = {
            "origin": origin,
            "ds": current.times[first - 1 : last],
            "step": np.arange(first, last + 1),
            "prediction": predicted.astype(object) if predicted.dtype.kind == "U" else predicted,
        }
        table = pd.DataFrame(columns)
        table.attrs["clock"] = Timeline.of(current).has_clock
        yield table


def _write(rows: Rows, path: Path, series: Callable[[], Iterable[Series]], suffix: str) -> None:
    write_tables(path, step_tables(rows, series()), suffix)
