"""Forecasts as a table: mean and quantiles of the sample paths, with the times that follow each series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from seqkit import DataError, Generation, Record
from seqkit_timeseries.frequency import DAY_US, Frequency
from seqkit_timeseries.series import Series

_ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Timeline:
    """What is kept of a series to date its forecast.

    Attributes:
        name: Its id.
        features: Names of its features.
        start: Its first time; None where it has none.
        last: The time of its last step.
        num_steps: Its length.
        frequency: Its regular step; None where it is unknown.
        regular: Whether every step is one step of the frequency.
    """

    name: str
    features: tuple[str, ...] = ()
    start: np.ndarray | None = None
    last: np.ndarray | None = None
    num_steps: int = 0
    frequency: Frequency | None = None
    regular: bool = True

    @classmethod
    def of(cls, series: Series) -> Timeline:
        """The timeline of a series that has at least one step."""
        start, last = np.asarray(series.times[0]), np.asarray(series.times[-1])
        frequency = series.frequency or (Frequency("index", 1) if series.times.dtype.kind == "i" else None)
        features = series.features[: series.num_predicted]
        return cls(series.name, features, start, last, len(series), frequency, series.regular)

    @property
    def has_clock(self) -> bool:
        """Whether the time of the day differs between steps."""
        return self.frequency is not None and self.frequency.unit == "us" and self.frequency.count % DAY_US != 0

    def times_after(self, num_known: int, num_steps: int) -> np.ndarray:
        """Times of the steps after the first `num_known`: dates where they are known, else counted from 0."""
        steps = np.arange(num_steps)
        if self.start is not None and self.last is not None and self.frequency is not None:
            if self.regular:
                return self.frequency.times(self.start, num_known + steps)
            if num_known == self.num_steps:
                return self.frequency.times(self.last, 1 + steps)
        return num_known + steps


@dataclass(frozen=True)
class SeriesRecord(Record):
    """A record that knows the times of its series, so that a forecast can be dated."""

    timeline: Timeline | None = None


def table_of(generation: Generation, quantiles: list[float]) -> pd.DataFrame:
    """The table of one series that was continued, dated where its record has a timeline."""
    prompt = generation.prompt
    timeline = prompt.timeline if isinstance(prompt, SeriesRecord) else None
    if timeline is None:
        timeline = Timeline(name=prompt.origin.partition(":")[2] or prompt.origin)
    samples = np.stack([np.asarray(values, dtype=np.float64) for values in generation.values])
    return forecast_table(timeline, prompt.context or len(prompt.sequence), samples, quantiles)


def forecast_table(timeline: Timeline, num_known: int, samples: np.ndarray, quantiles: list[float]) -> pd.DataFrame:
    """One row a step (and feature): `unique_id, ds, step, [feature,] mean, q0.1, ...`.

    Args:
        timeline: Of the series that was continued.
        num_known: Steps that were given.
        samples: Sample paths, (S, H, F).
        quantiles: Levels between 0 and 1.
    """
    _, num_steps, num_features = samples.shape
    columns: dict[str, object] = {
        "unique_id": timeline.name,
        "ds": np.repeat(timeline.times_after(num_known, num_steps), num_features),
        "step": np.repeat(np.arange(1, num_steps + 1), num_features),
    }
    if num_features > 1:
        names = timeline.features if len(timeline.features) == num_features else range(1, num_features + 1)
        columns["feature"] = np.tile(np.array(names, dtype=object), num_steps)
    columns["mean"] = samples.mean(axis=0).reshape(-1)
    levels = np.quantile(samples, quantiles, axis=0).reshape(len(quantiles), num_steps * num_features)
    table = pd.DataFrame(columns | {f"q{level:g}": row for level, row in zip(quantiles, levels, strict=True)})
    table.attrs["clock"] = timeline.has_clock
    return table


def write_tables(path: Path, tables: Iterable[pd.DataFrame], suffix: str | None = None) -> None:
    """Tables one below the other as parquet (by the ending) or CSV.

    Args:
        path: Where to.
        tables: With a column `ds`.
        suffix: The ending that counts; None takes that of the path.

    Raises:
        DataError: If there is nothing to write, or if only some series have dates: a parquet column has one type.
    """
    if (suffix or path.suffix) == ".parquet":
        _write_parquet(path, _gathered(_of_one_kind(tables, path)))
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, table in enumerate(_gathered(map(_with_plain_dates, tables))):
            table.to_csv(file, header=number == 0, index=False, lineterminator="\n")


def _write_parquet(path: Path, tables: Iterator[pd.DataFrame]) -> None:
    first = next(tables, None)
    if first is None:
        raise DataError("there is no forecast to write", at=str(path), fix="give at least one series to continue")
    table = pa.Table.from_pandas(first, preserve_index=False)
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table)
        for following in tables:
            writer.write_table(pa.Table.from_pandas(following, schema=table.schema, preserve_index=False))


def _of_one_kind(tables: Iterable[pd.DataFrame], path: Path) -> Iterator[pd.DataFrame]:
    kinds = set[str]()
    for table in tables:
        kinds.add(table["ds"].dtype.kind)
        if len(kinds) > 1:
            raise DataError(
                "some series have dates and others only step numbers", at=f"{path}, column ds", fix="write .csv instead"
            )
        yield table


def _with_plain_dates(table: pd.DataFrame) -> pd.DataFrame:
    """Times as text: the date alone where every time is midnight, and no more digits than there are."""
    if table["ds"].dtype.kind != "M":
        return table
    times = table["ds"].to_numpy().astype("M8[us]")
    units = ("s", "us") if table.attrs.get("clock") else ("D", "s", "us")
    unit = next(u for u in units if (times.astype(f"M8[{u}]") == times).all())
    text = [str(time).replace("T", " ") for time in times.astype(f"M8[{unit}]")]
    return table.assign(ds=text)


def _gathered(tables: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Fewer and larger tables: one a series would be slow to write and to read."""
    held: list[pd.DataFrame] = []
    rows = 0
    for table in tables:
        held.append(table)
        rows += len(table)
        if rows >= _ROWS_AT_ONCE:
            yield pd.concat(held, ignore_index=True)
            held, rows = [], 0
    if held:
        yield pd.concat(held, ignore_index=True)
