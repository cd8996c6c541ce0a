"""A rung of classify over numbers of equal length: the class of the nearest training record."""

from __future__ import annotations

import time

import numpy as np

from seqkit.data.store import FlatStore
from seqkit.lecture.rungs.bags import record_classes
from seqkit.lecture.rungs.class_rungs import class_figures
from seqkit.lecture.rungs.rung import Rung

_MOST_PRODUCTS = 1 << 34
"""Records times records times numbers of a record: beyond, the rung is left out."""

_MOST_NUMBERS = 1 << 25
"""Of the training split, which is held in memory."""

_TOGETHER = 256


def nearest_neighbour_rung(train: FlatStore, scored: FlatStore, num_classes: int) -> Rung | None:
    """One nearest neighbour by Euclidean distance; None where lengths differ or it would take long.

    The reference of the UCR archive: Dau et al. 2019 [dau2019]. A value that was not observed counts as the mean.

    Args:
        train: With classes.
        scored: What the figures are of.
        num_classes: C.
    """
    begin = time.perf_counter()
    lengths = np.concatenate([train.lengths, scored.lengths])
    size = int(lengths[0]) * train.steps.shape[1]
    if (lengths != lengths[0]).any() or train.steps.size > _MOST_NUMBERS:
        return None
    if len(train) * len(scored) * size > _MOST_PRODUCTS:
        return None
    # Far from zero the product below would lose what tells records apart.
    steps = train.stretch(0, len(train.steps)).numpy()
    seen = np.isfinite(steps)
    sums = np.where(seen, steps, 0.0).sum(0, dtype=np.float64)
    centre = (sums / np.maximum(seen.sum(0), 1)).astype(np.float32)
    known = np.nan_to_num(steps - centre).reshape(len(train), size)
    squares, classes = (known.astype(np.float64) ** 2).sum(1), record_classes(train)
    found = []
    for row in range(0, len(scored), _TOGETHER):
        steps = scored.stretch(scored.offsets[row], scored.offsets[min(row + _TOGETHER, len(scored))]).numpy()
        wanted = np.nan_to_num(steps - centre).reshape(-1, size)
        # |a - b|^2 without |a|^2, which is the same for all neighbours.
        found.append(classes[(squares - 2 * (wanted @ known.T)).argmin(1)])
    figures = class_figures(record_classes(scored), np.concatenate(found), num_classes)
    return Rung("nearest_neighbour", "window", figures, known.size, time.perf_counter() - begin)
