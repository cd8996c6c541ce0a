"""What costs nothing to beat: chance, the most frequent class, single-symbol frequencies."""

from __future__ import annotations

import math

import numpy as np

from seqkit.data.module import SequenceDataModule
from seqkit.steps import Discrete, Split


def chance_baselines(data: SequenceDataModule, split: Split) -> dict[str, dict[str, float]]:
    """Baselines of a split by name, each with figures named as the model's.

    For symbols under `next_step`: `uniform`, and `unigram` (training frequencies, one count added to each symbol).
    For classes: `majority`, the class that is most frequent in training. For numbers: none.
    """
    if data.streams:
        if not isinstance(data.codec.spec, Discrete):
            return {}
        counts = np.bincount(np.asarray(data.store("train").steps), minlength=data.codec.spec.num_classes) + 1.0
        truth = np.bincount(np.asarray(data.store(split).steps), minlength=len(counts))
        bits = float(-(truth * np.log2(counts / counts.sum())).sum() / truth.sum())
        return {
            "uniform": {"bits_per_step": math.log2(len(counts))},
            "unigram": {"bits_per_step": bits},
        }
    targets, scored = data.store("train").targets, data.store(split).targets
    if not isinstance(data.target_codec.spec, Discrete) or targets is None or scored is None:
        return {}
    majority = int(np.bincount(np.asarray(targets)).argmax())
    return {"majority": {"accuracy": float((np.asarray(scored) == majority).mean())}}
