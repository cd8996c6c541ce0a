from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seqkit import DataError, Record
from seqkit_timeseries.cuts import Cut, TailRule
from seqkit_timeseries.data import TimeseriesData

WriteFile = Callable[[str, str], str]
Shape = tuple[str, int, int]


def numbered(**lengths: int) -> str:
    """A long table whose values are the numbers of the steps."""
    return "unique_id,y\n" + "".join(f"{name},{step}\n" for name, size in lengths.items() for step in range(size))


def shapes(data: TimeseriesData, split: Any) -> list[Shape]:
    """(id, steps, context) of each record."""
    return [(r.origin.partition(":")[2], len(r.sequence), r.context) for r in data.records(split)]


def test_each_series_holds_out_its_last_windows(write_file: WriteFile) -> None:
    data = TimeseriesData(path=write_file("t.csv", numbered(a=20, b=11)), horizon=4)
    # a: 20 steps = 12 trained, 4 validation, 4 test; b: 11 = 3 + 4 + 4.
    assert shapes(data, "train") == [("a", 12, 0), ("b", 3, 0)]
    assert shapes(data, "valid") == [("a", 16, 12), ("b", 7, 3)]
    assert shapes(data, "test") == [("a", 20, 16), ("b", 11, 7)]
    assert shapes(data, "predict") == [("a", 20, 0), ("b", 11, 0)]


def test_several_windows_roll_towards_the_end(write_file: WriteFile) -> None:
    data = TimeseriesData(path=write_file("t.csv", numbered(a=20)), horizon=3, num_windows=2)
    assert shapes(data, "train") == [("a", 8, 0)]
    assert shapes(data, "valid") == [("a@8", 11, 8), ("a@11", 14, 11)]
    assert shapes(data, "test") == [("a@14", 17, 14), ("a@17", 20, 17)]


def test_without_a_horizon_shares_are_held_out(write_file: WriteFile) -> None:
    path = write_file("t.csv", numbered(a=20, b=4))
    data = TimeseriesData(path=path, valid_fraction=0.1, test_fraction=0.2)
    # b: round(0.8) = 1 test step, round(0.4) = 0 validation steps: no record.
    assert shapes(data, "train") == [("a", 14, 0), ("b", 3, 0)]
    assert shapes(data, "valid") == [("a", 16, 14)]
    assert shapes(data, "test") == [("a", 20, 16), ("b", 4, 3)]


def test_a_fraction_of_zero_holds_out_nothing(write_file: WriteFile) -> None:
    data = TimeseriesData(path=write_file("t.csv", numbered(a=20)), horizon=4, test_fraction=0.0)
    assert (shapes(data, "train"), shapes(data, "valid"), shapes(data, "test")) == ([("a", 16, 0)], [("a", 20, 16)], [])


def test_steps_without_measurement_at_the_ends_do_not_count(write_file: WriteFile) -> None:
    cells = ["", "", *map(str, range(10)), "", ""]
    path = write_file("t.csv", "ds,y\n" + "".join(f"{i},{c}\n" for i, c in enumerate(cells)))
    (record,) = TimeseriesData(path=path, horizon=2).records("test")
    assert record.sequence[:, 0].tolist() == list(range(10)) and record.context == 8


@pytest.mark.parametrize("rule", [{"test_match": ":b$"}, {"test_every": 3}])
def test_series_that_a_rule_finds_are_kept_out_of_training(write_file: WriteFile, rule: dict[str, Any]) -> None:
    order = numbered(b=9, a=9, c=9) if "test_every" in rule else numbered(a=9, b=9, c=9)
    data = TimeseriesData(path=write_file("t.csv", order), horizon=2, **rule)
    assert shapes(data, "train") == [("a", 7, 0), ("c", 7, 0)]
    assert shapes(data, "valid") == [("a", 9, 7), ("c", 9, 7)]
    assert shapes(data, "test") == [("b", 9, 7)]


def test_the_future_in_another_file_follows_by_id(write_file: WriteFile) -> None:
    train = write_file("train.csv", "V1,V2,V3,V4,V5\nH1,0,1,2,3\nH2,10,11,,\nH3,5,6,7,8\n")
    test = write_file("test.csv", "V1,V2,V3\nH2,12,13\nH1,4,5\nNew,7,8\n")
    data = TimeseriesData(path=train, test_path=test, valid_fraction=0.0)
    assert shapes(data, "train") == [("H1", 4, 0), ("H2", 2, 0), ("H3", 4, 0)]
    first, second, new = data.records("test")
    assert first.sequence[:, 0].tolist() == [0, 1, 2, 3, 4, 5] and first.context == 4
    assert second.sequence[:, 0].tolist() == [10, 11, 12, 13] and second.context == 2
    assert (new.origin, len(new.sequence), new.context) == ("test.csv:New", 2, 0)


def test_a_horizon_bounds_what_follows(write_file: WriteFile) -> None:
    train, test = write_file("train.csv", numbered(a=9)), write_file("test.csv", numbered(a=9, b=9))
    data = TimeseriesData(path=train, test_path=test, horizon=3)
    assert shapes(data, "train") == [("a", 6, 0)]
    assert shapes(data, "test") == [("a", 12, 9), ("b", 9, 6)]


def test_the_future_of_a_table_of_features_is_found_in_a_file_of_any_name(write_file: WriteFile) -> None:
    def rows(first: int, last: int) -> str:
        return "ds,p,q\n" + "".join(f"{step},{step},{-step}\n" for step in range(first, last))

    train, test = write_file("past.csv", rows(0, 9)), write_file("future.csv", rows(9, 13))
    data = TimeseriesData(path=train, test_path=test, horizon=4, multivariate=True)
    (record,) = data.records("test")
    assert record.sequence.shape == (13, 2) and record.context == 9


