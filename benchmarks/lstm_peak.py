"""How near is LSTM training to the machine's matrix products?

    python benchmarks/lstm_peak.py [--threads N]

One LSTM layer of seqkit, forward and backward, against `torch.nn.LSTM` called bare, and both against the float32 peak:
the rate of a product of two square matrices, taken in the same run. An LSTM does little but multiply matrices, so a
share of 1 is the limit in float32; bfloat16 products go beyond it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from harness import Report, parse
from torch import nn

from seqkit.backbone.choice import build_cell
from seqkit.speed.figures import Shape, matrix_peak, training_pass
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median

SHAPES = (
    Shape(32, 64, 128), Shape(32, 64, 256), Shape(32, 64, 512), Shape(32, 64, 1024),
    Shape(64, 128, 512), Shape(64, 128, 650),
)  # fmt: skip


def bare(shape: Shape, bf16: bool) -> Callable[[], None]:
    """The same pass by torch's own module, time first as its kernel has it."""
    by_time = Shape(shape.num_steps, shape.batch_size, shape.hidden_size)
    return training_pass(nn.LSTM(shape.hidden_size, shape.hidden_size), by_time, bf16)


def main() -> None:
    """Print the table."""
    options = parse(__doc__, repeats=5)
    report = Report("lstm_peak", options)
    size = 512 if options.quick else 4096
    peak = matrix_peak(torch.float32, size, 5)
    peak_bf16 = matrix_peak(torch.bfloat16, size, 5)
    report.say(f"Matrix product of {size} x {size}: {peak / 1e9:.0f} GFLOP/s float32, {peak_bf16 / 1e9:.0f} bf16.")
    columns = [
        "training step",
        "ms",
        "bf16 ms",
        "share of the peak",
        "bf16, of the float32 peak",
        "nn.LSTM over seqkit",
    ]
    table = Table("One LSTM layer, forward and backward", columns)
    for shape in SHAPES[:1] if options.quick else SHAPES:
        cell = build_cell("lstm", shape.hidden_size, shape.hidden_size)
        variants = {"ours": training_pass(cell, shape), "ours bf16": training_pass(cell, shape, bf16=True)}
        variants |= {"bare": bare(shape, False), "bare bf16": bare(shape, True)}
        taken = interleaved(variants, options.repeats)
        seconds, narrow = median(taken["ours"]), median(taken["ours bf16"])
        table.add(
            shape,
            f"{seconds * 1e3:.1f}",
            f"{narrow * 1e3:.1f}",
            f"{shape.operations / seconds / peak:.2f}",
            f"{shape.operations / narrow / peak:.2f}",
            f"{Ratio.of(taken['bare'], taken['ours'])}; bf16 {Ratio.of(taken['bare bf16'], taken['ours bf16'])}",
        )
    report.table(table)
    report.close()


if __name__ == "__main__":
    main()
