"""Baselines at their limits: wild beginnings, windows without values, shorter horizons, wide steps, many classes."""

import math
from pathlib import Path

import numpy as np
import pytest

from seqkit import Continuous, LabelCodec, Record, StandardCodec, SymbolCodec
from seqkit.data.store import FlatStore
from seqkit.data.store_building import build_store
from seqkit.data.windows import WindowLoader
from seqkit.lecture.rungs import autoregression, bags, forecast_rungs, places, reading
from seqkit.lecture.rungs.autoregression import NUM_LAGS, number_rungs
from seqkit.lecture.rungs.neighbour import nearest_neighbour_rung
from seqkit.lecture.rungs.reading import NumberReader


def numbers(folder: Path, *values: np.ndarray) -> FlatStore:
    return build_store([Record(one) for one in values], StandardCodec(values[0].shape[1], False), None, folder)


def noise(folder: Path, seed: int, count: int, steps: int, features: int = 1) -> FlatStore:
    rng = np.random.default_rng(seed)
    return numbers(folder, *(rng.normal(size=(steps, features)) + 50 for _ in range(count)))


def test_the_first_steps_of_streams_do_not_decide_the_loss_of_all(tmp_path: Path) -> None:
    train, valid, scored = (noise(tmp_path / str(seed), seed, 30, 1000) for seed in range(3))
    reader = NumberReader(Continuous(1), True, 1, NUM_LAGS)
    loss = next(rung for rung in number_rungs(train, valid, scored, reader) if rung.name == "marginal").figures["loss"]
    # 0.5 ln(2 pi e) = 1.419 nats, and some more while mean and deviation of a stream are learnt.
    assert 1.4 < loss < 1.48


def test_small_chunks_change_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = noise(tmp_path / "s", 0, 3, 200, features=3)
    whole = [rung.figures for rung in number_rungs(data, None, data, NumberReader(Continuous(3), True, 50, NUM_LAGS))]
    monkeypatch.setattr(reading, "_MOST_NUMBERS", 400)
    parts = [rung.figures for rung in number_rungs(data, None, data, NumberReader(Continuous(3), True, 50, NUM_LAGS))]
    for one, other in zip(whole, parts, strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def test_figures_of_a_part_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoregression, "_MOST_READ", 2000)
    monkeypatch.setattr(autoregression, "_MOST_SCORED", 3000)
    data = noise(tmp_path / "s", 0, 1, 2001, features=2)
    rungs = number_rungs(data, None, data, NumberReader(Continuous(2), False, 1, NUM_LAGS))
    note = "learnt from the first 1,000 of 2,000 steps, scored on the first 1,500 of 2,000 steps"
    assert [rung.note for rung in rungs] == ["", "", f"ar 8: {note}"]


def windows(store: FlatStore, horizon: int) -> WindowLoader:
    return WindowLoader(store, 8, 24, horizon, 1, False, 0)


def test_a_shorter_horizon_than_in_training_is_forecast_and_a_longer_one_left_to_the_naive(tmp_path: Path) -> None:
    wave = np.sin(2 * np.pi * np.arange(300) / 12)[:, None]
    data = numbers(tmp_path / "s", wave * 3 + 7)
    rungs, linear = forecast_rungs.forecast_rungs(windows(data, 8), windows(data, 8), windows(data, 3), 12)
    assert linear is not None and [rung.name for rung in rungs][-1] == "linear_window"
    assert rungs[-1].figures["mse"] < 0.01 * rungs[0].figures["mse"]
    rungs, linear = forecast_rungs.forecast_rungs(windows(data, 8), windows(data, 8), windows(data, 9), 12)
    assert linear is None and [rung.name for rung in rungs] == ["naive", "seasonal_naive"]


def test_a_window_without_any_value_is_forecast_at_the_mean_of_training(tmp_path: Path) -> None:
    values = np.concatenate([np.ones(30), np.full(24, np.nan), [2.0], np.full(5, np.nan)])[:, None]
    rungs, _ = forecast_rungs.forecast_rungs(None, None, windows(numbers(tmp_path / "s", values), 1), 4)
    # Six windows after 24 ones, all of them 1; then 2 after 24 missing values, whose forecast is 0.
    assert rungs[0].figures["mse"] == rungs[1].figures["mse"] == pytest.approx(4 / 7)


def test_wide_series_are_learnt_from_as_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast_rungs, "_MOST_WINDOWS", 100)
    monkeypatch.setattr(forecast_rungs, "_ROWS_TOGETHER", 8)
    data = noise(tmp_path / "s", 0, 1, 127, features=5)
    rungs, _ = forecast_rungs.forecast_rungs(windows(data, 4), None, windows(data, 4), 1)
    assert rungs[-1].note == "linear window: learnt from 20 of 100 windows"


def test_a_part_smaller_than_a_block_is_one_block_or_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_BLOCK", 8)
    data = build_store([Record("abc" * 2), Record("cab" * 5)], SymbolCodec("abc"), None, tmp_path / "s")
    assert len(places.all_places(data, 3)) == 8
    few = build_store([Record("abcab")], SymbolCodec("abc"), None, tmp_path / "f")
    assert places.all_places(few, 3).at.tolist() == [0, 1, 2, 3, 4]


def test_neighbours_are_told_apart_far_from_zero(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    classes = np.arange(60) % 2
    values = rng.normal(size=(60, 30, 1)) * 0.1 + classes[:, None, None] * 0.5 + 20_000
    records = [Record(one, "ab"[k]) for one, k in zip(values, classes, strict=True)]
    data = build_store(records, StandardCodec(1, False), LabelCodec(["a", "b"]), tmp_path / "s")
    rung = nearest_neighbour_rung(data, data, 2)
    assert rung is not None and rung.figures["accuracy"] == 1.0


def test_bags_of_too_many_classes_are_left_out_and_blocks_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    records = [Record("".join(rng.choice(list("abc"), 5)), "xy"[number % 2]) for number in range(20)]
    words = build_store(records, SymbolCodec("abc"), LabelCodec(["x", "y"]), tmp_path / "w")
    series = build_store(
        [Record(rng.normal(size=(4, 2)), "xy"[number % 2]) for number in range(20)],
        StandardCodec(2, False), LabelCodec(["x", "y"]), tmp_path / "s",
    )  # fmt: skip
    bag, moments = (
        bags.bag_of_words_rung(words, words, words, 3, 2),
        bags.gaussian_bayes_rung(series, series, series, 2),
    )
    assert bag is not None and moments is not None
    assert 0 < bag.figures["loss"] < math.log(2) + 0.01
    monkeypatch.setattr(bags, "_NUMBERS_TOGETHER", 10)
    again = bags.gaussian_bayes_rung(series, series, series, 2)
    assert again is not None and again.figures == pytest.approx(moments.figures, rel=1e-12)
    monkeypatch.setattr(bags, "_MOST_NUMBERS", 30)
    assert bags.bag_of_words_rung(words, words, words, 3, 2) is None
    assert bags.gaussian_bayes_rung(series, series, series, 2) is None
