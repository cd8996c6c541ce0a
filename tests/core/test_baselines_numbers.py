"""Baselines over numbers: known coefficients, losses by hand, neighbours and moments against scikit-learn."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from seqkit import (
    Autoregression,
    Continuous,
    LabelCodec,
    ModelOptions,
    PathOption,
    Record,
    SequenceDataModule,
    Split,
    StandardCodec,
    SymbolCodec,
)
from seqkit.cli.report import columns_that_fit, print_result
from seqkit.data.store import FlatStore
from seqkit.data.store_building import build_store
from seqkit.data.windows import WindowLoader
from seqkit.lecture.rungs.autoregression import NUM_LAGS, number_rungs
from seqkit.lecture.rungs.bags import gaussian_bayes_rung
from seqkit.lecture.rungs.baselines import cheap_rungs
from seqkit.lecture.rungs.class_rungs import mean_rung
from seqkit.lecture.rungs.forecast_rungs import forecast_rungs
from seqkit.lecture.rungs.neighbour import nearest_neighbour_rung
from seqkit.lecture.rungs.reading import NumberReader


def series(folder: Path, *values: np.ndarray, context: int = 0) -> FlatStore:
    codec = StandardCodec(values[0].shape[1] if values[0].ndim == 2 else 1, standardise=False)
    return build_store([Record(one, context=context) for one in values], codec, None, folder)


def autoregressive(count: int, seed: int, level: float = 0.0) -> np.ndarray:
    """x_t = 0.5 x_{t-1} - 0.3 x_{t-2} + 0.2 e_t around a level."""
    rng = np.random.default_rng(seed)
    values = np.zeros(count + 2)
    for t in range(2, count + 2):
        values[t] = 0.5 * values[t - 1] - 0.3 * values[t - 2] + 0.2 * rng.normal()
    return values[2:] + level


def test_an_autoregression_recovers_its_coefficients_and_reaches_the_entropy(tmp_path: Path) -> None:
    train, valid, scored = (series(tmp_path / str(n), autoregressive(6000, n)) for n in range(3))
    rungs = {
        rung.kind: rung for rung in number_rungs(train, valid, scored, NumberReader(Continuous(1), False, 1, NUM_LAGS))
    }
    assert rungs["window"].name == "ar_2"
    entropy = 0.5 * math.log(2 * math.pi * math.e * 0.04)
    assert rungs["window"].figures["loss"] == pytest.approx(entropy, abs=0.02)
    assert rungs["window"].figures["mse"] == pytest.approx(0.04, rel=0.04)
    # Variance of the process: (1 - b) / (1 + b) / ((1 - b)^2 - a^2) * 0.04 with a = 0.5, b = -0.3.
    variance = 1.3 / 0.7 / (1.3**2 - 0.25) * 0.04
    assert rungs["blind"].figures["mse"] == pytest.approx(variance, rel=0.08)
    assert rungs["last value"].figures["loss"] > rungs["blind"].figures["loss"]


def test_losses_of_last_value_and_last_season_by_hand(tmp_path: Path) -> None:
    train = series(tmp_path / "t", np.array([0.0, 1.0, 0.0, 3.0, 0.0]))
    scored = series(tmp_path / "s", np.array([0.0, 2.0, np.nan, 4.0]), np.array([5.0]))
    reader = NumberReader(Continuous(1), False, 2, NUM_LAGS)
    rungs = {rung.name: rung.figures for rung in number_rungs(train, None, scored, reader)}
    # Training errors of the last value: 1, -1, 3, -3: variance 5. Targets: 2 after 0, 4 after nothing (0, the mean).
    assert rungs["naive"]["mse"] == pytest.approx((2**2 + 4**2) / 2)
    assert rungs["naive"]["mae"] == pytest.approx(3.0)
    expected = 0.5 * math.log(2 * math.pi * 5) + 20 / (2 * 2 * 5)
    assert rungs["naive"]["loss"] == pytest.approx(expected)
    # A season of 2: 2 after nothing falls back on the last value, 4 after the 2 of two steps ago.
    assert rungs["seasonal_naive"]["mse"] == pytest.approx((2**2 + 2**2) / 2)


def test_a_running_scale_makes_series_of_any_size_alike(tmp_path: Path) -> None:
    sizes = (1.0, 1000.0)
    train, valid, scored = (
        series(tmp_path / str(n), *(size * autoregressive(3000, n, 5.0) for size in sizes)) for n in range(3)
    )
    rungs = {
        rung.kind: rung for rung in number_rungs(train, valid, scored, NumberReader(Continuous(1), True, 1, NUM_LAGS))
    }
    entropy = np.mean([0.5 * math.log(2 * math.pi * math.e * (0.2 * size) ** 2) for size in sizes])
    assert rungs["window"].figures["loss"] == pytest.approx(entropy, abs=0.1)
    assert rungs["window"].figures["loss"] < rungs["blind"].figures["loss"] - 0.05


class WaveData(SequenceDataModule):
    """Waves of two features, some values missing, some steps given.

    Args:
        path: Not read.
        task: What is asked.
        options: Of the base class.
    """

    horizon, look_back, stride, season = 4, 24, 3, 6

    def __init__(self, path: PathOption = None, task: str = "next_step", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = self.target_codec = StandardCodec(running_scale=True)

    def records(self, split: Split) -> Iterator[Record]:
        rng = np.random.default_rng(len(split))
        for number in range(5):
            steps = np.arange(60 + 7 * number)[:, None]
            values = np.sin(2 * np.pi * steps / 6 + [0, 1]) * (number + 1) + 0.05 * rng.normal(size=(len(steps), 2))
            values[5 + number, 0] = np.nan
            context = 40 if split == "test" else 0
            yield Record(values, origin=f"{split}:{number}", context=context if self.task == "next_step" else 0)


def test_as_many_numbers_are_scored_as_the_model_scores() -> None:
    data = WaveData(batch_size=2, window=9)
    data.setup("fit")
    scored = sum(int(torch.isfinite(batch.targets).sum()) for batch in data.loader("test"))
    reader = NumberReader(data.codec.spec, True, 6, NUM_LAGS)
    assert sum(len(targets.truth) for _, targets in reader.read(data.store("test"))) == scored > 100
    rungs = {rung.name: rung.figures for rung in cheap_rungs(data, "test")}
    assert set(rungs) >= {"marginal", "naive", "seasonal_naive"}
    assert rungs["seasonal_naive"]["mse"] < rungs["naive"]["mse"]


def test_an_untrained_forecaster_is_the_seasonal_naive_one_on_the_same_targets() -> None:
    from seqkit import Domain
    from seqkit.build import build_model

    data = WaveData(batch_size=2, window=9)
    data.setup("fit")
    model = build_model(Domain("wave", WaveData), data, ModelOptions(distribution="normal"))
    torch.nn.init.zeros_(model.task.head.weight)
    torch.nn.init.zeros_(model.task.head.bias)
    scores: Any = model.task.scores()
    state = None
    for batch in data.loader("test"):
        outcome, state = model.outcome(batch, state)
        scores.update(outcome.nll, outcome.scored, outcome.guess, outcome.targets)
    rungs = {rung.name: rung.figures for rung in cheap_rungs(data, "test")}
    assert scores.compute()["mse"] == pytest.approx(rungs["seasonal_naive"]["mse"], rel=1e-4)
    assert scores.compute()["mae"] == pytest.approx(rungs["seasonal_naive"]["mae"], rel=1e-4)


def test_a_linear_window_learns_what_is_linear_and_naive_errors_are_those_by_hand(tmp_path: Path) -> None:
    wave = np.sin(2 * np.pi * np.arange(300) / 12)
    train = series(tmp_path / "t", wave[:200] * 3 + 7, wave[50:220])
    scored = series(tmp_path / "s", wave[100:] * 5 - 1)
    loaders = [WindowLoader(one, 8, 24, 6, 1, False, 0) for one in (train, scored)]
    rungs, linear = forecast_rungs(loaders[0], None, loaders[1], season=12)
    found = {rung.name: rung.figures for rung in rungs}
    assert linear is not None and linear.weights.shape == (25, 6)
    assert found["seasonal_naive"]["mse"] == pytest.approx(0.0, abs=1e-9)
    values = wave[100:] * 5 - 1
    errors = [values[t + h] - values[t - 1] for t in range(24, 195) for h in range(6)]
    assert found["naive"]["mse"] == pytest.approx(np.mean(np.square(errors)), rel=1e-5)
    assert found["naive"]["mae"] == pytest.approx(np.mean(np.abs(errors)), rel=1e-5)
    assert found["linear_window"]["mse"] < 0.01 * found["naive"]["mse"]


def test_a_naive_forecast_skips_what_is_missing(tmp_path: Path) -> None:
    scored = series(tmp_path / "s", np.array([1.0, 2.0, np.nan, 5.0, np.nan]))
    loader = WindowLoader(scored, 8, 3, 2, 1, False, 0)
    rungs, linear = forecast_rungs(None, None, loader, season=2)
    # One window: given 1, 2, nothing; 5 and an unknown one follow. Last value 2, last season 2, 2.
    assert linear is None
    assert [(r.name, r.figures) for r in rungs] == [
        ("naive", {"mse": 9.0, "mae": 3.0}), ("seasonal_naive", {"mse": 9.0, "mae": 3.0}),
    ]  # fmt: skip


def numbers_of_classes(folder: Path, seed: int, count: int) -> tuple[FlatStore, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, count)
    values = rng.normal(size=(count, 5, 2)) * (1 + 0.5 * classes[:, None, None]) + classes[:, None, None]
    records = [Record(one, "abc"[k]) for one, k in zip(values, classes, strict=True)]
    return build_store(records, StandardCodec(2, False), LabelCodec(list("abc")), folder), values, classes


def test_the_nearest_neighbour_is_that_of_scikit_learn(tmp_path: Path) -> None:
    train, values, classes = numbers_of_classes(tmp_path / "t", 0, 40)
    scored, new, truth = numbers_of_classes(tmp_path / "s", 1, 30)
    reference = KNeighborsClassifier(1).fit(values.reshape(40, -1), classes).predict(new.reshape(30, -1))
    rung = nearest_neighbour_rung(train, scored, 3)
    assert rung is not None and rung.figures["accuracy"] == pytest.approx((reference == truth).mean())
    uneven = build_store(
        [Record(np.ones((4, 2)), "a")], StandardCodec(2, False), LabelCodec(list("abc")), tmp_path / "u"
    )
    assert nearest_neighbour_rung(train, uneven, 3) is None


def test_moments_of_records_are_judged_as_scikit_learn_does(tmp_path: Path) -> None:
    train, values, classes = numbers_of_classes(tmp_path / "t", 0, 40)
    scored, new, truth = numbers_of_classes(tmp_path / "s", 1, 30)
    moments = [np.concatenate([x.mean(1), x.std(1)], axis=1) for x in (values, new)]
    prior = (np.bincount(classes, minlength=3) + 1) / 43
    logs = GaussianNB(priors=prior).fit(moments[0], classes).predict_log_proba(moments[1])
    rung = gaussian_bayes_rung(train, None, scored, 3)
    assert rung is not None
    figures = rung.figures
    assert figures["loss"] == pytest.approx(-logs[np.arange(30), truth].mean(), rel=1e-4)
    assert figures["accuracy"] == pytest.approx((logs.argmax(1) == truth).mean())


def test_the_mean_of_training_by_hand(tmp_path: Path) -> None:
    def valued(name: str, *targets: float) -> FlatStore:
        records = [Record("ab", [one]) for one in targets]
        return build_store(records, SymbolCodec("ab"), StandardCodec(1, standardise=False), tmp_path / name)

    rung = mean_rung(valued("t", 1.0, 3.0, math.nan), valued("s", 2.0, 5.0, math.nan))
    assert rung is not None  # mean 2, deviation 1; errors 0 and 3
    assert rung.figures == pytest.approx({"loss": 0.5 * math.log(2 * math.pi) + 9 / 4, "mse": 4.5, "mae": 1.5})


def test_a_table_of_many_baselines_keeps_to_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("uniform", "majority", "symbol_majority", "window_11", "codon_frequency", "all_coding")
    kinds = ("blind", "blind", "counts", "window", "domain", "domain")
    figures = {"loss": 0.5, "accuracy": 0.8, "macro_f1": 0.7, "calibration_error": 0.1, "matthews": 0.2}
    result: dict[str, Any] = {
        "domain": "dna", "task": "tag", "split": "test", "loss_unit": "nats", "num_parameters": 1, "num_records": 2,
        "metrics": figures, "baselines": {n: figures | {"matthews": 0.1 * k} for k, n in enumerate(names)},
        "rungs": {n: {"kind": k, "note": ""} for n, k in zip(names, kinds, strict=True)},
    }  # fmt: skip
    shown = columns_that_fit(result)
    print_result(result)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines()[:12])) <= 80 and "…" not in printed
    # The worst of a kind that has another goes first.
    assert "uniform" not in shown and {"majority", "symbol_majority", "window_11", "all_coding"} <= set(shown)
    assert "also in the JSON file: uniform" in printed
    assert "does not beat all coding (matthews 0.2 against 0.5)" in " ".join(printed.split())


def test_deviations_are_learnt_past_the_wild_beginning_of_a_stream(tmp_path: Path) -> None:
    source = Autoregression([1.6, -0.8], 0.01)
    rng = np.random.default_rng(0)
    train, scored = (
        series(tmp_path / str(context), source.sample(4000, rng)[:, None] + 5, context=context) for context in (0, 1000)
    )
    rungs = number_rungs(train, None, scored, NumberReader(Continuous(1), True, 1, NUM_LAGS))
    found = next(rung for rung in rungs if rung.name.startswith("ar_")).figures["loss"]
    # Of the process itself: 0.5 ln(2 pi e 0.01) = -0.884 nats a value; 3,000 targets have a standard error of 0.013.
    assert found == pytest.approx(0.5 * math.log(2 * math.pi * math.e * 0.01), abs=0.03)
