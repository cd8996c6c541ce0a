"""What options come to: the codec of a task, the usual look-back, and refusals of what makes no sense."""

from __future__ import annotations

from typing import Literal

from seqkit import Codec, ConfigError, LabelCodec, PathOption, StandardCodec, TagCodec, did_you_mean, split_label
from seqkit_timeseries.codec import RecordScaleCodec
from seqkit_timeseries.covariate_codec import CovariateCodec
from seqkit_timeseries.layout import TableOptions

Scaling = Literal["window", "standard", "none"]
QUANTILES = (0.1, 0.5, 0.9)


def build_codec(scaling: Scaling, task: str, table: TableOptions, calendar: bool | None) -> Codec:
    """The codec of the values.

    Raises:
        ConfigError: If covariates are asked for where nothing is forecast.
    """
    covariates = table.known_columns or table.static_columns or calendar
    if task in ("classify", "tag"):
        if covariates:
            raise ConfigError(
                f"task {task!r} forecasts nothing: there are no steps to come",
                at="--data.known_columns, --data.static_columns, --data.calendar",
                fix="leave them out: every value column is seen; or use --data.task forecast",
            )
        return RecordScaleCodec() if scaling == "window" else StandardCodec(standardise=scaling == "standard")
    if task == "forecast" or covariates:  # The core says why next_step has none.
        return CovariateCodec(scaling == "standard", calendar, table.static_columns)
    return StandardCodec(standardise=scaling == "standard", running_scale=scaling == "window")


def build_target_codec(task: str, target: Literal["label", "value"]) -> Codec:
    """The codec of labels, or of numbers to predict."""
    if target == "value":
        return StandardCodec(num_features=1)
    return TagCodec() if task == "tag" else LabelCodec()


def require_tag_options(path: PathOption, label_column: str | None, horizon: int | None) -> None:
    """Refuse what has no meaning where each step has a label.

    Raises:
        ConfigError: Names the option.
    """
    if horizon is not None:
        fix = "leave it out; --data.valid_fraction and --data.test_fraction are held out at the end of each series"
        raise ConfigError(f"task 'tag' forecasts nothing: horizon is {horizon}", at="--data.horizon", fix=fix)
    if path is not None and label_column is None:
        fix = "name the column that holds a label in each row"
        raise ConfigError("task 'tag' needs to know the label of each step", at="--data.label_column", fix=fix)
    for entry in [path] if isinstance(path, str) else path or []:
        if (label := split_label(entry)[0]) is not None:
            fix = "give the path alone; labels are in --data.label_column"
            raise ConfigError(f"{label!r} would be one label for all steps", at=f"--data.path {entry}", fix=fix)


def require_label(label: str | None, labels: list[str]) -> None:
    """Refuse a positive label that no step of training has.

    Raises:
        ConfigError: Names the nearest label.
    """
    if label is not None and label not in labels:
        fix = did_you_mean(label, labels) or f"labels of steps: {', '.join(labels[:20]) or 'none'}"
        raise ConfigError(f"no step has the label {label!r}", at="--data.positive", fix=fix)


def usual_look_back(season: int) -> int:
    """A week of hours, a year of months or weeks; not so long that series of usual length have no windows."""
    if season == 1:
        return 96
    return 7 * season if 7 * season <= 168 else min(max(2 * season, 168), 512)


def require_positive(**counts: int | None) -> None:
    """Refuse counts below 1.

    Raises:
        ConfigError: Names the option.
    """
    for name, value in counts.items():
        if value is not None and value < 1:
            raise ConfigError(f"{name} is {value}", at=f"--data.{name}", fix="give 1 or more")


def checked_quantiles(quantiles: list[float] | None) -> list[float]:
    """The levels asked for, or the usual ones.

    Raises:
        ConfigError: If one is not between 0 and 1.
    """
    levels = list(QUANTILES) if quantiles is None else quantiles
    for level in levels:
        if not 0 < level < 1:
            raise ConfigError(f"quantile {level}", at="--data.quantiles", fix="give levels between 0 and 1")
    return levels
