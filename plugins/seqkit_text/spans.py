"""Spans of BIO tags (names, places), and how many of them are found: the figures of conlleval."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

OUTSIDE = "O"

_TAG = re.compile(r"[BIESLU]-.+")
_BEGINS, _ENDS = "BSU", "ESLU"

Span = tuple[str, int, int]


def are_spans(tags: Iterable[str]) -> bool:
    """Whether tags are of the form `B-PER`, `I-PER`, `O`; IOB1, IOBES and BILOU too."""
    tags = set(tags)
    return OUTSIDE in tags and len(tags) > 1 and all(tag == OUTSIDE or _TAG.fullmatch(tag) for tag in tags)


def find_spans(tags: Sequence[str]) -> list[Span]:
    """Spans of a sentence: kind, first token, and the token after the last.

    A span begins at `B-`, and at `I-` of a kind that is not open, as conlleval reads tags that do not fit together.
    Source: Tjong Kim Sang and De Meulder 2003 [tjong2003].

    Example:
        >>> find_spans(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"])
        [('PER', 0, 2), ('LOC', 3, 4), ('LOC', 4, 5)]
    """
    spans: list[Span] = []
    kind, begin, closed = "", 0, True
    for place, tag in enumerate([*tags, OUTSIDE]):
        prefix, _, own = tag.partition("-")
        if not closed and (not own or own != kind or prefix in _BEGINS):
            spans.append((kind, begin, place))
            closed = True
        if own and closed:
            kind, begin, closed = own, place, False
        if own and prefix in _ENDS:
            spans.append((kind, begin, place + 1))
            closed = True
    return spans


def span_figures(truth: Iterable[Sequence[str]], guess: Iterable[Sequence[str]]) -> dict[str, float]:
    """Precision, recall and F1 of whole spans over all sentences; right is what has the same kind and both ends.

    Args:
        truth: Tags of each sentence.
        guess: As the model gives them.
    """
    right = found = there = 0
    for expected, given in zip(truth, guess, strict=True):
        spans, guesses = set(find_spans(expected)), set(find_spans(given))
        right, found, there = right + len(spans & guesses), found + len(guesses), there + len(spans)
    return {
        "span_precision": right / found if found else 0.0,
        "span_recall": right / there if there else 0.0,
        "span_f1": 2 * right / (found + there) if found + there else 0.0,
    }
