"""BytePairCodec: one step a piece of a word, learned by byte-pair encoding over bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, final

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

from seqkit import Codec, ConfigError, Discrete
from seqkit_text.blocks import last_word_end
from seqkit_text.byte_codec import utf8

NUM_BYTES = 256

_PIECE = 1 << 13
"""Characters that are handed to the library at once: in longer texts it takes a third longer for each."""


@final
class BytePairCodec(Codec):
    """One step a token of a byte-level byte-pair encoding, trained on the training split.

    Every byte is a token, so nothing is unknown and every text comes back as it was, white space included. Ids of
    a text are the ones this codec chooses; another sequence of ids may spell the same text.

    Source: Sennrich et al. 2016, section 3.2 [sennrich2016], over bytes as in Radford et al. 2019 [radford2019].

    Args:
        vocabulary_size: Most tokens, the 256 bytes counted; a small text gives fewer.
    """

    def __init__(self, vocabulary_size: int = 4096) -> None:
        if vocabulary_size < NUM_BYTES:
            raise ConfigError(
                f"vocabulary_size is {vocabulary_size}",
                at="--data.vocabulary_size",
                fix=f"byte-pair encoding needs at least the {NUM_BYTES} bytes",
            )
        self.vocabulary_size = vocabulary_size
        self._tokenizer: Tokenizer | None = None

    @property
    def spec(self) -> Discrete:
        """As many classes as tokens."""
        return Discrete(self._fitted.get_vocab_size())

    def fit(self, values: Iterable[str]) -> None:
        """Learn the merges."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=self.vocabulary_size,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator(values, trainer)
        self._tokenizer = tokenizer

    def encode(self, value: str) -> Tensor:
        """Text to token ids, (T,) int64."""
        utf8(value)
        pieces = self._fitted.encode_batch_fast(list(_pieces(value)))  # On all cores; TOKENIZERS_PARALLELISM says else.
        return torch.from_numpy(np.concatenate([np.array(piece.ids, dtype=np.int64) for piece in pieces]))

    def decode(self, steps: Tensor) -> str:
        """Token ids to text; a character cut in half becomes U+FFFD."""
        return self._fitted.decode(steps.tolist(), skip_special_tokens=False)

    def token_bytes(self) -> list[bytes]:
        """The bytes of each token, in the order of the ids."""
        # The library writes a byte as one printable character: those that print stand for themselves, the others for
        # the characters from 256 on, in order.
        printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
        others = [byte for byte in range(NUM_BYTES) if byte not in printable]
        byte_of = {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}
        tokens = (self._fitted.id_to_token(number) for number in range(self._fitted.get_vocab_size()))
        return [bytes(byte_of[character] for character in str(token)) for token in tokens]

    def state(self) -> dict[str, Any]:
        """The tokenizer in the library's own JSON form."""
        return {"tokenizer": self._fitted.to_str()}

    def restore(self, state: dict[str, Any]) -> None:
        """Put the tokenizer back."""
        self._tokenizer = Tokenizer.from_str(state["tokenizer"])

    @property
    def _fitted(self) -> Tokenizer:
        if self._tokenizer is None:
            raise ConfigError("BytePairCodec is used before it was fitted", fix="call datamodule.setup('fit') first")
        return self._tokenizer


def _pieces(text: str) -> Iterator[str]:
    """The text cut where words end, which divides no token; at least one piece."""
    begin, size = 0, _PIECE
    while begin + size < len(text):
        cut = last_word_end(text[begin : begin + size])
        if cut:
            yield text[begin : begin + cut]
            begin, size = begin + cut, _PIECE
        else:
            size *= 2
    yield text[begin:]
