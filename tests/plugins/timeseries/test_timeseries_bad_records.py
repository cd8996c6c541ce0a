"""Bad rows, cells and series among good ones: left out, counted once each, and nothing else changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqkit import SeqkitError, Split
from seqkit.cli.main import main
from seqkit.errors import TooManyBadRecords
from seqkit_timeseries.data import TimeseriesData
from tests.plugins.timeseries.bad_making import CLASSIFY, FORECAST, TAG, classes, days, long, rows_of_series, steps, ts

IDS = "abcdefghij"
LABELLED: tuple[Split, ...] = ("train", "valid", "test")
CELL = "d,2024-01-11,oops"
"""What stands for line 102 of a long table: the eleventh of series d."""


@dataclass(frozen=True)
class Mixed:
    """A file with three bad records, and the same file as it should be read.

    Attributes:
        name: The file's.
        clean: The file without bad records, or with missing values for them.
        mixed: With them.
        places: Where the bad ones are.
        num_good: Rows, values, cases or series that are not bad.
        options: Of the data.
    """

    name: str
    clean: str | bytes
    mixed: str | bytes
    places: list[str]
    num_good: int
    options: Mapping[str, Any] = field(default_factory=lambda: FORECAST)


def wide(cells: Mapping[tuple[int, int], str]) -> str:
    """A table of 3 columns and 100 days, some cells (row from 1, column from 0) exchanged."""
    rows = [[day, *(str((n + number) % 7) for number in range(3))] for n, day in enumerate(days(100))]
    for (row, column), cell in cells.items():
        rows[row - 1][column] = cell
    return "\n".join(["ds,p,q,r", *map(",".join, rows)]) + "\n"


def without(text: str, *lines: int) -> str:
    """A text without some of its lines, from 1."""
    return "".join(line for n, line in enumerate(text.splitlines(keepends=True), start=1) if n not in lines)


def after(text: str, added: Mapping[int, str | bytes]) -> bytes:
    """A text with lines added after some of its own, from 1."""
    parts = []
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        parts.append(line.encode())
        if number in added:
            row = added[number]
            parts.append((row.encode() if isinstance(row, str) else row) + b"\n")
    return b"".join(parts)


TABLE = long(ids=IDS)
MIXED = {
    "long-values": Mixed(
        "t.csv", long({1: "a,2024-01-01,", 101: "d,2024-01-11,", 300: "j,2024-01-30,"}, IDS),
        long({1: "a,2024-01-01,1e400", 101: CELL, 300: 'j,2024-01-30,"1,5"'}, IDS),
        ["t.csv, line 2, column 'y'", "t.csv, line 102, column 'y'", "t.csv, line 301, column 'y'"], 297),
    "long-rows": Mixed(
        "t.csv", TABLE, after(TABLE, {1: "a,2024-01-01", 90: ",2024-01-11,5", 301: "j,2024-13-01,1"}),
        ["t.csv, line 2", "t.csv, line 92, column 'unique_id'", "t.csv, line 304, column 'ds'"], 300),
    "long-bytes": Mixed(
        "t.csv", TABLE, after(TABLE, {9: b"caf\xe9,2024-01-01,1", 90: b"a\xff,b,c,d", 200: "x\0,2024-01-01,1"}),
        ["t.csv, line 10", "t.csv, line 92", "t.csv, line 203, column 'unique_id'"], 300),
    "long-series": Mixed(
        "t.csv", without(TABLE, *range(32, 122)),
        without(TABLE, 40).replace("c,2024-01-09", "c,2024-01-08").replace("d,2024-01-30", "d,1999-01-30"),
        ["t.csv:b", "t.csv:c", "t.csv:d"], 210, {**FORECAST, "max_bad": "4%"}),
    "long-come-again": Mixed(
        "t.csv", TABLE, after(TABLE, {121: "a,2024-01-31,5", 151: "b,2024-01-31,1", 301: "c,2024-01-31,1"}),
        ["t.csv:a", "t.csv:b", "t.csv:c"], 300),
    "wide-cells": Mixed(
        "t.csv", wide({(5, 1): "", (5, 3): "", (80, 2): ""}), wide({(5, 1): "x", (5, 3): "inf", (80, 2): "0x1"}),
        ["t.csv, line 6, column 'p'", "t.csv, line 6, column 'r'", "t.csv, line 81, column 'q'"], 297),
    "wide-rows": Mixed(
        "t.csv", wide({}), after(wide({}), {2: "2024-01-00,x,1,1", 30: "2024-01-01", 101: ",1,2,3"}),
        ["t.csv, line 3, column 'ds'", "t.csv, line 32", "t.csv, line 104, column 'ds'"], 300),
    "rows": Mixed(
        "t.csv", rows_of_series(count=300),
        after(rows_of_series(count=300), {1: "X,1,x,3,4,5,6,7,8", 40: "H1,1,2,3,4,5,6", 301: b"\xe9,1,2,3"}),
        ["t.csv, line 2, step 2", "t.csv, line 42", "t.csv, line 304"], 300, {**FORECAST, "layout": "rows"}),
    "ts": Mixed(
        "t.ts", ts(count=300), after(ts(count=300), {4: "1,x,3:a", 50: "1,2,3,4:c", 304: b"1,2,3,4:\xe9"}),
        ["t.ts, line 5", "t.ts, line 52", "t.ts, line 307"], 300, {**CLASSIFY, "test_fraction": 0.0}),
    "classes": Mixed(
        "t.tsv", classes(count=300), after(classes(count=300), {20: "\t1\t2", 50: "1\t?x", 60: "0\t\t"}),
        ["t.tsv:21", "t.tsv, line 52, step 1", "t.tsv, line 63"], 300, {**CLASSIFY, "test_fraction": 0.0}),
    "tags": Mixed(
        "t.csv", steps({7: "2024-01-07,,bad", 9: "2024-01-09,,bad", 40: "2024-02-09,,bad"}, count=400),
        steps({7: "2024-01-07,1,", 9: "2024-01-09,x,bad", 40: "2024-02-09,1,"}, count=400),
        ["t.csv, line 8, column 'state'", "t.csv, line 10, column 'y'", "t.csv, line 41, column 'state'"], 397, TAG),
}  # fmt: skip


def write(folder: Path, name: str, content: str | bytes) -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return str(folder / name)


def contents(
    data: TimeseriesData, splits: Sequence[Split] = ("train", "valid", "test", "predict")
) -> list[list[tuple[bytes, Any]]]:
    """Steps and targets of all splits, bit for bit, in order; names of records of other numbers may differ."""
    return [
        [(np.ascontiguousarray(getattr(r.sequence, "values", r.sequence)).tobytes(), r.target) for r in records]
        for records in (list(data.accepted(split)) for split in splits)
    ]


@pytest.mark.parametrize("name", [name for name in MIXED if name not in ("ts", "classes")])
def test_bad_records_are_left_out_counted_once_and_good_ones_do_not_change(name: str, tmp_path: Path) -> None:
    case = MIXED[name]
    clean = TimeseriesData(write(tmp_path / "clean", case.name, case.clean), **case.options)
    mixed = TimeseriesData(
        write(tmp_path / "mixed", case.name, case.mixed), on_bad_record="skip", **{"max_bad": "1%", **case.options}
    )
    splits = LABELLED if case.options == TAG else (*LABELLED, "predict")  # To predict tags, rows need none.
    assert contents(mixed, splits) == contents(clean, splits)
    for split in LABELLED:
        assert mixed.store(split).steps.tobytes() == clean.store(split).steps.tobytes()
    assert sorted(str(error.at) for error in mixed.tolerance.collected.errors) == sorted(case.places)
    summary = mixed.tolerance.summary()
    assert (summary["num_bad"], summary["num_good"]) == (3, case.num_good)


@pytest.mark.parametrize("name", ["ts", "classes"])
def test_records_to_classify_are_left_out_wherever_they_fall(name: str, tmp_path: Path) -> None:
    case = MIXED[name]
    clean = TimeseriesData(write(tmp_path / "clean", case.name, case.clean), **case.options)
    mixed = TimeseriesData(write(tmp_path / "mixed", case.name, case.mixed), on_bad_record="skip", **case.options)
    # A record's split is a hash of its number among the good ones.
    assert contents(mixed, LABELLED) == contents(clean, LABELLED)
    assert sorted(str(error.at) for error in mixed.tolerance.collected.errors) == sorted(case.places)
    assert mixed.tolerance.summary()["num_bad"] == 3 and mixed.tolerance.summary()["num_good"] == 300


@pytest.mark.parametrize("name", MIXED)
def test_more_bad_records_than_are_allowed_end_the_reading(name: str, tmp_path: Path) -> None:
    case = MIXED[name]
    path = write(tmp_path / "mixed", case.name, case.mixed)
    for most in ("0.3%", 2):
        with pytest.raises(TooManyBadRecords, match="3"):
            data = TimeseriesData(path, on_bad_record="skip", **{**case.options, "max_bad": most})
            contents(data)
    with pytest.raises(SeqkitError) as first:
        contents(TimeseriesData(path, **{**case.options, "max_bad": "1%"}))
    assert first.value.at in case.places and first.value.exit_code == 2


def test_a_row_that_cannot_be_placed_is_as_if_it_were_not_in_the_file(tmp_path: Path) -> None:
    # Line 41 is line 41: the tenth day of series b, whose grid then has a gap.
    mixed = TABLE.replace("b,2024-01-10,", "b,2024-01-1x,")
    path = write(tmp_path / "mixed", "t.csv", mixed)
    filled = TimeseriesData(path, on_bad_record="skip", fill_gaps=True, **FORECAST)
    clean = write(tmp_path / "clean", "t.csv", without(TABLE, 41))
    assert contents(filled) == contents(TimeseriesData(clean, fill_gaps=True, **FORECAST))
    refused = TimeseriesData(path, on_bad_record="skip", **FORECAST)
    assert len(list(refused.accepted("train"))) == len(IDS) - 1
    row, series = refused.tolerance.collected.errors
    assert (row.at, series.at) == ("t.csv, line 41, column 'ds'", "t.csv:b") and "--data.fill_gaps" in str(series.fix)


def test_consecutive_rows_close_up_where_one_is_left_out(tmp_path: Path) -> None:
    options = {**FORECAST, "fill_gaps": False}
    mixed = TimeseriesData(write(tmp_path / "mixed", "t.csv", long({101: CELL}, IDS)), on_bad_record="skip", **options)
    clean = TimeseriesData(write(tmp_path / "clean", "t.csv", without(TABLE, 102)), **options)
    assert contents(mixed)[0][3] == contents(clean)[0][3]
    assert len(contents(mixed)[3][3][0]) == (29 + 2) * 8  # of 30 steps and the horizon


def test_parquet_and_json_lines_leave_out_row_by_row(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {"unique_id": ["a"] * 300, "ds": days(300), "y": [float(n % 7) for n in range(300)]}
    columns["y"][50], columns["unique_id"][299] = float("inf"), None
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    data = TimeseriesData(str(tmp_path / "t.parquet"), on_bad_record="skip", **FORECAST)
    (steps_read, _), *_ = contents(data)[3]
    assert np.frombuffer(steps_read)[49:52].tolist()[::2] == [0.0, 2.0] and len(steps_read) == (299 + 2) * 8
    assert [error.at for error in data.tolerance.collected.errors] == [
        "t.parquet, row 300, column 'unique_id'", "t.parquet, row 51, column 'y'",
    ]  # fmt: skip
    good = [json.dumps({"unique_id": "a", "ds": day, "y": n % 7}) for n, day in enumerate(days(300))]
    path = write(tmp_path, "t.jsonl", "\n".join([*good, "{", '{"unique_id": "", "ds": "2025-01-01", "y": 1}']))
    data = TimeseriesData(path, on_bad_record="skip", **FORECAST)
    assert len(contents(data)[3][0][0]) == (300 + 2) * 8
    assert [error.at for error in data.tolerance.collected.errors] == [
        "t.jsonl, line 301", "t.jsonl, row 302, column 'unique_id'",
    ]  # fmt: skip


def test_a_file_that_is_damaged_is_left_out_from_there_on(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", TABLE)
    pq.write_table(pa.table({"unique_id": ["z"] * 30, "ds": days(30), "y": [1.0] * 30}), tmp_path / "b.parquet")
    whole = (tmp_path / "b.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(whole[:-40])
    data = TimeseriesData(str(tmp_path), on_bad_record="skip", **FORECAST)
    assert len(list(data.accepted("train"))) == len(IDS)
    assert [str(error.at) for error in data.tolerance.collected.errors] == ["b.parquet"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (TABLE, {"value_columns": ["z"]}, "no column 'z'"),
        (TABLE.replace("ds,y", "y,y"), {}, "'y' occurs twice"),
        ("unique_id,ds,y\n", {}, "no training values"),
        (ts(header="@dimensions none\n@data\n"), CLASSIFY, "positive number"),
    ],
)
def test_what_is_wrong_with_a_whole_file_or_an_option_is_no_bad_record(
    text: str, options: Mapping[str, Any], message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, "t.ts" if text.startswith("@") else "t.csv", text)
    with pytest.raises(SeqkitError, match=message):
        TimeseriesData(path, on_bad_record="skip", **{"max_bad": "100%", **FORECAST, **options}).setup("fit")


def test_what_is_left_out_is_kept_for_mending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = MIXED["long-values"]
    path, run = write(tmp_path, case.name, case.mixed), tmp_path / "run"
    words = ["--data.task", "forecast", "--data.horizon", "2", "--on-bad-record", "quarantine"]
    small = ["--trainer.max_steps", "1", "--model.hidden_size", "4"]
    assert main(["fit", "--domain", "timeseries", "--data.path", path, "--run", str(run), *words, *small]) == 0
    rows = [json.loads(line) for line in (run / "quarantine.jsonl").read_text().splitlines()]
    assert [row["at"] for row in rows] == case.places
    assert [row["record"] for row in rows] == ["a,2024-01-01,1e400", CELL, 'j,2024-01-30,"1,5"']
    assert "3 of 300" in capsys.readouterr().out


def test_the_season_is_that_of_the_first_good_series(tmp_path: Path) -> None:
    bad = long(ids="a").replace("2024-01-05,", "2024-01-04,")
    path = write(tmp_path, "t.csv", bad + long(ids="b").partition("\n")[2])
    assert TimeseriesData(path, on_bad_record="skip", **FORECAST).season == 7


def test_a_share_of_bad_rows_is_one_of_all_paths_together(tmp_path: Path) -> None:
    paths = {}
    for name in ("path", "valid_path", "test_path"):
        rows = [f"{row % 7}.5,{'on' if row % 20 < 10 else 'off'}" for row in range(100)]
        rows[10] = "3.5,on" if name == "path" else "broken,on"
        (tmp_path / f"{name}.csv").write_text("load,state\n" + "\n".join(rows) + "\n")
        paths[name] = str(tmp_path / f"{name}.csv")
    data = TimeseriesData(**paths, task="tag", label_column="state", on_bad_record="skip", max_bad="1%")
    for split in ("train", "valid", "test"):
        data.store(split)
    summary = data.tolerance.summary()
    assert (summary["num_bad"], summary["num_good"]) == (2, 298)  # 2 of the 100 of a path would be too many


def test_cells_of_a_wide_table_are_counted_in_all_its_columns_of_numbers(tmp_path: Path) -> None:
    """What is known ahead, and labels that are numbers, can be bad, too; a row without a time is one bad record."""
    path = write(tmp_path, "t.csv", wide({(5, 1): "x", (5, 2): "x", (7, 3): "x", (9, 0): "?", (9, 1): "x"}))
    for options in ({**FORECAST, "known_columns": ["r"]}, {**TAG, "label_column": "r", "target": "number"}):
        data = TimeseriesData(path, on_bad_record="skip", max_bad="5%", fill_gaps=True, **options)
        list(data.accepted("train"))
        assert (data.tolerance.summary()["num_bad"], data.tolerance.summary()["num_good"]) == (4, 99 * 3 - 3)
