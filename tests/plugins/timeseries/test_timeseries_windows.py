"""What forecast is trained on and scored on: windows counted by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import ConfigError, DataError
from seqkit_timeseries.choices import usual_look_back
from seqkit_timeseries.data import TimeseriesData

WriteFile = Callable[[str, str], str]
Shape = tuple[str, int, int]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))


def numbered(**lengths: int) -> str:
    """A long table whose values are the numbers of the steps."""
    return "unique_id,y\n" + "".join(f"{name},{step}\n" for name, size in lengths.items() for step in range(size))


def forecaster(path: str, **options: Any) -> TimeseriesData:
    given: dict[str, Any] = {"horizon": 4, "look_back": 6, "season": 1} | options
    data: TimeseriesData = TimeseriesData(path=path, task="forecast", **given)
    return data


def shapes(data: TimeseriesData, split: Any) -> list[Shape]:
    """(id, steps, context) of each record."""
    return [(r.origin.partition(":")[2], len(r.sequence), r.context) for r in data.records(split)]


def windows(data: TimeseriesData, split: Any) -> list[tuple[list[float], list[float]]]:
    """What is given and what is to be forecast, of all windows of one series, in order."""
    data.setup("fit")
    found: list[tuple[list[float], list[float]]] = []
    for batch in data.loader(split):
        for inputs, length, targets in zip(batch.inputs, batch.lengths, batch.targets, strict=True):
            found.append((inputs[:length, 0].tolist(), targets[:, 0].tolist()))
    return sorted(found)


def test_a_horizon_that_is_held_out_is_forecast_once(write_file: WriteFile) -> None:
    data = forecaster(write_file("t.csv", numbered(a=20, b=15)))
    # a: 20 steps = 12 trained, 4 validation, 4 test.
    assert shapes(data, "train") == [("a", 12, 0), ("b", 7, 0)]
    assert shapes(data, "valid") == [("a", 16, 12), ("b", 11, 7)]
    assert shapes(data, "test") == [("a", 20, 16), ("b", 15, 11)]
    # b's training part of 7 steps has one window only, of 3 steps.
    assert windows(data, "train") == [
        ([0, 1, 2], [3, 4, 5, 6]),
        ([0, 1, 2, 3, 4, 5], [6, 7, 8, 9]),
        ([1, 2, 3, 4, 5, 6], [7, 8, 9, 10]),
        ([2, 3, 4, 5, 6, 7], [8, 9, 10, 11]),
    ]
    assert windows(data, "test") == [
        ([5, 6, 7, 8, 9, 10], [11, 12, 13, 14]),
        ([10, 11, 12, 13, 14, 15], [16, 17, 18, 19]),
    ]


@pytest.mark.parametrize(("stride", "first_targets"), [(1, [12, 13, 14, 15, 16]), (2, [12, 14, 16]), (4, [12, 16])])
def test_several_windows_are_one_record_that_rolls(
    write_file: WriteFile, stride: int, first_targets: list[int]
) -> None:
    data = forecaster(write_file("t.csv", numbered(a=30)), num_windows=2, stride=stride, test_fraction=0.0)
    # 30 steps, the last 8 are validation: first targets 22 to 26.
    assert shapes(data, "valid") == [("a", 30, 22)]
    assert [targets[0] - 10 for _, targets in windows(data, "valid")] == first_targets


def test_shares_are_scored_from_every_step_that_leaves_room_for_the_horizon(write_file: WriteFile) -> None:
    data = forecaster(write_file("t.csv", numbered(a=50)), held_out="share", valid_fraction=0.2, test_fraction=0.2)
    # As in ETTh1: 30 steps are trained on, 10 are validation, 10 test, whose look-back reaches into what came before.
    assert shapes(data, "train") == [("a", 30, 0)]
    assert shapes(data, "valid") == [("a", 40, 30)] and shapes(data, "test") == [("a", 50, 40)]
    # 30 - 6 - 4 + 1 windows, and 10 - 4 + 1.
    assert [len(windows(data, split)) for split in ("train", "valid", "test")] == [21, 7, 7]
    assert windows(data, "test")[0] == ([34, 35, 36, 37, 38, 39], [40, 41, 42, 43])
    assert windows(data, "test")[-1] == ([40, 41, 42, 43, 44, 45], [46, 47, 48, 49])
    assert data.describe_split().startswith("validation: 20%")


def test_first_steps_leave_the_rest_out_of_every_split(write_file: WriteFile) -> None:
    shares: dict[str, Any] = {"held_out": "share", "valid_fraction": 0.2, "test_fraction": 0.2}
    data = forecaster(write_file("t.csv", numbered(a=61)), first_steps=50, **shares)
    assert shapes(data, "test") == [("a", 50, 40)]
    assert shapes(data, "predict") == [("a", 61, 0)]
    assert [(split, len(record.sequence)) for split, record in data.placed()] == [
        ("train", 30), ("valid", 10), ("test", 10),
    ]  # fmt: skip


def test_the_future_in_another_file_is_forecast_from_its_beginning(write_file: WriteFile) -> None:
    train, test = write_file("train.csv", numbered(a=16)), write_file("test.csv", numbered(a=16, new=16))
    assert shapes(forecaster(train, test_path=test), "test") == [("a", 20, 16), ("new", 16, 12)]
    assert shapes(forecaster(train, test_path=test, num_windows=2), "test") == [("a", 24, 16), ("new", 16, 8)]
    rolling = forecaster(train, test_path=test, held_out="share", valid_fraction=0.0)
    assert shapes(rolling, "test") == [("a", 32, 16), ("new", 16, 0)]


def test_a_series_must_leave_a_window_to_train_on(write_file: WriteFile) -> None:
    path = write_file("t.csv", numbered(long=13, short=12))
    # One step given and four to forecast, besides the two horizons that are held out.
    with pytest.raises(DataError, match=r"12 steps where at least 13 are needed with a horizon of 4(.|\n)*t.csv:short"):
        list(forecaster(path).records("train"))
    assert shapes(forecaster(path, short_series="drop"), "train") == [("long", 5, 0)]
    assert shapes(forecaster(path, short_series="train"), "train") == [("long", 5, 0), ("short", 12, 0)]
    # 0.8 of 7 steps are 5; of 6 steps too, but 4 are left of 5.
    shares = write_file("s.csv", numbered(s=4))
    with pytest.raises(DataError, match="4 steps where at least 5 are needed"):
        list(forecaster(shares, held_out="share").records("train"))


def test_values_in_codec_units_are_those_of_the_training_split(write_file: WriteFile) -> None:
    path = write_file("t.csv", "y\n" + "".join(f"{value}\n" for value in [*range(12), *[1000] * 8]))
    data = forecaster(path, scaling="standard")
    data.setup("fit")
    # Of 0 to 11: mean 5.5, variance (12^2 - 1) / 12.
    assert data.codec.decode(data.codec.encode(np.array([5.5])))[0, 0] == pytest.approx(5.5)
    assert data.codec.encode(np.array([[5.5 + (143 / 12) ** 0.5]])).tolist() == [[pytest.approx(1.0)]]
    plain = forecaster(path)
    plain.setup("fit")
    assert plain.codec.encode(np.array([[7.25]])).tolist() == [[7.25]]


@pytest.mark.parametrize(
    ("season", "steps"), [(1, 96), (7, 49), (12, 84), (24, 168), (52, 168), (96, 192), (1440, 512)]
)
def test_the_look_back_follows_from_the_season_unless_given(write_file: WriteFile, season: int, steps: int) -> None:
    path = write_file("t.csv", numbered(a=20))
    assert usual_look_back(season) == steps
    assert forecaster(path, look_back=None, season=season).look_back == steps
    assert forecaster(path, look_back=5, season=season).look_back == 5


@pytest.mark.parametrize("option", ["look_back", "stride", "first_steps"])
def test_counts_below_one_are_refused(option: str) -> None:
    with pytest.raises(ConfigError, match=f"{option} is 0"):
        TimeseriesData(task="forecast", **{option: 0})


def test_a_horizon_is_needed_for_data_of_ones_own() -> None:
    with pytest.raises(ConfigError, match="how far"):
        TimeseriesData(path="t.csv", task="forecast")
    assert TimeseriesData(task="forecast").horizon == 24
