"""Steps and outputs as what they stand for: text, numbers, labels with their probability."""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from seqkit.codec import Codec
from seqkit.data.module import SequenceDataModule
from seqkit.model import SequenceModel
from seqkit.steps import Discrete

Columns = dict[str, list[Any]]
"""Consecutive lines, by column; None where there is nothing to say."""


@final
class Values:
    """Steps as the values they stand for; each symbol is decoded once.

    Args:
        codec: Of the steps.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self._known: dict[int, Any] = {}

    def __call__(self, steps: Tensor) -> list[Any]:
        """A value a step: text, a number, or a list of numbers; None where one is missing. Steps (n,) or (n, F)."""
        if steps.is_floating_point():
            values = np.asarray(self.codec.decode(steps.cpu()))  # a codec need not know of devices
            return [_plain(row) for row in values.reshape(len(steps), -1)]
        symbols = steps.tolist()
        for symbol in set(symbols) - self._known.keys():
            value = self.codec.decode(torch.tensor([symbol]))
            self._known[symbol] = value if isinstance(value, str) else _plain(np.asarray(value).reshape(-1))
        return [self._known[symbol] for symbol in symbols]


@final
class Answers:
    """The head's outputs as answers with their probability.

    Args:
        model: Says what kind of prediction it makes.
        data: Says what the classes are called.
    """

    def __init__(self, model: SequenceModel, data: SequenceDataModule) -> None:
        self.output, self.codec = model.task.output, data.target_codec
        self.discrete = isinstance(data.target_codec.spec, Discrete)
        self._values = Values(data.target_codec)

    def __call__(self, raw: Tensor) -> Columns:
        """Of outputs (n, P)."""
        if not self.discrete:
            return {"prediction": self._values(self.output.mean(raw))}
        best = raw.double().softmax(dim=-1).max(dim=-1)
        return {"prediction": self._values(best.indices), "probability": best.values.tolist()}


def _plain(row: np.ndarray) -> Any:
    """The numbers of a step: one alone as itself; None for NaN."""
    values = [None if value != value else value for value in row.tolist()]
    return values[0] if len(values) == 1 else values
