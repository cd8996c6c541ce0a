from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqkit import DataError, Generation, Record
from seqkit_timeseries.data import TimeseriesData

WriteFile = Callable[[str, str], str]

SAMPLES = [np.array([[1.0], [10.0]]), np.array([[2.0], [10.0]]), np.array([[6.0], [40.0]])]


def prompts(path: str, **options: Any) -> list[Record]:
    return list(TimeseriesData(path=path, **options).records("predict"))


def written(path: Path, generations: list[Generation], **options: Any) -> pd.DataFrame:
    TimeseriesData(**options).write(path, generations)
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_mean_and_quantiles_of_each_step_are_written(tmp_path: Path, write_file: WriteFile, ending: str) -> None:
    (prompt,) = prompts(write_file("t.csv", "ds,y\n2024-01-30 22:00,1\n2024-01-30 23:00,2\n"))
    table = written(tmp_path / f"out.{ending}", [Generation(prompt, SAMPLES)], quantiles=[0.25, 0.5])
    assert list(table) == ["unique_id", "ds", "step", "mean", "q0.25", "q0.5"]
    assert table["unique_id"].tolist() == ["y", "y"] and table["step"].tolist() == [1, 2]
    assert table["ds"].astype(str).tolist() == ["2024-01-31 00:00:00", "2024-01-31 01:00:00"]
    # 1, 2, 6: mean 3, quartile halfway from 1 to 2; 10, 10, 40: mean 20, quartile 10.
    assert table["mean"].tolist() == [3, 20]
    assert table["q0.25"].tolist() == [1.5, 10] and table["q0.5"].tolist() == [2, 10]


def test_the_default_levels_are_numpy_quantiles(tmp_path: Path) -> None:
    drawn = np.random.default_rng(0).normal(size=(50, 3, 1))
    table = written(tmp_path / "out.csv", [Generation(Record(np.zeros((4, 1)), origin="f.csv:s"), list(drawn))])
    for level in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(table[f"q{level}"], np.quantile(drawn[:, :, 0], level, axis=0))


def test_a_column_of_hours_has_one_form(tmp_path: Path, write_file: WriteFile) -> None:
    text = "unique_id,ds,y\n"
    for name, hour in (("a", 22), ("b", 12)):
        text += "".join(f"{name},2024-01-30 {hour + step}:00,1\n" for step in range(2))
    one_step = [np.array([[1.0]])] * 2
    generations = [Generation(prompt, one_step) for prompt in prompts(write_file("t.csv", text))]
    TimeseriesData().write(tmp_path / "out.csv", generations)
    table = pd.read_csv(tmp_path / "out.csv")
    assert table["ds"].tolist() == ["2024-01-31 00:00:00", "2024-01-30 14:00:00"]


def test_no_quantiles_leave_the_mean(tmp_path: Path, write_file: WriteFile) -> None:
    (prompt,) = prompts(write_file("t.csv", "y\n1\n2\n"))
    table = written(tmp_path / "out.csv", [Generation(prompt, SAMPLES)], quantiles=[])
    assert [name for name in map(str, table) if name.startswith("q")] == [] and table["mean"].tolist() == [3, 20]


def test_months_go_on_as_months(tmp_path: Path, write_file: WriteFile) -> None:
    (prompt,) = prompts(write_file("t.csv", "Month,Passengers\n1960-10,1\n1960-11,2\n1960-12,3\n"))
    table = written(tmp_path / "out.csv", [Generation(prompt, SAMPLES)])
    assert table["ds"].tolist() == ["1961-01-01", "1961-02-01"]


def test_series_without_times_go_on_counting(tmp_path: Path, write_file: WriteFile) -> None:
    (prompt,) = prompts(write_file("t.csv", "V1,V2,V3,V4\nH1,5,6,7\n"))
    table = written(tmp_path / "out.csv", [Generation(prompt, SAMPLES)])
    assert table["unique_id"].tolist() == ["H1", "H1"] and table["ds"].tolist() == [3, 4]


def test_a_forecast_from_the_middle_is_dated_from_there(tmp_path: Path, write_file: WriteFile) -> None:
    path = write_file("t.csv", "ds,y\n" + "".join(f"2024-01-{day:02d},{day}\n" for day in range(1, 11)))
    (record,) = TimeseriesData(path=path, horizon=2).records("test")
    given = type(record)(**(vars(record) | {"sequence": record.sequence[: record.context]}))
    table = written(tmp_path / "out.csv", [Generation(given, SAMPLES)])
    assert table["ds"].tolist() == ["2024-01-09", "2024-01-10"]


def test_trading_days_with_holidays_go_on_from_the_last(tmp_path: Path, write_file: WriteFile) -> None:
    days = ["2024-03-27", "2024-03-28", "2024-04-02", "2024-04-03", "2024-04-04", "2024-04-05", "2024-04-08"]
    path = write_file("t.csv", "ds,y\n" + "".join(f"{day},1\n" for day in days))
    (prompt,) = prompts(path, fill_gaps=False)
    table = written(tmp_path / "out.csv", [Generation(prompt, SAMPLES)])
    assert table["ds"].tolist() == ["2024-04-09", "2024-04-10"]


def test_features_of_one_series_have_a_row_each(tmp_path: Path, write_file: WriteFile) -> None:
    (prompt,) = prompts(write_file("t.csv", "ds,p,q\n1,1,2\n2,3,4\n"), multivariate=True)
    path = np.array([[1.0, 5.0], [2.0, 6.0]])
    table = written(tmp_path / "out.csv", [Generation(prompt, [path, path + 2])])
    assert table["feature"].tolist() == ["p", "q", "p", "q"] and table["ds"].tolist() == [3, 3, 4, 4]
    assert table["step"].tolist() == [1, 1, 2, 2] and table["mean"].tolist() == [2, 6, 3, 7]


def test_a_forecast_can_be_read_as_data_again(tmp_path: Path, write_file: WriteFile) -> None:
    series = prompts(write_file("t.csv", "ds,p,q\n2024-01-01,1,2\n2024-01-02,3,4\n2024-01-03,5,6\n"))
    out = tmp_path / "out.csv"
    TimeseriesData().write(out, [Generation(prompt, SAMPLES) for prompt in series])
    again = TimeseriesData(path=str(out), value_columns=["mean"])
    assert [(r.origin, r.sequence[:, 0].tolist()) for r in again.records("predict")] == [
        ("out.csv:p", [3, 20]),
        ("out.csv:q", [3, 20]),
    ]


def test_dates_and_counts_do_not_fit_into_one_parquet_column(tmp_path: Path, write_file: WriteFile) -> None:
    dated = prompts(write_file("a.csv", "ds,y\n2024-01-01,1\n2024-01-02,3\n"))
    counted = prompts(write_file("b.csv", "y\n1\n2\n"))
    both = [Generation(prompt, SAMPLES) for prompt in dated + counted]
    with pytest.raises(DataError, match="some series have dates"):
        TimeseriesData().write(tmp_path / "out.parquet", both)
    assert len(written(tmp_path / "out.csv", both)) == 4


def test_many_series_are_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqkit_timeseries.forecasts._ROWS_AT_ONCE", 3)
    many = [Generation(Record(np.zeros((1, 1)), origin=f"f:{i}"), SAMPLES) for i in range(5)]
    for ending in ("csv", "parquet"):
        assert written(tmp_path / f"out.{ending}", many)["unique_id"].astype(str).tolist() == list("0011223344")


def test_an_empty_forecast_is_refused_as_parquet(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no forecast to write"):
        TimeseriesData().write(tmp_path / "out.parquet", [])
