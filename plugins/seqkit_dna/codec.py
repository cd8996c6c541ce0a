"""BaseCodec: bases, or k-mers of bases, as symbols."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
import torch
from torch import Tensor

from seqkit import Codec, ConfigError, DataError, Discrete
from seqkit_dna.letters import BASES, Ambiguous, canonical, first_refused, refused_letter

_N = len(BASES)
_LETTERS = np.frombuffer((BASES + "N").encode(), np.uint8)
_CODE_OF_BYTE = bytes((BASES + "N").find(chr(byte)) % 256 for byte in range(256))
"""255 for every other byte than the canonical letters."""

MOST_BASES = 8
"""Longest k-mer: 4^8 = 65,536 symbols."""

_WORD_BASES = 4
"""Bases of which a byte holds a word."""

_BLOCK_STEPS = 1 << 14
"""K-mers that are made at a time: all that is held meanwhile fits into the cache of a core."""


@final
class BaseCodec(Codec):
    """One step a base (k = 1) or a k-mer.

    Symbols are k-mers in the order of A, C, G, T: AA..A is 0 and TT..T is 4^k - 1. With `with_n` one more symbol
    stands for every k-mer that holds a letter for more than one base. Given up on purpose: lower case, the
    difference of U and T and between the letters for several bases, the letters beside an N in its k-mer, and
    what is left over at the end when the sequence is not a whole number of k-mers.

    Args:
        k: Bases a step, 1 to 8.
        stride: Bases from one step to the next, 1 to k; None is k, so that steps do not overlap.
        with_n: False refuses letters for more than one base.
        both_strands: Whether the reverse complement is an equally valid reading of a record (`mirror`).

    Example:
        >>> codec = BaseCodec(k=3)
        >>> codec.encode("AACTTTNAG")
        tensor([ 1, 63, 64])
        >>> codec.decode(torch.tensor([1, 63, 64]))
        'AACTTTNNN'
    """

    lossless: ClassVar[bool] = False

    def __init__(self, k: int = 1, stride: int | None = None, with_n: bool = True, both_strands: bool = False) -> None:
        if not 1 <= k <= MOST_BASES:
            raise ConfigError(f"k is {k}", at="--data.k", fix=f"give 1 (bases) to {MOST_BASES}")
        if stride is not None and not 1 <= stride <= k:
            raise ConfigError(f"a stride of {stride} for {k}-mers", at="--data.kmer_stride", fix=f"give 1 to {k}")
        self.k, self.stride = k, k if stride is None else stride
        self.with_n, self.both_strands = with_n, both_strands

    @property
    def spec(self) -> Discrete:
        """4^k classes, and one for N."""
        return Discrete(4**self.k + self.with_n)

    def num_steps(self, num_bases: int) -> int:
        """Steps of a sequence of this length."""
        return max(num_bases - self.k + self.stride, 0) // self.stride

    def encode(self, value: str) -> Tensor:
        """Bases to symbols, (T,) int64, T = (length - k) // stride + 1.

        Raises:
            DataError: Names the first letter that is no nucleotide, and its place.
        """
        return torch.from_numpy(self.encode_array(value).astype(np.int64))

    def encode_array(self, value: str) -> np.ndarray:
        """Bases to symbols in a small type, (T,); the errors are those of `encode`."""
        codes = self._codes(value)
        if self.k == 1:
            return codes  # N is 4, as it should be.
        symbols = np.empty(self.num_steps(len(codes)), np.min_scalar_type(self.spec.num_classes - 1))
        for first in range(0, len(symbols), _BLOCK_STEPS):
            part = symbols[first : first + _BLOCK_STEPS]
            begin = first * self.stride
            self._encode_block(codes[begin : begin + (len(part) - 1) * self.stride + self.k], part)
        return symbols

    def _encode_block(self, codes: np.ndarray, symbols: np.ndarray) -> None:
        """The k-mers of some bases, (T,), from the words that begin at each base: those need no strides."""
        tail = min(self.k, _WORD_BASES)
        symbols[:] = _words(codes, tail)[self.k - tail :: self.stride]
        if self.k > tail:
            head = _words(codes, self.k - tail)[: len(codes) - self.k + 1 : self.stride]
            symbols += head.astype(symbols.dtype) * 4**tail
        if codes.max() == _N:
            is_n, num_bases = codes == _N, len(codes) - self.k + 1
            holds_n = np.logical_or.reduce([is_n[place : place + num_bases] for place in range(self.k)])
            symbols[holds_n[:: self.stride]] = self._n_symbol

    def _codes(self, value: str) -> np.ndarray:
        """Bases as numbers from 0, N the last, (len,) uint8; what readers hand on is upper case and clean already."""
        codes = np.frombuffer(value.encode("utf-8").translate(_CODE_OF_BYTE), np.uint8)
        if int(codes.max(initial=0)) <= (_N if self.with_n else _N - 1):
            return codes
        letters = _checked(value, "n" if self.with_n else "error")
        return np.frombuffer(letters.translate(_CODE_OF_BYTE), np.uint8)

    def decode(self, steps: Tensor) -> str:
        """Symbols to bases; a place that no k-mer knows is N."""
        symbols = steps.cpu().numpy()
        known = symbols != self._n_symbol
        starts = np.arange(len(symbols)) * self.stride
        letters = np.full(starts[-1] + self.k if len(starts) else 0, _N, np.uint8)
        for place in range(self.k):
            letters[starts[known] + place] = symbols[known] // 4 ** (self.k - 1 - place) % 4
        return _LETTERS[letters].tobytes().decode("ascii")

    def mirror(self, steps: Tensor, lengths: Tensor) -> Tensor | None:
        """The reverse complement of each row within its length; None unless `both_strands`."""
        if not self.both_strands:
            return None
        places = lengths[:, None] - 1 - torch.arange(steps.shape[1], device=steps.device)  # (B, T)
        complement = self._reverse_complement(torch.gather(steps, 1, places.clamp(min=0)))
        return complement.masked_fill(places < 0, 0)

    def state(self) -> dict[str, Any]:
        """All that decides what a symbol means."""
        return {"k": self.k, "stride": self.stride, "with_n": self.with_n, "both_strands": self.both_strands}

    def restore(self, state: dict[str, Any]) -> None:
        """Put it back."""
        self.k, self.stride = state["k"], state["stride"]
        self.with_n, self.both_strands = state["with_n"], state["both_strands"]

    @property
    def _n_symbol(self) -> int:
        return int(4**self.k)

    def _reverse_complement(self, symbols: Tensor) -> Tensor:
        """Each symbol's reverse complement: digits in base 4, d becomes 3 - d, in reverse order."""
        turned, rest = torch.zeros_like(symbols), symbols
        for _ in range(self.k):
            turned, rest = turned * 4 + 3 - rest % 4, rest // 4
        return torch.where(symbols == self._n_symbol, symbols, turned)


def _words(codes: np.ndarray, num_bases: int) -> np.ndarray:
    """Words of 1 to 4 bases that begin at each base, (len - num_bases + 1,) uint8; what holds an N is anything."""
    words = codes
    for place in range(1, num_bases):
        words = words[:-1] * 4 + codes[place:]  # numpy shifts bytes one by one, but multiplies many at once
    return words


def _checked(value: str, ambiguous: Ambiguous) -> bytes:
    """The canonical letters of a sequence."""
    letters = value.encode("utf-8")
    place = first_refused(letters, ambiguous)
    if place >= 0:
        error = refused_letter(letters[place])
        raise DataError(f"{error.what}: base {place + 1}", fix=error.fix)
    return canonical(letters).encode()
