"""Counts of the real data sets, as their sources state them; skipped where the files are absent."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import Continuous, Split
from seqkit_timeseries.data import TimeseriesData

FOLDER = Path(__file__).parents[3] / ".." / "shared" / "data" / "timeseries"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real data sets are not beside this checkout")


def sequences(split: Any, **options: Any) -> list[np.ndarray]:
    return [record.sequence for record in TimeseriesData(**options).records(split)]


def test_m4_hourly_has_414_series_and_48_steps_to_forecast() -> None:
    paths: dict[str, Any] = {
        "path": str(FOLDER / "m4-hourly/Hourly-train.csv.gz"),
        "test_path": str(FOLDER / "m4-hourly/Hourly-test.csv"),
    }
    series = sequences("predict", **paths)
    assert len(series) == 414 and sum(map(len, series)) == 353_500
    assert sorted({len(s) for s in series}) == [700, 960] and sum(len(s) == 960 for s in series) == 245
    assert min(s.min() for s in series) == 10 and max(s.max() for s in series) == 703_008
    test = list(TimeseriesData(horizon=48, season=24, **paths).records("test"))
    assert len(test) == 414 and {len(r.sequence) - r.context for r in test} == {48}
    assert test[0].origin == "Hourly-train.csv.gz:H1" and test[0].sequence[-48:][:3, 0].tolist() == [619, 565, 532]
    train = sequences("train", horizon=48, **paths)
    assert sum(map(len, train)) == 353_500 - 414 * 48


def test_etth1_is_hourly_with_seven_columns() -> None:
    data = TimeseriesData(path=str(FOLDER / "etth1/ETTh1.csv"), multivariate=True)
    (record,) = data.records("predict")
    assert record.sequence.shape == (17_420, 7) and not np.isnan(record.sequence).any() and data.season == 24
    assert record.sequence[0].round(3).tolist() == [5.827, 2.009, 1.599, 0.462, 4.203, 1.34, 30.531]
    assert [len(s) for s in sequences("predict", path=str(FOLDER / "etth1/ETTh1.csv"))] == [17_420] * 7


def test_etth1_is_forecast_from_2785_places_by_the_usual_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path))
    data = TimeseriesData(
        path=str(FOLDER / "etth1/ETTh1.csv"), task="forecast", multivariate=True, horizon=96, look_back=96,
        scaling="standard", calendar=False, first_steps=14_400, held_out="share", valid_fraction=0.2, test_fraction=0.2,
    )  # fmt: skip
    data.setup("fit")
    splits: tuple[Split, ...] = ("train", "valid", "test")
    loaders = {split: data.loader(split) for split in splits}
    counts = {split: len(loader.plan(0)) for split, loader in loaders.items()}
    assert counts == {"train": 8_640 - 96 - 96 + 1, "valid": 2_785, "test": 2_785}
    (whole,) = data.records("predict")
    first = next(iter(loaders["test"]))
    # Rows are counted from 0: the look-back of the first window reaches into the validation months.
    np.testing.assert_allclose(data.codec.decode(first.inputs[0]), np.asarray(whole.sequence)[11_424:11_520], atol=1e-5)
    np.testing.assert_allclose(data.codec.decode(first.targets[0])[0], np.asarray(whole.sequence)[11_520], atol=1e-5)
    # Repeating the last value: mean squared error 1.294, in units of the training months.
    squares = [(b.targets - b.inputs[:, -1:]).square().mean().item() * len(b.targets) for b in loaders["test"]]
    assert sum(squares) / 2_785 == pytest.approx(1.294, abs=1e-3)


def test_m4_hourly_is_forecast_once_a_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path))
    data = TimeseriesData(
        path=str(FOLDER / "m4-hourly/Hourly-train.csv.gz"), test_path=str(FOLDER / "m4-hourly/Hourly-test.csv"),
        task="forecast", horizon=48, season=24,
    )  # fmt: skip
    data.setup("fit")
    assert data.look_back == 168 and data.codec.spec == Continuous(1)
    splits: tuple[Split, ...] = ("valid", "test")
    for split in splits:
        batches = list(data.loader(split))
        assert sum(len(batch.lengths) for batch in batches) == 414
        assert all((batch.lengths == 168).all() and batch.targets.shape[1] == 48 for batch in batches)


def test_exchange_rates_have_no_header() -> None:
    series = sequences("predict", path=str(FOLDER / "exchange-rate/exchange_rate.txt.gz"))
    assert [len(s) for s in series] == [7_588] * 8
    assert [s[0, 0] for s in series[:3]] == [0.7855, 1.611, 0.861698]


@pytest.mark.parametrize(
    ("file", "num_steps", "first", "last"),
    [("airline-passengers.csv", 144, 112, 432), ("monthly-sunspots.csv", 2_820, 58.0, 33.4)],
)
def test_classic_series_are_monthly(file: str, num_steps: int, first: float, last: float) -> None:
    data = TimeseriesData(path=str(FOLDER / "classic" / file))
    (record,) = data.records("predict")
    assert (len(record.sequence), record.sequence[0, 0], record.sequence[-1, 0]) == (num_steps, first, last)
    assert data.season == 12


@pytest.mark.parametrize(
    ("name", "counts", "num_features", "lengths", "num_classes"),
    [
        ("ItalyPowerDemand", (67, 1_029), 1, (24, 24), 2),
        ("GunPoint", (50, 150), 1, (150, 150), 2),
        ("BasicMotions", (40, 40), 6, (100, 100), 4),
        ("JapaneseVowels", (270, 370), 12, (7, 29), 9),
    ],
)
def test_ucr_and_uea_sets_have_their_counts(
    name: str, counts: tuple[int, int], num_features: int, lengths: tuple[int, int], num_classes: int
) -> None:
    paths: dict[str, Any] = {part: str(FOLDER / "ucr-uea" / f"{name}_{part.upper()}.ts") for part in ("train", "test")}
    data = TimeseriesData(path=paths["train"], test_path=paths["test"], task="classify", valid_fraction=0.0)
    splits = [list(data.records("train")), list(data.records("test"))]
    assert tuple(map(len, splits)) == counts
    records = splits[0] + splits[1]
    steps = [len(record.sequence) for record in records]
    assert (min(steps), max(steps)) == lengths and {r.sequence.shape[1] for r in records} == {num_features}
    assert len({record.target for record in records}) == num_classes
