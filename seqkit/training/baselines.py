"""What costs nothing to beat: chance, the most frequent class, single-symbol frequencies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore
from seqkit.errors import SeqkitError
from seqkit.steps import Discrete, Split

_COUNTED_TOGETHER = 1 << 20
_HIGHER_IS_BETTER = ("accuracy",)


def chance_baselines(data: SequenceDataModule, split: Split) -> dict[str, dict[str, float]]:
    """Baselines of a split by name, each with figures named as the model's.

    For symbols under `next_step`: `uniform`, and `unigram` (training frequencies, one count added to each symbol).
    For classes: `majority`, the class that is most frequent in training. For numbers: none.
    """
    train = _training_store(data)
    if data.streams:
        if not isinstance(data.codec.spec, Discrete):
            return {}
        size = data.codec.spec.num_classes
        uniform = {"uniform": {"bits_per_step": math.log2(size)}}
        if train is None:
            return uniform
        counts, truth = _counts(train.steps, size) + 1, _counts(data.store(split).steps, size)
        bits = float(-(truth * np.log2(counts / counts.sum())).sum() / truth.sum())
        return uniform | {"unigram": {"bits_per_step": bits}}
    targets, scored = None if train is None else train.targets, data.store(split).targets
    if not isinstance(data.target_codec.spec, Discrete) or targets is None or not len(targets) or scored is None:
        return {}
    majority = int(_counts(targets, data.target_codec.spec.num_classes).argmax())
    return {"majority": {"accuracy": float((np.asarray(scored) == majority).mean())}}


def unbeaten(result: dict[str, Any]) -> list[str]:
    """Names of the baselines that are better than the model in any figure they share with it.

    Args:
        result: Of `fit`, `validate` or `test`: `metrics`, and `baselines` by name.
    """
    names = []
    for name, figures in result["baselines"].items():
        for metric, value in figures.items():
            own = result["metrics"].get(metric, math.nan)
            if (own < value) if metric in _HIGHER_IS_BETTER else (own > value):
                names.append(name)
                break
    return names


def _training_store(data: SequenceDataModule) -> FlatStore | None:
    """None if what the model was trained on cannot be read any more: a checkpoint must not need it."""
    try:
        return data.store("train")
    except (SeqkitError, OSError):
        return None


def _counts(steps: np.ndarray, num_classes: int) -> np.ndarray:
    """How often each symbol occurs, (num_classes,) float64; in parts, because `bincount` copies to int64."""
    counts = np.zeros(num_classes)
    for begin in range(0, len(steps), _COUNTED_TOGETHER):
        counts += np.bincount(steps[begin : begin + _COUNTED_TOGETHER], minlength=num_classes)
    return counts
