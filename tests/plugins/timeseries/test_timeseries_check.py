"""seqkit check over series: facts by hand, and every bad cell, row, timestamp and series."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import Record, check
from seqkit_timeseries.check import SeriesInspector

DATA = Path(__file__).parents[3] / ".." / "shared" / "data" / "timeseries"


def places(report: dict[str, Any]) -> list[str]:
    return [problem["at"] for problem in report["problems"] if "path" not in problem["at"]]


def messages(report: dict[str, Any]) -> list[str]:
    return [problem["message"] for problem in report["problems"] if "path" not in problem["at"]]


def header(num_steps: int) -> str:
    return ",".join(f"V{number}" for number in range(1, num_steps + 2))


def days(count: int, begin: str = "2024-01-01") -> list[str]:
    return [str(np.datetime64(begin) + number) for number in range(count)]


def test_lengths_ranges_missing_and_constant_series_are_counted() -> None:
    inspector = SeriesInspector(horizon=2)
    inspector.add(Record(np.array([[1.0], [np.nan]]), origin="f:a"))
    inspector.add(Record(np.array([[7.0], [-2.0]]), origin="f:a", continues=True))
    inspector.add(Record(np.array([[4.0], [4.0], [np.nan]]), origin="f:b"))
    facts = inspector.facts()
    assert facts == {
        "series": 2, "features": 1, "smallest_value": -2.0, "largest_value": 7.0, "missing_values": 2,
        "missing_share": 2 / 7, "constant_series": 1, "horizon": 2, "shortest_series": 3,
    }  # fmt: skip
    assert inspector.warnings() == [
        "1 series never vary in some feature: f:b",
        "2 series miss more than 20% of their values: f:a, f:b",
    ]


def test_every_cell_that_is_no_number_or_no_time_is_named(write_file: Any) -> None:
    rows = [f"{day},{number % 9},{number % 7}" for number, day in enumerate(days(60))]
    rows[4] = rows[4].replace(",4,", ",x4,")
    rows[9] = f"{days(60)[9]},1,inf"
    rows[20] = "soon,1,2"
    rows[30] = f"{days(60)[30]},1"
    found = check("timeseries", path=write_file("a.csv", "\n".join(["date,y,z", *rows])), fill_gaps=True)
    assert sorted(places(found)) == [
        "a.csv, line 11, column 'z'", "a.csv, line 22, column 'date'", "a.csv, line 32", "a.csv, line 6, column 'y'",
    ]  # fmt: skip
    assert found["facts"]["frequency"] == {"1 day": 1} and found["num_records"] == 2 and found["num_steps"] == 120


def test_every_series_of_a_long_table_is_looked_at(write_file: Any) -> None:
    lines = ["unique_id,ds,y"]
    for name in ("a", "gaps", "twice", "back", "b"):
        times = days(40)
        if name == "gaps":
            del times[10:13]
        if name == "twice":
            times[5] = times[4]
        if name == "back":
            times[7], times[8] = times[8], times[7]
        lines += [f"{name},{time},{number % 5}" for number, time in enumerate(times)]
    lines += [f",{days(1)[0]},1"]
    found = check("timeseries", path=write_file("l.csv", "\n".join(lines)))
    assert sorted(place.partition(":")[2] or place for place in places(found)) == [
        "back", "gaps", "l.csv, line 199, column 'unique_id'", "twice",
    ]  # fmt: skip
    assert any("3 steps of 1 day missing" in message for message in messages(found))
    assert any("occurs more than once (1 row too many)" in message for message in messages(found))
    assert any("not in order" in message for message in messages(found))
    assert any("the id is empty" in message for message in messages(found))
    assert found["num_records"] == 2


def test_rows_of_series_and_cases_go_on_after_a_bad_one(write_file: Any) -> None:
    rows = [f"H{number}," + ",".join(str((number + step) % 7) for step in range(30)) for number in range(6)]
    rows[2] = rows[2].replace("H2", "H1")
    rows[4] = "H4,1,2,x,4,y," + ",".join("3" * 25)
    found = check("timeseries", path=write_file("r.csv", "\n".join([header(30), *rows])), layout="rows")
    assert places(found) == ["r.csv, line 4", "r.csv, line 6, step 3"]
    assert found["num_records"] == 4
    cases = [f"{number % 5},{number},3:{'ab'[number % 2]}" for number in range(40)]
    cases[3], cases[5] = "1,2,3:c", "1,x,3:a"
    head = "@problemName p\n@univariate true\n@classLabel true a b\n@data\n"
    found = check("timeseries", path=write_file("c.ts", head + "\n".join(cases)), task="classify")
    assert places(found) == ["c.ts, line 8", "c.ts, line 10"] and found["num_records"] == 38


def test_each_series_too_short_for_the_horizon_is_named(write_file: Any) -> None:
    rows = ["long," + ",".join("123" * 10), "short," + ",".join("12345"), "other," + ",".join("54321")]
    path = write_file("r.csv", "\n".join([header(30), *rows]))
    found = check("timeseries", path=path, layout="rows", horizon=4)
    assert places(found) == ["r.csv:short", "r.csv:other"]
    assert check("timeseries", path=path, layout="rows", horizon=4, short_series="train")["num_problems"] == 0


def test_a_series_and_its_future_in_another_file_are_one(write_file: Any) -> None:
    rows = [f"H{n}," + ",".join(str((n + step) % 7) for step in range(20)) for n in range(3)]
    future = [f"H{n}," + ",".join("123") for n in range(3)]
    known, following = "\n".join([header(20), *rows]), "\n".join([header(3), *future])
    paths = {"path": write_file("r.csv", known), "test_path": write_file("f.csv", following)}
    found = check("timeseries", layout="rows", horizon=3, **paths)
    assert found["num_problems"] == 0 and found["facts"]["series"] == 3 and found["lengths"]["max"] == 23
    assert {split: size["steps"] for split, size in found["splits"].items()} == {"train": 51, "valid": 9, "test": 9}


@pytest.mark.parametrize("task", ["next_step", "forecast", "classify", "tag"])
def test_demo_data_are_clean(task: str) -> None:
    assert check("timeseries", task=task)["num_problems"] == 0


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_m4_hourly_is_as_its_readme_says() -> None:
    files = DATA / "m4-hourly"
    paths = {"path": str(files / "Hourly-train.csv.gz"), "test_path": str(files / "Hourly-test.csv")}
    found = check("timeseries", horizon=48, **paths)
    assert found["num_problems"] == 0 and found["num_records"] == 414 and found["num_steps"] == 353500 + 19872
    assert found["facts"]["smallest_value"] == 10.0 and found["facts"]["largest_value"] == 703008.0


def test_a_wrong_cell_is_named_by_its_line_as_an_editor_counts(write_file: Any) -> None:
    long = "unique_id,ds,y\n\na,2024-01-01,1\na,2024-01-02,x\n\n\na,2024-01-03,1\na,2024-01-04,?!\n"
    noted = 'ds,y,note\n2024-01-01,1,"two\nlines"\n2024-01-02,x,one\n2024-01-03,"y",one\n'
    found = check("timeseries", path=write_file("a.csv", long), horizon=1)
    assert [place for place in places(found) if "column" in place] == [
        "a.csv, line 4, column 'y'", "a.csv, line 8, column 'y'",
    ]  # fmt: skip
    found = check("timeseries", path=write_file("b.csv", noted), value_columns=["y"], horizon=1)
    assert [place for place in places(found) if "column" in place] == [
        "b.csv, line 4, column 'y'", "b.csv, line 5, column 'y'",
    ]  # fmt: skip
