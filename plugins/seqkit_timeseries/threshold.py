"""Threshold: the baseline of `tag` that calls a step a fault where one of its values lies far from its mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqkit import SequenceDataModule, Split, class_figures

_MOST_LEARNT = 1 << 22
"""Training steps that the threshold is learnt from: one number needs no more."""

_LIMITS = np.linspace(0, 12, 481)
"""Deviations from the mean that are tried."""


@dataclass(frozen=True)
class Threshold:
    """A limit on one feature, the best of all by the Matthews correlation on training steps.

    Attributes:
        feature: Number of the feature.
        mean: Of it.
        deviation: Of it, over training steps.
        limit: Deviations from the mean beyond which a step is called a fault.
    """

    feature: int
    mean: float
    deviation: float
    limit: float

    @classmethod
    def learn(cls, steps: np.ndarray, faults: np.ndarray) -> Threshold:
        """The threshold that tells faults from other steps best.

        Args:
            steps: (N, F), NaN where nothing was measured.
            faults: (N,) bool.
        """
        best, kept = -1.0, cls(0, 0.0, 1.0, float("inf"))
        for feature in range(steps.shape[1]):
            values = np.asarray(steps[:, feature], dtype=np.float64)
            seen = ~np.isnan(values)
            if not seen.any():
                continue
            mean, deviation = float(values[seen].mean()), float(values[seen].std()) or 1.0
            away = np.abs(values - mean) / deviation
            # Limits that a step exceeds: as many as lie below it. None where it was not measured.
            exceeded = np.where(seen, np.searchsorted(_LIMITS, away), 0)
            found = _matthews(*(np.bincount(exceeded[mask], minlength=len(_LIMITS) + 1) for mask in (faults, ~faults)))
            if found.max() > best:
                best = float(found.max())
                kept = cls(feature, mean, deviation, float(_LIMITS[found.argmax()]))
        return kept

    def exceeded(self, steps: np.ndarray) -> np.ndarray:
        """Steps that are called faults, (N,) bool."""
        away = np.abs(np.asarray(steps[:, self.feature], dtype=np.float64) - self.mean) / self.deviation
        return np.nan_to_num(away, nan=-1.0) > self.limit


def threshold_baseline(
    data: SequenceDataModule, split: Split, trained_on: SequenceDataModule, positive: str | None
) -> dict[str, dict[str, float]]:
    """The baseline of a split by its name; nothing where there are not two labels.

    Args:
        data: With the steps to score.
        split: Which of them.
        trained_on: With the training steps.
        positive: The label of faults; None takes the rarer one in training.
    """
    learnt, scored = trained_on.store("train"), data.store(split)
    labels = data.target_codec.state().get("labels", [])
    if len(labels) != 2 or learnt.targets is None or scored.targets is None:
        return {}
    counts = np.bincount(learnt.targets, minlength=2)
    fault = int(counts[1] <= counts[0]) if positive is None else labels.index(positive)
    return {"threshold": threshold_figures((learnt.steps, learnt.targets), (scored.steps, scored.targets), fault)}


def threshold_figures(
    trained_on: tuple[np.ndarray, np.ndarray], scored: tuple[np.ndarray, np.ndarray], fault: int
) -> dict[str, float]:
    """Accuracy, macro-F1 and Matthews correlation of a threshold, of two labels.

    Args:
        trained_on: Steps (N, F) and labels (N,), 0 or 1, that it is learnt from.
        scored: The same of what is scored.
        fault: The label of steps beyond the threshold.
    """
    steps, labels = (np.asarray(values[:_MOST_LEARNT]) for values in trained_on)
    exceeded = Threshold.learn(steps, labels == fault).exceeded(np.asarray(scored[0]))
    return class_figures(np.asarray(scored[1]), np.where(exceeded, fault, 1 - fault), 2)


def _matthews(faults: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Matthews correlation for each limit.

    Args:
        faults: Faults that exceed 0, 1 ... limits, (L + 1,).
        others: The same of other steps.
    """
    right, false = (counts[::-1].cumsum()[::-1][1:].astype(float) for counts in (faults, others))
    missed, passed = faults.sum() - right, others.sum() - false
    product = (right + false) * (right + missed) * (passed + false) * (passed + missed)
    found: np.ndarray = np.divide(
        right * passed - false * missed, np.sqrt(product), out=np.zeros_like(right), where=product > 0
    )
    return found
