"""TimeseriesData: tables and `.ts` files as series to forecast, as records to classify, or as steps to tag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from seqkit import ConfigError, PathOption, Record, Split, begin_reading
from seqkit_timeseries.backtest import Backtest, ShortSeries
from seqkit_timeseries.choices import (
    Scaling,
    build_codec,
    build_target_codec,
    checked_quantiles,
    require_label,
    require_positive,
    require_tag_options,
    usual_look_back,
)
from seqkit_timeseries.covariate_codec import CovariateCodec
from seqkit_timeseries.covariates import require_known
from seqkit_timeseries.cuts import LEAST_TRAINED, TailRule
from seqkit_timeseries.demo import HORIZON, SEASON, demo_series, demo_shapes
from seqkit_timeseries.demo_faults import demo_sensors
from seqkit_timeseries.division import Division
from seqkit_timeseries.labelled import labelled_records
from seqkit_timeseries.layout import Layout, TableOptions
from seqkit_timeseries.reading import glance_at, read_series
from seqkit_timeseries.series import Series, require_float32
from seqkit_timeseries.series_module import SeriesModule
from seqkit_timeseries.series_records import SeriesRecords
from seqkit_timeseries.tagged import Tagged
from seqkit_timeseries.timeline import Duplicates, TimeRules


class TimeseriesData(SeriesModule):
    """Measurements over time: to forecast series (`next_step`, `forecast`), or to label records or steps.

    Args:
        path: Tables (.csv, .tsv, .parquet, .jsonl), .ts files, or a folder or zip archive of them; `.gz` is
            understood. To classify, `LABEL=PATH` gives the records of one class. `made:NAME` makes data with a known
            optimum, None demo data.
        task: `next_step`, `forecast`, `classify` (a label for each record) or `tag` (one for each step).
        layout: `long` has a row for each step of each series (`unique_id, ds, y`), `wide` a row for each step and a
            column for each series, `rows` a row for each series. `auto` sees an id column, or text in the first column.
        id_column: Column with the series' id; None: `unique_id`, `item_id` or `series_id`.
        time_column: Column with the time; None: `ds`, `timestamp`, `datetime`, `date`, `time`, or a first column of
            timestamps.
        value_columns: Columns with the values; None takes all others. In a long table they are each series' features.
        multivariate: The columns of a wide table are the features of one series, not series of their own.
        known_columns: Columns that are known ahead, as of holidays or prices (forecast only): numbers.
        static_columns: Columns of a long table that never change over a series, numbers or categories (forecast only).
        calendar: Forecast is given the time of day, day of week and day of year, as far as they differ between steps:
            always, never, or (None) where timestamps are dates.
        horizon: Steps to forecast; so many are held out at the end of each series. None holds out shares.
        look_back: Steps that forecast is given; None: 7 seasons if that is 168 or less, else 2 (168 to 512).
        stride: Steps from one window of forecast to the next.
        held_out: `share` holds out shares (valid_fraction, test_fraction) of each series although there is a horizon.
        first_steps: Only so many steps of each series are trained on or held out, from its beginning.
        season: Steps of a season, for seasonal baselines and MASE; None finds it from the timestamps.
        scaling: `window`: each series by its own mean and deviation so far, each record (under tag, each piece) by its
            own. `standard`: by those of the training split. `none`. None: `window` to forecast, else `standard`.
        label_column: Column with the class, the same in all rows of a record; under tag with the class of each row.
        target: `label` predicts a class, `value` a number (regression of records, or of steps).
        piece: tag: most steps that are read together; longer series are cut into equal pieces.
        positive: tag: the label whose runs are events to be found, for the figures; None: the rarer one of two.
        num_windows: Windows of a horizon that are held out for each of validation and test. They do not overlap in
            next_step; forecast scores every window, a stride apart, that lies in them.
        short_series: A series too short for what is held out: `error`, `train` (only), or `drop`.
        sort: Put rows in order of series and time; a long table is then held in memory.
        duplicates: What stands for rows of one time: `first`, `last`, `mean`; or an `error`.
        fill_gaps: Missing timestamps: true puts in missing values (under tag with the label of the step before), false
            takes rows as consecutive; None refuses gaps.
        time_format: strptime format of timestamps; None reads ISO 8601.
        quantiles: Levels that a written forecast holds.
        options: Of every data module.
    """

    def __init__(
        self,
        path: PathOption = None,
        task: str = "next_step",
        layout: Layout = "auto",
        id_column: str | None = None,
        time_column: str | None = None,
        value_columns: list[str] | None = None,
        multivariate: bool = False,
        known_columns: list[str] | None = None,
        static_columns: list[str] | None = None,
        calendar: bool | None = None,
        horizon: int | None = None,
        look_back: int | None = None,
        stride: int = 1,
        held_out: Literal["horizon", "share"] = "horizon",
        first_steps: int | None = None,
        season: int | None = None,
        scaling: Scaling | None = None,
        label_column: str | None = None,
        target: Literal["label", "value"] = "label",
        piece: int = 512,
        positive: str | None = None,
        num_windows: int = 1,
        short_series: ShortSeries = "error",
        sort: bool = False,
        duplicates: Duplicates = "error",
        fill_gaps: bool | None = None,
        time_format: str | None = None,
        quantiles: list[float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(path=path, task=task, **options)
        forecasts = task == "forecast"
        require_positive(
            horizon=horizon, look_back=look_back, stride=stride, first_steps=first_steps, season=season,
            num_windows=num_windows, piece=piece,
        )  # fmt: skip
        if task == "tag":
            require_tag_options(path, label_column, horizon)
        if forecasts and horizon is None and path is not None:
            raise ConfigError("forecast needs to know how far", at="--data.horizon", fix="give the steps to forecast")
        self.target, self.quantiles = target, checked_quantiles(quantiles)
        self.horizon = HORIZON if horizon is None and path is None and not self.labelled else horizon
        self.stride, self.first_steps = stride, first_steps
        self.piece, self.positive = piece, positive
        self.table_options = TableOptions(
            layout=layout,
            id_column=id_column,
            time_column=time_column,
            value_columns=None if value_columns is None else tuple(value_columns),
            label_column=label_column,
            time_format=time_format,
            multivariate=multivariate,
            known_columns=tuple(known_columns or ()),
            static_columns=tuple(static_columns or ()),
            labelled=self.labelled,
            labels="record" if task != "tag" else "class" if target == "label" else "number",
            rules=TimeRules(sort, duplicates, fill_gaps),
        )
        test, both = self.hold_out.shares
        tail = TailRule(
            self.horizon,
            num_windows,
            valid_share=both - test,
            test_share=test,
            by_share=held_out == "share",
            rolling=forecasts,
            least_trained=1 + (self.horizon or 1) if forecasts else LEAST_TRAINED,
        )
        self.backtest = Backtest(tail, self.table_options.rules, short_series)
        self.scaling = scaling or ("standard" if self.labelled else "window")
        self.calendar = calendar if calendar is not None or forecasts else False
        self.codec = build_codec(self.scaling, task, self.table_options, self.calendar)
        self.target_codec = build_target_codec(task, target) if self.labelled else self.codec
        self._season, self._look_back = season, look_back

    @property
    def season(self) -> int:  # type: ignore[override]
        """Steps of a season: as given, else that of the first series' timestamps, else 1."""
        if self._season is None:
            self._season = self._find_season()
        return self._season

    @property
    def look_back(self) -> int:  # type: ignore[override]
        """Steps that forecast is given: as said, else by the season."""
        if self._look_back is None:
            self._look_back = usual_look_back(self.season)
        return self._look_back

    def records(self, split: Split) -> Iterator[Record]:
        """Series with what is given of them, or records with their labels."""
        if not self.labelled:
            return self._series().records(split)
        if self.task == "tag":
            return self._tagged().records(split)
        as_numbers = self.target == "value" and split != "predict"
        return self.divide(lambda path: labelled_records(self.read(path, split), as_numbers, split != "predict"), split)

    def read(self, path: PathOption, split: Split = "train") -> Iterator[Series]:
        """All series of a path, of the demo data for None; for `predict` they need no labels."""
        if path is None:
            demo = {"tag": demo_sensors, "classify": demo_shapes}.get(self.task)
            return demo_series() if demo is None else demo(self.target == "value")
        options = self.table_options.for_prediction() if split == "predict" else self.table_options
        return self._counted(path, read_series(path, options, self.kept))

    def _counted(self, path: PathOption, found: Iterator[Series]) -> Iterator[Series]:
        begin_reading(str(path))  # good steps are those of all paths together
        yield from found

    def placed(self) -> Iterator[tuple[Split | None, Record]]:
        """Each series once, in parts where its end is held out or lies in another file."""
        if self.labelled:
            yield from self._tagged().placed() if self.task == "tag" else super().placed()
            return
        yield from self._series().placed()

    def fit_codecs(self) -> None:
        """Let the codecs learn from the training split, once.

        Raises:
            ConfigError: If no step of training has the label `positive`.
        """
        if not self._fitted and self._shows_at_once and (first := glance_at(self.path, self.table_options)):
            self.codec.fit([self._series().sequence(first)])
        super().fit_codecs()
        labels = self.target_codec.state().get("labels", []) if self.task == "tag" else []
        require_label(self.positive, labels)

    @property
    def _shows_at_once(self) -> bool:
        """Whether the codec learns no more than the shape of the first series, and that is never left out."""
        as_they_are = self.scaling != "standard" and not self.table_options.known_columns
        strict = self.tolerance.policy == "error" and self.backtest.short_series == "error"
        return strict and as_they_are and not (self.labelled or self.hold_out.rules)

    @property
    def holds_out_whole(self) -> bool:
        """Under tag the end of each series is held out, as under next_step: neighbouring steps are alike."""
        return self.labelled and self.task != "tag"

    def _tagged(self) -> Tagged:
        rule = self.hold_out
        return Tagged(
            self.read, self._check, rule.is_test, rule.rules, self.backtest.tail, self.piece, self.path,
            self.valid_path, self.test_path, self.first_steps,
        )  # fmt: skip

    def _series(self) -> SeriesRecords:
        tail, covaried = self.backtest.tail, isinstance(self.codec, CovariateCodec)
        division = Division(
            self.read, self._check, self.hold_out.is_test, self.backtest, self.path, self.valid_path, self.test_path,
            self.first_steps,
        )  # fmt: skip
        return SeriesRecords(
            division, covaried, tail.num_windows > 1 and self.streams, self.horizon, self.calendar is not False
        )

    def _check(self, series: Series) -> None:
        require_known(series)
        if self.scaling != "standard":
            require_float32(series)

    def _find_season(self) -> int:
        if self.path is None or self.labelled:
            return 1 if self.labelled else SEASON
        frequency = self.find_frequency()
        return 1 if frequency is None else frequency.season
