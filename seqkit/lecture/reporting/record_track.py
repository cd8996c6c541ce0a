"""RecordTrack: a record as it stands above a picture over time: a label a step, or values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from seqkit.codec import Codec
from seqkit.steps import Discrete

_MOST_VALUES = 6
"""Numbers of a step that are drawn; more lines cannot be told apart."""

_VISIBLE = {" ": "␣", "\n": "↵", "\t": "→", "\r": "↵", "": "·"}


@dataclass(frozen=True)
class RecordTrack:
    """What a record's steps say, one entry a step.

    Attributes:
        labels: Letters, bases, words or tokens, with white space made visible; () where steps are values.
        values: (T, F) where steps are values; (T, 0) otherwise.
    """

    labels: tuple[str, ...]
    values: np.ndarray

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.values)

    @property
    def width(self) -> int:
        """Letters of the longest label."""
        return max(map(len, self.labels), default=0)

    def first(self, num_steps: int) -> RecordTrack:
        """Its beginning."""
        return RecordTrack(self.labels[:num_steps], self.values[:num_steps])


def record_track(codec: Codec, steps: np.ndarray) -> RecordTrack:
    """A record as its codec decodes it: symbols one by one, values as one curve a feature.

    Args:
        codec: Of the records' sequences.
        steps: Encoded, (T,) or (T, F).
    """
    whole = torch.from_numpy(np.ascontiguousarray(steps))
    if not isinstance(codec.spec, Discrete):
        num_values = codec.spec.num_predicted
        return RecordTrack((), _columns(codec.decode(whole), len(steps))[:, :num_values][:, :_MOST_VALUES])
    first = codec.decode(whole[:1]) if len(whole) else ""
    if not isinstance(first, str | list | tuple):  # levels of a waveform
        return RecordTrack((), _columns(codec.decode(whole), len(steps)))
    names = [_label(codec.decode(whole[number : number + 1])) for number in range(len(whole))]
    return RecordTrack(tuple(names), np.zeros((len(names), 0)))


def _columns(decoded: object, num_steps: int) -> np.ndarray:
    """Decoded values as (T, F); what the codec gives in another length is read as it stands, evenly spread."""
    values = np.asarray(decoded, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values.reshape(len(values), -1)
    if len(values) == num_steps or not len(values):
        return values
    return values[np.linspace(0, len(values) - 1, num_steps).round().astype(int)]


def _label(decoded: object) -> str:
    text = decoded if isinstance(decoded, str) else " ".join(map(str, decoded))  # type: ignore[call-overload]
    return _VISIBLE.get(text, "".join(_VISIBLE.get(c, c if c.isprintable() else "·") for c in text))
