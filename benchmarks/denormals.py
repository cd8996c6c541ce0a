"""Forward and backward of a cell whose gradients vanish, with denormal numbers and with 0 in their place.

    python benchmarks/denormals.py --threads 1

Recurrent weights are a gain times an orthogonal matrix: the smaller it is, the sooner gradients vanish. Training does
as the second column has it (`seqkit.training.denormals`).
"""

from __future__ import annotations

import torch
from harness import Report, parse

from seqkit.backbone.choice import build_cell
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median
from seqkit.training.denormals import flushed_denormals

BATCH_SIZE, NUM_STEPS, SIZE = 50, 180, 32


def step(cell: torch.nn.Module, x: torch.Tensor) -> None:
    """One forward and backward pass from the last output."""
    y, _ = cell(x)
    y[:, -1].sum().backward()


def flushed_step(cell: torch.nn.Module, x: torch.Tensor) -> None:
    """The same, numbers below the smallest normal one taken for 0."""
    with flushed_denormals():
        step(cell, x)


def main() -> None:
    """Print the table."""
    options = parse(__doc__, repeats=15)
    report = Report("denormals", options)
    x = torch.randn(BATCH_SIZE, NUM_STEPS, SIZE)
    table = Table(
        f"tanh cell, {BATCH_SIZE} records of {NUM_STEPS} steps, {SIZE} units", ["gain", "kept, ms", "zero, ms", "ratio"]
    )
    for gain in (1.0, 0.7, 0.5, 0.3):
        cell = build_cell("rnn", SIZE, SIZE)
        with torch.no_grad():
            dict(cell.named_parameters())["core.weight_hh_l0"].mul_(gain)
        taken = interleaved(
            {"kept": lambda cell=cell: step(cell, x), "zero": lambda cell=cell: flushed_step(cell, x)}, options.repeats
        )
        times = [f"{1e3 * median(taken[name]):.1f}" for name in ("kept", "zero")]
        table.add(gain, *times, Ratio.of(taken["kept"], taken["zero"]))
    report.table(table)
    report.close()


if __name__ == "__main__":
    main()
