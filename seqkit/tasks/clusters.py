"""Clusters of an adaptive softmax: which symbols are frequent enough for the shortlist, and who shares a tail."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations, pairwise

import numpy as np

from seqkit.errors import ConfigError

_NUM_CANDIDATES = 32
"""Places where a cluster may begin, evenly spread over the logarithm of the rank."""

_NUM_TAILS = 3
"""Tails that are chosen: each more saves fewer scores than the one before, and costs a product of its own."""

_NEARLY_RANKED = 0.999
"""Ids stay as they are if their shortlist covers this share of what the best one covers."""


def choose_cutoffs(counts: np.ndarray, num_tails: int = _NUM_TAILS) -> list[int]:
    """Where tails begin, in symbols ordered by frequency, so that the fewest scores are computed a target.

    A target costs the shortlist with one score a tail, and, if it lies in a tail, the scores of that tail.

    Source: the cost that is minimised, Grave et al. 2017, section 4.2, with a matrix product's time proportional to its
    size [grave2017].

    Args:
        counts: How often each symbol occurs, in any order, (K,).
        num_tails: Clusters beside the shortlist, at most.

    Returns:
        First ranks of the tails, rising, the last below K.

    Example:
        >>> choose_cutoffs(1.0 / np.arange(1, 10_001), num_tails=1)
        [1249]
    """
    ranked = np.sort(counts)[::-1].astype(float)
    share = np.concatenate([[0.0], np.cumsum(ranked)]) / max(ranked.sum(), 1.0)
    candidates = np.unique(np.geomspace(1, len(counts) - 1, _NUM_CANDIDATES).astype(int)).tolist()
    choices = [list(choice) for choice in combinations(candidates, min(num_tails, len(candidates)))]
    return min(choices, key=partial(expected_scores, share))


def expected_scores(share: np.ndarray, cutoffs: Sequence[int]) -> float:
    """Scores that are computed for a target, on average.

    Args:
        share: Share of the targets among the first r symbols, (K + 1,) for r = 0..K.
        cutoffs: First ranks of the tails.

    Example:
        >>> expected_scores(np.array([0.0, 0.5, 0.75, 1.0]), [1])
        3.0
    """
    bounds = [*cutoffs, len(share) - 1]
    tails = sum((share[end] - share[begin]) * (end - begin) for begin, end in pairwise(bounds))
    return float(cutoffs[0] + len(cutoffs) + tails)


def require_cutoffs(cutoffs: Sequence[int], num_classes: int) -> None:
    """Refuse cutoffs that leave a cluster empty.

    Raises:
        ConfigError: Names the range.
    """
    bounds = [0, *cutoffs, num_classes]
    if not cutoffs or any(begin >= end for begin, end in pairwise(bounds)):
        raise ConfigError(
            f"cutoffs {list(cutoffs)} do not divide {num_classes} symbols",
            at="--model.cutoffs",
            fix=f"give rising ranks from 1 to {num_classes - 1}, or leave them out to have them chosen",
        )


def rank_symbols(counts: np.ndarray, cutoffs: Sequence[int]) -> np.ndarray:
    """Symbols in the order of their clusters, (K,) int64: the most frequent first, by id inside each cluster.

    Only the clusters matter to a softmax. So ids that come by frequency already, but for a few (`<unk>` leads a
    vocabulary however rare it is), stay as they are: then no row has to be moved.

    Example:
        >>> rank_symbols(np.array([1.0, 9.0, 0.0, 5.0]), [2])
        array([1, 3, 0, 2])
    """
    order = np.argsort(-counts, kind="stable")
    bounds = [0, *cutoffs, len(counts)]
    clusters = [np.sort(order[begin:end]) for begin, end in pairwise(bounds)]
    own = [counts[: cutoffs[0]].sum(), counts[clusters[0]].sum()]
    if own[0] >= _NEARLY_RANKED * own[1] and _falling(counts, bounds):
        return np.arange(len(counts))
    return np.concatenate(clusters)


def _falling(counts: np.ndarray, bounds: Sequence[int]) -> bool:
    """Whether the mean count falls from cluster to cluster as the ids are."""
    means = [counts[begin:end].mean() for begin, end in pairwise(bounds)]
    return all(before >= after for before, after in pairwise(means))
