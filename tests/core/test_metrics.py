"""Figures of merit by hand, against scikit-learn, and against the published results of the M4 competition."""

import csv
import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, matthews_corrcoef

from seqkit import IGNORED, Continuous, Discrete
from seqkit.lecture.rungs.unbeaten import Unbeaten, unbeaten
from seqkit.tasks.metrics import Likelihood, Scores, is_seasonal, mase, naive2, seasonal_index, smape


def test_perplexity_and_bits_are_worked_out_over_all_batches_together() -> None:
    metric = Likelihood(True)
    # Three scored targets of probability 1/2, 1/4 and 1/8: mean 2 bits, perplexity 4.
    metric.update(torch.tensor([[math.log(2), 0.0]]), torch.tensor([[True, False]]))
    metric.update(torch.tensor([math.log(4), math.log(8)]), torch.tensor([True, True]))
    figures = metric.compute()
    assert figures["bits_per_step"].item() == pytest.approx(2.0)
    assert figures["perplexity"].item() == pytest.approx(4.0)
    assert figures["loss"].item() == pytest.approx(2 * math.log(2))


def test_many_small_losses_are_summed_in_double_precision() -> None:
    metric = Likelihood(False)
    metric.update(torch.tensor([2.0**25]), torch.tensor([True]))
    for _ in range(8):
        metric.update(torch.tensor([0.5]), torch.tensor([True]))
    assert metric.compute()["loss"].item() == (2.0**25 + 4) / 9


def test_class_figures_are_those_of_scikit_learn() -> None:
    torch.manual_seed(0)
    truth = torch.randint(4, (50,))
    guess = torch.where(torch.rand(50) < 0.6, truth, torch.randint(4, (50,)))
    scores = Scores(Discrete(4), whole_records=True)
    for part in (slice(0, 13), slice(13, 50)):
        scores.update(torch.ones(50)[part], torch.ones(50, dtype=torch.bool)[part], guess[part], truth[part])
    figures = scores.compute()
    assert figures["accuracy"] == pytest.approx((guess == truth).double().mean().item())
    assert figures["macro_f1"] == pytest.approx(f1_score(truth, guess, average="macro"))
    assert figures["matthews"] == pytest.approx(matthews_corrcoef(truth, guess), abs=1e-6)
    scores.reset()
    scores.update(torch.ones(2), torch.ones(2, dtype=torch.bool), truth[:2], truth[:2])
    assert scores.compute()["accuracy"] == 1.0


def test_step_accuracy_leaves_out_what_is_not_scored() -> None:
    scores = Scores(Discrete(3), whole_records=False)
    targets = torch.tensor([[1, 2, IGNORED], [0, IGNORED, IGNORED]])
    scores.update(torch.zeros(2, 3), targets != IGNORED, torch.tensor([[1, 0, 1], [0, 0, 0]]), targets)
    assert scores.compute()["accuracy"] == pytest.approx(2 / 3)


def test_number_figures_leave_out_missing_targets() -> None:
    scores = Scores(Continuous(2), whole_records=True)
    targets = torch.tensor([[1.0, torch.nan], [4.0, -2.0]])
    guess = torch.tensor([[2.0, 9.0], [4.0, 1.0]])
    scores.update(torch.zeros(2, 2), targets.isfinite(), guess, targets)
    figures = scores.compute()
    assert figures["mse"] == pytest.approx((1 + 0 + 9) / 3)
    assert figures["mae"] == pytest.approx((1 + 0 + 3) / 3)
    assert "perplexity" not in figures


def test_smape_by_hand() -> None:
    # 200 * 1/3, 0, 0 for two zeros, and the missing step left out: mean of three.
    truth, forecast = np.array([1.0, -5.0, 0.0, np.nan]), np.array([2.0, -5.0, 0.0, 3.0])
    assert smape(truth, forecast) == pytest.approx(200 / 9)
    assert smape(np.array([-1.0]), np.array([1.0])) == 200.0


def test_mase_by_hand() -> None:
    history = np.array([1.0, 10.0, 4.0, 12.0, 5.0])  # seasonal differences 3, 2, 1: mean 2
    assert mase(np.array([7.0, np.nan, 1.0]), np.array([4.0, 2.0, 0.0]), history, season=2) == 1.0
    assert math.isnan(mase(np.ones(2), np.ones(2), np.ones(2), season=2))
    assert math.isnan(mase(np.ones(2), np.zeros(2), np.array([1.0, 2, 1, 2]), season=2))


