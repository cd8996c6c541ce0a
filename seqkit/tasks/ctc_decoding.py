"""Transcripts out of the probabilities of CTC: the best path, and prefix beam search."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import torch
from torch import Tensor


def greedy(logs: Tensor) -> list[list[int]]:
    """The likeliest symbol at each step, repeats merged, blanks dropped.

    Source: best path decoding, Graves et al. 2006, section 3.2 [graves2006].

    Args:
        logs: Log probabilities, (B, T, K + 1), the blank last.

    Example:
        >>> path = torch.tensor([[0, 0, 2, 0, 1, 1]])
        >>> greedy(torch.nn.functional.one_hot(path, 3).float())
        [[0, 0, 1]]
    """
    path, blank = logs.argmax(-1), logs.shape[-1] - 1
    first = torch.ones_like(path, dtype=torch.bool)
    first[:, 1:] = path[:, 1:] != path[:, :-1]
    return [row[kept].tolist() for row, kept in zip(path, first & (path != blank), strict=True)]


def beam_search(logs: Tensor, beam_size: int) -> list[int]:
    """The transcript of highest probability among those whose prefixes stay within the beam.

    Each prefix keeps two probabilities, of the alignments that end in a blank and of those that end in its last
    symbol; both sum over alignments, which the best path does not.

    Source: prefix search, Graves et al. 2006, section 3.2 [graves2006]; as a beam, Hannun et al. 2014, algorithm 1
    [hannun2014].

    Args:
        logs: Log probabilities of one record, (T, K + 1), the blank last.
        beam_size: Prefixes kept after each step.
    """
    steps = logs.detach().double().numpy()
    blank = steps.shape[1] - 1
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -math.inf)}
    for log in steps:
        extended: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [-math.inf, -math.inf])
        # Symbols far below the best cannot enter the beam; most of an alphabet is left out here.
        symbols = np.flatnonzero(log[:blank] > log.max() - 30)
        for prefix, (in_blank, in_symbol) in beam.items():
            both = float(np.logaddexp(in_blank, in_symbol))
            own = extended[prefix]
            own[0] = np.logaddexp(own[0], both + log[blank])
            if prefix:
                own[1] = np.logaddexp(own[1], in_symbol + log[prefix[-1]])
            for symbol in symbols.tolist():
                before = in_blank if prefix and prefix[-1] == symbol else both
                longer = extended[(*prefix, symbol)]
                longer[1] = np.logaddexp(longer[1], before + log[symbol])
        best = sorted(extended.items(), key=lambda item: -float(np.logaddexp(item[1][0], item[1][1])))[:beam_size]
        beam = {prefix: (pair[0], pair[1]) for prefix, pair in best}
    likeliest, _ = max(beam.items(), key=lambda item: float(np.logaddexp(item[1][0], item[1][1])))
    return list(likeliest)
