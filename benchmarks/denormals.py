"""Forward and backward of a cell whose gradients vanish, with denormal numbers and with 0 in their place.

python benchmarks/denormals.py [--threads 1] [--repeats 15]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time

import torch

from seqkit.backbone.choice import build_cell
from seqkit.training.denormals import flushed_denormals

BATCH_SIZE, NUM_STEPS, SIZE = 50, 180, 32


def seconds(cell: torch.nn.Module, x: torch.Tensor) -> float:
    """Of one forward and backward pass from the last output."""
    begin = time.perf_counter()
    y, _ = cell(x)
    y[:, -1].sum().backward()
    return time.perf_counter() - begin


def main() -> None:
    """Print the medians, taken in turns, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    x = torch.randn(BATCH_SIZE, NUM_STEPS, SIZE)
    print(
        f"torch {torch.__version__}, {options.threads} threads, {platform.machine()}, seed 0, {options.repeats} repeats"
    )
    print(f"tanh cell, {BATCH_SIZE} records of {NUM_STEPS} steps, {SIZE} units; recurrent weights: gain x orthogonal")
    for gain in (1.0, 0.7, 0.5, 0.3):
        cell = build_cell("rnn", SIZE, SIZE)
        with torch.no_grad():
            dict(cell.named_parameters())["core.weight_hh_l0"].mul_(gain)
        kept, flushed = [], []
        for _ in range(options.repeats):
            kept.append(seconds(cell, x))
            with flushed_denormals():
                flushed.append(seconds(cell, x))
        one, other = (statistics.median(values) * 1000 for values in (kept, flushed))
        print(f"gain {gain:.1f}: denormals {one:6.1f} ms, zero {other:6.1f} ms, ratio {one / other:.2f}")


if __name__ == "__main__":
    main()
