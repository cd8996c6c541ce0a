"""What does each regulariser cost a training step, and is the fused kernel kept?

    python benchmarks/regularisers.py [--threads N]

A language model over 65 symbols, one layer, 32 rows of 64 steps: forward, backward, clipping, AdamW. First table: the
time with an option over the time without it, in turns; 1.00 costs nothing. The last row drops the same weights but
reads step by step, as one must where the kernel takes no other weights. Second table: three ways to the same causal
convolution, forward and backward, of which the first is the one in use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from harness import Report, parse
from torch import Tensor, nn
from torch.nn import functional

from seqkit import SymbolEmbedding
from seqkit.backbone.choice import build_cell
from seqkit.backbone.convolution import ConvolvedCell
from seqkit.backbone.stack import Stack
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median

BATCH_SIZE, NUM_STEPS, NUM_SYMBOLS = 32, 64, 65
VARIANTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "dropout 0.3": {"dropout": 0.3},
    "locked dropout 0.3": {"dropout": 0.3, "locked": True},
    "embedding dropout 0.1": {"embedding_dropout": 0.1},
    "weight drop 0.5": {"weight_drop": 0.5},
    "all but plain dropout": {
        "dropout": 0.3, "input_dropout": 0.3, "locked": True, "embedding_dropout": 0.1, "weight_drop": 0.5,
    },
    "convolution 4": {"convolution": 4},
    "weight drop 0.5 by a loop": {"weight_drop": 0.5},
}  # fmt: skip
CELLS = (("lstm", 256), ("lstm", 650), ("gru", 256), ("mingru", 256))
CONVOLVED = ((32, 64, 256), (32, 256, 256), (8, 1024, 512))


class LanguageModel(nn.Module):
    """Embedding, stack and head, each with what a variant asks for."""

    def __init__(
        self, cell: str, size: int, weight_drop: float = 0.0, embedding_dropout: float = 0.0, **stack: Any
    ) -> None:
        super().__init__()
        self.embed = SymbolEmbedding(NUM_SYMBOLS, size)
        self.embed.dropout = embedding_dropout
        self.stack = Stack(lambda d, h: build_cell(cell, d, h, weight_drop=weight_drop), size, size, **stack)
        self.head = nn.Linear(size, NUM_SYMBOLS)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T) -> (B, T, K)."""
        return self.head(self.stack(self.embed(x))[0])


class LoopedModel(LanguageModel):
    """The same by a loop over the steps, with torch's cell for one step."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, T) -> (B, T, K)."""
        cell: Any = self.stack.cells[0]
        core, h = cell.core, self.embed.weight.new_zeros(len(x), cell.hidden_size)
        weights = core.weight_ih_l0, functional.dropout(core.weight_hh_l0, 0.5), core.bias_ih_l0, core.bias_hh_l0
        c, outputs = h, []
        for x_t in self.embed(x).unbind(1):
            if core.mode == "LSTM":
                h, c = torch.lstm_cell(x_t, (h, c), *weights)
            else:
                h = torch.gru_cell(x_t, h, *weights)
            outputs.append(h)
        return self.head(torch.stack(outputs, 1))


def training_step(model: LanguageModel, x: Tensor) -> Callable[[], None]:
    """One update on the same batch."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def run() -> None:
        loss = functional.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    return run


def convolutions(batch_size: int, num_steps: int, size: int) -> dict[str, Callable[[], None]]:
    """Forward and backward of one convolution over 4 steps, by three ways that give the same."""
    cell = ConvolvedCell(build_cell("mingru", size, size), size, 4)
    known = torch.randn(batch_size, num_steps + 3, size, requires_grad=True)
    given = torch.randn(batch_size, num_steps, size)

    def by_channels_first() -> Tensor:
        filters = cell.weight.t()[:, None]  # (D, 1, K)
        return functional.conv1d(known.transpose(1, 2), filters, cell.bias, groups=size).transpose(1, 2)

    def by_shifts() -> Tensor:
        y = cell.bias
        for place, weight in enumerate(cell.weight):
            y = torch.addcmul(y, known[:, place : place + num_steps], weight)
        return y

    ways = {
        "conv2d, channels last": lambda: cell._convolve(known),
        "conv1d": by_channels_first,
        "shifted sums": by_shifts,
    }
    expected = by_shifts()
    for way in ways.values():
        torch.testing.assert_close(way(), expected, rtol=1e-3, atol=1e-4)
    return {name: lambda way=way: way().backward(given) for name, way in ways.items()}  # type: ignore[misc]


def main() -> None:
    """Print both tables."""
    options = parse(__doc__, repeats=15)
    report = Report("regularisers", options)
    cells = CELLS[:1] if options.quick else CELLS
    taken: dict[str, dict[str, list[float]]] = {}
    for cell, size in cells:
        num_steps = 8 if options.quick else NUM_STEPS
        x = torch.randint(NUM_SYMBOLS, (BATCH_SIZE, num_steps + 1))
        steps = {}
        for name, variant in VARIANTS.items():
            if cell == "mingru" and "weight_drop" in variant:
                continue
            kind = LoopedModel if name.endswith("loop") else LanguageModel
            steps[name] = training_step(kind(cell, size, **variant).train(), x)
        shown = f"{cell} H={size}" + (f", T={num_steps}" if options.quick else "")
        taken[shown] = interleaved(steps, options.repeats, warmups=2)
    table = Table("Time of a training step over that without regularisers (quartiles)", ["option", *taken])
    table.add("none, ms", *(f"{1e3 * median(own['nothing']):.1f}" for own in taken.values()))
    for name in list(VARIANTS)[1:]:
        ratios = [Ratio.of(own[name], own["nothing"]) if name in own else "refused" for own in taken.values()]
        table.add(name, *ratios)
    report.table(table)
    sizes = ((2, 8, 4),) if options.quick else CONVOLVED
    table = Table("A causal convolution over 4 steps, forward and backward, ms", ["way", *map(str, sizes)])
    columns = [interleaved(convolutions(*shape), options.repeats) for shape in sizes]
    for name in columns[0]:
        table.add(name, *(f"{1e3 * median(own[name]):.2f}" for own in columns))
    report.table(table)
    report.close()


if __name__ == "__main__":
    main()
