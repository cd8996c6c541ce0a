"""TokenCodec: one step a token as it is given, with classes for words that training has not seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from seqkit import Codec, ConfigError, Discrete

UNKNOWN = "<unk>"

_SUFFIX = 3
_MOST_SHAPE = 6


@final
class TokenCodec(Codec):
    """One step a token. A token outside the vocabulary becomes a class of what it looks like.

    Such a class is named by the token's shape (`Xx` a capital and small letters, `0` digits) and its last letters,
    `<unk Xx son>`, or by its shape alone, `<unk Xx>`, or `<unk>`. There are those classes that rare training tokens
    give often enough; so all of them are trained.

    Source: classes of rare words by their form, Weischedel et al. 1993 [weischedel1993].

    Args:
        vocabulary_size: Most classes, those of unknown tokens counted; None keeps every word.
        min_count: Tokens seen less often than this in training are unknown, and teach their classes.

    Example:
        >>> codec = TokenCodec(min_count=2)
        >>> codec.fit([["Mrs", "Wilson", "met", "Mrs", "Jackson"], ["Jonson", "met", "Mrs", "Wu"]])
        >>> codec.decode(codec.encode(["Mrs", "Samson", "left", "Mrs", "Li"]))
        ['Mrs', '<unk Xx son>', '<unk>', 'Mrs', '<unk Xx>']
    """

    lossless = False

    def __init__(self, vocabulary_size: int | None = None, min_count: int = 1) -> None:
        self.vocabulary_size, self.min_count = vocabulary_size, min_count
        self.words: list[str] = []
        self._ids: dict[str, int] = {}

    @property
    def spec(self) -> Discrete:
        """As many classes as words and kinds of unknown words."""
        self._require_words()
        return Discrete(len(self.words))

    def fit(self, values: Iterable[Sequence[str]]) -> None:
        """Learn the vocabulary, and the classes of what is rare."""
        counts: Counter[str] = Counter()
        for tokens in values:
            counts.update(tokens)
        looks: Counter[str] = Counter()
        for token, count in counts.items():
            if count < self.min_count:
                looks.update(islice(_looks(token), 2))
        classes = [UNKNOWN, *sorted(look for look, count in looks.items() if count >= max(self.min_count, 2))]
        words = (word for word, count in counts.items() if count >= self.min_count and word not in classes)
        ranked = sorted(words, key=lambda word: (-counts[word], word))
        room = None if self.vocabulary_size is None else max(self.vocabulary_size - len(classes), 0)
        self._set([*classes, *ranked[:room]])

    def encode(self, value: Sequence[str]) -> Tensor:
        """Tokens to ids, (T,) int64."""
        self._require_words()
        return torch.from_numpy(np.fromiter(map(self._id, value), dtype=np.int64, count=len(value)))

    def decode(self, steps: Tensor) -> list[str]:
        """Ids to tokens; unknown ones to the name of their class."""
        return [self.words[step] for step in steps.tolist()]

    def state(self) -> dict[str, Any]:
        """The vocabulary in the order of its ids."""
        return {"words": self.words}

    def restore(self, state: dict[str, Any]) -> None:
        """Put the vocabulary back."""
        self._set(list(state["words"]))

    def _id(self, token: str) -> int:
        known = self._ids.get(token)
        if known is not None:
            return known
        return next((self._ids[look] for look in _looks(token) if look in self._ids), 0)

    def _set(self, words: list[str]) -> None:
        self.words = words
        self._ids = {word: number for number, word in enumerate(words)}

    def _require_words(self) -> None:
        if not self.words:
            raise ConfigError("TokenCodec is used before it was fitted", fix="call datamodule.setup('fit') first")


def _looks(token: str) -> Iterator[str]:
    """Names for what a token looks like, the most special first."""
    shape = "".join(_kind(character) for character in token)
    shape = re.sub(r"(.)\1+", r"\1", shape)[:_MOST_SHAPE]
    if (ending := token[-_SUFFIX:].lower()).isalpha():  # The last digits of a number say nothing.
        yield f"<unk {shape} {ending}>"
    yield f"<unk {shape}>"


def _kind(character: str) -> str:
    if character.isdigit():
        return "0"
    return ("X" if character.isupper() else "x") if character.isalpha() else character
