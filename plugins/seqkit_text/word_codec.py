"""WordCodec: one step a word of white-space tokenised text, as word-level language models count them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice, repeat
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from seqkit import Codec, ConfigError, Discrete

UNKNOWN = "<unk>"
END_OF_LINE = "<eos>"

_LINE_END = re.compile(" ?\n ?")


@final
class WordCodec(Codec):
    r"""One step a word: what lies between white space. Words outside the vocabulary become `<unk>`, id 0.

    The vocabulary is ordered by frequency, then alphabetically, which is the order that an adaptive softmax wants.
    By the convention of WikiText each line end counts as one `<eos>`, id 1; `<unk>` and `<eos>` written in the
    text are these same symbols. White space is not kept: decoding gives single spaces and line ends.

    Source: the WikiText data sets, Merity et al. 2017, section 4.3 [merity2017].

    Args:
        vocabulary_size: Most classes, `<unk>` and `<eos>` counted; None keeps every word.
        min_count: Words seen less often than this in training become `<unk>`.
        end_of_line: False reads line ends as plain white space.

    Example:
        >>> codec = WordCodec()
        >>> codec.fit(["the cat saw the dog\n"])
        >>> codec.encode("the dog saw  a cat\n")
        tensor([2, 4, 5, 0, 3, 1])
        >>> codec.decode(torch.tensor([2, 4, 5, 0, 3, 1]))
        'the dog saw <unk> cat\n'
    """

    lossless = False

    def __init__(self, vocabulary_size: int | None = None, min_count: int = 1, end_of_line: bool = True) -> None:
        self.vocabulary_size, self.min_count, self.end_of_line = vocabulary_size, min_count, end_of_line
        self.words: list[str] = []
        self._ids: dict[str, int] = {}

    @property
    def spec(self) -> Discrete:
        """As many classes as words, `<unk>` and `<eos>` counted."""
        self._require_words()
        return Discrete(len(self.words))

    def fit(self, values: Iterable[str]) -> None:
        """Learn the vocabulary."""
        counts: Counter[str] = Counter()
        for value in values:
            counts.update(self._split(value))
        special = [UNKNOWN, END_OF_LINE] if self.end_of_line else [UNKNOWN]
        ranked = sorted(
            (word for word, count in counts.items() if count >= self.min_count and word not in special),
            key=lambda word: (-counts[word], word),
        )
        room = None if self.vocabulary_size is None else max(self.vocabulary_size - len(special), 0)
        self._set([*special, *islice(ranked, room)])

    def encode(self, value: str) -> Tensor:
        """Words to ids, (T,) int64."""
        self._require_words()
        words = self._split(value)
        ids = map(self._ids.get, words, repeat(0))  # All in C: no line of Python a word.
        return torch.from_numpy(np.fromiter(ids, dtype=np.int64, count=len(words)))

    def decode(self, steps: Tensor) -> str:
        """Ids to words with single spaces between them; `<eos>` becomes a line end."""
        words = [self.words[step] for step in steps.tolist()]
        if not self.end_of_line:
            return " ".join(words)
        return _LINE_END.sub("\n", " ".join("\n" if word == END_OF_LINE else word for word in words))

    def state(self) -> dict[str, Any]:
        """The vocabulary in the order of its ids."""
        return {"words": self.words, "end_of_line": self.end_of_line}

    def restore(self, state: dict[str, Any]) -> None:
        """Put the vocabulary back."""
        self.end_of_line = state["end_of_line"]
        self._set(list(state["words"]))

    def _split(self, text: str) -> list[str]:
        return (text.replace("\n", f" {END_OF_LINE} ") if self.end_of_line else text).split()

    def _set(self, words: list[str]) -> None:
        self.words = words
        self._ids = {word: number for number, word in enumerate(words)}

    def _require_words(self) -> None:
        if not self.words:
            raise ConfigError("WordCodec is used before it was fitted", fix="call datamodule.setup('fit') first")
