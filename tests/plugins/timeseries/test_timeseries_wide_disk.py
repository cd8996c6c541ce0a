"""Wide tables that are too large for memory: on the disk meanwhile, with the same stores, errors and frequency."""

from __future__ import annotations

import copy
import gzip
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import DataError, DependencyError, SourceFile
from seqkit_timeseries import reading, scratch, wide
from seqkit_timeseries.data import TimeseriesData
from seqkit_timeseries.frequency import constant_frequency, infer_frequency
from seqkit_timeseries.scratch import Stack, by_columns, forget, is_mapped
from seqkit_timeseries.series import Series

HOURS = np.datetime64("2024-01-01") + np.arange(600).astype("m8[h]")
OPTIONS: list[dict[str, Any]] = [
    {"multivariate": True},
    {"multivariate": True, "scaling": "standard"},
    {"multivariate": True, "horizon": 7, "num_windows": 2},
    {"multivariate": True, "valid_fraction": 0.0, "test_fraction": 0.0},
    {"multivariate": True, "task": "forecast", "horizon": 5, "known_columns": ["v2"]},
    {"multivariate": True, "fill_gaps": True},
    {},
    {"task": "forecast", "horizon": 5},
    {"task": "forecast", "horizon": 5, "known_columns": ["v2"], "scaling": "standard"},
]


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table is large, and a block holds some 20 rows."""
    monkeypatch.setattr(scratch, "SPILLED_BYTES", 0)
    monkeypatch.setattr(scratch, "BLOCK_BYTES", 512)
    monkeypatch.setattr(reading, "_LARGE_BYTES", 0)


def write(path: Path, times: Any = HOURS, bad: tuple[int, str] | None = None) -> Path:
    values = np.random.default_rng(0).normal(50, 9, (len(times), 3)).round(3).astype(str)
    values[:5], values[-9:], values[100:130, 1] = "", "NA", ""
    if bad is not None:
        values[bad[0], 1] = bad[1]
    rows = [",".join([str(t).replace("T", " "), *row]) for t, row in zip(times, values.tolist(), strict=True)]
    path.write_text("date,v0,v1,v2\n" + "\n".join(rows) + "\n")
    return path


def stores(path: Path, **options: Any) -> list[bytes]:
    data = TimeseriesData(path=str(path), **options)
    data.setup("fit")
    found = [repr((data.codec.state(), data.season)).encode()]
    for split in ("train", "valid", "test", "predict"):
        folder = data.store(split).folder
        names = ("steps.bin", "offsets.npy", "context.npy", "origins.jsonl")
        found += [(folder / name).read_bytes() for name in names]
    return found


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_stores_are_those_of_a_table_in_memory(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    path = write(tmp_path / "w.csv")
    monkeypatch.setattr("seqkit.standard_codec._BLOCK_BYTES", 512)  # Sums are of the same blocks in memory.
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "memory"))
    expected = stores(path, **options)
    request.getfixturevalue("on_disk")
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "disk"))
    assert stores(path, **options) == expected


@pytest.mark.usefixtures("on_disk")
def test_a_series_on_the_disk_comes_in_parts_but_whole_to_be_continued(tmp_path: Path) -> None:
    data = TimeseriesData(path=str(write(tmp_path / "w.csv")), multivariate=True)
    parts = list(data.records("train"))
    assert len(parts) > 10
    assert [part.continues for part in parts[:3]] == [False, True, True]
    assert sum(len(part.sequence) for part in parts) == 468  # 586 measured steps less a tenth twice (59 each)
    (whole,) = data.records("predict")
    assert len(whole.sequence) == 586


@pytest.mark.usefixtures("on_disk")
@pytest.mark.parametrize("options", [{"multivariate": True}, {}], ids=str)
def test_a_table_is_parsed_once_for_all_splits_until_training_begins(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    real = wide._read

    def read(source: SourceFile, *rest: Any) -> Series:
        parsed.append(source.name)
        return real(source, *rest)

    monkeypatch.setattr(wide, "_read", read)
    data = TimeseriesData(path=str(write(tmp_path / "w.csv")), **options)
    for split in ("train", "valid", "test"):
        data.store(split)
    assert parsed == ["w.csv"]
    data.kept.clear()
    list(data.records("valid"))
    list(copy.deepcopy(data).records("valid"))  # A copy reads for itself.
    assert parsed == ["w.csv"] * 3


@pytest.mark.usefixtures("on_disk")
def test_a_table_that_was_written_anew_is_parsed_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "w.csv")
    data = TimeseriesData(path=str(path), multivariate=True)
    before = sum(len(record.sequence) for record in data.records("train"))
    write(path, HOURS[:300])
    assert sum(len(record.sequence) for record in data.records("train")) == before - 300 + 60


@pytest.mark.usefixtures("on_disk")
def test_width_and_season_of_a_large_table_take_its_first_rows_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "w.csv")
    TimeseriesData(path=str(path), multivariate=True).store("train")
    monkeypatch.setattr(wide, "_read", lambda *_: pytest.fail("the whole table was read"))
    again = TimeseriesData(path=str(path), multivariate=True)
    again.setup("fit")
    assert (again.codec.spec.num_features, again.season) == (3, 24)
    assert len(again.store("train").steps) == 468


@pytest.mark.usefixtures("on_disk")
@pytest.mark.parametrize(
    ("times", "bad", "expected"),
    [
        (np.delete(HOURS, slice(400, 410)), None, "10 steps of 1 hour missing in 1 place"),
        (np.concatenate([HOURS[:400], HOURS[399:]]), None, "occurs more than once (1 row too many)"),
        (np.concatenate([HOURS[:400], HOURS[10:12], HOURS[400:]]), None, "timestamps are not in order"),
        (HOURS, (450, "12;5"), "'12;5' is not a finite number\n  at: w.csv, line 452, column 'v1'"),
        (HOURS, (450, "inf"), "'inf' is not a finite number\n  at: w.csv, line 452, column 'v1'"),
    ],
)
def test_what_is_wrong_late_in_a_large_table_is_still_named(
    times: np.ndarray, bad: tuple[int, str] | None, expected: str, tmp_path: Path
) -> None:
    data = TimeseriesData(path=str(write(tmp_path / "w.csv", times, bad)), multivariate=True)
    with pytest.raises(DataError) as caught:
        data.setup("fit")
        data.store("train")
    assert expected in str(caught.value).replace(str(tmp_path) + "/", "")


@pytest.mark.usefixtures("on_disk")
def test_packed_tables_and_months_go_to_the_disk_too(tmp_path: Path) -> None:
    months = (np.datetime64("1950-01") + np.arange(600)).astype("M8[D]")
    packed = tmp_path / "w.csv.gz"
    packed.write_bytes(gzip.compress(write(tmp_path / "w.csv", months).read_bytes()))
    data = TimeseriesData(path=str(packed), multivariate=True)
    assert (len(data.store("train").steps), data.season) == (468, 12)


def test_rows_beyond_the_limit_lie_on_the_disk_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "SPILLED_BYTES", 300)
    rows = np.arange(60.0).reshape(20, 3)
    stack = Stack()
    for begin in range(0, 20, 3):
        stack.add(rows[begin : begin + 3])
    found = stack.array()
    assert is_mapped(found) and is_mapped(found[3:5, 1]) and not is_mapped(rows)
    columns = by_columns(found)
    assert is_mapped(columns) and columns[:, 1:2].flags.c_contiguous
    forget(found)
    for table in (found, columns):
        np.testing.assert_array_equal(table, rows)


def test_a_full_disk_is_an_error_that_names_the_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "SPILLED_BYTES", 0)
    monkeypatch.setattr(scratch, "scratch_file", lambda: Path("/dev/full").open("w+b"))
    with closing(Stack()) as stack, pytest.raises(DependencyError, match="bytes are free"):
        stack.add(np.zeros((9000, 20)))


@pytest.mark.parametrize("times", [HOURS.astype("M8[us]"), np.arange(0, 900, 3)], ids=["dates", "numbers"])
def test_a_constant_step_is_what_the_frequency_would_be(times: np.ndarray) -> None:
    assert constant_frequency(times) == infer_frequency(times)
    irregular = np.delete(times, 200)
    assert constant_frequency(irregular) is None
    assert constant_frequency(times[::-1]) is None
    assert constant_frequency(times[:1]) is None


def test_months_have_no_constant_step() -> None:
    times = np.array(["2023-01-01", "2023-02-01", "2023-03-04"], dtype="M8[us]")
    assert constant_frequency(times) is None
