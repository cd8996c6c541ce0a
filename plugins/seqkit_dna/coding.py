"""Codon usage in a window, in the best of six frames: what tells coding from other bases without a network.

Source: Staden and McLachlan 1982 [staden1982], whose measure is the probability of a window's codons under the usage of
known genes; here against codons of bases that code for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import final

import numpy as np

from seqkit import DataError, Record, class_figures
from seqkit_dna.legend import CODING, Legend
from seqkit_dna.letters import BASES
from seqkit_dna.tagging import Stretch

Figures = dict[str, float]

_WINDOWS = (15, 25, 41, 61, 91)
"""Codons of a window."""

_NUM_CODONS = len(BASES) ** 3
_UNKNOWN = _NUM_CODONS
_BLOCK_BASES = 1 << 18
_MOST_BLOCKS = 64
"""Of training that are learnt from: 16 Mb are enough for 64 codons."""

_NUM_BINS = 400
_LIMIT = 2.0
"""Scores are means of a window in nats a codon; beyond this they count alike."""


@final
class CodonFrequency:
    """The baselines `codon_frequency` and `all_coding` of `tag`.

    Args:
        legend: What the tags are; other features than coding ones are never guessed.
        skip_n: Whether N is left out of the figures.

    Attributes:
        log_odds: Of each codon, read forward, (65,); the last is that of a codon with an N.
        window: Codons of a window.
        threshold: Nats a codon above which a base is called coding.
    """

    def __init__(self, legend: Legend, skip_n: bool) -> None:
        self.legend, self.skip_n = legend, skip_n
        self.tags = np.array(legend.tags_of(CODING) or (0, 0))
        self.coding = np.add.outer(self.tags, np.arange(legend.positions)).reshape(-1)
        self.log_odds = np.zeros(_NUM_CODONS + 1)
        self.window, self.threshold = _WINDOWS[0], 0.0

    def fit(self, read: Callable[[], Iterable[Record]]) -> None:
        """Learn codon usage, then window and threshold by the Matthews correlation, all of it on training bases.

        Of a large genome the first 16 Mb count.

        Args:
            read: Gives the training stretches anew at each call.
        """
        counts = np.ones((2, _NUM_CODONS + 1))  # One more of each than was seen.
        for block in islice(_blocks(read(), self.tags, self.coding), _MOST_BLOCKS):
            counts[1] += block.codons_of_genes()
            counts[0] += block.codons_of_nothing()
        shares = counts[:, :_UNKNOWN] / counts[:, :_UNKNOWN].sum(1, keepdims=True)
        self.log_odds = np.append(np.log(shares[1] / shares[0]), 0.0)
        tallies = {window: np.zeros((2, _NUM_BINS)) for window in _WINDOWS}
        for block in islice(_blocks(read(), self.tags, self.coding), _MOST_BLOCKS):
            for window, tally in tallies.items():
                bins = _bins(block.scores(self.log_odds, window).max(0))
                for coding in (0, 1):
                    tally[coding] += np.bincount(bins[block.coding == coding], minlength=_NUM_BINS)
        best = {window: _best_threshold(tally) for window, tally in tallies.items()}
        self.window = max(best, key=lambda window: best[window][0])
        self.threshold = best[self.window][1]

    def baselines(self, records: Iterable[Record]) -> dict[str, Figures]:
        """Figures over some stretches, named as the model's; also of calling every base coding, if tags say more."""
        truth, guess = [], []
        for block in _blocks(records, self.tags, self.coding):
            scores = block.scores(self.log_odds, self.window)
            tags = self._tags_of_frames(scores.argmax(0))
            kept = block.known if self.skip_n else slice(None)
            guess.append(np.where(scores.max(0) > self.threshold, tags, 0)[kept].astype(np.uint8))
            truth.append(block.tags[kept])
        told, said = np.concatenate(truth), np.concatenate(guess)
        figures = class_figures(told, said, len(self.legend.letters))
        if len(self.legend.letters) == 2:
            return {"codon_frequency": figures}
        coding = np.isin(told, self.coding)
        figures |= _of_coding(coding, np.isin(said, self.coding))
        return {"codon_frequency": figures, "all_coding": _of_coding(coding, np.ones_like(coding))}

    def _tags_of_frames(self, frames: np.ndarray) -> np.ndarray:
        """The tag of each base if it is read in one of the six frames, (N,)."""
        strand, frame = np.divmod(frames, 3)
        place = (np.arange(len(frames)) - frame) % 3
        place = np.where(strand == 0, place, 2 - place)
        found: np.ndarray = self.tags[strand] + (place if self.legend.positions > 1 else 0)
        return found


def coding_figures(truth: Sequence[str], guess: Sequence[str], legend: Legend) -> Figures:
    """Figures of coding or not, where the tags say more than that: strand, frame, other features.

    Args:
        truth: Tags of each record.
        guess: The model's.
        legend: What they stand for.
    """
    if CODING not in legend.features or len(legend.letters) == 2:
        return {}
    is_coding = np.zeros(256, bool)
    is_coding[[ord(letter) for letter, (name, _) in legend.kinds.items() if name == CODING]] = True
    told, said = (is_coding[np.frombuffer("".join(tags).encode(), np.uint8)] for tags in (truth, guess))
    return _of_coding(told, said)


def _of_coding(truth: np.ndarray, guess: np.ndarray) -> Figures:
    return {f"coding_{name}": value for name, value in class_figures(truth, guess, 2).items()}


