"""Codecs of symbols that any domain may use: an alphabet, labels, tags. All final."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from seqkit.codec import Codec, require_fitted
from seqkit.errors import ConfigError, DataError, did_you_mean
from seqkit.steps import Discrete

_NUM_ASCII = 128
_OUTSIDE = 255
"""In a table of bytes: a character outside the alphabet."""

_SHOWN = 30
"""Characters of a label that an error shows."""


@final
class SymbolCodec(Codec):
    """One step a character, from an alphabet that is given or learned from the training split.

    Args:
        alphabet: The symbols in the order of their ids; None learns them, sorted by code point.
        unknown: A symbol that stands for every character outside the alphabet; None refuses such characters.

    Example:
        >>> codec = SymbolCodec("ACGT")
        >>> codec.encode("GATTACA")
        tensor([2, 0, 3, 3, 0, 1, 0])
        >>> codec.decode(torch.tensor([2, 0, 3]))
        'GAT'
    """

    def __init__(self, alphabet: str | None = None, unknown: str | None = None) -> None:
        self.unknown = unknown
        self.alphabet = ""
        self._bytes: bytes | None = None
        if alphabet is not None:
            self._set(alphabet)

    @property
    def spec(self) -> Discrete:
        """As many classes as symbols."""
        require_fitted(bool(self.alphabet), self)
        return Discrete(len(self.alphabet))

    @property
    def separator(self) -> int | None:
        """The blank, where the alphabet has it."""
        return self.alphabet.index(" ") if " " in self.alphabet else None

    def fit(self, values: Iterable[str]) -> None:
        """Learn the alphabet, unless it was given."""
        if self.alphabet:
            return
        seen = np.zeros(sys.maxunicode + 1, bool)
        for value in values:
            if value.isascii():
                known = np.flatnonzero(seen[:_NUM_ASCII]).astype(np.uint8).tobytes()
                new = value.encode().translate(None, known)  # Mostly nothing: all were seen before.
                seen[np.frombuffer(new, np.uint8)] = True
            else:
                seen[_code_points(value)] = True
        self._set("".join(map(chr, np.flatnonzero(seen))))

    def encode(self, value: str) -> Tensor:
        """Characters to ids, (T,) int64."""
        return torch.from_numpy(self.encode_array(value).astype(np.int64))

    def encode_array(self, value: str) -> np.ndarray:
        """Characters to ids in a small type, (T,)."""
        require_fitted(bool(self.alphabet), self)
        if self._bytes is not None and value.isascii():
            ids = np.frombuffer(value.encode().translate(self._bytes), dtype=np.uint8)
            outside = int(ids.max(initial=0)) == _OUTSIDE
        else:
            ids = np.take(self._table, _code_points(value), mode="clip")
            outside = int(ids.min(initial=0)) < 0
        if outside:
            first = next(place for place, character in enumerate(value) if character not in self.alphabet)
            raise DataError(
                f"character {value[first]!r} at position {first} is not in the alphabet",
                fix=f"the alphabet is {self.alphabet[:40]!r}: clean the record, or give an unknown symbol",
            )
        return ids

    def decode(self, steps: Tensor) -> str:
        """Ids to characters."""
        return "".join(self._symbols[steps.cpu().numpy()].tolist())

    def state(self) -> dict[str, Any]:
        """The alphabet."""
        return {"alphabet": self.alphabet}

    def restore(self, state: dict[str, Any]) -> None:
        """Put the alphabet back."""
        self._set(state["alphabet"])

    def _set(self, alphabet: str) -> None:
        if self.unknown is not None and self.unknown not in alphabet:
            alphabet += self.unknown
        if len(set(alphabet)) != len(alphabet):
            raise ConfigError(f"alphabet {alphabet[:40]!r} names a symbol twice", fix="list each symbol once")
        self.alphabet = alphabet
        self._symbols = np.array(list(alphabet), dtype=object)  # numpy's own text type drops a NUL
        fallback = -1 if self.unknown is None else alphabet.index(self.unknown)
        # One entry a code point and one past the last: a lookup table reads a million characters in a millisecond.
        self._table = np.full(max(map(ord, alphabet), default=0) + 2, fallback, dtype=np.int32)
        self._table[_code_points(alphabet)] = np.arange(len(alphabet))
        self._bytes = None
        if len(alphabet) <= _OUTSIDE:  # ASCII, as most text is, goes through a table of bytes four times as fast.
            ids = np.take(self._table, np.arange(_NUM_ASCII), mode="clip")
            self._bytes = bytes(np.where(ids < 0, _OUTSIDE, ids).astype(np.uint8)) + bytes(_NUM_ASCII)


@final
class LabelCodec(Codec):
    """One step a record: its class. Labels are learned from the training split and sorted."""

    def __init__(self, labels: Sequence[str] | None = None) -> None:
        self.labels: list[str] = [str(label) for label in labels or []]

    @property
    def spec(self) -> Discrete:
        """As many classes as labels."""
        require_fitted(bool(self.labels), self)
        return Discrete(len(self.labels))

    def fit(self, values: Iterable[Any]) -> None:
        """Learn the labels, unless they were given.

        Raises:
            DataError: If fewer than two labels occur.
        """
        if self.labels:
            return
        labels = sorted({str(value) for value in values})
        if len(labels) < 2:
            raise DataError(
                f"classification needs at least two labels, the training data holds {labels}",
                at="the labels of the training split",
                fix="give --data.path once for each class as LABEL=PATH, or name the label column",
            )
        self.labels = labels

    def encode(self, value: Any) -> Tensor:
        """A label to its id, (1,) int64."""
        return torch.from_numpy(self.encode_array(value))

    def encode_array(self, value: Any) -> np.ndarray:
        """The same as `encode`."""
        try:
            return np.array([self.labels.index(str(value))])
        except ValueError:
            raise DataError(
                f"label {str(value)[:_SHOWN]!r} does not occur in the training data",
                fix=did_you_mean(str(value), self.labels)
                or f"known labels: {', '.join(label[:_SHOWN] for label in self.labels[:10])}",
            ) from None

    def decode(self, steps: Tensor) -> str:
        """An id, () or (1,), to its label."""
        return self.labels[int(steps.reshape(-1)[0])]

    def state(self) -> dict[str, Any]:
        """The labels."""
        return {"labels": self.labels}

    def restore(self, state: dict[str, Any]) -> None:
        """Put the labels back."""
        self.labels = list(state["labels"])


@final
class TagCodec(Codec):
    """One tag a step. Tags are learned from the training split and sorted."""

    def __init__(self, tags: Sequence[str] | None = None) -> None:
        self._labels = LabelCodec(tags)

    @property
    def spec(self) -> Discrete:
        """As many classes as tags."""
        return self._labels.spec

    def fit(self, values: Iterable[Sequence[str]]) -> None:
        """Learn the tags, unless they were given.

        Raises:
            DataError: If fewer than two tags occur.
        """
        if self._labels.labels:
            return
        found = sorted({str(tag) for tags in values for tag in set(tags)})
        if len(found) < 2:
            raise DataError(
                f"tagging needs at least two tags, the training data holds {found}",
                at="the tags of the training split",
                fix="check the column of the tags; or hold out other records or less, so that training has rare ones",
            )
        self._labels.labels = found

    def encode(self, value: Sequence[str]) -> Tensor:
        """Tags to ids, (T,) int64."""
        known = {tag: int(self._labels.encode(tag)) for tag in dict.fromkeys(value)}
        return torch.tensor([known[tag] for tag in value], dtype=torch.int64)

    def decode(self, steps: Tensor) -> list[str]:
        """Ids, (T,), to tags."""
        return [self._labels.labels[step] for step in steps.tolist()]

    def state(self) -> dict[str, Any]:
        """The tags."""
        return self._labels.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Put the tags back."""
        self._labels.restore(state)


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
