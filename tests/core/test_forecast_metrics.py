"""Figures of probabilistic forecasts against their definitions."""

import numpy as np
import pytest

from seqkit.tasks.forecast_metrics import QUANTILE_LEVELS, covered, crps, pinball, quantile, weighted_quantile_loss


def test_crps_is_the_mean_distance_less_half_the_mean_distance_among_samples() -> None:
    rng = np.random.default_rng(0)
    truth, samples = rng.normal(size=(2, 3)), np.sort(rng.normal(size=(7, 2, 3)), axis=0)
    apart = np.abs(samples[:, None] - samples[None]).mean((0, 1))
    assert crps(truth, samples) == pytest.approx(np.abs(samples - truth).mean(0) - apart / 2)


def test_crps_of_many_samples_is_that_of_the_normal_distribution() -> None:
    # For N(0, 1) at y = 0: 2 phi(0) - 1 / sqrt(pi).
    samples = np.sort(np.random.default_rng(1).normal(size=(20_000, 1)), axis=0)
    expected = 2 / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi)
    assert crps(np.zeros(1), samples)[0] == pytest.approx(expected, abs=0.01)


def test_weighted_quantile_loss_of_a_point_is_the_relative_absolute_error() -> None:
    # All quantiles equal f: the pinball losses at q and 1 - q add up to |y - f|.
    truth = np.array([4.0, -6.0, np.nan])
    loss, size = weighted_quantile_loss(truth, np.array([[3.0, -3.0, 0.0]]))
    assert size == 10.0 and loss / size == pytest.approx((1 + 3) / 10)


def test_weighted_quantile_loss_is_the_mean_over_the_levels() -> None:
    rng = np.random.default_rng(2)
    truth, samples = rng.normal(size=5), np.sort(rng.normal(size=(50, 5)), axis=0)
    by_level = [2 * pinball(truth, np.quantile(samples, q, axis=0), q).sum() for q in QUANTILE_LEVELS]
    assert weighted_quantile_loss(truth, samples)[0] == pytest.approx(np.mean(by_level))


def test_coverage_of_a_true_distribution_is_its_share() -> None:
    rng = np.random.default_rng(3)
    truth, samples = rng.normal(size=4000), np.sort(rng.normal(size=(400, 4000)), axis=0)
    assert covered(truth, samples, 0.8).mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_quantiles_are_those_of_numpy(count: int) -> None:
    samples = np.sort(np.random.default_rng(count).normal(size=(count, 3)), axis=0)
    for level in (0.0, 0.05, 0.5, 0.9, 1.0):
        np.testing.assert_allclose(quantile(samples, level), np.quantile(samples, level, axis=0), rtol=1e-12)
