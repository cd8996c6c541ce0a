"""StepFile: the steps of a store while they are written, in the smallest type that holds those that have come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from seqkit.fixed_point import FixedPoint, as_numbers

_BLOCK = 1 << 18
"""Numbers widened at once."""


class StepFile:
    """Steps end to end in a file: numbers in fixed point as long as all are, in float32 from the first that is not.

    Args:
        path: The file; what was in it is lost.
        fixed_point: Whether numbers may stay integers: whoever opens the file must know.

    Attributes:
        num_values: Numbers or symbols in it, F for each step of F features.
        dtype: Their type; None before the first.
    """

    def __init__(self, path: Path, fixed_point: bool = False) -> None:
        self._file = path.open("w+b")
        self._fixed_point = fixed_point
        self.num_values = 0
        self.dtype: np.dtype[Any] | None = None

    def __enter__(self) -> StepFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def append(self, steps: np.ndarray | FixedPoint, dtype: type[np.generic]) -> None:
        """Add steps.

        Args:
            steps: (T,) or (T, F).
            dtype: The smallest type that holds every step of their spec; float32 for numbers.
        """
        if len(steps) == 0:
            return
        integers = None
        if isinstance(steps, FixedPoint) and self._fixed_point and dtype is np.float32:
            integers = steps.integers
        if self.num_values == 0:
            self.dtype = np.dtype(dtype if integers is None else np.int16)
        elif self.dtype == np.int16 and integers is None:
            self._widen()
        values = integers if self.dtype == np.int16 else steps
        flat = np.ascontiguousarray(values, dtype=self.dtype)
        self._file.write(flat.data)
        self.num_values += flat.size

    def cut(self, num_values: int) -> None:
        """Take back what was added after there were so many numbers."""
        if num_values < self.num_values and self.dtype is not None:
            self._file.seek(num_values * self.dtype.itemsize)
            self._file.truncate()
            self.num_values = num_values

    def _widen(self) -> None:
        """Fixed point to float32 in place, from the end: what is written never reaches what is still to be read."""
        end = self.num_values
        while end:
            begin = max(end - _BLOCK, 0)
            self._file.seek(begin * 2)
            integers = np.frombuffer(self._file.read((end - begin) * 2), np.int16)
            self._file.seek(begin * 4)
            self._file.write(as_numbers(integers).data)
            end = begin
        self._file.seek(self.num_values * 4)
        self.dtype = np.dtype(np.float32)
