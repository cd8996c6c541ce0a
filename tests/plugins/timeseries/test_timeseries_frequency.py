from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit_timeseries.data import TimeseriesData
from seqkit_timeseries.frequency import DAY_US, Frequency, infer_frequency

HOUR_US = 3_600_000_000


def stamps(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="M8[us]")


@pytest.mark.parametrize(
    ("times", "words", "season"),
    [
        (stamps("2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00"), "1 hour", 24),
        (stamps("2024-01-01 00:00", "2024-01-01 00:15", "2024-01-01 00:30"), "15 minute", 96),
        (stamps("2024-01-05", "2024-01-06", "2024-01-07"), "1 day", 7),
        (stamps("2024-01-01", "2024-01-08", "2024-01-15"), "1 week", 52),
        (stamps("2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"), "1 weekday", 5),
        (stamps("2024-01-01", "2024-02-01", "2024-03-01"), "1 month", 12),
        (stamps("2024-01-31", "2024-02-29", "2024-03-31"), "1 month", 12),
        (stamps("2024-03-31", "2024-06-30", "2024-09-30"), "3 month", 4),
        (stamps("2024-05-31", "2024-07-31", "2024-08-31"), "1 month", 12),
        (stamps("2022-06-01", "2023-06-01", "2024-06-01"), "12 month", 1),
        (stamps("2024-01-01 00:00:00", "2024-01-01 00:00:02"), "2 s", 1),
        (np.array([3, 5, 7]), "2 index", 1),
    ],
)
def test_frequency_and_season_are_found_from_times(times: np.ndarray, words: str, season: int) -> None:
    frequency = infer_frequency(times)
    assert frequency is not None
    assert (str(frequency), frequency.season) == (words, season)


def test_one_time_has_no_frequency() -> None:
    assert infer_frequency(stamps("2024-01-01")) is None


def test_gaps_do_not_hide_the_frequency() -> None:
    times = stamps("2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 05:00")
    frequency = infer_frequency(times)
    assert frequency == Frequency("us", HOUR_US)
    steps, on_grid = frequency.steps(times)
    assert steps.tolist() == [0, 1, 2, 5] and on_grid.all()


def test_a_time_between_two_steps_is_off_the_grid() -> None:
    times = stamps("2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 01:30", "2024-01-01 02:00", "2024-01-01 03:00")
    _, on_grid = Frequency("us", HOUR_US).steps(times)
    assert on_grid.tolist() == [True, True, False, True, True]


def test_month_ends_stay_month_ends() -> None:
    made = Frequency("month", 1, from_end=True).times(stamps("2023-12-31")[0], np.arange(4))
    assert made.tolist() == stamps("2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31").tolist()


def test_the_31st_of_long_months_is_their_end() -> None:
    frequency = infer_frequency(stamps("2024-07-31", "2024-08-31"))
    assert frequency == Frequency("month", 1, from_end=True)
    assert (
        frequency.times(stamps("2024-08-31")[0], np.arange(2)).tolist() == stamps("2024-08-31", "2024-09-30").tolist()
    )


def test_weekdays_skip_the_weekend() -> None:
    made = Frequency("weekday", 1).times(stamps("2024-01-05 16:00")[0], np.arange(3))
    assert made.tolist() == stamps("2024-01-05 16:00", "2024-01-08 16:00", "2024-01-09 16:00").tolist()


@given(
    frequency=st.sampled_from(
        [
            Frequency("us", HOUR_US),
            Frequency("us", 7),
            Frequency("month", 1),
            Frequency("month", 3),
            Frequency("month", 1, from_end=True),
            Frequency("weekday", 1),
        ]
    ),
    steps=st.lists(st.integers(0, 2000), min_size=1, max_size=20, unique=True).map(sorted),
)
def test_steps_undo_times(frequency: Frequency, steps: list[int]) -> None:
    wanted = np.array([0, *steps])
    start = stamps("2024-01-31 09:30" if frequency.from_end else "2024-01-26 09:30")[0]
    times = frequency.times(start, wanted)
    found, on_grid = frequency.steps(times)
    assert found.tolist() == wanted.tolist() and on_grid.all()


@pytest.mark.parametrize(
    ("frequency", "num_steps", "words"),
    [
        (Frequency("us", 3_600_000_000), 38, "38 hours"),
        (Frequency("us", 3_600_000_000), 76.8, "3.2 days"),
        (Frequency("us", 3_600_000_000), 1, "1 hour"),
        (Frequency("us", DAY_US), 1250, "1,250 days"),
        (Frequency("us", 10_000_000), 9, "90 s"),
        (Frequency("us", 250), 9, "2.25 ms"),
        (Frequency("month", 3), 4, "12 months"),
        (Frequency("weekday", 1), 1, "1 weekday"),
        (Frequency("index", 5), 38, "38 steps"),
        (Frequency("index", 1), 1.2, "1.2 steps"),
    ],
)
def test_a_span_is_told_in_the_units_of_its_times(frequency: Frequency, num_steps: float, words: str) -> None:
    assert frequency.span(num_steps) == words


def test_a_span_of_data_follows_their_first_series(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("ds,y\n" + "".join(f"2024-01-01 {hour:02d}:00,{hour}\n" for hour in range(20)))
    (tmp_path / "n.csv").write_text("a,b\n" + "".join(f"{step},{-step}\n" for step in range(20)))
    assert TimeseriesData(path=str(tmp_path / "t.csv")).describe_span(38) == "38 hours"
    assert TimeseriesData(path=str(tmp_path / "n.csv")).describe_span(38) == "38 steps"
    assert TimeseriesData(path=str(tmp_path / "gone.csv")).describe_span(38) == "38 steps"
    assert TimeseriesData().describe_span(76.8) == "3.2 days"
