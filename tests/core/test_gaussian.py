"""Sources of numbers: their likelihood against the whole joint density, their samples against their moments."""

import itertools
import math

import numpy as np
import pytest

from seqkit import Autoregression, ConfigError, GaussianHiddenMarkov

TRANSITIONS = np.array([[0.9, 0.1, 0.0], [0.2, 0.5, 0.3], [0.05, 0.05, 0.9]])


def joint_nll(values: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> float:
    """Nats of all values together under a multivariate normal distribution."""
    away = values - mean
    _, log_determinant = np.linalg.slogdet(covariance)
    return 0.5 * float(away @ np.linalg.solve(covariance, away) + log_determinant + len(away) * math.log(2 * math.pi))


def covariance_of(source: Autoregression, size: int) -> np.ndarray:
    """The covariance of `size` consecutive values, by the moving average that the process is equal to."""
    weights = np.zeros(4000)
    weights[0] = 1.0
    for step in range(1, len(weights)):
        for back, coefficient in enumerate(source.coefficients, start=1):
            if step >= back:
                weights[step] += coefficient * weights[step - back]
    lags = [source.innovation_variance * weights[k:] @ weights[: len(weights) - k] for k in range(size)]
    return np.array([[lags[abs(i - j)] for j in range(size)] for i in range(size)])


@pytest.mark.parametrize("coefficients", [[], [0.9], [-0.5], [1.6, -0.8], [0.3, 0.2, -0.4, 0.1]])
def test_an_autoregression_judges_every_value_as_the_joint_density_does(coefficients: list[float]) -> None:
    source = Autoregression(coefficients, innovation_variance=0.7)
    values = np.array([1.2, -0.3, 0.4, 2.0, -1.1, 0.6, 0.1])
    covariance = covariance_of(source, len(values))
    joint = [joint_nll(values[:n], np.zeros(n), covariance[:n, :n]) for n in range(len(values) + 1)]
    np.testing.assert_allclose(source.nll(values), np.diff(joint), rtol=1e-9)
    np.testing.assert_allclose(source.nll(values, first=2), np.diff(joint)[2:], rtol=1e-9)
    # The expected value given the past: sigma_21 sigma_11^-1 x.
    for known in range(len(values)):
        expected = covariance[known, :known] @ np.linalg.solve(covariance[:known, :known], values[:known])
        assert source.mean(values)[known] == pytest.approx(expected, abs=1e-9)


def test_the_variance_of_an_autoregression_by_hand() -> None:
    # AR(2), Brockwell and Davis 1991, section 3.3: (1 - c2) s^2 / ((1 + c2) ((1 - c2)^2 - c1^2)).
    source = Autoregression([1.2, -0.5], innovation_variance=2.0)
    assert source.variance == pytest.approx(1.5 * 2 / (0.5 * (1.5**2 - 1.2**2)))
    assert source.radius == pytest.approx(math.sqrt(0.5))  # complex roots: their product is -c2
    assert Autoregression([]).variance == 1.0
    marginal = source.marginal_nll(np.array([3.0]))
    assert marginal[0] == pytest.approx(joint_nll(np.array([3.0]), np.zeros(1), np.array([[source.variance]])))


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_a_stretch_may_be_shorter_than_the_order(length: int) -> None:
    source = Autoregression([0.2, 0.1, 0.3])
    values = source.sample(length, np.random.default_rng(0))
    assert values.shape == source.nll(values).shape == source.mean(values).shape == (length,)


def test_samples_of_an_autoregression_are_stationary_from_the_first_step() -> None:
    source, random = Autoregression([1.6, -0.9]), np.random.default_rng(1)
    many = np.stack([source.sample(5, random) for _ in range(20_000)])
    np.testing.assert_allclose(np.cov(many.T), covariance_of(source, 5), rtol=0.05, atol=0.25)
    long = source.sample(50_000, random)
    # A mean of squared normal variables over two: its deviation is sqrt(1 / 2 n).
    assert source.nll(long).mean() == pytest.approx(source.entropy_rate, abs=5 * math.sqrt(0.5 / len(long)))


def test_the_past_tells_what_the_mutual_information_says() -> None:
    # Of AR(1) by hand: half the logarithm of variance over innovation variance, 1 / (1 - c^2).
    source = Autoregression([0.9])
    values = source.sample(40_000, np.random.default_rng(2))
    gain = (source.marginal_nll(values) - source.nll(values)).mean()
    assert gain == pytest.approx(0.5 * math.log(1 / (1 - 0.81)), rel=0.05)


@pytest.mark.parametrize("coefficients", [[1.0], [0.5, 0.6], [-1.2], [0.0, -1.0], [math.nan]])
def test_what_is_not_stationary_is_refused(coefficients: list[float]) -> None:
    with pytest.raises(ConfigError, match="coefficients"):
        Autoregression(coefficients)


def test_an_innovation_variance_of_zero_is_refused() -> None:
    with pytest.raises(ConfigError, match="innovation variance 0"):
        Autoregression([0.5], innovation_variance=0)


def brute_force(source: GaussianHiddenMarkov, values: np.ndarray) -> float:
    """Nats of all values, by every path of states."""
    total = 0.0
    for path in itertools.product(range(3), repeat=len(values)):
        weight = source.states.stationary[path[0]] if path else 1.0
        for before, after in itertools.pairwise(path):
            weight *= TRANSITIONS[before, after]
        for state, value in zip(path, values, strict=True):
            away = (value - source.means[state]) / source.deviations[state]
            weight *= math.exp(-(away**2) / 2) / (source.deviations[state] * math.sqrt(2 * math.pi))
        total += weight
    return -math.log(total)


@pytest.fixture(name="hidden")
def _hidden() -> GaussianHiddenMarkov:
    return GaussianHiddenMarkov(TRANSITIONS, means=[-1.0, 0.5, 2.0], deviations=[0.5, 1.0, 0.3])


def test_a_hidden_markov_model_judges_every_value_as_all_paths_do(hidden: GaussianHiddenMarkov) -> None:
    values = np.array([-0.8, 0.3, 1.9, 2.2, -1.5, 0.0])
    joint = [brute_force(hidden, values[:n]) for n in range(len(values) + 1)]
    np.testing.assert_allclose(hidden.nll(values), np.diff(joint), rtol=1e-10)
    np.testing.assert_allclose(hidden.nll(values, first=1), np.diff(joint)[1:], rtol=1e-10)
    np.testing.assert_allclose(hidden.expected_states(values).sum(1), 1)
    # At the first step nothing is known, so that the two agree.
    assert hidden.marginal_nll(values)[0] == pytest.approx(hidden.nll(values)[0])
    assert hidden.mean(values)[0] == pytest.approx(float(hidden.states.stationary @ hidden.means))


def test_values_that_no_state_explains_are_judged_without_underflow(hidden: GaussianHiddenMarkov) -> None:
    nats = hidden.nll(np.array([0.0, 1e3, -1e3, 0.5]))
    assert np.isfinite(nats).all() and nats[1] > 1e4


def test_expected_states_follow_the_values(hidden: GaussianHiddenMarkov) -> None:
    states, values = hidden.sample_states(20_000, np.random.default_rng(3))
    expected = hidden.expected_states(values)
    # What is expected with probability p comes true in a share p of the cases: sums of a martingale, in deviations.
    for low, high in ((0.0, 0.2), (0.4, 0.6), (0.8, 1.0)):
        chosen = expected[(expected[:, 2] >= low) & (expected[:, 2] <= high), 2]
        came = states[(expected[:, 2] >= low) & (expected[:, 2] <= high)] == 2
        assert abs(came.sum() - chosen.sum()) < 4 * math.sqrt((chosen * (1 - chosen)).sum())
    assert values.var() == pytest.approx(hidden.variance, rel=0.05)
    assert hidden.nll(values).mean() < hidden.marginal_nll(values).mean() - 0.3
    errors = (values - hidden.mean(values)) ** 2
    assert errors.mean() < 0.6 * hidden.variance


def test_a_hidden_markov_model_of_unequal_sizes_is_refused() -> None:
    with pytest.raises(ConfigError, match="2 means and 3 deviations"):
        GaussianHiddenMarkov(TRANSITIONS, [0, 1], [1, 1, 1])
    with pytest.raises(ConfigError, match="positive deviations"):
        GaussianHiddenMarkov(TRANSITIONS, [0, 1, 2], [1, 0, 1])
