"""Figures of a machine: its matrix products, what a cell's training makes of them, and one step after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seqkit.backbone.cell import Cell
from seqkit.backbone.choice import build_cell
from seqkit.speed.timing import interleaved, median

_PASSES = 3
"""A training step multiplies matrices three times: forward, and backward for inputs and for weights."""


def matrix_peak(dtype: torch.dtype, size: int, repeats: int) -> float:
    """Operations a second of the product of two square matrices, the best of several.

    It is the limit to hold a recurrent network against, whose work is nearly all matrix products.

    Args:
        dtype: Of the matrices.
        size: Their rows and columns.
        repeats: Products that are timed.
    """
    one, other = (torch.randn(size, size).to(dtype) for _ in range(2))
    seconds = interleaved({"product": lambda: one @ other}, repeats)["product"]
    return 2 * size**3 / min(seconds)


def lstm_operations(batch_size: int, num_steps: int, input_size: int, hidden_size: int) -> int:
    """Floating-point operations of one LSTM layer's training step, as matrix products alone.

    A step multiplies (4 H, D + H) by a vector; a product and a sum count as two.
    """
    return _PASSES * 2 * batch_size * num_steps * 4 * hidden_size * (input_size + hidden_size)


@dataclass(frozen=True)
class Shape:
    """Sizes of a training step.

    Attributes:
        batch_size: B.
        num_steps: T.
        hidden_size: H, and the size of the input.
    """

    batch_size: int
    num_steps: int
    hidden_size: int

    @property
    def operations(self) -> int:
        """Of an LSTM layer in training."""
        return lstm_operations(self.batch_size, self.num_steps, self.hidden_size, self.hidden_size)

    def __str__(self) -> str:
        return f"B={self.batch_size}, T={self.num_steps}, H={self.hidden_size}"


def training_pass(cell: nn.Module, shape: Shape, bf16: bool = False) -> Callable[[], None]:
    """Forward and backward of a cell alone, gradients for input and weights, with bfloat16 products if asked for."""
    x = torch.randn(shape.batch_size, shape.num_steps, shape.hidden_size, requires_grad=True)
    gradient = torch.randn(shape.batch_size, shape.num_steps, shape.hidden_size)

    def run() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            y, _ = cell(x)
        y.backward(gradient.to(y.dtype))
        cell.zero_grad(set_to_none=True)
        x.grad = None

    return run


@dataclass(frozen=True)
class CellFigure:
    """What a cell costs.

    Attributes:
        cell: Its name.
        shape: Of a training step.
        seconds: Of a training step in float32.
        seconds_bf16: The same with bfloat16 products.
        seconds_alone: Of one step of one sequence, by `step`.
    """

    cell: str
    shape: Shape
    seconds: float
    seconds_bf16: float
    seconds_alone: float


def cell_figure(name: str, shape: Shape, repeats: int) -> CellFigure:
    """Times of one cell, medians of `repeats`."""
    cell = build_cell(name, shape.hidden_size, shape.hidden_size)
    variants = {kind: training_pass(cell, shape, kind == "bf16") for kind in ("float32", "bf16")}
    taken = interleaved(variants, repeats)
    alone = interleaved({"step": _steps(cell, shape.hidden_size)}, repeats)["step"]
    return CellFigure(name, shape, median(taken["float32"]), median(taken["bf16"]), median(alone) / _ALONE)


_ALONE = 100
"""Single steps that are timed together: one of them is too short for a clock."""


def _steps(cell: Cell, size: int) -> Callable[[], Tensor]:
    x_t = torch.randn(1, size)

    @torch.inference_mode()
    def run() -> Tensor:
        state = cell.init_state(1)
        for _ in range(_ALONE):
            y_t, state = cell.step(x_t, state)
        return y_t

    return run


def copy_rate(megabytes: int, repeats: int) -> float:
    """Bytes a second that one thread reads and writes, from memory to memory."""
    source = torch.zeros(megabytes << 20, dtype=torch.uint8)
    target = torch.zeros_like(source)
    seconds = interleaved({"copy": lambda: target.copy_(source)}, repeats)["copy"]
    return 2 * len(source) / median(seconds)