@dataclass(frozen=True)
class _Block:
    """Some bases of a contig as numbers.

    Attributes:
        stretch: Where they lie.
        codons: Of the codon that begins at each base, (N,); 64 where it holds an N or does not end.
        tags: Places in the legend's letters, (N,).
        coding: Whether a base is, (N,) bool.
        first_tags: Of coding features on the forward and on the reverse strand, (2,).
    """

    stretch: Stretch
    codons: np.ndarray
    tags: np.ndarray
    coding: np.ndarray
    first_tags: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Which bases are no N, (N,) bool."""
        letters = np.frombuffer(self.stretch.bases.encode(), np.uint8)
        return np.not_equal(letters, ord("N"))

    def codons_of_genes(self) -> np.ndarray:
        """How often each codon is read in the frame of a coding feature, (65,)."""
        features = self.stretch.features
        assert features is not None
        begin, size = self.stretch.start, len(self.stretch)
        counts = np.zeros(_NUM_CODONS + 1)
        found = features.within(begin, begin + size)
        for number in found[np.isin(features.tag[found], self.first_tags)]:
            low, high = features.start[number] - begin, features.end[number] - begin
            if features.strand[number] < 0:
                high -= features.phase[number]
                places = np.arange(high - 3, max(low, 0) - 1, -3)
                read = _OTHER_STRAND[self.codons[places[places < size]]]
            else:
                places = np.arange(low + features.phase[number], min(high, size) - 2, 3)
                read = self.codons[places[places >= 0]]
            counts += np.bincount(read, minlength=_NUM_CODONS + 1)
        return counts

    def codons_of_nothing(self) -> np.ndarray:
        """How often each codon begins at a base without a feature, on either strand, (65,)."""
        free = self.codons[:-2][(self.tags[:-2] == 0) & (self.tags[2:] == 0)]
        counts: np.ndarray = np.bincount(free, minlength=_NUM_CODONS + 1)
        counts = counts + counts[_OTHER_STRAND]
        return counts

    def scores(self, log_odds: np.ndarray, window: int) -> np.ndarray:
        """Mean log-odds of the codons around each base in each frame, the forward ones first: (6, N)."""
        size = len(self.codons)
        found = np.full((6, size), -np.inf)
        for strand, values in enumerate((log_odds[self.codons], log_odds[_OTHER_STRAND[self.codons]])):
            for frame in range(min(3, size)):
                means = _moving_mean(values[frame::3], window)
                found[3 * strand + frame, frame:] = np.repeat(means, 3)[: size - frame]
        return found


def _blocks(records: Iterable[Record], first_tags: np.ndarray, coding_tags: np.ndarray) -> Iterator[_Block]:
    for record in records:
        stretch: Stretch = record.sequence
        for begin in range(0, len(stretch), _BLOCK_BASES):
            yield _block(stretch[begin : begin + _BLOCK_BASES], first_tags, coding_tags)


def _block(stretch: Stretch, first_tags: np.ndarray, coding_tags: np.ndarray) -> _Block:
    features = stretch.features
    if features is None:
        raise DataError("has no annotation", at="codon_frequency", fix="give --data.annotation")
    codes = _CODE_OF[np.frombuffer(stretch.bases.encode(), np.uint8)].astype(np.int64)
    codons = np.full(len(codes), _UNKNOWN)
    first, second, third = codes[:-2], codes[1:-1], codes[2:]
    known = np.maximum(np.maximum(first, second), third) < len(BASES)
    codons[:-2] = np.where(known, first * 16 + second * 4 + third, _UNKNOWN)
    tags = features.codes(stretch.start, stretch.start + len(stretch))
    return _Block(stretch, codons, tags, np.isin(tags, coding_tags), first_tags)


def _moving_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Mean of the `window` values around each, of fewer at the ends."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    low, high = np.maximum(places - window // 2, 0), np.minimum(places + window // 2 + 1, len(values))
    means: np.ndarray = (total[high] - total[low]) / (high - low)
    return means


def _bins(scores: np.ndarray) -> np.ndarray:
    return np.clip((scores / _LIMIT + 1) / 2 * _NUM_BINS, 0, _NUM_BINS - 1).astype(np.int64)


def _best_threshold(tally: np.ndarray) -> tuple[float, float]:
    """Matthews correlation and threshold of the best cut through two histograms, (2, bins): others, coding."""
    above = tally.sum(1, keepdims=True) - np.cumsum(tally, axis=1)  # (2, bins): scores in higher bins
    others, coding = tally.sum(1)
    right, wrong = above[1], above[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        product = (right + wrong) * coding * others * (others - wrong + coding - right)
        matthews = np.nan_to_num((right * (others - wrong) - wrong * (coding - right)) / np.sqrt(product))
    best = int(matthews.argmax())
    return float(matthews[best]), ((best + 1) / _NUM_BINS * 2 - 1) * _LIMIT


def _other_strand() -> np.ndarray:
    """The codon that is read on the other strand, (65,)."""
    first, second, third = np.unravel_index(np.arange(_NUM_CODONS), (4, 4, 4))
    return np.append((3 - third) * 16 + (3 - second) * 4 + 3 - first, _UNKNOWN)


_OTHER_STRAND = _other_strand()
_CODE_OF = np.full(256, len(BASES), np.uint8)
_CODE_OF[np.frombuffer(BASES.encode(), np.uint8)] = np.arange(len(BASES))
