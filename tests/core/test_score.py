"""Scores of untrained models: each figure against one that is worked out without the code under test."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from scipy import stats
from torch import Tensor

import seqkit
from seqkit import (
    ConfigError,
    Continuous,
    DataError,
    Discrete,
    Domain,
    ModelOptions,
    Record,
    SequenceModel,
    StandardCodec,
)
from seqkit.backbone.scaling import Scale
from seqkit.build import build_model
from seqkit.inference import score as score_module
from seqkit.inference.predict import predict_records
from seqkit.inference.rows import write_rows
from seqkit.inference.score import Scoring, require_threshold
from seqkit.tasks.distributions import LocationScale, Normal, StudentT
from seqkit.tasks.tails import normal_log_tail, student_log_tail


def build(domain: Domain, task: str = "next_step", data: dict[str, Any] | None = None, **options: Any) -> Any:
    torch.manual_seed(0)
    module = domain.datamodule(task=task, **(data or {}))
    module.setup("fit")
    options = {"hidden_size": 7, "num_layers": 2, "cell": "gru"} | options
    model = build_model(domain, module, ModelOptions(**options))
    if isinstance(module.codec.spec, Discrete):
        model = model.double()  # Numbers are stored as float32.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.7)
    return model.eval(), module


@torch.no_grad()
def offline(model: SequenceModel, steps: Tensor) -> np.ndarray:
    """Log-likelihood of each step but the first, by one reading of the whole: (T - 1,)."""
    raw, lengths, scale, _ = model(steps[None, :-1], torch.tensor([len(steps) - 1]))
    nll, _ = model.task.output.nll(model.task(raw, lengths), steps[None, 1:], scale)
    return -nll[0].reshape(len(steps) - 1, -1).sum(-1).numpy()


# Records


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
    monkeypatch.setattr(model, "forward", lambda *a, **k: (calls.append(1), forward(*a, **k))[1])
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


# Anomalies


@pytest.mark.parametrize("nu", [2.0001, 2.5, 7.0, 40.0, 3000.0])
def test_tails_of_students_t_are_those_of_scipy(nu: float) -> None:
    z = torch.tensor([0.0, 1e-9, 1e-3, 0.2, 1.0, 1.7, -3.0, 9.0, -30.0], dtype=torch.float64)
    expected = math.log(2) + stats.t.logsf(z.abs().numpy(), nu)
    found = student_log_tail(z, torch.tensor(nu, dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-9)


def test_tails_of_the_normal_are_those_of_scipy_also_where_no_float_holds_them() -> None:
    z = torch.tensor([0.0, 0.3, -1.96, 6.0, -60.0], dtype=torch.float64)
    np.testing.assert_allclose(normal_log_tail(z).numpy(), math.log(2) + stats.norm.logsf(z.abs().numpy()), rtol=1e-12)
    assert float(normal_log_tail(torch.tensor(60.0)).exp()) == 0.0  # what the logarithm is for


def test_far_tails_of_students_t_follow_the_power_law() -> None:
    # P(|T| >= z) tends to c / z^nu: a thousandfold z costs nu * ln 1000.
    z = torch.tensor([1e6, 1e9], dtype=torch.float64)
    near, far = student_log_tail(z, torch.tensor(4.0, dtype=torch.float64)).tolist()
    assert near - far == pytest.approx(4 * math.log(1000), rel=1e-9)


@pytest.mark.parametrize(("output", "reference"), [(Normal(2), stats.norm), (StudentT(2), stats.t)])
def test_a_tail_is_two_sided_and_in_the_units_of_the_targets(output: LocationScale, reference: Any) -> None:
    generator = torch.Generator().manual_seed(5)
    raw = torch.randn(3, output.num_parameters, generator=generator, dtype=torch.float64)
    targets = 4 * torch.randn(3, 2, generator=generator, dtype=torch.float64)
    scale = Scale(torch.full((3, 2), 1.5), torch.full((3, 2), 2.5))
    for frame in (None, scale):
        location, spread, shape = output.parameters(raw, frame)
        z = ((targets - location) / spread).abs().numpy()
        free = () if shape is None else (2 + torch.nn.functional.softplus(shape).numpy(),)
        expected = 2 * reference.sf(z, *free)
        np.testing.assert_allclose(output.log_tail(raw, targets, frame).exp().numpy(), expected, rtol=1e-9)


class TwoFeatures(seqkit.SequenceDataModule):
    """Pairs of numbers, some missing."""

    def __init__(self, path: str | None = None, task: str = "next_step", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = StandardCodec(2)
        self.target_codec = self.codec

    def records(self, split: seqkit.Split) -> Iterator[Record]:
        values = np.random.default_rng(1).normal(size=(9, 2))
        values[3] = np.nan
        values[5, 1] = np.nan
        yield Record(values, origin="pairs:0")
        yield Record(values[:1], origin="pairs:1")


@pytest.fixture(scope="module")
def pairs() -> Domain:
    return Domain("pairs", TwoFeatures)


def test_the_anomaly_of_several_features_is_that_of_the_farthest_of_so_many(pairs: Domain) -> None:
    model, data = build(pairs, distribution="normal")
    assert data.codec.spec == Continuous(2)
    rows = list(Scoring(model, data).step_rows())
    assert list(rows[1]) == ["origin", "step", "value_0", "value_1", "nll_nats", "anomaly"]
    steps = data.store("predict").sequence(0)
    with torch.no_grad():
        raw, lengths, scale, _ = model(steps[None, :-1], torch.tensor([8]))
        location, spread, _ = model.task.output.parameters(model.task(raw, lengths), scale)
    z = ((steps[1:] - location[0]) / spread[0]).abs().double().numpy()
    for step in range(1, 9):
        tails = 2 * stats.norm.sf(z[step - 1])
        seen = tails[np.isfinite(tails)]
        row = rows[step]
        if not len(seen):
            assert row["anomaly"] is None and row["nll_nats"] is None and row["value_0"] is None
            continue
        # The least of k independent uniform numbers is below p with probability 1 - (1 - p)^k.
        assert row["anomaly"] == pytest.approx(
            -np.log10(-np.expm1(len(seen) * np.log1p(-seen.min()))), rel=1e-4, abs=1e-5
        )
    assert rows[5]["value_1"] is None and rows[5]["anomaly"] is not None


def test_a_record_names_its_worst_step_and_counts_those_above_the_threshold(pairs: Domain) -> None:
    model, data = build(pairs)
    steps = [row for row in Scoring(model, data).step_rows() if row["origin"] == "pairs:0"]
    anomalies = np.array([np.nan if row["anomaly"] is None else row["anomaly"] for row in steps])
    threshold = float(np.nanmedian(anomalies))
    scoring = Scoring(model, data, threshold=threshold)
    first, second = scoring.record_rows()
    assert first["max_anomaly"] == np.nanmax(anomalies) and first["max_anomaly_step"] == np.nanargmax(anomalies)
    assert first["num_steps"] == 7 and first["num_above"] == (anomalies >= threshold).sum() == 4
    assert second["max_anomaly"] is None and second["num_above"] == 0
    assert sorted(step for _, _, step in scoring.above) == np.flatnonzero(anomalies >= threshold).tolist()


def test_a_threshold_that_would_say_nothing_is_refused(melody: Domain, series: Domain) -> None:
    with pytest.raises(ConfigError, match="symbols have no anomaly score"):
        require_threshold(build(melody)[1], 3.0)
    with pytest.raises(ConfigError, match="threshold is 0"):
        require_threshold(build(series)[1], 0.0)


# Rows


def test_parquet_comes_in_row_groups_and_columns_may_begin_empty(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("seqkit.inference.rows._GROUP", 3)
    rows = [{"origin": f"é:{n}", "step": n, "bits": None if n < 3 else n / 4} for n in range(7)]
    assert write_rows(rows, tmp_path / "r.parquet") == 7
    file = pq.ParquetFile(tmp_path / "r.parquet")
    assert file.num_row_groups == 3
    assert file.read().to_pylist() == rows


def test_a_file_appears_only_when_all_its_rows_are_there(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"a": 1}
        raise ConfigError("no")

    for name in ("r.csv", "r.jsonl", "r.parquet"):
        with pytest.raises(ConfigError):
            write_rows(rows(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
