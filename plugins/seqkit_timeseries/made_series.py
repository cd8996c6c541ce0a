"""Made series whose next value is known as well as it can be (`made:ar`, `made:hmm`), as hourly tables."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from seqkit import Autoregression, ConfigError, GaussianHiddenMarkov, Known, Made, Split

FILES: dict[Split, str] = {"train": "train.csv", "valid": "valid.csv", "test": "test.csv"}
_START = np.datetime64("2024-01-01T00:00:00", "s")
_HOUR = np.timedelta64(3600, "s")
_DECIMALS = 6
_LEAST_DEVIATION, _MOST_DEVIATION = 1e-4, 1e4
"""Of the noise: below, what is written is rounding rather than a draw from the density that it is judged by."""

Source = Autoregression | GaussianHiddenMarkov


def write_ar(
    folder: Path,
    seed: int,
    *,
    period: float = 24.0,
    radius: float = 0.95,
    coefficients: str = "",
    num_series: int = 8,
    train_steps: int = 2_000,
    held_out_steps: int = 500,
) -> Made:
    """Hourly series of a Gaussian autoregression of unit variance, whose innovation variance is known.

    Unless told otherwise a noisy oscillation, x_t = 2 r cos(2 pi / period) x_(t-1) - r^2 x_(t-2) + e_t. The validation
    file goes on where the training file ends, and the test file after it: each value is judged given all before it.

    Args:
        folder: Where the files go.
        seed: Of the values.
        period: Steps of an oscillation, above 2.
        radius: What is left of a disturbance after a step, above 0 and below 1: how long the series remembers.
        coefficients: c_1 to c_p of any stationary autoregression, such as 0.5:-0.2:0.1, in place of the oscillation.
        num_series: Columns of the table.
        train_steps: Rows of the training file.
        held_out_steps: Rows of the validation file, and of the test file.
    """
    weights = _coefficients(coefficients) if coefficients else _oscillation(period, radius)
    unit = Autoregression(weights).variance
    source = Autoregression(weights, innovation_variance=1 / unit)
    if source.innovation_variance < _LEAST_DEVIATION**2:
        what = f"innovations of deviation {math.sqrt(source.innovation_variance):.2g} are lost in {_DECIMALS} decimals"
        raise ConfigError(what, at="made:ar", fix="let the series forget sooner: a smaller radius or coefficients")
    return _write(folder, source, num_series, (train_steps, held_out_steps), np.random.default_rng(seed))


def write_hmm(
    folder: Path,
    seed: int,
    *,
    num_states: int = 2,
    stay: float = 0.98,
    deviation: float = 0.5,
    num_series: int = 8,
    train_steps: int = 2_000,
    held_out_steps: int = 500,
) -> Made:
    """Hourly series that switch between hidden levels: a hidden Markov model with normal values of known likelihood.

    Levels lie evenly between -1 and 1, and a switch goes to each of the others alike. What the past says of the next
    value is a mixture of normal distributions, which no single normal or t distribution equals: a model whose head is
    one of them keeps a gap, and the normal a larger one.

    Args:
        folder: Where the files go.
        seed: Of the values.
        num_states: Levels, 2 or more.
        stay: Probability that the next step has the same level.
        deviation: Of the values around their level, 0.0001 to 10000.
        num_series: Columns of the table.
        train_steps: Rows of the training file.
        held_out_steps: Rows of the validation file, and of the test file.
    """
    if num_states < 2 or not 0 < stay < 1:
        raise ConfigError(f"{num_states} states, stay {stay:g}", at="made:hmm", fix="give 2 or more, and a probability")
    if not _LEAST_DEVIATION <= deviation <= _MOST_DEVIATION:
        fix = f"give {_LEAST_DEVIATION:g} to {_MOST_DEVIATION:g}: values have {_DECIMALS} decimals"
        raise ConfigError(f"deviation is {deviation:g}", at="made:hmm", fix=fix)
    transitions = np.full((num_states, num_states), (1 - stay) / (num_states - 1))
    np.fill_diagonal(transitions, stay)
    levels = np.linspace(-1, 1, num_states)
    source = GaussianHiddenMarkov(transitions, levels, np.full(num_states, deviation))
    return _write(folder, source, num_series, (train_steps, held_out_steps), np.random.default_rng(seed))


def _oscillation(period: float, radius: float) -> list[float]:
    """AR(2) with the roots r exp(+-2 pi i / period): Brockwell and Davis 1991, example 4.4.2 [brockwell1991]."""
    if not (2 < period < math.inf and 0 < radius < 1):
        raise ConfigError(
            f"period {period:g}, radius {radius:g}", at="made:ar", fix="give a period above 2, a radius from 0 to 1"
        )
    return [2 * radius * math.cos(2 * math.pi / period), -(radius**2)]


def _coefficients(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(":")]
    except ValueError:
        raise ConfigError(
            f"coefficients {text!r}", at="made:ar", fix="give numbers with colons between them, such as 0.5:-0.2"
        ) from None


def _write(folder: Path, source: Source, num_series: int, sizes: tuple[int, int], random: np.random.Generator) -> Made:
    """Draw the series, cut them in time, write one table a split, and judge what each of them holds."""
    num_train, num_held = sizes
    if num_series < 1 or num_train < 2 or num_held < 1:
        what = f"{num_series} series of {num_train} and {num_held} steps"
        raise ConfigError(what, at="made:ar, made:hmm", fix="give 1 series or more, 2 steps to train on, 1 held out")
    num_steps = num_train + 2 * num_held
    columns = [source.sample(num_steps, random).round(_DECIMALS) for _ in range(num_series)]
    judged = _judge(source, columns)
    bounds = pairwise((0, num_train, num_train + num_held, num_steps))
    known: dict[Split, Known] = {}
    for (split, file), (begin, end) in zip(FILES.items(), bounds, strict=True):
        _write_table(folder / file, columns, begin, end)
        # Of a series the first step is not predicted.
        means = [{name: float(v[:, max(begin, 1) : end].mean()) for name, v in figures.items()} for figures in judged]
        known[split] = Known(optimum=means[0], chance=means[1])
    return Made(dict(FILES), known)


def _write_table(path: Path, columns: list[np.ndarray], begin: int, end: int) -> None:
    """A wide table of some steps: the time, and a column a series."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(",".join(["ds", *(f"s{number}" for number in range(1, len(columns) + 1))]) + "\n")
        for step in range(begin, end):
            time = str(_START + step * _HOUR).replace("T", " ")
            file.write(",".join([time, *(f"{column[step]:.{_DECIMALS}f}" for column in columns)]) + "\n")


def _judge(source: Source, columns: list[np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What the source scores on each step given all before it, and who knows no more than its values: (N, T) each."""
    values = np.stack(columns)
    optimum = {
        "loss": np.stack([source.nll(column) for column in columns]),
        "mse": (values - np.stack([source.mean(column) for column in columns])) ** 2,
    }
    return optimum, {"loss": np.stack([source.marginal_nll(column) for column in columns]), "mse": values**2}
