"""Which cells there are, and a cell by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from seqkit.backbone.cell import Cell
from seqkit.backbone.cells import GRUCell, Initialisation, LSTMCell, Nonlinearity, RNNCell
from seqkit.backbone.lru import LRUCell
from seqkit.backbone.memoryless import BagCell, WindowCell
from seqkit.backbone.minimal import MinGRUCell, MinLSTMCell
from seqkit.backbone.rglru import RGLRUCell

CellName = Literal["rnn", "gru", "lstm", "mingru", "minlstm", "rglru", "lru", "bag", "window"]

CELLS: tuple[str, ...] = get_args(CellName)

PARALLEL: dict[str, Callable[[int, int], Cell]] = {
    "mingru": MinGRUCell, "minlstm": MinLSTMCell, "rglru": RGLRUCell, "lru": LRUCell,
}  # fmt: skip
"""Cells that compute all steps at once."""

FUSED = ("rnn", "gru", "lstm")
"""Cells that torch runs in one fused kernel, with a hidden-to-hidden matrix."""

MEMORYLESS = ("bag", "window")
"""Cells without recurrence, to compare with."""


def build_cell(
    name: str,
    input_size: int,
    hidden_size: int,
    nonlinearity: Nonlinearity = "tanh",
    initialisation: Initialisation = "orthogonal",
    memory: int = 100,
    width: int = 8,
    weight_drop: float = 0.0,
) -> Cell:
    """A cell by its name.

    Args:
        name: One of `CELLS`.
        input_size: D.
        hidden_size: H.
        nonlinearity: For `rnn`.
        initialisation: `identity` for `rnn`, `chrono` for `gru` and `lstm`.
        memory: For `chrono`.
        width: For `window`.
        weight_drop: For `rnn`, `gru` and `lstm`.
    """
    gated = memory if initialisation == "chrono" else None
    if name == "rnn":
        return RNNCell(input_size, hidden_size, nonlinearity, initialisation, weight_drop)
    if name == "bag":
        return BagCell(input_size, hidden_size)
    if name == "window":
        return WindowCell(input_size, hidden_size, width)
    if name in PARALLEL:
        return PARALLEL[name](input_size, hidden_size)
    return {"gru": GRUCell, "lstm": LSTMCell}[name](input_size, hidden_size, gated, weight_drop)
