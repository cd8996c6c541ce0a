"""What is known beside the values: calendar, columns known ahead, columns that never change, and rows to come."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from seqkit import ConfigError, Continuous, DataError
from seqkit.cli.main import main
from seqkit_timeseries.calendar_features import calendar_features, cycles_of
from seqkit_timeseries.covariate_codec import CovariateCodec
from seqkit_timeseries.covariates import Covaried
from seqkit_timeseries.data import TimeseriesData
from seqkit_timeseries.frequency import DAY_US, Frequency, infer_frequency
from seqkit_timeseries.statics import StaticColumn

WriteFile = Callable[[str, str], str]
HOUR_US = DAY_US // 24


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))


def sales(num_measured: int = 12, num_rows: int = 12, shop: str = "a", region: str = "north", size: str = "3") -> str:
    """Rows of a daily series from Monday, 1 January 2024: value 10 + day, price 100 + day, holiday on Sundays."""
    rows = []
    for day in range(num_rows):
        value = str(10 + day) if day < num_measured else ""
        rows.append(f"{shop},2024-01-{1 + day:02d},{value},{int(day % 7 == 6)},{100 + day},{region},{size}\n")
    return "".join(rows)


HEADER = "unique_id,ds,y,holiday,price,region,size\n"


def forecaster(path: str, **options: Any) -> TimeseriesData:
    given: dict[str, Any] = {"horizon": 2, "look_back": 4, "calendar": False} | options
    data: TimeseriesData = TimeseriesData(path=path, task="forecast", **given)
    return data


def with_columns(path: str, **options: Any) -> TimeseriesData:
    columns: dict[str, Any] = {"known_columns": ["holiday", "price"], "static_columns": ["region", "size"]}
    return forecaster(path, **columns | options)


# The calendar.


@pytest.mark.parametrize(
    ("frequency", "cycles"),
    [
        (Frequency("us", HOUR_US // 4), ["hour", "day", "week", "year"]),
        (Frequency("us", HOUR_US), ["day", "week", "year"]),
        (Frequency("us", DAY_US), ["week", "year"]),
        (Frequency("us", 7 * DAY_US), ["year"]),
        (Frequency("weekday", 1), ["week", "year"]),
        (Frequency("month", 3), ["year"]),
        (Frequency("month", 12), []),
        (Frequency("index", 1), []),
        (None, []),
    ],
)
def test_only_cycles_in_which_steps_differ_are_features(frequency: Frequency | None, cycles: list[str]) -> None:
    assert cycles_of(frequency) == cycles


def test_places_in_cycles_are_points_on_circles() -> None:
    times = np.array(["2024-01-01T00:00", "2024-07-04T18:15", "2023-07-02T12:00"], dtype="M8[us]")
    found = calendar_features(times, ["hour", "day", "week", "year"])
    # A Monday's midnight that begins the year is the beginning of every cycle.
    np.testing.assert_allclose(found[0], [0, 1] * 4, atol=1e-12)
    # A quarter past is a quarter of the hour; Thursday is three days after Monday; 4 July 2024 is its 186th day.
    shares = np.array([0.25, 18.25 / 24, (3 + 18.25 / 24) / 7, (185 + 18.25 / 24) / 366])
    waves = np.stack([np.sin(2 * np.pi * shares), np.cos(2 * np.pi * shares)], axis=1)
    np.testing.assert_allclose(found[1], waves.reshape(-1), atol=1e-12)
    # The middle of a common year: 182.5 of 365 days.
    np.testing.assert_allclose(found[2, 6:], [0, -1], atol=1e-12)


def test_dated_series_get_a_calendar_unless_told_otherwise(write_file: WriteFile) -> None:
    dated = write_file("t.csv", HEADER + sales())
    numbers = write_file("n.csv", "ds,y\n" + "".join(f"{step},{step}\n" for step in range(12)))
    expected = {(dated, None): 4, (dated, True): 4, (dated, False): 0, (numbers, None): 0}
    for (path, calendar), num_known in expected.items():
        data = forecaster(path, calendar=calendar, value_columns=["y"])
        data.setup("fit")
        assert data.codec.spec == Continuous(1 + num_known, num_known)
    with pytest.raises(DataError, match=r"no dates to make a calendar of(.|\n)*--data.time_column"):
        forecaster(numbers, calendar=True).setup("fit")


def test_series_without_dates_do_not_fit_a_model_with_a_calendar() -> None:
    codec = CovariateCodec(standardise=False, calendar=None)
    times = np.arange("2024-01-01", "2024-01-09", dtype="M8[D]").astype("M8[us]")
    codec.fit([Covaried(np.ones((8, 1)), np.zeros((8, 0)), times, infer_frequency(times))])
    with pytest.raises(DataError, match="has no dates"):
        codec.encode(np.ones((3, 1)))
    # One step has no frequency of its own, but its date is enough.
    assert codec.encode(Covaried(np.ones((1, 1)), np.zeros((1, 0)), times[:1])).shape == (1, 5)


# Columns.


def test_columns_come_last_in_a_step_as_training_scales_them(write_file: WriteFile) -> None:
    data = with_columns(write_file("t.csv", HEADER + sales() + sales(shop="b", region="south", size="7")))
    data.setup("fit")
    assert data.codec.spec == Continuous(6, num_known=5)
    record = next(iter(data.records("test")))
    assert np.asarray(record.sequence)[:, 0].tolist() == list(range(10, 22)) and record.context == 10
    steps = data.codec.encode(record.sequence).double().numpy()
    # Trained on 8 days of each series: holiday on one of them, mean 1/8; price 100 to 107; size 3 and 7.
    holiday = (np.array([0] * 6 + [1] + [0] * 5) - 1 / 8) / (7 / 64) ** 0.5
    price = (np.arange(100, 112) - 103.5) / (63 / 12) ** 0.5
    expected = np.stack([np.arange(10, 22), holiday, price, np.ones(12), np.zeros(12), -np.ones(12)], axis=1)
    np.testing.assert_allclose(steps, expected, rtol=1e-6, atol=1e-6)
    assert data.codec.decode(torch.from_numpy(steps)).tolist() == [[10.0 + day] for day in range(12)]
    assert data.codec.decode(torch.from_numpy(steps[:, :1])).tolist() == [[10.0 + day] for day in range(12)]


def test_what_is_forecast_is_standardised_where_asked(write_file: WriteFile) -> None:
    data = with_columns(write_file("t.csv", HEADER + sales()), scaling="standard")
    data.setup("fit")
    steps = data.codec.encode(next(iter(data.records("train"))).sequence)
    # 10 to 17, as its price of 100 to 107.
    torch.testing.assert_close(steps[:, 0], steps[:, 2], rtol=0, atol=1e-6)
    assert data.codec.decode(steps)[:, 0] == pytest.approx(np.arange(10, 18))


def test_all_that_was_learned_survives_json(write_file: WriteFile) -> None:
    text = HEADER + sales() + sales(shop="b", region="south", size="")
    data, again = (with_columns(write_file("t.csv", text), calendar=None) for _ in range(2))
    data.setup("fit")
    state = json.loads(json.dumps(data.codec.state()))
    again.restore_codecs(state, state)
    assert again.codec.spec == data.codec.spec == Continuous(10, num_known=9)
    for record in data.records("test"):
        ours, theirs = (codec.encode(record.sequence) for codec in (data.codec, again.codec))
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)


def test_columns_of_a_wide_table_are_known_of_each_of_its_series(write_file: WriteFile) -> None:
    path = write_file("t.csv", "ds,p,q,price\n" + "".join(f"{s},{s},{-s},{s / 2}\n" for s in range(12)))
    first, second = forecaster(path, known_columns=["price"]).read(path)
    assert (first.name, second.name) == ("p", "q") and second.features == ("q", "price")
    assert second.predicted[:, 0].tolist() == [-s for s in range(12)]
    assert second.known[:, 0].tolist() == [s / 2 for s in range(12)]
    (whole,) = forecaster(path, known_columns=["price"], multivariate=True).read(path)
    assert whole.predicted.shape == (12, 2) and whole.known.shape == (12, 1)


def test_a_missing_known_value_stays_missing(write_file: WriteFile) -> None:
    data = forecaster(
        write_file("t.csv", HEADER + sales().replace(",105,", ",,")), known_columns=["price"], value_columns=["y"]
    )
    data.setup("fit")
    steps = data.codec.encode(next(iter(data.records("train"))).sequence)
    assert steps[:, 1].isnan().nonzero().tolist() == [[5]] and steps[:, 0].isfinite().all()


def test_statics_are_numbers_or_categories_by_what_training_holds() -> None:
    numbers = StaticColumn.learn("size", ["1", "3", "", " 5"])
    # Mean 3, deviation sqrt(8 / 3).
    assert numbers.features("3").tolist() == [0.0] and np.isnan(numbers.features("")).all()
    assert numbers.features("7")[0] == pytest.approx(4 / (8 / 3) ** 0.5)
    with pytest.raises(DataError, match="'big' is not a finite number"):
        numbers.features("big")
    names = StaticColumn.learn("region", ["north", "7", "north", ""])
    assert names.features("north").tolist() == [0, 1] and names.features("west").tolist() == [0, 0]
    assert StaticColumn.learn("one", ["4", "4"]).features("4").tolist() == [0.0]
    with pytest.raises(DataError, match="empty in all training series"):
        StaticColumn.learn("region", ["", "NA"])
    with pytest.raises(DataError, match="300 categories where 256 are the most"):
        StaticColumn.learn("name", [f"n{number}" for number in range(300)])


def test_a_static_column_that_changes_is_refused(write_file: WriteFile) -> None:
    path = write_file("t.csv", HEADER + sales().replace("2024-01-03,12,0,102,north", "2024-01-03,12,0,102,east"))
    with pytest.raises(DataError, match=r"'east' and 'north' in a column that never changes(.|\n)*column 'region'"):
        list(with_columns(path).records("train"))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"known_columns": ["prise"]}, "price"),
        ({"known_columns": ["price"], "value_columns": ["y", "price"]}, "column 'price' has two meanings"),
        ({"known_columns": ["price"], "static_columns": ["price"]}, "column 'price' has two meanings"),
        ({"known_columns": ["region"], "value_columns": ["y"]}, "'north' is not a finite number"),
    ],
)
def test_columns_that_cannot_be_known_ahead_are_refused(
    write_file: WriteFile, options: dict[str, Any], match: str
) -> None:
    with pytest.raises((ConfigError, DataError), match=match):
        list(forecaster(write_file("t.csv", HEADER + sales()), **options).records("train"))


def test_layouts_without_such_columns_are_refused(write_file: WriteFile) -> None:
    wide = write_file("w.csv", "ds,p,shop\n" + "".join(f"{step},{step},1\n" for step in range(9)))
    with pytest.raises(ConfigError, match="wide table"):
        list(forecaster(wide, static_columns=["shop"]).records("train"))
    for name, text in (("r.csv", "id,t1,t2\na,1,2\n"), ("c.ts", "@targetLabel false\n@data\n1,2,3\n")):
        with pytest.raises(ConfigError, match="known_columns has no meaning"):
            list(forecaster(write_file(name, text), known_columns=["price"]).records("train"))


def test_other_tasks_have_no_use_for_covariates(
    tmp_path: Path, write_file: WriteFile, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match="no steps to come"):
        TimeseriesData(task="classify", known_columns=["price"])
    path = write_file("t.csv", HEADER + sales())
    words = [
        "--data.path",
        path,
        "--data.horizon",
        "2",
        "--data.known_columns",
        "[price]",
        "--data.value_columns",
        "[y]",
    ]
    assert (
        main(["fit", "--domain", "timeseries", "--data.task", "next_step", *words, "--run", str(tmp_path / "r")]) == 2
    )
    assert "use forecast for series with covariates" in capsys.readouterr().err


# Rows to come.


def test_rows_after_the_last_value_are_kept_for_what_is_known_of_them(write_file: WriteFile) -> None:
    data = with_columns(write_file("t.csv", HEADER + sales(num_measured=9, num_rows=13)))
    (record,) = data.records("predict")
    sequence = record.sequence
    assert isinstance(sequence, Covaried) and record.context == 9 and len(sequence) == 11  # a horizon of 2
    assert sequence.values[:, 0].tolist()[:9] == list(range(10, 19)) and np.isnan(sequence.values[9:]).all()
    assert sequence.known[:, 1].tolist() == list(range(100, 111))
    # They are no part of what is trained on or scored.
    (train,), (test,) = (list(data.records(split)) for split in ("train", "test"))
    assert (len(train.sequence), len(test.sequence), test.context) == (5, 9, 7)


def test_rows_to_come_end_where_something_known_is_missing(write_file: WriteFile) -> None:
    text = sales(num_measured=9, num_rows=13)
    data = with_columns(write_file("t.csv", HEADER + text.replace(",110,", ",,")))
    (record,) = data.records("predict")
    assert (len(record.sequence), record.context) == (10, 9)
    (record,) = with_columns(write_file("u.csv", HEADER + sales())).records("predict")
    assert (len(record.sequence), record.context) == (12, 0)


def test_the_calendar_goes_on_by_itself(write_file: WriteFile) -> None:
    data = forecaster(write_file("t.csv", HEADER + sales()), calendar=None, value_columns=["y"])
    (record,) = data.records("predict")
    assert isinstance(record.sequence, Covaried) and (len(record.sequence), record.context) == (14, 12)
    assert record.sequence.times[-2:].tolist() == np.array(["2024-01-13", "2024-01-14"], dtype="M8[us]").tolist()


def test_forecasts_follow_what_is_known_ahead(
    tmp_path: Path, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values are ten times an event that nothing but the column announces."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    rows = ["unique_id,ds,y,event"]
    for shop in "ab":
        for step, event in enumerate(random.random(72) < 0.4):
            rows.append(f"{shop},{step},{'' if step >= 66 else 10 * int(event)},{int(event)}")
    path = write_file("t.csv", "\n".join(rows) + "\n")
    options = {
        "data.task": "forecast", "data.path": path, "data.horizon": "6", "data.known_columns": "[event]",
        "data.look_back": "12", "data.season": "1", "encoder.segment": "6", "model.segment": "1",
        "model.hidden_size": "24", "model.learning_rate": "0.01", "model.distribution": "squared",
        "data.batch_size": "8", "trainer.max_epochs": "8", "trainer.accelerator": "cpu", "run": "r",
    }  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    assert main(["fit", "--domain", "timeseries", *words]) == 0
    assert main(["forecast", "r", "--out", "f.csv", "--plots", "0"]) == 0
    table = pd.read_csv("f.csv")
    events = pd.read_csv(path).groupby("unique_id").tail(6)["event"].to_numpy()
    assert table["ds"].tolist() == [66, 67, 68, 69, 70, 71] * 2
    assert np.abs(table["mean"].to_numpy() - 10 * events).max() < 2.5
    past = write_file("past.csv", "\n".join(row for row in rows if ",," not in row) + "\n")
    capsys.readouterr()
    assert main(["forecast", "r", "--data.path", past, "--out", "g.csv"]) == 2
    assert "known ahead is given for 0 of the 6 steps" in " ".join(capsys.readouterr().err.split())
