"""Events: runs of steps with one label, such as anomalies, and how well they and their steps are found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

Figures = dict[str, float]


def event_figures(truth: Sequence[Sequence[str]], guess: Sequence[Sequence[str]], positive: str | None) -> Figures:
    """How well the steps of one label are found, and its events: the runs of consecutive steps that have it.

    An event is found if one of its steps is; a run that is found is right if it meets an event. Records are looked at
    one by one: an event that reaches from one into the next counts in both.

    Args:
        truth: Labels of the steps of each record.
        guess: The model's.
        positive: The label; None says nothing.

    Returns:
        `positive_precision`, `positive_recall` and `positive_f1` of steps, `event_precision` and `event_recall`;
        nothing where `truth` has no event. Precision is 0 where nothing is found.

    Example:
        >>> event_figures(["..XX.X."], [".X.X..."], "X")["event_recall"]
        0.5
    """
    steps, events, runs = np.zeros(3), np.zeros(2), np.zeros(2)
    for labels, found_labels in zip(truth, guess, strict=True):
        true, found = (np.array([one == positive for one in each], dtype=bool) for each in (labels, found_labels))
        steps += (true & found).sum(), true.sum(), found.sum()
        events += _met(true, found)
        runs += _met(found, true)
    right, num_true, num_found = steps
    if not num_true:
        return {}
    return {
        "positive_precision": float(right / max(num_found, 1)),
        "positive_recall": float(right / num_true),
        "positive_f1": float(2 * right / (num_true + num_found)),
        "event_precision": float(runs[0] / max(runs[1], 1)),
        "event_recall": float(events[0] / events[1]),
    }


def rarer_label(truth: Sequence[Sequence[str]], labels: Sequence[str]) -> str | None:
    """The label of fewer steps, the second of two that are equally frequent; None if there are not two.

    Args:
        truth: Labels of the steps of each record.
        labels: All labels there are.
    """
    if len(labels) != 2:
        return None
    counts = Counter(label for record in truth for label in record)
    return min(reversed(labels), key=lambda label: counts[label])


def _met(runs: np.ndarray, by: np.ndarray) -> tuple[int, int]:
    """How many runs of True meet a step of the other, and how many there are."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], runs, [False]]).astype(np.int8)))
    total = np.concatenate([[0], np.cumsum(by)])
    met = total[edges[1::2]] > total[edges[::2]]
    return int(met.sum()), len(met)
