"""SeriesRecords: series as records of `next_step` and `forecast`, cut in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from seqkit import Record, Split, reporting
from seqkit_timeseries.backtest import Piece
from seqkit_timeseries.covariates import Covaried, with_future
from seqkit_timeseries.cuts import Cut
from seqkit_timeseries.division import Division
from seqkit_timeseries.forecasts import SeriesRecord, Timeline
from seqkit_timeseries.series import Series, in_blocks


@dataclass(frozen=True)
class SeriesRecords:
    """How series become records.

    Attributes:
        division: The series, and what of them belongs to which split.
        covaried: Records hold what is known ahead, too.
        names_windows: A series has several records in a split, which are named by their first step.
        horizon: Steps after the end of a series of which something may be known.
        dated: Whether the times of those steps are wanted.
    """

    division: Division
    covaried: bool
    names_windows: bool
    horizon: int | None
    dated: bool

    def records(self, split: Split) -> Iterator[Record]:
        """The records of a split; a series that lies on the disk comes in parts, unless it is to be predicted from."""
        for series, cut in self._to_continue() if split == "predict" else self.division.pieces(split):
            window = f"@{cut.context}" if self.names_windows and cut.context else ""
            given = series.part(0, cut.end)
            record = SeriesRecord(
                sequence=None,
                origin=series.origin + window,
                context=cut.context,
                timeline=Timeline.of(series.part(0, cut.context or cut.end)),
            )
            for number, part in enumerate([given] if split == "predict" else in_blocks(given)):
                yield replace(record, sequence=self.sequence(part), continues=number > 0)

    def placed(self) -> Iterator[tuple[Split, Record]]:
        """Each series once, in parts where its end is held out or lies in another file."""
        for split, series, continues in self.division.parts():
            for number, part in enumerate(in_blocks(series)):
                yield split, Record(self.sequence(part), origin=series.origin, continues=continues or number > 0)

    def sequence(self, series: Series) -> Any:
        """A series as the codec takes it."""
        return Covaried.of(series) if self.covaried else series.values

    def _to_continue(self) -> Iterator[Piece]:
        """All of each series, and what is known of its steps to come."""
        horizon = self.horizon if self.covaried else None
        for found in self.division.read(self.division.path):
            series, num_past = with_future(found, horizon, self.dated)
            if num_past:
                with reporting():
                    self.division.check(series)
                    yield series, Cut(len(series), num_past if num_past < len(series) else 0)
