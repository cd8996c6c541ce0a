from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import ConfigError, DataError, Record, SequenceDataModule
from seqkit_timeseries import DOMAIN
from seqkit_timeseries.data import TimeseriesData

WriteFile = Callable[[str, str], str]


def labels(data: TimeseriesData, split: Any = "predict") -> list[tuple[str, Any, tuple[int, ...]]]:
    return [(r.origin, r.target, r.sequence.shape) for r in data.records(split)]


def targets(data: TimeseriesData) -> list[Any]:
    """Of the training split, which holds every record when nothing is held out."""
    return [record.target for record in data.records("train")]


def all_in_training(**options: Any) -> TimeseriesData:
    data: TimeseriesData = TimeseriesData(task="classify", valid_fraction=0.0, test_fraction=0.0, **options)
    return data


@pytest.mark.parametrize(
    ("header", "rows", "season"),
    [
        ("ds,y", ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00"], 24),
        ("ds,y", ["2024-01", "2024-02", "2024-03"], 12),
        ("ds,y", ["1", "2", "3"], 1),
    ],
)
def test_the_season_follows_from_the_times_unless_given(
    write_file: WriteFile, header: str, rows: list[str], season: int
) -> None:
    path = write_file("t.csv", "\n".join([header, *(f"{time},1" for time in rows)]))
    assert TimeseriesData(path=path).season == season
    assert TimeseriesData(path=path, season=7).season == 7


def test_making_a_module_reads_no_file() -> None:
    TimeseriesData(path="no/such/file.csv")


@pytest.mark.parametrize(
    ("options", "at"),
    [
        ({"horizon": 0}, "--data.horizon"),
        ({"season": -1}, "--data.season"),
        ({"num_windows": 0}, "--data.num_windows"),
        ({"quantiles": [0.5, 1.0]}, "--data.quantiles"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], at: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TimeseriesData(**options)
    assert caught.value.at == at


def test_classes_come_from_a_label_column_of_a_long_table(write_file: WriteFile) -> None:
    path = write_file("t.csv", "unique_id,ds,x,y,kind\na,1,1,2,up\na,2,3,4,up\nb,1,5,6,down\n")
    data = all_in_training(path=path, label_column="kind")
    assert labels(data, "train") == [("t.csv:a", "up", (2, 2)), ("t.csv:b", "down", (1, 2))]


def test_a_series_with_two_labels_is_refused(write_file: WriteFile) -> None:
    path = write_file("t.csv", "unique_id,ds,y,kind\na,1,1,up\na,2,3,down\n")
    with pytest.raises(DataError, match="labels 'down' and 'up' in one series"):
        labels(all_in_training(path=path, label_column="kind"), "train")


def test_a_file_a_record_is_labelled_by_path_or_folder(write_file: WriteFile) -> None:
    walk = write_file("walk/1.csv", "x,y\n1,2\n3,4\n5,6\n")
    run = write_file("run/2.csv.gz", "x,y\n7,8\n9,10\n")
    by_path = all_in_training(path=[f"walking={walk}", f"running={run}"])
    assert labels(by_path, "train") == [("1.csv:1", "walking", (3, 2)), ("2.csv.gz:2", "running", (2, 2))]
    by_folder = all_in_training(path=str(Path(walk).parents[1]))
    assert [(target, shape) for _, target, shape in labels(by_folder, "train")] == [("run", (2, 2)), ("walk", (3, 2))]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("1\t0.5\t0.25\n-1\t3\t4\n", {}),  # The UCR archive: the class first, no header.
        ("kind,t0,t1\n1,0.5,0.25\n-1,3,4\n", {}),
        ("id,t0,t1,kind\na,0.5,0.25,1\nb,3,4,-1\n", {"label_column": "kind"}),
        ("kind,t0,t1\n1,0.5,0.25\n-1,3,4\n", {"label_column": "kind"}),
    ],
)
def test_rows_hold_their_class_first_or_in_a_column(write_file: WriteFile, text: str, options: dict[str, Any]) -> None:
    data = all_in_training(path=write_file("t.tsv" if "\t" in text else "t.csv", text), **options)
    first, second = data.records("train")
    assert (first.target, second.target) == ("1", "-1")
    assert (first.sequence.tolist(), second.sequence.tolist()) == ([[0.5], [0.25]], [[3], [4]])


def test_records_to_predict_need_no_label_column(write_file: WriteFile) -> None:
    path = write_file("t.csv", "unique_id,ds,y\na,1,1\na,2,3\n")
    data = TimeseriesData(path=path, task="classify", label_column="kind")
    assert labels(data) == [("t.csv:a", None, (2, 1))]
    with pytest.raises(DataError, match="no column 'kind'"):
        labels(data, "train")


def test_a_label_column_is_no_feature_of_a_forecast(write_file: WriteFile) -> None:
    path = write_file("t.csv", "unique_id,ds,y,kind\na,1,1,up\na,2,3,down\n")
    assert labels(TimeseriesData(path=path, label_column="kind")) == [("t.csv:a", None, (2, 1))]


def test_numeric_targets_are_standardised(write_file: WriteFile) -> None:
    path = write_file("t.ts", "@targetLabel true\n@data\n1,2:10\n3,4:30\n")
    data = all_in_training(path=path, target="value")
    data.setup("fit")
    assert targets(data) == [10.0, 30.0]
    # Mean 20, deviation 10.
    assert data.target_codec.encode(30.0).tolist() == [[1.0]] and data.target_codec.decode(
        data.target_codec.encode(10.0)
    ).tolist() == [[10.0]]


def test_a_target_that_is_no_number_is_named(write_file: WriteFile) -> None:
    path = write_file("t.ts", "@classLabel true up down\n@data\n1,2:up\n")
    with pytest.raises(DataError, match=r"target 'up' is not a finite number(.|\n)*t.ts:1(.|\n)*--data.target label"):
        targets(all_in_training(path=path, target="value"))


def test_a_prompt_is_a_series_in_words() -> None:
    record = TimeseriesData().prompt("1,2.5,?:4,5,6")
    assert np.array_equal(record.sequence, np.array([[1, 4], [2.5, 5], [np.nan, 6]]), equal_nan=True)
    with pytest.raises(ConfigError, match="'two' is not a finite number"):
        TimeseriesData().prompt("1,two")


def test_what_is_held_out_and_an_unknown_season_are_said(write_file: WriteFile) -> None:
    rows = "".join(f"{step},{step % 4}\n" for step in range(40))
    path = write_file("t.csv", "ds,y\n" + rows)
    data = TimeseriesData(path=path, horizon=4, num_windows=2)
    held = "the last 8 steps of each series"
    assert data.describe_split() == f"validation: {held} before them · test: {held}"
    assert TimeseriesData(path=path, horizon=4, test_path=path).describe_split() == (
        "validation: the last 4 steps of each series · test: its own path"
    )
    assert TimeseriesData(path=path).describe_split().startswith("validation: 10% (the end")
    (note,) = data.notes()
    assert "--data.season" in note and TimeseriesData(path=path, season=4).notes() == []
    dated = write_file("d.csv", "ds,y\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n2024-01-01 02:00,3\n")
    assert TimeseriesData(path=dated).notes() == []


@pytest.mark.parametrize("constant", [12345.678, 0.1, -3e7])
def test_a_constant_series_is_data(write_file: WriteFile, constant: float) -> None:
    path = write_file("t.csv", "y\n" + f"{constant}\n" * 1000)
    (record,) = TimeseriesData(path=path, valid_fraction=0, test_fraction=0).records("train")
    assert record.sequence.tolist() == [[constant]] * 1000


def test_variation_that_float32_cannot_hold_is_refused(write_file: WriteFile) -> None:
    path = write_file("t.csv", "y\n" + "".join(f"{10**9 + step % 7}\n" for step in range(60)))
    with pytest.raises(DataError, match=r"float32 cannot tell them apart(.|\n)*t.csv:y(.|\n)*--data.scaling standard"):
        list(TimeseriesData(path=path).records("train"))
    data = TimeseriesData(path=path, scaling="standard")
    data.setup("fit")
    (record,) = data.records("train")
    decoded = data.codec.decode(data.codec.encode(record.sequence))
    np.testing.assert_allclose(decoded, record.sequence, atol=1e-3, rtol=0)


@pytest.mark.parametrize("task", DOMAIN.tasks)
@pytest.mark.parametrize("target", ["label", "value"])
def test_demo_data_are_the_same_each_time(task: str, target: Any) -> None:
    once, again = (TimeseriesData(task=task, target=target) for _ in range(2))
    for split in ("train", "valid", "test"):
        pairs = list(zip(once.records(split), again.records(split), strict=True))
        assert len(pairs) > 20
        for first, second in pairs:
            assert np.array_equal(first.sequence, second.sequence, equal_nan=True)
            assert (first.origin, first.target, first.context) == (second.origin, second.target, second.context)


def test_demo_series_have_a_day_a_horizon_and_missing_values() -> None:
    data = TimeseriesData()
    records: list[Record] = list(data.records("predict"))
    lengths = [len(record.sequence) for record in records]
    assert (len(records), data.season, data.horizon) == (40, 24, 24)
    assert min(lengths) >= 299 and max(lengths) <= 500 and len(set(lengths)) > 20
    missing = np.mean([np.isnan(record.sequence).mean() for record in records])
    assert 0.005 < missing < 0.015
    sizes = [np.nanmean(record.sequence) for record in records]
    assert max(sizes) / min(sizes) > 100


def test_demo_shapes_are_three_classes_of_two_features() -> None:
    found = labels(TimeseriesData(task="classify"))
    assert len(found) == 300 and {target for _, target, _ in found} == {"bump", "step", "wave"}
    assert all(20 <= shape[0] <= 60 and shape[1] == 2 for *_, shape in found)


def test_options_of_every_data_module_are_accepted() -> None:
    data = TimeseriesData(batch_size=3, window=16)
    assert isinstance(data, SequenceDataModule) and (data.batch_size, data.window) == (3, 16)
    assert data.arguments["batch_size"] == 3 and data.arguments["scaling"] is None
