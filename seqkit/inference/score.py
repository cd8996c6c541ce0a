"""How likely records are: figures of each, or of each of their steps, written as they come."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seqkit.data.batching import consecutive_runs
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore, as_steps
from seqkit.errors import ConfigError, DataError
from seqkit.inference.likelihood import Piece, read_pieces, require_likelihoods
from seqkit.inference.rows import Row
from seqkit.inference.values import Values
from seqkit.model import SequenceModel
from seqkit.steps import Discrete, Split

_GROUP_STEPS = 1 << 20
"""Steps of short records that are held until their rows can be written in order."""

_GROUP_RECORDS = 1 << 16
"""And records: an empty one has no steps."""

_MOST_NAMED = 20
"""Unlikely steps that the summary names."""


@dataclass
class Scoring:
    """One reading of a split: rows, and what they add up to.

    Args:
        model: Trained on `next_step`.
        data: Its data module, with the paths to read.
        split: Which records; `predict` takes all.
        threshold: Anomaly score from which a step is counted; of numbers only.

    Attributes:
        num_steps: Scored steps of each record, (num_records,).
        nats: Their negative log-likelihood.
        worst: Of numbers, the highest anomaly score of each record; NaN where there is none.
        worst_step: Where it is.
        num_above: Steps at or above the threshold.
        above: The highest of them: (anomaly, record, step).
    """

    model: SequenceModel
    data: SequenceDataModule
    split: Split = "predict"
    threshold: float | None = None
    above: list[tuple[float, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        require_likelihoods(self.data, str(self.model.blueprint.get("domain", "NAME")))
        self.store = self.data.store(self.split)
        if not len(self.store):
            raise DataError(
                f"the {self.split} split holds no record",
                at=f"path {self.data.path!r}; {self.data.describe_split()}",
                fix="score another one (--split), or give other data (--data.path)",
            )
        self.symbols = isinstance(self.data.codec.spec, Discrete)
        count = len(self.store)
        self.num_steps, self.nats = np.zeros(count, np.int64), np.zeros(count)
        self.worst, self.worst_step = np.full(count, np.nan), np.zeros(count, np.int64)
        self.num_above = np.zeros(count, np.int64)

    def record_rows(self) -> Iterator[Row]:
        """One row a record, in the order of the source. A record of one step predicts nothing: its cells are None."""
        for piece in read_pieces(self.model, self.data, self.store, tails=not self.symbols):
            self._add(piece)
        for record, origin in enumerate(self.store.origins()):
            yield {"origin": origin} | self._figures(record)

    def step_rows(self) -> Iterator[Row]:
        """One row a step, in the order of the source: `step` counts from 0, whose figures are None."""
        origins = self.store.origins()
        show = Values(self.data.codec)
        names = ("nll_nats", "bits") if self.symbols else ("nll_nats", "anomaly")
        for piece in self._in_order():
            origin, places = origins[piece.record], range(piece.start, piece.start + len(piece.steps))
            others = piece.nll_nats / math.log(2) if piece.log_tail is None else _anomaly(piece.log_tail)
            values = show(as_steps(np.array(piece.steps)))
            for step, value, nll, other in zip(places, values, piece.nll_nats, others, strict=True):
                yield (
                    {"origin": origin, "step": step} | _columns(value) | {names[0]: _cell(nll), names[1]: _cell(other)}
                )

    def mean_nats(self) -> np.ndarray:
        """Nats a step of each record; NaN where none is scored."""
        counts = self.num_steps
        return np.where(counts > 0, self.nats / np.maximum(counts, 1), np.nan)

    def _figures(self, record: int) -> Row:
        steps, nats = int(self.num_steps[record]), float(self.nats[record])
        mean = nats / steps if steps else None
        row: Row = {
            "num_steps": steps,
            "log_likelihood": None if mean is None else round(-nats, 6),
            "nll_nats": None if mean is None else round(mean, 6),
        }
        if self.symbols:
            bits = None if mean is None else round(mean / math.log(2), 6)
            # Above 700 nats a step it is no float.
            perplexity = None if mean is None or mean > 700 else round(math.exp(mean), 6)
            return row | {"bits_per_step": bits, "perplexity": perplexity}
        worst = _cell(self.worst[record])
        row |= {"max_anomaly": worst, "max_anomaly_step": None if worst is None else int(self.worst_step[record])}
        return row if self.threshold is None else row | {"num_above": int(self.num_above[record])}

    def _add(self, piece: Piece) -> None:
        scored = np.isfinite(piece.nll_nats)
        self.num_steps[piece.record] += scored.sum()
        self.nats[piece.record] += piece.nll_nats[scored].sum()
        if piece.log_tail is None or not scored.any():
            return
        anomaly = np.where(scored, _anomaly(piece.log_tail), -np.inf)
        best = int(anomaly.argmax())
        if not anomaly[best] <= self.worst[piece.record]:  # also where that is NaN
            self.worst[piece.record], self.worst_step[piece.record] = anomaly[best], piece.start + best
        if self.threshold is not None:
            for place in np.flatnonzero(anomaly >= self.threshold):
                self.num_above[piece.record] += 1
                # The least of the kept ones is first: it gives way to a higher one.
                entry = (float(anomaly[place]), piece.record, piece.start + int(place))
                (heapq.heappush if len(self.above) < _MOST_NAMED else heapq.heappushpop)(self.above, entry)

    def _in_order(self) -> Iterator[Piece]:
        """All steps record by record: long records as they are read, short ones read together and then sorted."""
        tails = not self.symbols
        for run in consecutive_runs(self.store.lengths, _GROUP_STEPS, _GROUP_RECORDS):
            begin, end = int(run[0]), int(run[-1]) + 1
            part = replace(
                self.store, offsets=self.store.offsets[begin : end + 1], context=self.store.context[begin:end]
            )
            waiting: dict[int, list[Piece]] = {n: _first_step(self.store, n, tails) for n in range(begin, end)}
            if end - begin == 1:
                yield from waiting.pop(begin)
            for own in read_pieces(self.model, self.data, part, tails):
                piece = replace(own, record=own.record + begin)
                self._add(piece)
                if piece.record in waiting:
                    waiting[piece.record].append(piece)
                else:
                    yield piece
            for pieces in waiting.values():
                yield from pieces


def require_threshold(data: SequenceDataModule, threshold: float | None) -> None:
    """Refuse a threshold where it would say nothing.

    Raises:
        ConfigError: For symbols, or a threshold that is not above 0.
    """
    if threshold is None:
        return
    if isinstance(data.codec.spec, Discrete):
        raise ConfigError(
            "symbols have no anomaly score", at="--threshold", fix="leave it out: --per_step writes the bits of each"
        )
    if not threshold > 0:
        raise ConfigError(f"threshold is {threshold:g}", at="--threshold", fix="give a number above 0, such as 4")


def score_rows(scoring: Scoring, per_step: bool) -> Iterator[Row]:
    """Rows of records, or of steps."""
    return scoring.step_rows() if per_step else scoring.record_rows()


def _first_step(store: FlatStore, record: int, tails: bool) -> list[Piece]:
    """A record's first step, which nothing predicts; none if the record is empty."""
    begin, end = store.offsets[record : record + 2]
    nothing = np.full(1, np.nan)
    steps = np.asarray(store.steps[begin : begin + 1])
    return [Piece(record, 0, steps, nothing, nothing if tails else None)] if end > begin else []


def _columns(value: Any) -> Row:
    """A step's value: as it is, or each of several features in a column of its own."""
    if isinstance(value, list):
        return {f"value_{n}": _figure(one) for n, one in enumerate(value)}
    return {"value": value if isinstance(value, str) else _figure(value)}


def _figure(value: float | None) -> float | None:
    """A number to the digits that float32 had; None for what was not observed."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.7g}")


def _cell(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _anomaly(log_tail: np.ndarray) -> np.ndarray:
    """-log10 of the tail probability: 3 is one in a thousand."""
    return np.maximum(-log_tail / math.log(10), 0.0)
