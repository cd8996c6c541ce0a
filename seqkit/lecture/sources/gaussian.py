"""Autoregression and GaussianHiddenMarkov: sources of numbers whose likelihood is exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import final

import numpy as np

from seqkit.errors import ConfigError
from seqkit.lecture.sources.markov import MarkovChain

_LOG_2_PI = math.log(2 * math.pi)


@final
class Autoregression:
    """A stationary Gaussian autoregression of order p: x_t = c_1 x_(t-1) + ... + c_p x_(t-p) + e_t, e_t ~ N(0, s^2).

    The autocovariances solve the Yule-Walker equations; the first p values are predicted from fewer than p by the
    Durbin-Levinson recursion. Source: Brockwell and Davis 1991, sections 3.3 and 5.2 [brockwell1991].

    Args:
        coefficients: c_1 ... c_p; () for white noise.
        innovation_variance: s^2.

    Attributes:
        radius: Modulus of the slowest root: what is known of the past fades by this factor a step.

    Raises:
        ConfigError: If the variance is not positive, or there is no stationary process with these coefficients.

    Example:
        >>> source = Autoregression([0.8], innovation_variance=0.36)
        >>> round(source.variance, 12)  # 0.36 / (1 - 0.8^2)
        1.0
    """

    def __init__(self, coefficients: Sequence[float] | np.ndarray, innovation_variance: float = 1.0) -> None:
        self.coefficients = np.array(coefficients, dtype=np.float64).reshape(-1)
        self.innovation_variance = float(innovation_variance)
        self.order = len(self.coefficients)
        if not (0 < self.innovation_variance < math.inf and np.isfinite(self.coefficients).all()):
            raise ConfigError(
                f"coefficients {self.coefficients.tolist()}, innovation variance {innovation_variance:g}",
                fix="give finite numbers, and a variance above 0",
            )
        companion = np.eye(self.order, k=-1)
        companion[:1] = self.coefficients
        self.radius = float(np.abs(np.linalg.eigvals(companion)).max(initial=0.0))
        if self.radius >= 1:
            raise ConfigError(
                f"coefficients {self.coefficients.tolist()}: a root of modulus {self.radius:.6g}, so no stationary "
                "process",
                fix="let all roots lie inside the unit circle",
            )

    @cached_property
    def autocovariances(self) -> np.ndarray:
        """Of lags 0 to p, (p + 1,): gamma_k - sum_i c_i gamma_|k - i| = s^2 at k = 0, and 0 after it."""
        size = self.order + 1
        system = np.eye(size)
        for lag in range(size):
            for back, coefficient in enumerate(self.coefficients, start=1):
                system[lag, abs(lag - back)] -= coefficient
        found: np.ndarray = np.linalg.solve(system, self.innovation_variance * np.eye(size)[0])
        return found

    @property
    def variance(self) -> float:
        """Of one value, when nothing of the past is known."""
        return float(self.autocovariances[0])

    @property
    def entropy_rate(self) -> float:
        """Nats a step given the whole past: ln(2 pi e s^2) / 2. It is a density's, and may be negative."""
        return 0.5 * (1 + _LOG_2_PI + math.log(self.innovation_variance))

    def sample(self, num_steps: int, random: np.random.Generator) -> np.ndarray:
        """A stretch of the stationary process, (num_steps,) float64; about a million steps a second."""
        noise = random.standard_normal(num_steps)
        values = np.empty(num_steps)
        for step, (latest_first, variance) in enumerate(self._predictors[:-1][:num_steps]):
            values[step] = latest_first @ values[:step][::-1] + math.sqrt(variance) * noise[step]
        oldest_first = self.coefficients[::-1].copy()
        innovations = math.sqrt(self.innovation_variance) * noise
        for step in range(self.order, num_steps):
            values[step] = innovations[step] + oldest_first @ values[step - self.order : step]
        return values

    def mean(self, values: np.ndarray, first: int = 0) -> np.ndarray:
        """The expected value at each step, given all those before it; arguments as for `nll`."""
        return self._predict(values)[0][first:]

    def nll(self, values: np.ndarray, first: int = 0) -> np.ndarray:
        """Nats of each value given all those before it, (T - first,).

        Args:
            values: (T,).
            first: Leading values that are given and not judged; 1 for what `next_step` predicts of a record.
        """
        mean, variance = self._predict(values)
        return gaussian_nll(values, mean, variance)[first:]

    def marginal_nll(self, values: np.ndarray) -> np.ndarray:
        """Nats of each value when nothing of the past is known, (T,)."""
        return gaussian_nll(values, np.zeros(1), np.array([self.variance]))

    @cached_property
    def _predictors(self) -> list[tuple[np.ndarray, float]]:
        """The best linear predictor from the last t values, newest first, and its variance, for t = 0 .. p."""
        gamma = self.autocovariances
        weights, variance = np.zeros(0), float(gamma[0])
        found = [(weights, variance)]
        for known in range(1, self.order + 1):
            partial = (gamma[known] - weights @ gamma[known - 1 : 0 : -1]) / variance
            weights = np.append(weights - partial * weights[::-1], partial)
            variance *= 1 - partial**2
            found.append((weights, variance))
        return found

    def _predict(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each value given all those before it, (T,) each."""
        mean, variance = np.zeros(len(values)), np.full(len(values), self.innovation_variance)
        for step, (weights, spread) in enumerate(self._predictors[:-1][: len(values)]):
            mean[step], variance[step] = weights @ values[:step][::-1], spread
        for back, coefficient in enumerate(self.coefficients, start=1):
            mean[self.order :] += coefficient * values[self.order - back : max(len(values) - back, 0)]
        return mean, variance


@final
class GaussianHiddenMarkov:
    """A stationary hidden Markov model over numbers: each state draws from a normal distribution of its own.

    The likelihood is by the forward algorithm, scaled at each step so that nothing underflows.
    Source: Rabiner 1989, sections III.A and V.A [rabiner1989].

    Args:
        transitions: P(next state | state), (S, S).
        means: Of each state, (S,).
        deviations: Of each state, (S,), positive.

    Raises:
        ConfigError: If a row of transitions is no distribution, sizes differ, or a deviation is not positive.
    """

    def __init__(
        self, transitions: np.ndarray, means: Sequence[float] | np.ndarray, deviations: Sequence[float] | np.ndarray
    ) -> None:
        self.states = MarkovChain(transitions)
        self.means = np.array(means, dtype=np.float64).reshape(-1)
        self.deviations = np.array(deviations, dtype=np.float64).reshape(-1)
        size = len(self.means)
        if self.states.transitions.shape != (size, size) or len(self.deviations) != size:
            raise ConfigError(
                f"transitions of shape {self.states.transitions.shape}, {size} means and {len(self.deviations)} "
                "deviations",
                fix="give one row, one mean and one deviation for each state",
            )
        if not (np.isfinite(self.means).all() and (self.deviations > 0).all() and np.isfinite(self.deviations).all()):
            raise ConfigError(
                f"means {self.means.tolist()}, deviations {self.deviations.tolist()}",
                fix="give finite means and positive deviations",
            )

    @cached_property
    def variance(self) -> float:
        """Of one value, when nothing of the past is known: within states and between them."""
        share = self.states.stationary
        return float(share @ (self.deviations**2 + self.means**2) - (share @ self.means) ** 2)

    def sample(self, num_steps: int, random: np.random.Generator) -> np.ndarray:
        """Values of the stationary model, (num_steps,) float64."""
        return self.sample_states(num_steps, random)[1]

    def sample_states(self, num_steps: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """States, (num_steps,) int64, and values, (num_steps,) float64, of the stationary model."""
        states = self.states.sample(num_steps, random)
        return states, self.means[states] + self.deviations[states] * random.standard_normal(num_steps)

    def mean(self, values: np.ndarray, first: int = 0) -> np.ndarray:
        """The expected value at each step, given all those before it; arguments as for `nll`."""
        found: np.ndarray = self._forward(values)[0] @ self.means
        return found[first:]

    def nll(self, values: np.ndarray, first: int = 0) -> np.ndarray:
        """Nats of each value given all those before it, (T - first,).

        Args:
            values: (T,).
            first: Leading values that are given and not judged; 1 for what `next_step` predicts of a record.
        """
        return self._forward(values)[1][first:]

    def marginal_nll(self, values: np.ndarray) -> np.ndarray:
        """Nats of each value when nothing of the past is known, (T,): the states by their share in the long run."""
        with np.errstate(divide="ignore"):
            joint = np.log(self.states.stationary) - self._state_nll(values)
        return -_log_sum(joint)

    def expected_states(self, values: np.ndarray) -> np.ndarray:
        """P(state at t | values before t), (T, S)."""
        return self._forward(values)[0]

    def _state_nll(self, values: np.ndarray) -> np.ndarray:
        """Nats of each value in each state, (T, S)."""
        return gaussian_nll(np.asarray(values)[:, None], self.means, self.deviations**2)

    def _forward(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P(state at t | values before t), (T, S), and the nats of each value, (T,)."""
        logs = -self._state_nll(values)
        states, nats = np.empty_like(logs), np.empty(len(logs))
        expected = self.states.stationary
        with np.errstate(divide="ignore"):
            for step, likelihoods in enumerate(logs):
                states[step] = expected
                joint = np.log(expected) + likelihoods
                most = joint.max()
                weights = np.exp(joint - most)
                total = weights.sum()
                nats[step] = -(most + math.log(total))
                expected = (weights / total) @ self.states.transitions
        return states, nats


def gaussian_nll(values: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Nats of values under normal distributions; shapes broadcast."""
    nats: np.ndarray = 0.5 * (_LOG_2_PI + np.log(variance) + (values - mean) ** 2 / variance)
    return nats


def _log_sum(logs: np.ndarray) -> np.ndarray:
    """The logarithm of the sum of exponentials over the last axis."""
    most = logs.max(-1, keepdims=True)
    total: np.ndarray = np.log(np.exp(logs - most).sum(-1)) + most[..., 0]
    return total
