"""Rules of time: what happens to timestamps that are out of order, doubled, missing or off the grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from seqkit import DataError, observe, plural
from seqkit_timeseries.frequency import constant_frequency, infer_frequency
from seqkit_timeseries.series import Series

Duplicates = Literal["error", "first", "last", "mean"]

_MOST_FILLED = 10
"""A series may become this many times longer by filling; more than that is a mistyped timestamp."""


@dataclass(frozen=True)
class TimeRules:
    """What to repair.

    Attributes:
        sort: Put rows in order of time.
        duplicates: What stands for several rows of one time.
        fill_gaps: True puts missing steps in as NaN, False takes the rows as consecutive steps, None refuses gaps.
            Where steps have labels, a step that is put in has that of the step before it; of numbers, none.
    """

    sort: bool = False
    duplicates: Duplicates = "error"
    fill_gaps: bool | None = None

    def apply(self, series: Series) -> Series:
        """The series in order, one row a time, one step a row.

        Raises:
            DataError: Names the series, the timestamp and the option that repairs it.
        """
        if len(series) == 0:
            return series
        if (constant := constant_frequency(series.times)) is not None:
            if series.timed:
                observe("frequency", constant)
            return replace(series, frequency=constant)
        series = self._one_row_a_time(self._in_order(series))
        frequency = infer_frequency(series.times)
        series = replace(series, frequency=frequency)
        if frequency is None:
            return series
        if series.timed:
            observe("frequency", frequency)
        if frequency.keeps(series.times):
            return series
        steps, on_grid = frequency.steps(series.times)
        if on_grid.all() and steps[-1] == len(series) - 1:
            return series
        if self.fill_gaps is False:
            return replace(series, regular=False)
        if not on_grid.all():
            raise _off_grid(series, on_grid)
        return self._filled(series, steps)

    def _in_order(self, series: Series) -> Series:
        backwards = np.flatnonzero(series.times[1:] < series.times[:-1])
        if not len(backwards):
            return series
        if not self.sort:
            first = backwards[0]
            before, after = (show_time(time) for time in series.times[first : first + 2])
            what = f"timestamps are not in order: {after} follows {before}"
            fix = "sort the file by time, or use --data.sort true; if it holds several series: --data.id_column"
            raise DataError(f"{what} ({plural(len(backwards), 'such place')})", at=series.origin, fix=fix)
        order = np.argsort(series.times, kind="stable")
        return series.rows(order)

    def _one_row_a_time(self, series: Series) -> Series:
        new = np.diff(series.times).astype(np.int64) != 0
        if new.all():
            return series
        if self.duplicates == "error":
            twice = show_time(series.times[:-1][~new][0])
            what = f"timestamp {twice} occurs more than once ({plural(int((~new).sum()), 'row')} too many)"
            fix = (
                "if the file holds several series, name their column by --data.id_column; "
                "else remove the duplicates, or use --data.duplicates first, last or mean"
            )
            raise DataError(what, at=series.origin, fix=fix)
        observe("repaired", "rows of one time", int((~new).sum()))
        begins = np.flatnonzero(np.concatenate([[True], new]))
        ends = np.append(begins[1:], len(series))
        if self.duplicates == "mean":
            seen = ~np.isnan(series.values)
            totals = np.add.reduceat(np.where(seen, series.values, 0.0), begins)
            counts = np.add.reduceat(seen.astype(np.int64), begins)
            values = np.divide(totals, counts, out=np.full_like(totals, np.nan), where=counts > 0)
            return replace(series.rows(begins), values=values, labels=_common_labels(series, begins))
        return series.rows(ends - 1 if self.duplicates == "last" else begins)

    def _filled(self, series: Series, steps: np.ndarray) -> Series:
        frequency, gaps = series.frequency, np.diff(steps)
        assert frequency is not None
        widest, num_steps = int(gaps.argmax()), int(steps[-1]) + 1
        where = f"between {show_time(series.times[widest])} and {show_time(series.times[widest + 1])}"
        if self.fill_gaps is None:
            steps_lost = plural(num_steps - len(series), "step")
            lost = f"{steps_lost} of {frequency} missing in {plural(int((gaps > 1).sum()), 'place')}"
            fix = (
                "--data.fill_gaps true puts them in as missing values; "
                "--data.fill_gaps false takes the rows as consecutive steps"
            )
            raise DataError(f"{lost}, the widest gap {where}", at=series.origin, fix=fix)
        if num_steps > _MOST_FILLED * len(series):
            given, filled = plural(len(series), "row"), plural(num_steps, "step")
            what = f"{given} would become {filled} of {frequency}; the widest gap is {where}"
            fix = "correct the timestamp, or use --data.fill_gaps false"
            raise DataError(what, at=series.origin, fix=fix)
        observe("repaired", "steps put in as missing", num_steps - len(series))
        values = np.full((num_steps, series.values.shape[1]), np.nan)
        values[steps] = series.values
        times = frequency.times(series.times[0], np.arange(num_steps))
        return replace(series, values=values, times=times, labels=_filled_labels(series, steps, num_steps))


def _common_labels(series: Series, begins: np.ndarray) -> np.ndarray | None:
    """The label of all rows of one time, or the mean of their numbers."""
    labels = series.labels
    if labels is None:
        return None
    groups = np.split(labels, begins[1:])
    if labels.dtype.kind == "f":
        return np.array([np.nan if np.isnan(group).all() else np.nanmean(group) for group in groups])
    for begin, group in zip(begins, groups, strict=True):
        if len(found := sorted(set(group.tolist()))) > 1:
            what = f"labels {found[0]!r} and {found[1]!r} at {show_time(series.times[begin])}"
            raise DataError(what, at=series.origin, fix="correct one, or use --data.duplicates first or last")
    return series.rows(begins).labels


def _filled_labels(series: Series, steps: np.ndarray, num_steps: int) -> np.ndarray | None:
    """A step that is put in is in the state of the one before it; a number is not known there."""
    if series.labels is None:
        return None
    if series.labels.dtype.kind == "f":
        labels = np.full(num_steps, np.nan)
        labels[steps] = series.labels
        return labels
    return np.repeat(series.labels, np.diff(np.append(steps, num_steps)))


def _off_grid(series: Series, on_grid: np.ndarray) -> DataError:
    first = series.times[~on_grid][0]
    return DataError(
        f"timestamp {show_time(first)} is not a whole number of steps of {series.frequency} "
        f"after {show_time(series.times[0])} ({plural(int((~on_grid).sum()), 'such timestamp')})",
        at=series.origin,
        fix="correct it, or use --data.fill_gaps false to take the rows as consecutive steps",
    )


def show_time(time: np.generic) -> str:
    """A time as users write it: without parts that are zero."""
    text = str(time).replace("T", " ")
    return text.removesuffix(".000000").removesuffix(" 00:00:00")
