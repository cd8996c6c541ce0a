"""ByteCodec: one step a byte of UTF-8."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import Tensor

from seqkit import Codec, DataError, Discrete


@final
class ByteCodec(Codec):
    """One step a byte of the text's UTF-8 form: 256 classes for every language, nothing to learn, nothing unknown.

    Example:
        >>> codec = ByteCodec()
        >>> codec.encode("é!")
        tensor([195, 169,  33])
        >>> codec.decode(torch.tensor([195, 169, 33]))
        'é!'
    """

    @property
    def spec(self) -> Discrete:
        """256 classes."""
        return Discrete(256)

    def encode(self, value: str) -> Tensor:
        """Text to bytes, (T,) int64."""
        return torch.from_numpy(self.encode_array(value).astype(np.int64))

    def encode_array(self, value: str) -> np.ndarray:
        """Text to bytes, (T,) uint8."""
        return np.frombuffer(utf8(value), dtype=np.uint8)

    def decode(self, steps: Tensor) -> str:
        """Bytes to text; what is no valid UTF-8, such as a character cut in half, becomes U+FFFD."""
        return steps.cpu().numpy().astype(np.uint8).tobytes().decode("utf-8", errors="replace")


def utf8(text: str) -> bytes:
    """The UTF-8 form of a text.

    Raises:
        DataError: If the text holds half of a surrogate pair, which is no character.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            f"{text[error.start]!r} at position {error.start} is half of a surrogate pair, not a character",
            fix="write the character in full where the text was made",
        ) from error
