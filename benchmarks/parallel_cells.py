"""How fast do cells that are parallel over time train, beside `torch.nn.LSTM` with as many parameters?

    python benchmarks/parallel_cells.py --threads 1 [--save]

Forward and backward of one layer, input as wide as the layer, 1,024 steps. A cell without a matrix from state to state
has fewer parameters a unit, so it gets more units: as many multiplications a step, and as many parameters, as the LSTM.
Where the LSTM runs near the peak of the matrix products, equal work leaves nothing to win but the rest of that peak;
where it waits for one step after another, there is. "Limit" is the LSTM's time over the time of the cell's products
alone at the peak of their precision: what no cell with as many parameters can exceed. The last column has the faster
precision of each.

The second table has sequences from short to long. The third holds a chunk in blocks that stay in the cache against all
steps at once, and against one operation after another under autograd; the fourth the ways to compute the recurrence.
About 3 minutes.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from functools import partial

import torch
from harness import Report, parse
from lstm_peak import bare
from torch import Tensor
from torch._higher_order_ops import associative_scan
from torch.nn import functional

from seqkit.backbone import gated
from seqkit.backbone.cell import Cell
from seqkit.backbone.choice import PARALLEL, build_cell
from seqkit.backbone.parallel import ParallelCell
from seqkit.backbone.scan import linear_scan, scan_by_blocks, scan_by_steps, scan_in_place
from seqkit.speed.figures import Shape, matrix_peak, training_pass
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median

NUM_STEPS = 1024
SIZES = ((1, 64), (1, 128), (1, 256), (1, 512), (8, 64), (8, 128), (8, 256), (32, 128), (32, 256))
LENGTHS = (128, 512, 2048, 8192)
STEPS = ((1, 128), (1, 512), (8, 128), (8, 512), (32, 512))
PASSES = 6
"""A product and a sum, forward and twice backward: operations for each parameter, row and step."""

Runs = dict[str, Callable[[], object]]


def cell_of(name: str, num_parameters: int) -> Cell:
    """The cell whose number of parameters comes nearest, as wide as its input, in steps of 8 units."""
    sizes = range(8, 4096, 8)
    size = min(sizes, key=lambda size: abs(count(name, size) - num_parameters))
    return build_cell(name, size, size)


def count(name: str, size: int) -> int:
    """Parameters of a cell as wide as its input."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build_cell(name, size, size).parameters())


def cells_table(report: Report, options: Namespace, peaks: tuple[float, float]) -> None:
    """All cells beside the LSTM."""
    kinds = ("float32", "bf16")
    sizes = ["cell", "rows", "units (LSTM)", "units", "thousand parameters (LSTM)"]
    columns = [
        *sizes,
        *(f"{kind}: {what}" for kind in kinds for what in ("ms", "LSTM over it", "limit")),
        "best of each",
    ]
    num_steps = 64 if options.quick else NUM_STEPS
    table = Table(f"Training of one layer, {num_steps:,} steps", columns)
    for batch_size, size in SIZES[:1] if options.quick else SIZES:
        shape = Shape(batch_size, num_steps, size)
        runs: Runs = {f"lstm {kind}": bare(shape, kind == "bf16") for kind in kinds}
        num_parameters = count("lstm", size)
        widths = {}
        for name in PARALLEL:
            cell = cell_of(name, num_parameters)
            widths[name] = cell.hidden_size
            own = Shape(batch_size, shape.num_steps, cell.hidden_size)
            runs |= {f"{name} {kind}": training_pass(cell, own, kind == "bf16") for kind in kinds}
        taken = interleaved(runs, options.repeats)
        for name, width in widths.items():
            num_own = count(name, width)
            cells: list[object] = [name, batch_size, size, width, f"{num_own / 1e3:.0f} ({num_parameters / 1e3:.0f})"]
            for kind, peak in zip(kinds, peaks, strict=True):
                lstm, seconds = taken[f"lstm {kind}"], taken[f"{name} {kind}"]
                limit = median(lstm) / (PASSES * num_own * batch_size * shape.num_steps / peak)
                cells += [f"{median(seconds) * 1e3:.1f}", Ratio.of(lstm, seconds), f"{limit:.1f}"]
            best = [min(median(taken[f"{one} {kind}"]) for kind in kinds) for one in ("lstm", name)]
            table.add(*cells, f"{best[0] / best[1]:.2f}")
    report.table(table)


