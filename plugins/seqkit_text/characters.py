"""How many characters steps amount to: with it, losses over characters, bytes, words and byte pairs can be compared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seqkit import Codec
from seqkit_text.bpe_codec import BytePairCodec
from seqkit_text.byte_codec import ByteCodec
from seqkit_text.word_codec import END_OF_LINE, WordCodec

_READ_TOGETHER = 1 << 22


def count_characters(codec: Codec, steps: np.ndarray, offsets: np.ndarray) -> int:
    """Characters (code points) that are added to the text by all steps but the first of each record.

    The text is what the codec decodes: a word that is not in the vocabulary counts as `<unk>`, white space as it is
    decoded. Nothing is decoded for it: each step adds a number of characters that follows from it and, for words, from
    the step before.

    Args:
        codec: Of the steps.
        steps: Of all records, (N,).
        offsets: Where each record begins, (num_records + 1,).
    """
    added = _counter(codec)
    firsts = offsets[:-1][offsets[:-1] < len(steps)]
    total = 0
    for begin in range(0, len(steps), _READ_TOGETHER):
        end = min(begin + _READ_TOGETHER, len(steps))
        before = min(begin, 1)
        counts = added(np.asarray(steps[begin - before : end]).astype(np.int64))[before:]
        counts[firsts[(begin <= firsts) & (firsts < end)] - begin] = 0
        total += int(counts.sum())
    return total


def _counter(codec: Codec) -> Callable[[np.ndarray], np.ndarray]:
    """A function from steps, (T,), to the characters that each adds after the one before it."""
    if isinstance(codec, WordCodec):
        return _WordCounter(codec)
    if isinstance(codec, ByteCodec):
        table = np.array([_starts_character(byte) for byte in range(256)], np.int64)
    elif isinstance(codec, BytePairCodec):
        table = np.array([sum(map(_starts_character, token)) for token in codec.token_bytes()], np.int64)
    else:
        return lambda steps: np.ones(steps.shape, np.int64)
    return lambda steps: table[steps]


class _WordCounter:
    """The letters of a word, and the space before it; none stands beside a line end, which is one character itself.

    Args:
        codec: Its words.
    """

    def __init__(self, codec: WordCodec) -> None:
        self._lengths = np.array([len(word) for word in codec.words], np.int64)
        self._end = codec.words.index(END_OF_LINE) if codec.end_of_line else -1
        if codec.end_of_line:
            self._lengths[self._end] = 1

    def __call__(self, steps: np.ndarray) -> np.ndarray:
        """Characters that each step adds."""
        counts: np.ndarray = self._lengths[steps]
        counts[1:] += (steps[1:] != self._end) & (steps[:-1] != self._end)
        return counts


def _starts_character(byte: int) -> bool:
    """Whether a byte begins a character of UTF-8; the others continue one."""
    return byte & 0xC0 != 0x80
