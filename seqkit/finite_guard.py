"""FiniteGuard: training stops in the step whose loss or gradient is no finite number, before the weights take it in."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from seqkit.errors import DivergedError
from seqkit.steps import Batch

_MOST_NAMED = 8
_FIX = "lower --model.learning_rate, or clip harder: --trainer.gradient_clip_val 0.25"


@dataclass(frozen=True)
class _Pending:
    """A step whose gradient a device has not told yet."""

    step: int
    norm: Tensor
    loss: Tensor | None
    batches: list[Batch]


class FiniteGuard:
    """Looks at the loss of each batch and at the gradient of each optimiser step.

    On a processor it looks at once. Elsewhere that would be to wait for the device at each step: there the fused
    optimiser itself leaves out a step whose gradient is not finite, and the guard reads the norm one step later, or
    when something wants the weights (`settle`).

    Args:
        name_records: Origins of record numbers of the training split.
    """

    def __init__(self, name_records: Callable[[list[int]], list[str]]) -> None:
        self.name_records = name_records
        self._batches: list[Batch] = []
        self._loss: Tensor | None = None
        self._pending: _Pending | None = None

    def see_loss(self, loss: Tensor, batch: Batch, step: int) -> None:
        """Look at a batch's loss.

        Args:
            loss: A number.
            batch: Of which it is.
            step: Optimiser steps done before.

        Raises:
            DivergedError: If it is not finite.
        """
        self._batches.append(batch)
        self._loss = loss.detach()
        if loss.device.type == "cpu" and not math.isfinite(value := loss.item()):
            raise self._diverged(f"the loss became {value} in step {step}", [batch])

    def see_gradient(self, norm: Tensor, step: int, optimizer: torch.optim.Optimizer, scaled: bool = False) -> None:
        """Look at the gradient's norm, between backward and the optimiser's step; all batches since the last one count.

        Args:
            norm: Of all gradients together, before clipping.
            step: Optimiser steps done before.
            optimizer: Whose step follows.
            scaled: A loss scaler looks itself, leaves out such a step and lowers its scale.

        Raises:
            DivergedError: If it is not finite, or if that of an earlier step was not.
        """
        batches, self._batches = self._batches, []
        if scaled:
            return
        if norm.device.type != "cpu":
            self._defer(norm, step, optimizer, batches)
        elif not math.isfinite(length := norm.item()):
            raise self._gradient_diverged(step, length, self._loss, batches)

    def _defer(self, norm: Tensor, step: int, optimizer: torch.optim.Optimizer, batches: list[Batch]) -> None:
        """Let the optimiser leave out its next step if the norm is not finite, and look at the norm before this one."""
        self.settle()
        self._pending = _Pending(step, norm, self._loss, batches)
        optimizer.found_inf = (~torch.isfinite(norm)).float()  # type: ignore[attr-defined]  # as GradScaler has it

    def settle(self) -> None:
        """Look at what is still pending: before the weights are scored, saved or used.

        Raises:
            DivergedError: If the last step had no finite gradient; the weights are those before it.
        """
        pending, self._pending = self._pending, None
        if pending is not None and not math.isfinite(norm := pending.norm.item()):
            raise self._gradient_diverged(pending.step, norm, pending.loss, pending.batches)

    def _gradient_diverged(self, step: int, norm: float, loss: Tensor | None, batches: list[Batch]) -> DivergedError:
        of_loss = "" if loss is None else f" at a loss of {loss.item():.4g}"
        return self._diverged(f"the norm of the gradient became {norm}{of_loss} in step {step}", batches)

    def _diverged(self, what: str, batches: list[Batch]) -> DivergedError:
        read = [batch.index[batch.lengths > 0] for batch in batches]  # a row may have ended
        numbers = sorted({number for some in read for number in some.tolist()})
        names = self.name_records(numbers[:_MOST_NAMED])
        more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
        return DivergedError(what, at=f"records {', '.join(names)}{more}", fix=_FIX)
