import numpy as np
import pytest

from seqkit import DataError
from seqkit_timeseries.series import Series
from seqkit_timeseries.timeline import TimeRules

NAN = float("nan")


def series(times: list[str] | list[int], values: list[float]) -> Series:
    kind = "M8[us]" if isinstance(times[0], str) else np.int64
    return Series("f.csv", "a", np.array(values)[:, None], np.array(times, dtype=kind), ("y",), timed=True)


def test_times_out_of_order_are_refused_with_the_option_that_sorts() -> None:
    broken = series(["2024-01-02", "2024-01-01", "2024-01-03"], [2, 1, 3])
    with pytest.raises(DataError, match=r"2024-01-01 follows 2024-01-02(.|\n)*f.csv:a(.|\n)*--data.sort true"):
        TimeRules().apply(broken)
    assert TimeRules(sort=True).apply(broken).values[:, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("rule", "expected"), [("first", [1, 2, 5]), ("last", [1, 4, 5]), ("mean", [1, 3, 5])])
def test_duplicates_are_refused_or_resolved(rule: str, expected: list[float]) -> None:
    broken = series(["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03"], [1, 2, 4, 5])
    with pytest.raises(DataError, match=r"2024-01-02 occurs more than once \(1 row too many(.|\n)*--data.duplicates"):
        TimeRules().apply(broken)
    found = TimeRules(duplicates=rule).apply(broken)  # type: ignore[arg-type]
    assert found.values[:, 0].tolist() == expected
    assert found.times.astype("M8[D]").astype(str).tolist() == ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_the_mean_of_duplicates_leaves_missing_values_out() -> None:
    found = TimeRules(duplicates="mean").apply(series([0, 0, 1, 1], [NAN, 4, NAN, NAN]))
    assert found.values[0, 0] == 4 and np.isnan(found.values[1, 0])


def test_gaps_are_refused_unless_the_user_says_what_they_mean() -> None:
    broken = series(["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 04:00", "2024-01-01 05:00"], [0, 1, 4, 5])
    with pytest.raises(DataError, match=r"2 steps of 1 hour missing in 1 place.*01:00:00 and 2024-01-01 04:00:00"):
        TimeRules().apply(broken)
    filled = TimeRules(fill_gaps=True).apply(broken)
    assert np.array_equal(filled.values[:, 0], [0, 1, NAN, NAN, 4, 5], equal_nan=True)
    assert filled.regular and str(filled.times[3]) == "2024-01-01T03:00:00.000000"
    kept = TimeRules(fill_gaps=False).apply(broken)
    assert kept.values[:, 0].tolist() == [0, 1, 4, 5] and not kept.regular


def test_a_time_off_the_grid_is_named() -> None:
    broken = series(["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:30", "2024-01-01 04:00"], [0, 1, 2, 3])
    broken = series([*broken.times.astype(str)[:2], "2024-01-01 02:00", "2024-01-01 02:30"], [0, 1, 2, 3])
    for rules in (TimeRules(), TimeRules(fill_gaps=True)):
        with pytest.raises(DataError, match=r"02:30:00 is not a whole number of steps of 1 hour"):
            rules.apply(broken)
    assert len(TimeRules(fill_gaps=False).apply(broken)) == 4


def test_a_mistyped_year_does_not_fill_the_memory() -> None:
    broken = series(["2016-01-01", "2016-01-02", "2016-01-03", "2106-01-04"], [1, 2, 3, 4])
    with pytest.raises(DataError, match=r"4 rows would become 32,876 steps of 1 day.*2016-01-03 and 2106-01-04"):
        TimeRules(fill_gaps=True).apply(broken)


def test_whole_numbers_are_times_too() -> None:
    filled = TimeRules(fill_gaps=True).apply(series([10, 20, 40, 50], [1, 2, 4, 5]))
    assert np.array_equal(filled.values[:, 0], [1, 2, NAN, 4, 5], equal_nan=True)
    assert filled.times.tolist() == [10, 20, 30, 40, 50]


def test_a_month_of_31_days_and_one_of_28_are_one_step_each() -> None:
    months = series(["2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01"], [1, 2, 3, 4])
    found = TimeRules().apply(months)
    assert len(found) == 4 and found.regular
