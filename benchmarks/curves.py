"""Time and memory of a training step against sequence length, hidden size, batch and vocabulary; of reading, too.

    python benchmarks/curves.py [--threads N]

One size changes at a time, the others stay at 32 records of 128 steps, 256 units, 65 symbols. Each point is a process
of its own, so that its peak of resident memory is its own; what the process holds before the first step is taken off.
A step is forward, backward, clipping and AdamW. The exponent is the slope between the last two points of a curve on
logarithmic axes: 1 is proportional, 2 is quadratic. The last table encodes text files of growing size into a store.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from math import log
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from harness import Report, parser, start
from torch import nn

from seqkit import Domain, Record, SequenceDataModule, Split, SymbolCodec, plugins
from seqkit.build import build_model
from seqkit.optimiser import build_adamw
from seqkit.options import ModelOptions
from seqkit.speed.table import Table
from seqkit.speed.timing import median
from seqkit.steps import Batch

NUM_STEPS = 3


@dataclass(frozen=True)
class Point:
    """Sizes of one training step."""

    cell: str = "lstm"
    batch_size: int = 32
    window: int = 128
    hidden_size: int = 256
    num_symbols: int = 65
    softmax: str = "full"


CURVES: dict[str, tuple[str, tuple[int, ...], tuple[tuple[str, Point], ...]]] = {
    "sequence length": ("window", (128, 512, 2048, 8192), (("lstm", Point()), ("mingru", Point(cell="mingru")))),
    "hidden size": ("hidden_size", (64, 256, 512, 1024), (("lstm", Point()), ("mingru", Point(cell="mingru")))),
    "batch": ("batch_size", (1, 8, 32, 128), (("lstm", Point()), ("mingru", Point(cell="mingru")))),
    "vocabulary": (
        "num_symbols",
        (100, 1_000, 10_000, 100_000),
        (("full softmax", Point()), ("adaptive softmax", Point(softmax="adaptive"))),
    ),
}
MEGABYTES = (1, 10, 100, 400)


class Symbols(SequenceDataModule):
    """So many symbols, drawn evenly.

    Args:
        num_symbols: Number of them.
    """

    def __init__(self, num_symbols: int) -> None:
        super().__init__()
        self.letters = "".join(chr(0x10000 + number) for number in range(num_symbols))
        self.codec = self.target_codec = SymbolCodec(self.letters)

    def records(self, split: Split) -> Iterator[Record]:
        """One record, for the counts of an adaptive softmax."""
        yield Record("".join(random.Random(0).choices(self.letters, k=10_000)), origin="made:0")


def train(point: Point, threads: int) -> tuple[float, float]:
    """Median seconds of a step, and megabytes that the steps needed beyond the model as it was made."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    data = Symbols(point.num_symbols)
    data.setup("fit")
    options = ModelOptions(cell=point.cell, hidden_size=point.hidden_size, softmax=point.softmax)  # type: ignore[arg-type]
    model = build_model(Domain("symbols", Symbols), data, options)
    optimizer = build_adamw(model.parameters(), options, fused=True)
    steps = torch.randint(point.num_symbols, (point.batch_size, point.window + 1))
    lengths = torch.full((point.batch_size,), point.window)
    never, rows = torch.zeros(point.batch_size, dtype=torch.bool), torch.arange(point.batch_size)
    batch = Batch(steps[:, :-1], lengths, steps[:, 1:].contiguous(), never, rows)
    before, seconds = _resident(), []
    for _ in range(NUM_STEPS + 1):
        begin = time.perf_counter()
        outcome, _ = model.outcome(batch)
        outcome.loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - begin)
    return median(seconds[1:]), _peak() - before


def read(megabytes: int, threads: int) -> tuple[float, float]:
    """Seconds from a text of so many megabytes to its store of characters, and megabytes needed for it."""
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        words = ["".join(random.Random(i).choices("etaoinshrdlu", k=3 + i % 7)) for i in range(1000)]
        block = " ".join(random.Random(0).choices(words, k=150_000)) + "\n"
        with path.open("w") as file:
            for _ in range(megabytes * 1_000_000 // len(block) + 1):
                file.write(block)
        os.environ["XDG_CACHE_HOME"] = folder
        module: Any = plugins.load("text").datamodule(path=str(path))
        before, begin = _resident(), time.perf_counter()
        module.setup("fit")
        return time.perf_counter() - begin, _peak() - before


def _resident() -> float:
    """Megabytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _peak() -> float:
    """Most megabytes that this process held."""
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e6


def alone(work: Callable[[Any, int], tuple[float, float]], size: Any, threads: int) -> tuple[float, float]:
    """Run in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, size, threads).result()


def exponent(values: list[float], sizes: tuple[int, ...]) -> str:
    """Slope between the last two points on logarithmic axes."""
    return f"{log(values[-1] / values[-2]) / log(sizes[-1] / sizes[-2]):.2f}" if min(values[-2:]) > 0 else "-"


def curve(name: str, sizes: tuple[int, ...], measure: Callable[[int], tuple[float, float]], table: Table) -> None:
    """Two rows of a table: seconds and megabytes at all sizes."""
    found = [measure(size) for size in sizes]
    seconds, megabytes = [one for one, _ in found], [other for _, other in found]
    table.add(f"{name}, ms", *(f"{1e3 * value:.1f}" for value in seconds), exponent(seconds, sizes))
    table.add(f"{name}, MB", *(f"{value:.0f}" for value in megabytes), exponent(megabytes, sizes))


def main() -> None:
    """Print a table a curve."""
    options: argparse.Namespace = start(parser(__doc__, repeats=1))
    report, threads = Report("curves", options), torch.get_num_threads()
    for name, (field, sizes, kinds) in CURVES.items():
        if options.quick:
            sizes, kinds = sizes[:2], kinds[:1]
        table = Table(f"Against {name}", ["what", *(f"{size:,}" for size in sizes), "exponent"])
        for kind, point in kinds:
            curve(kind, sizes, lambda size, p=point, f=field: alone(train, replace(p, **{f: size}), threads), table)
        report.table(table)
        if options.quick:
            break
    if not options.quick:
        table = Table("Against the size of a text, MB", ["what", *map(str, MEGABYTES), "exponent"])
        curve("characters to a store", MEGABYTES, lambda size: alone(read, size, threads), table)
        report.table(table)
    report.close()


if __name__ == "__main__":
    main()
