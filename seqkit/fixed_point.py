"""FixedPoint: numbers in [-1, 1) as the 16-bit integers that sound files hold, exact and half as large as float32."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

_SCALE = np.float32(2.0**-15)


@final
class FixedPoint(NDArrayOperatorsMixin):
    """Numbers in [-1, 1) of 16 bits: the integer k stands for k / 2^15, which float32 holds exactly.

    To numpy and to arithmetic this is an array of float32 numbers, so that only who asks for the integers has to know
    of them. A codec of numbers may be given one as a record's sequence, and may give one in `encode_array`: a store
    keeps integers as long as all its records are such.

    Args:
        integers: (T,) or (T, F) int16.

    Example:
        >>> sound = FixedPoint(np.array([16384, -32768, 1], np.int16))
        >>> np.asarray(sound[:2]), len(sound)
        (array([ 0.5, -1. ], dtype=float32), 3)
    """

    __slots__ = ("integers",)

    def __init__(self, integers: np.ndarray) -> None:
        if integers.dtype != np.int16:
            raise TypeError(f"integers of 16 bits are needed, not {integers.dtype}")
        self.integers = integers

    def __len__(self) -> int:
        """T."""
        return len(self.integers)

    def __getitem__(self, place: Any) -> Any:
        """A part of it, of integers still; of one place the number."""
        found = self.integers[place]
        return FixedPoint(found) if isinstance(found, np.ndarray) else found * _SCALE

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The numbers, float32 unless another type is asked for."""
        if copy is False:
            raise ValueError("integers become numbers in an array of their own")
        numbers = as_numbers(self.integers)
        return numbers if dtype is None else numbers.astype(dtype, copy=False)

    def __array_ufunc__(self, function: np.ufunc, method: str, *values: Any, **options: Any) -> Any:
        """What numpy makes of the numbers, as for `sound * 2` and `sound == 0`."""
        given = [np.asarray(value) if isinstance(value, FixedPoint) else value for value in values]
        return getattr(function, method)(*given, **options)


def as_numbers(integers: np.ndarray) -> np.ndarray:
    """The numbers that integers of 16 bits stand for, float32, in one pass."""
    return np.multiply(integers, _SCALE, dtype=np.float32)
