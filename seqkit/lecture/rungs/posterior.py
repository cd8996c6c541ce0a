"""From log-likelihoods of records under each class to probabilities: Bayes' rule, tempered on the validation split."""

from __future__ import annotations

import numpy as np

from seqkit.lecture.rungs.class_rungs import class_figures
from seqkit.lecture.rungs.rung import Figures

_TEMPERATURES = np.geomspace(1e-3, 1.0, 25)


def log_prior(classes: np.ndarray, num_classes: int) -> np.ndarray:
    """Logarithms of the class frequencies of training, one added to each count, (K,)."""
    counts = np.bincount(classes, minlength=num_classes) + 1
    found: np.ndarray = np.log(counts / counts.sum())
    return found


def posterior_loss(scores: np.ndarray, classes: np.ndarray, temperature: float) -> float:
    """Mean nats of the true classes, of joint log-likelihoods (N, K) that are multiplied by the temperature."""
    tempered = scores * temperature
    tempered = tempered - tempered.max(1, keepdims=True)
    logs = tempered - np.log(np.exp(tempered).sum(1, keepdims=True))
    return float(-logs[np.arange(len(classes)), classes].mean())


def choose_temperature(scores: np.ndarray, classes: np.ndarray) -> float:
    """The factor, at most 1, with the least loss; 1 without records.

    Bayes' rule multiplies the evidence of steps as if they were independent, and so is far too sure of itself: without
    this factor its loss would be above that of chance where its answers are good.
    """
    if not len(classes):
        return 1.0
    return float(min(_TEMPERATURES[::-1], key=lambda one: posterior_loss(scores, classes, one)))


def bayes_figures(scores: np.ndarray, classes: np.ndarray, temperature: float) -> Figures:
    """Loss, accuracy, macro-F1 and Matthews correlation of joint log-likelihoods, (N, K)."""
    guess = class_figures(classes, scores.argmax(1), scores.shape[1])
    return {"loss": posterior_loss(scores, classes, temperature)} | guess
