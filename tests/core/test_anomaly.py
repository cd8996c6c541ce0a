"""How odd a step is: several features, the worst step of a record, thresholds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

import seqkit
from seqkit import (
    ConfigError,
    Continuous,
    Domain,
    Record,
    StandardCodec,
)
from seqkit.inference.score import Scoring, require_threshold
from tests.core.scoring import build


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
