"""ScoreCodec: a score as one stream of symbols, the four voices of each step in turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqkit import Codec, DataError, Discrete
from seqkit_music.score import BAR, END, HOLD, NUM_VOICES

NUM_PITCHES = 128
STAY = NUM_PITCHES - END
"""The symbol of a step at which all four voices hold; the negative words of a score lie between it and the pitches."""


class ScoreCodec(Codec):
    """Scores to symbols: 0 to 127 are pitches, then HOLD, REST, BAR, END, and STAY.

    A step is four symbols; a mark is one, and so is a step at which nothing begins, for most steps are such.

    Nothing is learnt from data, so every score can be encoded.

    Args:
        steps_per_quarter: Steps of the grid in a quarter note; kept with the model, because what it learnt holds
            for that grid alone.
    """

    def __init__(self, steps_per_quarter: int = 2) -> None:
        self.steps_per_quarter = steps_per_quarter

    @property
    def spec(self) -> Discrete:
        """Pitches, two words for time, two marks, and STAY."""
        return Discrete(STAY + 1)

    @property
    def end(self) -> int:
        """Generation stops at END."""
        return NUM_PITCHES - 1 - END

    def encode(self, value: Any) -> Tensor:
        """A score (R, 4) to symbols (T,): voices from soprano to bass, step by step.

        Raises:
            DataError: If it is no score.
        """
        score = np.asarray(value)
        _require_score(score)
        # Negative words follow the pitches: HOLD, -1, is 128.
        symbols = np.where(score >= 0, score, NUM_PITCHES - 1 - score)
        stays = (score == HOLD).all(axis=1)
        symbols[stays, 0] = STAY
        kept = np.ones(score.shape, dtype=bool)
        kept[(score[:, 0] <= BAR) | stays, 1:] = False
        return torch.from_numpy(symbols[kept].astype(np.int64))

    def decode(self, steps: Tensor) -> np.ndarray:
        """Symbols to a score, whatever their order: a model may draw a bar line in the middle of a step.

        A step that is cut short is filled with HOLD; what follows END is no part of the piece.
        """
        rows: list[list[int]] = []
        voices: list[int] = []
        for symbol in steps.tolist():
            whole = symbol >= NUM_PITCHES - 1 - BAR  # BAR, END or STAY
            value = symbol if symbol < NUM_PITCHES else HOLD if symbol == STAY else NUM_PITCHES - 1 - symbol
            if not whole:
                voices.append(value)
            if voices and (whole or len(voices) == NUM_VOICES):
                rows.append(voices + [HOLD] * (NUM_VOICES - len(voices)))
                voices = []
            if whole:
                rows.append([value] * NUM_VOICES)
            if value == END:
                break
        if voices:
            rows.append(voices + [HOLD] * (NUM_VOICES - len(voices)))
        return np.array(rows, dtype=np.int16).reshape(-1, NUM_VOICES)

    def state(self) -> dict[str, Any]:
        """The grid."""
        return {"steps_per_quarter": self.steps_per_quarter}

    def restore(self, state: dict[str, Any]) -> None:
        """Put the grid back."""
        self.steps_per_quarter = state["steps_per_quarter"]


def _require_score(score: np.ndarray) -> None:
    """Refuse what `decode` would not give back.

    Raises:
        DataError: Says what is wrong.
    """
    fix = "give rows of four voices: pitches 0 to 127, HOLD, REST, or a mark in all four"
    if score.ndim != 2 or score.shape[1] != NUM_VOICES or score.dtype.kind != "i":
        raise DataError(f"an array of shape {score.shape} and type {score.dtype} is no score", fix=fix)
    if not ((score >= END) & (score < NUM_PITCHES)).all():
        raise DataError(f"the score holds the value {score[(score < END) | (score >= NUM_PITCHES)][0]}", fix=fix)
    marks = score <= BAR
    if (marks.any(axis=1) & (score != score[:, :1]).any(axis=1)).any():
        raise DataError("a mark stands in some voices only", fix=fix)
    if (score[:-1] == END).any():
        raise DataError("the score goes on after its end", fix="leave out the mark END, or what follows it")