@pytest.mark.parametrize("season", [3, 4])
def test_seasonal_indices_of_an_exactly_seasonal_series_are_found(season: int) -> None:
    index = np.array([0.5, 1.5, 1.25, 0.75])[:season]
    index = index * season / index.sum()
    history = 20.0 * index[np.arange(5 * season + 1) % season]
    np.testing.assert_allclose(seasonal_index(history, season), index, rtol=1e-12)
    assert is_seasonal(history, season)
    # The forecast goes on where the season stands: the last value had phase 0.
    np.testing.assert_allclose(naive2(history, 5, season), 20.0 * index[np.arange(1, 6) % season], rtol=1e-12)


def test_naive2_repeats_the_last_value_of_a_series_without_season() -> None:
    rng = np.random.default_rng(0)
    history = rng.normal(50, 1, 60)
    assert not is_seasonal(history, 4)
    assert naive2(history, 3, 4).tolist() == [history[-1]] * 3
    assert naive2(np.array([2.0, 1.0] * 2 + [2.0]), 3, 2).tolist() == [2.0] * 3  # fewer than three seasons
    assert not is_seasonal(np.ones(40), 4)


def test_naive_methods_reproduce_the_published_results_of_m4_hourly(shared_data: Path) -> None:
    folder = shared_data / "timeseries" / "m4-hourly"
    with gzip.open(folder / "Hourly-train.csv.gz", "rt") as train, (folder / "Hourly-test.csv").open() as test:
        histories, truths = (
            [np.array([float(v) for v in row[1:] if v]) for row in list(csv.reader(file))[1:]] for file in (train, test)
        )
    assert len(histories) == len(truths) == 414
    figures: dict[str, list[tuple[float, float]]] = {"naive2": [], "seasonal": []}
    for history, truth in zip(histories, truths, strict=True):
        forecasts = {"naive2": naive2(history, 48, 24), "seasonal": history[-24:][np.arange(48) % 24]}
        for name, forecast in forecasts.items():
            figures[name].append((smape(truth, forecast), mase(truth, forecast, history, 24)))
    # "Evaluation and Ranks.xlsx" of the organisers.
    assert np.mean(figures["naive2"], 0).tolist() == pytest.approx([18.383, 2.395], abs=5e-4)
    assert np.mean(figures["seasonal"], 0).tolist() == pytest.approx([13.912, 1.193], abs=5e-4)


def test_a_series_that_is_not_positive_is_not_adjusted() -> None:
    season = np.tile([1.0, 5.0, 2.0, 8.0], 10)
    assert is_seasonal(season, 4) and naive2(season, 3, 4).tolist() != [8.0, 8.0, 8.0]
    for shift in (1.0, 3.0):  # a value of 0, and negative ones
        assert naive2(season - shift, 3, 4).tolist() == [8.0 - shift] * 3


def test_figures_of_an_unknown_truth_do_not_exist() -> None:
    unknown = np.full(3, np.nan)
    assert math.isnan(smape(unknown, np.ones(3))) and math.isnan(mase(unknown, np.ones(3), np.arange(9.0), 1))


def test_the_best_baseline_that_a_model_does_not_beat_is_named() -> None:
    baselines = {"majority": {"accuracy": 0.4}, "bag_of_words": {"accuracy": 0.68}, "threshold": {"matthews": 0.9}}

    def verdict(accuracy: float, **others: Any) -> str:
        metrics = {"accuracy": accuracy, "loss": 1.0, "matthews": 0.1}
        result: dict[str, Any] = {"task": "classify", "metrics": metrics, "baselines": baselines}
        return str(unbeaten(result | others))

    assert verdict(0.71) == "None"
    assert verdict(0.5) == (
        "the model does not beat bag of words (accuracy 0.5 against 0.68): train longer, or with more updates an epoch"
    )
    assert verdict(0.68).startswith("the model equals bag of words (both accuracy 0.68): train longer")
    known = {"optimum": {"accuracy": 0.685}, "chance": {"accuracy": 0.1}}
    assert verdict(0.6795, known=known).endswith("(accuracy 0.6795 against 0.68): hardly anything is left to learn")
    assert verdict(0.67, known=known).endswith("train longer, or with more updates an epoch")
    perfect = {"baselines": {"markov_2": {"accuracy": 1.0}}}
    assert verdict(0.9, **perfect) == "the model does not beat markov 2 (accuracy 0.9 against 1): nothing can beat it"
    assert verdict(math.nan) == verdict(0.1, baselines={}) == "None"
    # Lower is better, and the figure of the field comes first.
    naive = {"naive2": {"owa": 1.0, "mase": 2.0}, "naive": {"owa": 1.2, "mase": 0.5}}
    forecast = {"task": "forecast", "metrics": {"owa": 1.1, "mase": 3.0}, "baselines": naive}
    assert unbeaten(forecast) == Unbeaten("naive2", "owa", 1.1, 1.0)
    assert unbeaten(forecast | {"metrics": {"owa": 0.9, "mase": 3.0}}) is None
