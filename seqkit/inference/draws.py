"""Draws: the random numbers of each continuation, which depend on its own place and on nothing beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import final

import numpy as np
import torch
from torch import Tensor

_BLOCK = 256
"""Steps whose numbers are made together."""


@final
class Draws:
    """Uniform numbers in [0, 1), one a row and step.

    Each row has a generator of its own, seeded by (seed, prompt, sample): what a continuation draws does not depend
    on the other prompts, on the number of samples, on the device, or on what was read together.

    Args:
        seed: Of the call.
        rows: Prompt and sample of each row.
        device: Where the numbers are wanted.
    """

    def __init__(self, seed: int, rows: Iterable[tuple[int, int]], device: torch.device) -> None:
        self._generators = [np.random.default_rng([seed % (1 << 64), prompt, sample]) for prompt, sample in rows]
        self._device = device

    def __iter__(self) -> Iterator[Tensor]:
        """(rows,) for each step, float64 where the device has it; without end."""
        while True:
            block = np.stack([generator.random(_BLOCK) for generator in self._generators], axis=1)
            if self._device.type == "mps":
                # A number that rounds to 1 would lie outside.
                block = np.minimum(block.astype(np.float32), np.nextafter(np.float32(1), np.float32(0)))
            yield from torch.from_numpy(block).to(self._device).unbind(0)
