"""Series: one sequence of measurements with its times, as every reader yields it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from seqkit import DataError, plural, report
from seqkit_timeseries.frequency import Frequency
from seqkit_timeseries.scratch import BLOCK_BYTES, blocks_of, forget, is_mapped

_ROUNDING = 2**-24
"""A float32 is right to so much of its size."""

_NUMBERS_BESIDE = 512


@dataclass(frozen=True)
class Series:
    """One series of a file.

    Attributes:
        file: Name of the file.
        name: The id, column or number of the series in its file.
        values: (T, F) float64; NaN where nothing was measured. The last `num_known` columns are known ahead.
        times: (T,) datetime64[us] or int64, increasing; the row numbers from 0 where the file has no times.
        features: Names of the F features.
        timed: Whether the times come from the file.
        frequency: The regular step of the times; None where there are fewer than two.
        regular: Whether consecutive steps are one step of the frequency apart.
        label: Class or value of the whole series; None where the file gives none.
        num_known: Columns that are known ahead and are not forecast.
        statics: Cells of the columns that never change over the series.
        labels: Label of each step, (T,) object, or number, (T,) float64; None where steps have none of their own.
    """

    file: str
    name: str
    values: np.ndarray
    times: np.ndarray
    features: tuple[str, ...]
    timed: bool = False
    frequency: Frequency | None = None
    regular: bool = True
    label: str | None = None
    num_known: int = 0
    statics: tuple[str, ...] = ()
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.values)

    @property
    def origin(self) -> str:
        """`file:name`, as errors and forecasts show it."""
        return f"{self.file}:{self.name}"

    @property
    def num_predicted(self) -> int:
        """Columns that are measured, and forecast."""
        return int(self.values.shape[1]) - self.num_known

    @property
    def predicted(self) -> np.ndarray:
        """The columns that are forecast, (T, num_predicted)."""
        return self.values[:, : self.num_predicted]

    @property
    def known(self) -> np.ndarray:
        """The columns that are known ahead, (T, num_known)."""
        return self.values[:, self.num_predicted :]

    def part(self, begin: int, end: int) -> Series:
        """The steps from `begin` to before `end`."""
        return self if begin == 0 and end >= len(self) else self.rows(slice(begin, end))

    def rows(self, index: slice | np.ndarray) -> Series:
        """The steps at these places, in their order."""
        labels = None if self.labels is None else self.labels[index]
        return replace(self, values=self.values[index], times=self.times[index], labels=labels)

    @property
    def measured(self) -> tuple[int, int]:
        """The first step with a measurement, and the one after the last; (0, 0) where there is none."""
        ends = self.predicted[[0, -1]] if len(self) else self.predicted
        if len(self) and not np.isnan(ends).all(axis=1).any():
            return 0, len(self)
        begin = _num_unmeasured(self.predicted)
        return (begin, len(self) - _num_unmeasured(self.predicted[::-1])) if begin < len(self) else (0, 0)

    def followed_by(self, following: Series) -> Series:
        """This series and the values after it; times of the two are not checked here.

        Without times the values of `following` come straight after this series; with times, those of its steps
        count that are later than the last one here.

        Args:
            following: The same series in another file.

        Raises:
            DataError: If the two differ in features or in the kind of their times, or if nothing follows.
        """
        if following.values.shape[1] != self.values.shape[1] or following.times.dtype != self.times.dtype:
            raise DataError(
                f"{_shape(following)} cannot follow {_shape(self)} of the series of that name in {self.file}",
                at=following.origin,
                fix="give both files the same columns",
            )
        if not (self.timed and following.timed):
            last = self.times[-1] if len(self) else -1
            following = replace(following, times=last + 1 + np.arange(len(following)))
        later = following.times > self.times[-1] if len(self) else np.ones(len(following), bool)
        if not later.any():
            raise DataError(
                f"no step is later than {self.times[-1]}, where the series ends in {self.file}",
                at=following.origin,
                fix="check that the two files are not exchanged",
            )
        return self.joined(following.rows(later))

    def joined(self, following: Series) -> Series:
        """This series and all steps of another, which are later."""
        known = self.labels is not None and following.labels is not None
        return replace(
            self,
            values=np.concatenate([self.values, following.values]),
            times=np.concatenate([self.times, following.times]),
            labels=np.concatenate([self.labels, following.labels]) if known else None,
        )

    def unmeasured(self) -> Series:
        """The same steps with nothing but what is known ahead."""
        return replace(self, values=np.concatenate([np.full_like(self.predicted, np.nan), self.known], axis=1))

    def continued(self, num_steps: int) -> Series:
        """Steps that come after this series, of which nothing is known but their times."""
        values = np.full((num_steps, self.values.shape[1]), np.nan)
        if self.frequency is None:
            times = self.times[-1] + 1 + np.arange(num_steps)
        else:
            times = self.frequency.times(self.times[-1], 1 + np.arange(num_steps))
        return replace(self, values=values, times=times, labels=None)


def row_times(num_steps: int) -> np.ndarray:
    """Times of a series whose file gives none: its row numbers, (T,) int64."""
    return np.arange(num_steps, dtype=np.int64)


def feature_names(num_features: int) -> tuple[str, ...]:
    """Names of features that have none: "1", "2" ..."""
    return tuple(str(number) for number in range(1, num_features + 1))


def require_float32(series: Series) -> None:
    """Refuse a series whose variation is lost when its values become float32 without being centred.

    Raises:
        DataError: Names the series, its size and its deviation.
    """
    ranges = zip(*(of_column.tolist() for of_column in _ranges(series.predicted)), strict=True)
    for index, (low, high, count) in enumerate(ranges):
        # Two values a range apart among n alone deviate by range / sqrt(2 n): mostly that is enough to know.
        if not high > low or max(-low, high) * _ROUNDING <= 0.01 * (high - low) / math.sqrt(2 * count):
            continue
        column = series.predicted[:, index]
        seen = column[~np.isnan(column)]
        deviation, largest = float(seen.std()), float(np.abs(seen).max())
        if largest * _ROUNDING > 0.01 * deviation > 0:  # A hundredth of the deviation should still be seen.
            what = f"values near {largest:.6g} that vary by {deviation:.3g}: float32 cannot tell them apart"
            fix = "subtract a constant from the column, or use --data.scaling standard"
            raise DataError(what, at=f"{series.origin}, column {series.features[index]!r}", fix=fix)


def of_one_width(found: Iterable[Series], first: list[tuple[int, str]]) -> Iterator[Series]:
    """Series that have as many features as the first one; others are reported and left out.

    Args:
        found: The series of a file.
        first: Features and name of the first series, to be noted; empty before it.
    """
    for series in found:
        width = series.values.shape[1]
        if not first:
            first.append((width, series.origin))
        if width == first[0][0]:
            yield series
        else:
            what = f"{plural(width, 'column')} where {first[0][1]} has {first[0][0]}"
            report(DataError(what, at=series.origin, fix="give every series the same columns"))


def in_blocks(series: Series) -> Iterator[Series]:
    """A series that lies on the disk in parts that are small in memory; any other one as it is."""
    if not is_mapped(series.values):
        yield series
        return
    for begin, end in blocks_of(series.values):
        yield series.part(begin, end)
        forget(series.values)


def _ranges(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest, highest and number of the values of each column, NaN left out; (F,) each."""
    width = rows.shape[1]
    if width == 1 and 0 < rows.nbytes <= BLOCK_BYTES:
        return _column_ranges(rows)
    low, high, count = np.full(width, np.inf), np.full(width, -np.inf), np.zeros(width, np.int64)
    beside = max(_NUMBERS_BESIDE // max(width, 1), 1)  # Rows side by side: few columns take as long as many.
    for begin, end in blocks_of(rows):
        even = end - (end - begin) % beside
        for part, num_beside in ((rows[begin:even], beside), (rows[even:end], 1)):
            if part.size:
                lowest, highest, number = _column_ranges(part.reshape(-1, num_beside * width))
                low = np.fmin(low, np.fmin.reduce(lowest.reshape(-1, width)))
                high = np.fmax(high, np.fmax.reduce(highest.reshape(-1, width)))
                count += number.reshape(-1, width).sum(axis=0)
        forget(rows)
    return low, high, count


def _column_ranges(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    low, high = rows.min(axis=0), rows.max(axis=0)
    if not np.isnan(low).any():
        return low, high, np.full(rows.shape[1], len(rows))
    return np.fmin.reduce(rows), np.fmax.reduce(rows), (~np.isnan(rows)).sum(axis=0)


def _num_unmeasured(rows: np.ndarray) -> int:
    """Rows before the first one with a value."""
    for begin, end in blocks_of(rows):
        seen = ~np.isnan(rows[begin:end]).all(axis=1)
        forget(rows)
        if seen.any():
            return begin + int(seen.argmax())
    return len(rows)


def _shape(series: Series) -> str:
    kind = "numbered" if series.times.dtype.kind == "i" else "dated"
    return f"a {kind} series of {plural(series.values.shape[1], 'feature')}"
