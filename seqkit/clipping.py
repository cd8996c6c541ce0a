"""GradientClip: exploding gradients cut down to a norm, and counted."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_EPSILON = 1e-6
"""What torch adds to the norm before it divides by it."""

_SURELY = 0.999
"""Share of the norm that is allowed, below which no rounding makes torch scale anything."""


class GradientClip:
    """Clips the gradients of the same parameters step after step.

    The list of parameters is made once: to walk through all modules at each step costs as much as a small layer. On a
    processor gradients that are short enough are not touched at all; elsewhere to look would be to wait for the device.

    The results are those of `torch.nn.utils.clip_grad_norm_`, bit for bit.

    Source: Pascanu, Mikolov and Bengio 2013, algorithm 1 [pascanu2013].

    Args:
        parameters: All that is trained.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = list(parameters)
        self.num_steps = 0
        self._num_clipped: Tensor | int = 0

    def norm(self) -> Tensor:
        """The norm of all gradients together, a number; zero where there are none."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        if gradients and gradients[0].device.type == "cpu":
            # What `get_total_norm` does in a dozen times the microseconds.
            return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        return nn.utils.get_total_norm(gradients)

    def by_norm(self, most: float, norm: Tensor | None = None) -> None:
        """Scale all gradients together so that their norm is `most` at most; count the step if that was needed.

        Args:
            most: The norm allowed.
            norm: What `norm` gave, if it was asked already.
        """
        norm = self.norm() if norm is None else norm
        self.num_steps += 1
        if norm.device.type == "cpu":
            length = norm.item()
            self._num_clipped += length > most
            if length + _EPSILON < _SURELY * most:
                return
        else:
            self._num_clipped = self._num_clipped + (norm > most).long()
        nn.utils.clip_grads_with_norm_(self.parameters, most, norm)

    def take_share(self) -> float:
        """Share of the steps since it was last asked that were clipped; waits for the device."""
        share = float(self._num_clipped) / max(self.num_steps, 1)
        self._num_clipped, self.num_steps = 0, 0
        return share

    def counts(self) -> list[int]:
        """Steps, and clipped ones, since the share was last asked for."""
        return [self.num_steps, int(self._num_clipped)]

    def restore(self, counts: list[int]) -> None:
        """Go on from what `counts` gave."""
        self.num_steps, self._num_clipped = counts
