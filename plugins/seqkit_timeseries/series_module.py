"""SeriesModule: what the domain says about its series beside their records: formats, figures, words."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from seqkit import (
    ConfigError,
    Continuous,
    Generation,
    Inspector,
    Known,
    PathOption,
    Record,
    SeqkitError,
    SequenceDataModule,
    Split,
    StandardCodec,
)
from seqkit_timeseries.backtest import Backtest
from seqkit_timeseries.check import SeriesInspector
from seqkit_timeseries.codec import RecordScaleCodec
from seqkit_timeseries.events import event_figures, rarer_label
from seqkit_timeseries.forecasts import SeriesRecord, Timeline, table_of, write_tables
from seqkit_timeseries.frequency import Frequency
from seqkit_timeseries.layout import TableOptions
from seqkit_timeseries.made import MADE, in_units_of
from seqkit_timeseries.reading import glance_at
from seqkit_timeseries.series import Series
from seqkit_timeseries.step_rows import step_writers
from seqkit_timeseries.stream import read_lines_of_numbers
from seqkit_timeseries.threshold import threshold_baseline
from seqkit_timeseries.ts_format import parse_case
from seqkit_timeseries.wide import KeptTables


class SeriesModule(SequenceDataModule, ABC):
    """The hooks of `TimeseriesData`.

    Attributes:
        backtest: How series are cut in time.
        quantiles: Levels that a written forecast holds.
        positive: Under tag, the label with figures of its own; None takes the rarer.
        table_options: How tables are read.
        kept: Large wide tables, until a training begins.
    """

    made = MADE
    output_suffixes = (".csv", ".parquet")
    backtest: Backtest
    quantiles: list[float]
    positive: str | None
    table_options: TableOptions
    _season: int | None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.kept = KeptTables()

    @abstractmethod
    def read(self, path: PathOption, split: Split = "train") -> Iterator[Series]:
        """All series of a path; for `predict` they need no labels."""

    def find_frequency(self) -> Frequency | None:
        """The regular step of the first good series; None where its times say nothing."""
        strict = self.tolerance.policy == "error"  # What is only glanced at is not looked through for bad records.
        if strict and (seen := glance_at(self.path, self.table_options.for_prediction())):
            return seen.frequency
        found = self.read(self.path, "predict")
        records = (SeriesRecord(None, origin=series.origin, timeline=Timeline.of(series)) for series in found)
        first = next(self.tolerance.records(records), None)
        return first.timeline.frequency if isinstance(first, SeriesRecord) and first.timeline else None

    def train_dataloader(self) -> Any:
        """Training batches; large tables, which were read for validation, too, are given up."""
        loader = super().train_dataloader()
        self.kept.clear()
        return loader

    def describe_span(self, num_steps: float) -> str:
        """By the timestamps: `38 hours`, `3.2 days`; in steps where there are none."""
        return super().describe_span(num_steps) if self._frequency is None else self._frequency.span(num_steps)

    @functools.cached_property
    def _frequency(self) -> Frequency | None:
        try:
            return self.find_frequency()
        except (SeqkitError, OSError):
            return None  # A checkpoint must not need its data.

    def known(self, split: Split) -> Known | None:
        """Of made data, in the units of the loss; None where other steps are scored than those that were judged."""
        known, tail = super().known(split), self.backtest.tail
        if known is None or self.task == "forecast" or (tail.horizon is not None and not tail.by_share):
            return None
        if not isinstance(self.target_codec, StandardCodec):
            return known
        self.fit_codecs()
        deviation = self.target_codec.deviation
        return in_units_of(known, deviation[0]) if len(set(deviation)) == 1 else None

    def inspector(self) -> Inspector:
        """Lengths against the horizon, missing values, series that never vary."""
        return SeriesInspector(None if self.labelled else self.horizon)

    def prompt(self, value: str) -> Record:
        """A series written as numbers with commas between steps and colons between features: `1,2,3:4,5,6`."""
        try:
            values, _ = parse_case(value)
        except ValueError as error:
            raise ConfigError(str(error), at="--prompt", fix="write the steps as 1.5,2,2.5") from None
        return Record(sequence=values, origin="--prompt")

    def write(self, path: Path, generations: Iterable[Generation]) -> list[Path]:
        """Mean and quantiles of each forecast step, in a long table; parquet by the name's ending, else CSV."""
        write_tables(path, (table_of(generation, self.quantiles) for generation in generations))
        return [path]

    def parts(self, blocks: Iterator[bytes]) -> Iterator[Record]:
        """One series: a line of numbers a step, a cell for each feature.

        Raises:
            ConfigError: If records are standardised by their own mean, which is known at their end.
        """
        if isinstance(self.codec, RecordScaleCodec):
            raise ConfigError(
                "the model reads each record in units of its own mean and deviation, which are known at its end",
                at="--data.scaling window",
                fix="train with --data.scaling standard or none to read a stream",
            )
        spec = self.codec.spec
        assert isinstance(spec, Continuous)
        return read_lines_of_numbers(blocks, spec.num_features)

    def describe_split(self) -> str:
        """With a horizon: how many steps of each series."""
        tail = self.backtest.tail
        if self.task == "tag":
            return super().describe_split().replace("the end", "the end of each series")
        if self.labelled or tail.horizon is None or tail.by_share:
            return super().describe_split()
        held = f"the last {tail.num_windows * tail.horizon} steps of each series"
        test = "its own path" if self.test_path is not None else held if tail.test_share else "none"
        before = " before them" if test == held else ""
        valid = "its own path" if self.valid_path is not None else held + before if tail.valid_share else "none"
        return f"validation: {valid} · test: {test}"

    def feature_names(self, record: Record) -> Sequence[str]:
        """Names of the columns."""
        timeline = record.timeline if isinstance(record, SeriesRecord) else None
        return () if timeline is None else timeline.features

    def notes(self) -> list[str]:
        """That the season is not known, where figures and baselines would need it."""
        if self.labelled or self._season is not None or self.season > 1:
            return []
        return ["season: 1, for the series have no timestamps that say more; give --data.season N for seasonal figures"]

    def figures(self, truth: list[Any], guess: list[Any]) -> dict[str, float]:
        """Under tag, how well the steps and the runs of the rarer label, or of `positive`, are found."""
        if self.task != "tag":
            return {}
        labels = self.target_codec.state()["labels"]
        return event_figures(truth, guess, self.positive or rarer_label(truth, labels))

    def baselines(self, split: Split, trained_on: SequenceDataModule) -> dict[str, dict[str, float]]:
        """Under tag with two labels: a threshold on the best of the features."""
        return threshold_baseline(self, split, trained_on, self.positive) if self.task == "tag" else {}

    def row_writers(self) -> dict[str, Callable[[Iterator[dict[str, Any]], Path], None]]:
        """Under tag, tables of a row a step."""
        if self.task != "tag":
            return {}
        paths = [self.path, *(path for path in (self.valid_path, self.test_path) if path is not None)]
        return step_writers(lambda: (series for path in paths for series in self.read(path, "predict")))