def test_the_past_of_test_reaches_through_the_validation_file(write_file: WriteFile) -> None:
    def days(first: int, last: int) -> str:
        return "ds,y\n" + "".join(f"2024-01-{day:02d},{day}\n" for day in range(first, last + 1))

    data = TimeseriesData(
        path=write_file("a.csv", days(1, 8)),
        valid_path=write_file("b.csv", days(9, 12)),
        test_path=write_file("c.csv", days(11, 14)),
    )
    (train,), (valid,), (test,) = (list(data.records(split)) for split in ("train", "valid", "test"))
    assert train.sequence[:, 0].tolist() == list(range(1, 9))
    assert valid.sequence[:, 0].tolist() == list(range(1, 13)) and valid.context == 8
    # The test file begins with two days that are known already.
    assert test.sequence[:, 0].tolist() == list(range(1, 15)) and test.context == 12


def test_a_gap_before_the_future_is_a_gap(write_file: WriteFile) -> None:
    train = write_file("a.csv", "ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n")
    test = write_file("b.csv", "ds,y\n2024-01-06,6\n2024-01-07,7\n")
    with pytest.raises(DataError, match="2 steps of 1 day missing"):
        list(TimeseriesData(path=train, test_path=test, valid_fraction=0.0).records("test"))
    data = TimeseriesData(path=train, test_path=test, valid_fraction=0.0, fill_gaps=True)
    (record,) = data.records("test")
    assert np.array_equal(record.sequence[:, 0], [1, 2, 3, np.nan, np.nan, 6, 7], equal_nan=True)
    assert record.context == 3


def test_files_that_are_exchanged_are_noticed(write_file: WriteFile) -> None:
    early = write_file("a.csv", "ds,y\n2024-01-01,1\n2024-01-02,2\n")
    late = write_file("b.csv", "ds,y\n2024-01-03,3\n2024-01-04,4\n")
    with pytest.raises(DataError, match=r"no step is later than 2024-01-04(.|\n)*a.csv:y"):
        list(TimeseriesData(path=late, test_path=early, valid_fraction=0.0).records("test"))


def test_two_series_of_one_name_have_no_future_in_common(write_file: WriteFile) -> None:
    train = [write_file("a.csv", numbered(s=5)), write_file("b.csv", numbered(s=5))]
    with pytest.raises(DataError, match="second series is called 's'"):
        list(TimeseriesData(path=train, test_path=write_file("c.csv", numbered(s=2))).records("test"))


def test_short_series_are_refused_or_put_where_the_user_says(write_file: WriteFile) -> None:
    path = write_file("t.csv", numbered(long=12, short=9))
    with pytest.raises(DataError, match=r"9 steps where at least 10 are needed with a horizon of 4(.|\n)*t.csv:short"):
        list(TimeseriesData(path=path, horizon=4).records("train"))
    kept = TimeseriesData(path=path, horizon=4, short_series="train")
    assert shapes(kept, "train") == [("long", 4, 0), ("short", 9, 0)]
    assert shapes(kept, "valid") == [("long", 8, 4)] and shapes(kept, "test") == [("long", 12, 8)]
    dropped = TimeseriesData(path=path, horizon=4, short_series="drop")
    assert shapes(dropped, "train") == [("long", 4, 0)]


def test_a_series_without_any_measurement_is_refused(write_file: WriteFile) -> None:
    path = write_file("t.csv", "ds,p,q\n1,,1\n2,,2\n3,,3\n4,,4\n")
    with pytest.raises(DataError, match=r"never measured(.|\n)*t.csv:p"):
        list(TimeseriesData(path=path).records("train"))
    assert shapes(TimeseriesData(path=path, short_series="drop"), "train") == [("q", 4, 0)]


def test_held_out_steps_are_never_seen_by_the_codec(write_file: WriteFile) -> None:
    values = [1.0, 2.0, 3.0, 4.0, 1000.0, 2000.0]
    path = write_file("t.csv", "y\n" + "".join(f"{v}\n" for v in values))
    data = TimeseriesData(path=path, horizon=1, scaling="standard")
    data.setup("fit")
    # Of 1, 2, 3, 4 alone: mean 2.5, variance (1.5^2 + 0.5^2) / 2 = 1.25.
    assert data.codec.state() == {"mean": [2.5], "deviation": [pytest.approx(1.25**0.5)]}


def test_scored_steps_of_the_three_splits_never_meet() -> None:
    for horizon in (None, 3):
        rule = TailRule(horizon, num_windows=2 if horizon else 1)
        for num_steps in range(rule.needed, 60):
            scored = {split: [s for cut in rule.cuts(num_steps, split) for s in range(cut.context, cut.end)]
                      for split in ("train", "valid", "test")}  # fmt: skip
            together = scored["train"] + scored["valid"] + scored["test"]
            assert together == list(range(num_steps))


def test_a_cut_is_as_the_docstring_says() -> None:
    assert TailRule(horizon=10).cuts(100, "train") == [Cut(end=80)]


def test_labelled_records_are_divided_whole(write_file: WriteFile) -> None:
    cases = "".join(f"{i},{i + 1}:{'ab'[i % 2]}\n" for i in range(60))
    data = TimeseriesData(path=write_file("t.ts", "@classLabel true a b\n@data\n" + cases), task="classify")
    found: dict[str, list[Record]] = {split: list(data.records(split)) for split in ("train", "valid", "test")}
    origins = [record.origin for records in found.values() for record in records]
    assert len(origins) == len(set(origins)) == 60 and all(found.values())
