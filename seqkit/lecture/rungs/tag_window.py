"""A rung of tag over symbols: the likeliest tag given the symbols around, as many as validation prefers."""

from __future__ import annotations

import time

import numpy as np

from seqkit.data.store import FlatStore
from seqkit.lecture.rungs.class_rungs import figures_of
from seqkit.lecture.rungs.ngram import part_note
from seqkit.lecture.rungs.places import all_places
from seqkit.lecture.rungs.rung import Rung
from seqkit.lecture.rungs.witten_bell import WittenBell

_MOST_COUNTED = 1 << 21
_MOST_VALIDATED = 1 << 18
_MOST_NUMBERS = 1 << 25
"""Targets times tags that are scored."""

_WIDEST = 12
_NUMBERS_TOGETHER = 1 << 20


def window_offset(level: int) -> int:
    """The step that level 1, 2, 3 ... of a window adds: 0, -1, 1, -2, 2 ...

    Example:
        >>> [window_offset(level) for level in (1, 2, 3, 4, 5)]
        [0, -1, 1, -2, 2]
    """
    return -(level // 2) if level % 2 == 0 else level // 2


def tag_window_rung(
    train: FlatStore, valid: FlatStore | None, scored: FlatStore, num_symbols: int, num_tags: int
) -> Rung | None:
    """`window_W`: tags counted by the W symbols around them, smoothed after Witten and Bell.

    None without validation records to choose W on.

    Args:
        train: With tags.
        valid: What W is chosen on.
        scored: What the figures are of.
        num_symbols: K.
        num_tags: Y.
    """
    begin = time.perf_counter()
    if valid is None or not len(valid) or train.targets is None or valid.targets is None or scored.targets is None:
        return None
    places, judged = all_places(train, _MOST_COUNTED), all_places(valid, _MOST_VALIDATED)
    table = WittenBell(num_symbols, num_tags, window_offset)
    learnt, truth = (t[p.at].astype(np.int64) for t, p in ((train.targets, places), (valid.targets, judged)))
    table.learn(places, learnt, judged, truth, _WIDEST + 1, least_levels=3)
    targets = all_places(scored, max(_MOST_NUMBERS // num_tags, 1))
    nats, pairs = 0.0, []
    for _, part in targets.parts(max(_NUMBERS_TOGETHER // num_tags, 1)):
        every = np.broadcast_to(np.arange(num_tags), (len(part), num_tags))
        found, expected = table.probabilities(part, every), scored.targets[part.at].astype(np.int64)
        nats -= float(np.log(found[np.arange(len(part)), expected]).sum())
        pairs.append((expected, found.argmax(1)))
    name = f"window_{len(table.levels) - 1}"
    figures = {"loss": nats / max(len(targets), 1)} | figures_of(pairs, num_tags)
    seconds = time.perf_counter() - begin
    return Rung(name, "window", figures, table.num_counts, seconds, part_note(name, places, targets))
