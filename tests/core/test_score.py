"""Records and steps are scored by their likelihood, in parts and in files."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from seqkit import (
    ConfigError,
    DataError,
    Domain,
    Record,
)
from seqkit.inference import score as score_module
from seqkit.inference.predict import predict_records
from seqkit.inference.rows import write_rows
from seqkit.inference.score import Scoring
from tests.core.scoring import build, offline


def test_a_record_is_scored_by_the_sum_over_its_steps(melody: Domain) -> None:
    model, data = build(melody, data={"batch_size": 3, "window": 4})
    rows = list(Scoring(model, data).record_rows())
    assert len(rows) == 60
    for number in (0, 17, 59):
        expected = offline(model, data.store("predict").sequence(number))
        row = rows[number]
        assert row["num_steps"] == len(expected)
        assert row["log_likelihood"] == pytest.approx(expected.sum(), abs=2e-6)
        assert row["nll_nats"] == pytest.approx(-expected.mean(), abs=2e-6)
        assert row["bits_per_step"] == pytest.approx(-expected.mean() / math.log(2), abs=2e-6)
        assert row["perplexity"] == pytest.approx(math.exp(-expected.mean()), abs=1e-5)


def test_steps_stand_in_order_with_an_empty_first_one(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(melody, data={"batch_size": 3, "window": 4})
    words = ["abcdefgh" * 3, "b", "hg", "ccc", "abc"]
    monkeypatch.setattr(data, "records", lambda split: [Record(w, origin=f"m:{n}") for n, w in enumerate(words)])
    # 5 steps may wait: the first record is read alone, "b" and "hg" together, then the other two.
    monkeypatch.setattr(score_module, "_GROUP_STEPS", 5)
    rows = list(Scoring(model, data).step_rows())
    assert [(row["origin"], row["step"]) for row in rows] == [
        (f"m:{n}", step) for n, word in enumerate(words) for step in range(len(word))
    ]
    assert "".join(row["value"] for row in rows) == "".join(words)
    assert list(rows[0]) == ["origin", "step", "value", "nll_nats", "bits"]
    expected = [np.concatenate([[np.nan], offline(model, data.codec.encode(w))]) if len(w) > 1 else [np.nan]
                for w in words]  # fmt: skip
    for row, nats in zip(rows, np.concatenate(expected), strict=True):
        if np.isnan(nats):
            assert row["step"] == 0 and row["nll_nats"] is None and row["bits"] is None
        else:
            assert row["nll_nats"] == pytest.approx(-nats, abs=2e-6)
            assert row["bits"] == pytest.approx(-nats / math.log(2), abs=2e-6)


def test_both_kinds_of_rows_add_up_alike(melody: Domain, series: Domain) -> None:
    for domain in (melody, series):
        model, data = build(domain, data={"batch_size": 5, "window": 3})
        by_record, by_step = Scoring(model, data), Scoring(model, data)
        list(by_record.record_rows()), list(by_step.step_rows())
        assert by_record.num_steps.sum() > 0
        np.testing.assert_array_equal(by_record.num_steps, by_step.num_steps)
        np.testing.assert_allclose(by_record.nats, by_step.nats, rtol=1e-6)


def test_a_long_record_is_handed_on_while_it_is_read(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(melody)
    monkeypatch.setattr(data, "records", lambda split: [Record("abcdefgh" * 1000, origin="m:0")])
    monkeypatch.setattr(score_module, "_GROUP_STEPS", 100)
    calls: list[int] = []
    forward = model.forward

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return forward(*arguments)

    monkeypatch.setattr(model, "forward", counted)
    rows = Scoring(model, data).step_rows()
    next(rows), next(rows)
    assert len(calls) == 1  # of 8
    assert sum(1 for _ in rows) == 7998 and len(calls) == 8


def test_the_known_past_is_not_scored(series: Domain) -> None:
    model, data = build(series, data={"batch_size": 4, "window": 3, "test_every": 4})
    rows = list(Scoring(model, data, "test").step_rows())
    assert rows
    lengths = data.store("test").lengths
    for row in rows:
        number = [origin for origin in dict.fromkeys(r["origin"] for r in rows)].index(row["origin"])
        assert (row["nll_nats"] is not None) == (row["step"] >= lengths[number] - 5)


def test_predict_says_the_same(melody: Domain) -> None:
    model, data = build(melody)
    rows, scores = list(predict_records(model, data)), list(Scoring(model, data).record_rows())
    assert rows == [{k: row[k] for k in ("origin", "num_steps", "nll_nats", "bits_per_step")} for row in scores]


def test_an_empty_split_is_refused(series: Domain) -> None:
    model, data = build(series)
    with pytest.raises(DataError, match="the test split holds no record"):
        Scoring(model, data, "test")


def test_other_tasks_are_refused_with_what_to_train(melody: Domain) -> None:
    model, data = build(melody, "classify")
    with pytest.raises(ConfigError, match=r"only models trained on next_step(.|\n)*--data\.task next_step"):
        Scoring(model, data)


def test_parquet_comes_in_row_groups_and_columns_may_begin_empty(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("seqkit.inference.rows._GROUP", 3)
    rows = [{"origin": f"é:{n}", "step": n, "bits": None if n < 3 else n / 4} for n in range(7)]
    assert write_rows(rows, tmp_path / "r.parquet") == 7
    file = pq.ParquetFile(tmp_path / "r.parquet")
    assert file.num_row_groups == 3
    assert file.read().to_pylist() == rows


def test_parquet_cuts_no_fraction_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqkit.inference.rows._GROUP", 2)
    rows: list[dict[str, Any]] = [{"value": 1}, {"value": 2}, {"value": 2.0}, {"value": 2.5}]
    with pytest.raises(DataError, match=r"2\.5 in column 'value', which began with whole numbers"):
        write_rows(rows, tmp_path / "r.parquet")
    write_rows(rows, tmp_path / "r.jsonl")
    write_rows(rows[:3], tmp_path / "r.parquet")
    assert pq.read_table(tmp_path / "r.parquet").to_pylist() == rows[:3]


def test_a_file_appears_only_when_all_its_rows_are_there(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"a": 1}
        raise ConfigError("no")

    for name in ("r.csv", "r.jsonl", "r.parquet"):
        with pytest.raises(ConfigError):
            write_rows(rows(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
