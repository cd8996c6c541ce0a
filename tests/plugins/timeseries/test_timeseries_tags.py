"""Task tag: labels of steps through reading, repairs, splits and pieces; figures, tables of steps, streams, check."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import seqkit
from seqkit import ConfigError, DataError, Record, Split, check
from seqkit_timeseries.data import TimeseriesData
from seqkit_timeseries.events import event_figures, rarer_label
from seqkit_timeseries.step_rows import step_tables, step_writers
from seqkit_timeseries.tagged import cut_evenly
from seqkit_timeseries.threshold import Threshold, threshold_figures

# Lightning's CSV logger warns about the run folder that it is told to write to.
pytestmark = pytest.mark.filterwarnings("ignore:Experiment logs directory")

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
EVERYTHING = {"valid_fraction": 0.0, "test_fraction": 0.0}


def tagged(path: str | None, **options: Any) -> TimeseriesData:
    data: TimeseriesData = TimeseriesData(path, task="tag", **({"label_column": "state"} | options))
    return data


def found(data: TimeseriesData, split: Split = "train") -> list[tuple[str, list[Any], Any]]:
    return [(record.origin, np.ravel(record.sequence).tolist(), record.target) for record in data.records(split)]


def states(size: int) -> list[str]:
    """Every fifth step is on, and the last."""
    return [str(int(t % 5 == 0 or t == size)) for t in range(1, size + 1)]


def long_table(**lengths: int) -> str:
    """Series whose values count from 1."""
    rows = [f"{name},{t},{t},{on}" for name, size in lengths.items() for t, on in enumerate(states(size), start=1)]
    return "\n".join(["unique_id,ds,y,state", *rows])


def test_each_row_of_a_long_table_has_its_label(write_file: Any) -> None:
    path = write_file("a.csv", long_table(p=3, q=2))
    assert found(tagged(path, **EVERYTHING)) == [
        ("a.csv:p:1-3", [1, 2, 3], ["0", "0", "1"]),
        ("a.csv:q:1-2", [1, 2], ["0", "1"]),
    ]


def test_columns_of_a_wide_table_are_features_and_the_label_is_none_of_them(write_file: Any) -> None:
    path = write_file("a.csv", "time,x,state,z\n0,1,walk,5\n1,2, sit,6\n2,3,walk,7\n")
    [record] = tagged(path, **EVERYTHING).records("train")
    assert record.sequence.tolist() == [[1, 5], [2, 6], [3, 7]]
    assert (record.origin, record.target) == ("a.csv:a:1-3", ["walk", "sit", "walk"])


def test_labels_of_typed_tables_are_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"unique_id": ["p"] * 3, "y": [1.0, 2.0, 3.0], "state": [False, True, True]})
    table.to_parquet(tmp_path / "a.parquet")
    [record] = tagged(str(tmp_path / "a.parquet"), **EVERYTHING).records("train")
    assert record.target == ["false", "true", "true"]


def test_numbers_are_predicted_step_by_step_and_a_missing_one_is_not_scored(write_file: Any) -> None:
    path = write_file("a.csv", "y,state\n1,2.5\n2,\n3,3.5\n")
    data = tagged(path, target="value", **EVERYTHING)
    [record] = data.records("train")
    assert np.array_equal(record.target, [2.5, np.nan, 3.5], equal_nan=True)
    data.setup()
    assert np.array_equal(data.target_codec.encode(record.target), [[-1.0], [np.nan], [1.0]], equal_nan=True)


def test_a_missing_label_is_named_with_its_row_and_not_needed_to_predict(write_file: Any) -> None:
    path = write_file("a.csv", long_table(p=3).replace("p,2,2,0", "p,2,2,"))
    with pytest.raises(DataError, match=r"the label is missing\n  at: a.csv, line 3, column 'state'"):
        found(tagged(path))
    assert found(tagged(path), "predict") == [("a.csv:p:1-3", [1, 2, 3], None)]
    without = write_file("b.csv", "unique_id,ds,y\np,1,1\n")
    assert found(tagged(without), "predict") == [("b.csv:p:1-1", [1], None)]
    with pytest.raises(DataError, match=r"column 'state'(.|\n)*columns"):
        found(tagged(without))


def test_training_steps_of_one_label_are_refused(write_file: Any) -> None:
    path = write_file("a.csv", "y,state\n" + "".join(f"{t},{int(t > 90)}\n" for t in range(100)))
    with pytest.raises(DataError, match=r"tagging needs at least two tags, the training data holds \['0'\]"):
        tagged(path).setup()


def test_labels_move_with_their_rows_when_these_are_sorted(write_file: Any) -> None:
    path = write_file("a.csv", "unique_id,ds,y,state\np,3,30,c\nq,1,7,d\np,1,10,a\np,2,20,b\n")
    assert found(tagged(path, sort=True, **EVERYTHING)) == [
        ("a.csv:p:1-3", [10, 20, 30], ["a", "b", "c"]),
        ("a.csv:q:1-1", [7], ["d"]),
    ]


@pytest.mark.parametrize(("rule", "values", "labels"), [("first", [1, 2, 5], "abd"), ("last", [1, 4, 5], "acd")])
def test_of_rows_of_one_time_the_label_of_the_row_that_is_kept_counts(
    write_file: Any, rule: Any, values: list[int], labels: str
) -> None:
    path = write_file("a.csv", "ds,y,state\n1,1,a\n2,2,b\n2,4,c\n3,5,d\n")
    assert found(tagged(path, duplicates=rule, **EVERYTHING)) == [("a.csv:a:1-3", values, [*labels])]


def test_a_mean_of_rows_needs_one_label_or_takes_the_mean_of_numbers(write_file: Any) -> None:
    path = write_file("a.csv", "ds,y,state\n1,1,1\n2,2,3\n2,4,6\n3,5,2\n")
    with pytest.raises(DataError, match=r"labels '3' and '6' at 2\n  at: a.csv:a\n  fix: .*--data.duplicates first"):
        found(tagged(path, duplicates="mean"))
    numbers = tagged(path, duplicates="mean", target="value", **EVERYTHING)
    assert found(numbers) == [("a.csv:a:1-3", [1, 3, 5], [1, 4.5, 2])]


def test_a_step_that_is_put_in_has_the_label_before_it_and_no_number(write_file: Any) -> None:
    path = write_file("a.csv", "ds,y,state\n1,1,7\n2,2,8\n5,5,9\n6,6,7\n")
    with pytest.raises(DataError, match="2 steps of 1 index missing"):
        found(tagged(path))
    [record] = tagged(path, fill_gaps=True, **EVERYTHING).records("train")
    assert np.array_equal(record.sequence[:, 0], [1, 2, np.nan, np.nan, 5, 6], equal_nan=True)
    assert record.target == ["7", "8", "8", "8", "9", "7"]
    [record] = tagged(path, fill_gaps=True, target="value", **EVERYTHING).records("train")
    assert np.array_equal(record.target, [7, 8, np.nan, np.nan, 9, 7], equal_nan=True)


@pytest.mark.parametrize("piece", [1, 7, 30, 512])
def test_pieces_of_all_splits_make_up_each_series_once_with_its_end_held_out(write_file: Any, piece: int) -> None:
    path = write_file("a.csv", long_table(p=100, q=31))
    records = [(split, record) for split in SPLITS for record in tagged(path, piece=piece).records(split)]
    for name, size in {"p": 100, "q": 31}.items():
        own = [record for _, record in records if f":{name}:" in record.origin]
        assert np.concatenate([record.sequence for record in own])[:, 0].tolist() == list(range(1, size + 1))
        assert [tag for record in own for tag in record.target] == states(size)
        for record in own:
            first, last = map(int, record.origin.split(":")[2].split("-"))
            assert record.sequence[[0, -1], 0].tolist() == [first, last]
            assert len(record.sequence) <= piece
    sizes = {split: sum(len(record.sequence) for place, record in records if place == split) for split in SPLITS}
    assert sizes == {"train": 80 + 25, "valid": 10 + 3, "test": 10 + 3}


def test_pieces_are_alike_in_length() -> None:
    assert list(cut_evenly(5, 18, 6)) == [(5, 9), (9, 13), (13, 18)]
    assert list(cut_evenly(0, 12, 6)) == [(0, 6), (6, 12)]
    assert list(cut_evenly(3, 3, 6)) == []


def test_whole_series_may_be_held_out_and_other_files_too(write_file: Any) -> None:
    path, other = write_file("a.csv", long_table(p=10, q=10, r=10)), write_file("b.csv", long_table(p=4))
    matched = tagged(path, test_match=":q$")
    assert [origin for origin, _, _ in found(matched, "test")] == ["a.csv:q:1-10"]
    assert [origin for origin, _, _ in found(matched, "valid")] == ["a.csv:p:10-10", "a.csv:r:10-10"]
    every = tagged(path, test_every=2)
    assert [origin for origin, _, _ in found(every, "test")] == ["a.csv:p:1-10", "a.csv:r:1-10"]
    apart = tagged(path, test_path=other, first_steps=5)
    assert [origin for origin, _, _ in found(apart, "test")] == ["b.csv:p:1-4"]
    assert [origin for origin, _, _ in found(apart)] == ["a.csv:p:1-5", "a.csv:q:1-5", "a.csv:r:1-5"]
    with pytest.raises(ConfigError, match=r"none of the series is a test series(.|\n)*such as 'a.csv:r'"):
        found(tagged(path, test_match="nowhere"))


def test_values_are_scaled_by_the_training_part_or_piece_by_piece(write_file: Any) -> None:
    path = write_file("a.csv", long_table(p=10))  # Training is 1 ... 8: mean 4.5, mean square 5.25 about it.
    data = tagged(path)
    data.setup()
    assert data.codec.encode(np.array([4.5, 4.5 + np.sqrt(5.25)])).flatten().tolist() == pytest.approx([0.0, 1.0])
    windows = tagged(path, scaling="window", piece=2)
    windows.setup()
    assert np.array_equal(np.ravel(windows.store("train").steps), [-1, 1] * 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_column": None}, "needs to know the label of each step(.|\n)*--data.label_column"),
        ({"horizon": 3}, "forecasts nothing: horizon is 3"),
        ({"path": "on=a.csv"}, "'on' would be one label for all steps"),
        ({"piece": 0}, "piece is 0"),
        ({"known_columns": ["z"]}, "no steps to come"),
    ],
)
def test_options_without_a_meaning_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        tagged(**({"path": "a.csv"} | options))


def test_tables_without_labels_of_steps_are_refused(write_file: Any) -> None:
    with pytest.raises(ConfigError, match="its steps have no labels"):
        found(tagged(write_file("a.csv", "id,1,2\np,1,2\n"), layout="rows"))
    with pytest.raises(ConfigError, match="holds one label a record"):
        found(tagged(write_file("a.ts", "@problemName x\n@data\n1,2:a\n")))
    with pytest.raises(ConfigError, match="column 'state' has two meanings"):
        found(tagged(write_file("b.csv", "y,state\n1,2\n"), value_columns=["y", "state"]))


def test_figures_of_steps_and_events_are_those_worked_by_hand() -> None:
    # True runs: 2 steps (one found), 1 (missed), 2 (found); found runs: 2 (right), 1 (false), 3 (right).
    truth = [[*"..XX..X."], [*"XX...."]]
    guess = [[*".XX.X..."], [*"XXX..."]]
    figures = event_figures(truth, guess, "X")
    assert figures == pytest.approx(
        {
            "positive_precision": 3 / 6, "positive_recall": 3 / 5, "positive_f1": 6 / 11, "event_precision": 2 / 3,
            "event_recall": 2 / 3,
        }
    )  # fmt: skip
    assert event_figures(truth, [["."] * 8, ["."] * 6], "X")["positive_precision"] == 0
    assert event_figures([["."]], [["X"]], "X") == {}


def test_events_at_the_edge_of_records_are_not_joined() -> None:
    assert event_figures([[*".X"], [*"X."]], [[*".X"], [*".."]], "X")["event_recall"] == 0.5


def test_the_rarer_of_two_labels_counts_unless_one_is_named(write_file: Any) -> None:
    truth = [[*"aab"]]
    assert rarer_label(truth, ["a", "b"]) == "b"
    assert rarer_label([[*"ab"]], ["a", "b"]) == "b"
    assert rarer_label(truth, ["a", "b", "c"]) is None
    path = write_file("a.csv", "y,state\n" + "".join(f"{t},{'xyz'[t % 3]}\n" for t in range(30)))
    three = tagged(path, positive="y")
    three.setup()
    assert three.figures([["x", "y"]], [["y", "y"]])["positive_precision"] == 0.5
    unnamed = tagged(path)
    unnamed.setup()
    assert unnamed.figures([["x", "y"]], [["y", "y"]]) == {}
    with pytest.raises(ConfigError, match=r"no step has the label 'w'\n  at: --data.positive"):
        tagged(path, positive="w").setup()


def test_each_step_is_a_row_with_its_time(write_file: Any, tmp_path: Path) -> None:
    path = write_file(
        "a.csv", "unique_id,ds,y,state\np,2024-01-01,1,0\np,2024-01-02,2,0\np,2024-01-03,3,1\nq,2024-02-01,4,0\n"
    )
    data = tagged(path, piece=2)
    rows = [
        {"origin": record.origin, "prediction": ["on"] * len(record.sequence)} for record in data.records("predict")
    ]
    assert [row["origin"] for row in rows] == ["a.csv:p:1-1", "a.csv:p:2-3", "a.csv:q:1-1"]
    data.row_writers()[".csv"](iter(rows), tmp_path / "out.partial")
    assert (tmp_path / "out.partial").read_text().splitlines() == [
        "origin,ds,step,prediction",
        "a.csv:p,2024-01-01,1,on", "a.csv:p,2024-01-02,2,on", "a.csv:p,2024-01-03,3,on", "a.csv:q,2024-02-01,1,on",
    ]  # fmt: skip
    data.row_writers()[".parquet"](iter(rows), tmp_path / "out.partial")
    table = pd.read_parquet(tmp_path / "out.partial")
    assert table["step"].tolist() == [1, 2, 3, 1] and str(table["ds"][2]).startswith("2024-01-03")


def test_rows_of_the_end_of_a_series_and_of_numbers_have_their_steps(write_file: Any) -> None:
    data = tagged(write_file("a.csv", "y,state\n1,1\n2,2\n3,3\n"), target="value")
    [table] = step_tables(iter([{"origin": "a.csv:a:2-3", "prediction": [[0.5], [1.5]]}]), data.read(data.path))
    assert table.to_dict("list") == {
        "origin": ["a.csv:a"] * 2, "ds": [1, 2], "step": [2, 3], "prediction": [0.5, 1.5]
    }  # fmt: skip
    with pytest.raises(DataError, match="not found again"):
        list(step_tables(iter([{"origin": "b.csv:b:1-1", "prediction": ["x"]}]), data.read(data.path)))
    assert set(step_writers(list)) == {".csv", ".parquet"}


def test_check_counts_labels_and_names_every_missing_one(write_file: Any) -> None:
    path = write_file("a.csv", long_table(p=100))
    report = check("timeseries", path=path, task="tag", label_column="state")
    classes = report["targets"]["classes"]
    assert classes["0"] == {"count": 80, "share": 0.8, "train": 64, "valid": 8, "test": 8}
    assert (report["num_records"], report["num_steps"], report["num_problems"]) == (1, 100, 0)
    assert report["facts"]["series"] == 1
    broken = write_file("b.csv", long_table(p=100).replace("p,7,7,0", "p,7,7,").replace("p,9,9,0", "p,9,9,"))
    report = check("timeseries", path=broken, task="tag", label_column="state")
    assert [problem["at"] for problem in report["problems"]] == [
        "b.csv, line 8, column 'state'", "b.csv, line 10, column 'state'"
    ]  # fmt: skip


def test_a_short_training_finds_faults_predicts_steps_and_reads_a_stream(tmp_path: Path) -> None:
    run = seqkit.fit(
        "timeseries", task="tag", run=str(tmp_path / "run"), seed=0, max_epochs=2, hidden_size=8, bidirectional=False,
        kernel_sizes=[], learning_rate=0.02,
    )  # fmt: skip
    figures = run.validate()
    assert figures["matthews"] > 0.2 and figures["event_recall"] > 0.3
    rows = list(run.predict())
    assert sum(len(row["prediction"]) for row in rows) == 30_000
    assert {tag for row in rows for tag in row["prediction"]} == {"fault", "normal"}
    whole = next(iter(TimeseriesData(task="tag").records("predict"))).sequence[:40]
    text = "".join(f"{value!r}\n" for value in whole[:, 0].tolist()).encode()
    lines = list(run.stream([text[:100], text[100:]]))
    assert [line["prediction"] for line in lines] == rows[0]["prediction"][:40]
    assert lines[0].keys() == {"record", "step", "value", "prediction", "probability"}


def test_a_series_too_short_to_hold_out_is_trained_on(write_file: Any) -> None:
    data = tagged(write_file("a.csv", long_table(p=4)))
    assert [(split, record.origin) for split, record in data.placed()] == [("train", "a.csv:p:1-4")]


def test_an_inspected_series_is_one_whatever_its_splits() -> None:
    placed = list(TimeseriesData(task="tag").placed())
    assert [split for split, _ in placed[:3]] == ["train", "valid", "test"]
    assert [record.continues for _, record in placed[:4]] == [False, True, True, False]
    assert isinstance(placed[0][1], Record) and len(placed) == 90


def test_a_threshold_is_put_on_the_feature_that_tells_faults_best() -> None:
    # The second feature: mean 2, deviation 4, so that the faults (10, 10) lie two deviations away, the others a half.
    steps = np.array([[t % 3, 10.0 if t in (4, 7) else 0.0] for t in range(10)])
    faults = steps[:, 1] == 10
    threshold = Threshold.learn(steps, faults)
    assert (threshold.feature, threshold.mean, threshold.deviation) == (1, 2, 4)
    assert threshold.limit == 0.5  # the least that only faults exceed
    assert threshold.exceeded(np.array([[0, 9.5], [9, 0], [0, np.nan], [0, -9]])).tolist() == [True, False, False, True]


def test_figures_of_a_threshold_are_those_of_what_is_scored() -> None:
    trained_on = (np.array([[0.0], [0.0], [0.0], [8.0]]), np.array([1, 1, 1, 0]))
    scored = (np.array([[0.0], [8.0], [8.0], [0.0]]), np.array([1, 0, 1, 0]))
    assert threshold_figures(trained_on, scored, fault=0) == {"accuracy": 0.5, "macro_f1": 0.5, "matthews": 0.0}
    unmeasured = (np.full((4, 1), np.nan), np.array([1, 0, 1, 0]))
    assert threshold_figures(unmeasured, scored, fault=0)["accuracy"] == 0.5  # Nothing is called a fault.


def test_two_labels_have_the_baseline_of_a_threshold(write_file: Any) -> None:
    rows = [f"{9 if t % 10 == 3 else t % 2},{'on' if t % 10 == 3 else 'off'}" for t in range(200)]
    two = tagged(write_file("a.csv", "y,state\n" + "\n".join(rows)))
    assert two.baselines("test", two) == {"threshold": {"accuracy": 1.0, "macro_f1": 1.0, "matthews": 1.0}}
    three = tagged(write_file("b.csv", "y,state\n" + "\n".join(f"1,{'xyz'[t % 3]}" for t in range(90))))
    assert three.baselines("test", three) == {}
