"""What is asked about a classifier: confusion, precision and recall of each class, areas under curves, calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics.functional.classification import (
    binary_auroc,
    binary_average_precision,
    binary_precision_recall_curve,
    binary_roc,
)

from seqkit.errors import ConfigError, did_you_mean

MOST_COMPARED = 1000
"""Classes that are held against each other: of more neither a confusion matrix nor areas under curves are made."""

_NUM_BINS = 15
Pair = tuple[np.ndarray, np.ndarray]


def positive_class(labels: Sequence[str], positive: str | None) -> int | None:
    """The number of the positive class of two: the named one, else the second; None for more than two classes.

    Raises:
        ConfigError: If there is no such class, or more than two.
    """
    if positive is None:
        return 1 if len(labels) == 2 else None
    if len(labels) != 2:
        raise ConfigError(
            f"positive is {positive!r}, but there are {len(labels) or 'no'} classes",
            at="--positive",
            fix="leave it out" + (": each class is taken as positive once, and the mean is given" if labels else ""),
        )
    if positive not in labels:
        fix = did_you_mean(positive, labels) or f"choose {labels[0]!r} or {labels[1]!r}"
        raise ConfigError(f"no class is named {positive!r}", at="--positive", fix=fix)
    return list(labels).index(positive)


def confusion_counts(raw: Tensor, truth: Tensor) -> np.ndarray:
    """Records by true class (rows) and predicted class (columns), (K, K) int64."""
    size = raw.shape[-1]
    return torch.bincount(truth * size + raw.argmax(dim=-1), minlength=size * size).reshape(size, size).numpy()


def class_rows(guess: Tensor, truth: Tensor, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and number of records of each class; 0 where a class is never predicted, or never there.

    Args:
        guess: Predicted classes, (N,).
        truth: Classes, (N,).
        labels: Names of the classes.
    """
    found = (truth[guess == truth], guess, truth)
    counts = (torch.bincount(classes, minlength=len(labels)).tolist() for classes in found)
    rows = []
    for label, hits, claims, records in zip(labels, *counts, strict=True):
        rows.append({
            "label": label,
            "precision": hits / claims if claims else 0.0,
            "recall": hits / records if records else 0.0,
            "f1": 2 * hits / (claims + records) if claims + records else 0.0,
            "support": records,
        })  # fmt: skip
    return rows


def areas(raw: Tensor, truth: Tensor, positive: int | None) -> dict[str, float]:
    """Areas under the ROC curve and under precision over recall (average precision: sum of P_n (R_n - R_{n-1})).

    Args:
        raw: Logits, (N, K).
        truth: Classes, (N,).
        positive: The positive class; None takes each class against the rest and gives the mean over those classes
            that have records on both sides.
    """
    classes = range(raw.shape[-1]) if positive is None else [positive]
    sided = [k for k in classes if 0 < int((truth == k).sum()) < len(truth)]
    if not sided:
        return {"auroc": math.nan, "auprc": math.nan}
    odds = log_odds(raw)
    pairs = [(_rank(odds[:, k]), (truth == k).long()) for k in sided]
    return {
        "auroc": float(np.mean([float(binary_auroc(score, is_k)) for score, is_k in pairs])),
        "auprc": float(np.mean([float(binary_average_precision(score, is_k)) for score, is_k in pairs])),
    }


def chance_areas(truth: Tensor, num_classes: int, positive: int | None) -> dict[str, float]:
    """The same areas for an answer that does not look at the record: one half, and the share of the class."""
    classes = range(num_classes) if positive is None else [positive]
    shares = [float((truth == k).double().mean()) for k in classes]
    sided = [share for share in shares if 0 < share < 1]
    return {"auroc": 0.5, "auprc": float(np.mean(sided))} if sided else {}


def curves(raw: Tensor, truth: Tensor, positive: int) -> tuple[Pair, Pair]:
    """ROC (false and true positive rate) and precision with recall, at every threshold."""
    score, is_positive = ranks(raw, positive), (truth == positive).long()
    false_rate, true_rate, _ = binary_roc(score, is_positive)
    precision, recall, _ = binary_precision_recall_curve(score, is_positive)
    return (false_rate.numpy(), true_rate.numpy()), (precision.numpy(), recall.numpy())


def ranks(raw: Tensor, positive: int) -> Tensor:
    """The order of the records by the odds of a class, (N,) in [0, 1]; equal odds get equal ranks.

    Ranks rather than probabilities: those of a sure model all round to 1, and records would count as tied.
    """
    return _rank(log_odds(raw)[:, positive])


def log_odds(raw: Tensor) -> Tensor:
    """Logarithm of the odds of each class against all others, (N, K); finite for the surest model, too.

    The others are summed from both ends up to the class: at a difference of all and one its digits would be lost.
    """
    nothing = torch.full_like(raw[:, :1], -math.inf)
    before = torch.cat([nothing, raw.logcumsumexp(1)[:, :-1]], dim=1)
    after = torch.cat([raw.flip(1).logcumsumexp(1).flip(1)[:, 1:], nothing], dim=1)
    return raw - torch.logaddexp(before, after)


def _rank(odds: Tensor) -> Tensor:
    values, places = np.unique(odds.numpy(), return_inverse=True)
    return torch.from_numpy(places / max(len(values) - 1, 1))


def calibration(raw: Tensor, truth: Tensor) -> tuple[float, list[dict[str, Any]]]:
    """Expected calibration error, and the bins behind it: how often the model is right where it is so sure.

    15 bins of equal width over the probability of the predicted class; the error is the mean over records of
    |share that is right - mean probability| of their bin.
    Source: Guo et al. 2017, eq. 3 [guo2017].
    """
    confidence, guess = raw.softmax(dim=-1).max(dim=-1)
    right = (guess == truth).double()
    place = (confidence * _NUM_BINS).ceil().long().clamp(1, _NUM_BINS) - 1  # bins are open below, closed above
    bins, error = [], 0.0
    for number in range(_NUM_BINS):
        inside = place == number
        count = int(inside.sum())
        if count:
            sure, share = float(confidence[inside].mean()), float(right[inside].mean())
            bins.append({"confidence": sure, "accuracy": share, "records": count})
            error += count / len(truth) * abs(share - sure)
    return error, bins
