"""Building a model by a file that somebody sent: its sizes may be any numbers, and memory is not taken for all."""

from __future__ import annotations

import math
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from seqkit.errors import CheckpointError

_MOST_CALLS = 200_000
"""Of torch while a model is built; a hundred layers take some thousands."""

_COUNTING = ("arange", "eye", "linspace", "logspace", "range")
"""Functions that make as many numbers as an argument says."""


class BoundedTensors(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Inside, no tensor is made that has more than so many numbers.

    Args:
        most: Numbers of one tensor.
    """

    def __init__(self, most: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.most, self.num_calls = most, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Look at the sizes that a function is given, then call it."""
        self.num_calls += 1
        counts = func.overloadpacket.__name__ in _COUNTING
        asked = max((_numbers(argument, counts) for argument in args), default=0)
        if asked > self.most or self.num_calls > _MOST_CALLS:
            raise CheckpointError(f"it asks for a tensor of {asked:,} numbers, where {self.most:,} would be many")
        return func(*args, **(kwargs or {}))


def _numbers(argument: Any, counts: bool) -> float:
    """How many numbers an argument asks for: a size, or in some functions a count."""
    if isinstance(argument, list | tuple) and all(type(size) is int for size in argument):
        return math.prod(argument)
    return argument if counts and isinstance(argument, int | float) else 0