def lengths_table(report: Report, options: Namespace) -> None:
    """The same ratio for short and long sequences."""
    table = Table("mingru of 512 units beside the LSTM of 256, 4 rows", ["steps", "float32", "bf16"])
    for num_steps in LENGTHS[:1] if options.quick else LENGTHS:
        runs: Runs = {}
        for kind in ("float32", "bf16"):
            runs[f"lstm {kind}"] = bare(Shape(4, num_steps, 256), kind == "bf16")
            runs[kind] = training_pass(build_cell("mingru", 512, 512), Shape(4, num_steps, 512), kind == "bf16")
        taken = interleaved(runs, max(1, options.repeats // 2))
        table.add(f"{num_steps:,}", *(Ratio.of(taken[f"lstm {kind}"], taken[kind]) for kind in ("float32", "bf16")))
    report.table(table)


def blocks_table(report: Report, options: Namespace) -> None:
    """What the blocks and the derivatives by hand are worth."""
    columns = ["rows", "in blocks, ms", "all steps at once", "operation by operation"]
    num_steps = 64 if options.quick else NUM_STEPS
    table = Table(f"mingru of 512 units, {num_steps:,} steps, float32: times over that of blocks", columns)
    for batch_size in (1,) if options.quick else (1, 8, 32):
        shape = Shape(batch_size, num_steps, 512)
        cell = build_cell("mingru", 512, 512)
        assert isinstance(cell, ParallelCell)
        run = training_pass(cell, shape)
        runs: Runs = {"blocks": run, "whole": partial(in_one_block, run), "operations": by_operations(cell, shape)}
        taken = interleaved(runs, options.repeats)
        ratios = (Ratio.of(taken[name], taken["blocks"]) for name in ("whole", "operations"))
        table.add(batch_size, f"{median(taken['blocks']) * 1e3:.1f}", *ratios)
    report.table(table)


def in_one_block(run: Callable[[], None]) -> None:
    """The same with all steps in one block."""
    usual, gated._IN_CACHE = gated._IN_CACHE, 1 << 60
    run()
    gated._IN_CACHE = usual


def by_operations(cell: ParallelCell, shape: Shape) -> Callable[[], None]:
    """The cell's formula over all steps, with autograd around the scan alone: what other devices compute."""
    x = torch.randn(shape.batch_size, shape.num_steps, shape.hidden_size, requires_grad=True)
    gradient, start = torch.randn_like(x), torch.zeros(shape.batch_size, shape.hidden_size)

    def run() -> None:
        entry = cell.enter(x.transpose(0, 1))
        logits = functional.linear(entry, cell.gate_map.weight, cell.gate_map.bias)
        a, b = cell.coefficients(cell.open(logits, entry, *cell.share()))
        torch.autograd.backward(linear_scan(a, b, start).transpose(0, 1), gradient)
        cell.zero_grad(set_to_none=True)
        x.grad = None

    return run


def scans_table(report: Report, options: Namespace) -> None:
    """The recurrence alone, without gradients."""
    columns = ["numbers a step", "chosen, ms", "step by step", "in blocks", "associative_scan"]
    table = Table(f"h_t = a_t h_(t-1) + b_t, {NUM_STEPS:,} steps: times over that of the chosen way", columns)
    for batch_size, size in STEPS[:1] if options.quick else STEPS:
        a, b = torch.rand(2, NUM_STEPS, batch_size, size).unbind(0)
        start, b = torch.zeros(batch_size, size), b.contiguous()
        runs: Runs = {way.__name__: partial(way, a, b, start) for way in (scan_in_place, scan_by_steps, scan_by_blocks)}
        runs["associative"] = partial(associative_scan, combine, (a, b), 0, combine_mode="generic")
        taken = interleaved(runs, options.repeats)
        chosen = taken.pop("scan_in_place")
        ratios = (Ratio.of(seconds, chosen) for seconds in taken.values())
        table.add(f"{batch_size} x {size}", f"{median(chosen) * 1e3:.2f}", *ratios)
    report.table(table)


def combine(left: tuple[Tensor, Tensor], right: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Two stretches of a linear recurrence as one."""
    return left[0] * right[0], right[0] * left[1] + right[1]


def main() -> None:
    """Print the tables."""
    options = parse(__doc__, repeats=5)
    report = Report("parallel_cells", options)
    size = 256 if options.quick else 4096
    peaks = matrix_peak(torch.float32, size, 5), matrix_peak(torch.bfloat16, size, 5)
    report.say(f"Matrix product of {size} x {size}: {peaks[0] / 1e9:.0f} GFLOP/s float32, {peaks[1] / 1e9:.0f} bf16.")
    cells_table(report, options, peaks)
    lengths_table(report, options)
    blocks_table(report, options)
    scans_table(report, options)
    report.close()


if __name__ == "__main__":
    main()
