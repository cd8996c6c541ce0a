"""What does a softmax over 33,278 words cost, in full and in clusters, and what does the saving cost in perplexity?

    python benchmarks/softmax.py [--threads N]
    python benchmarks/softmax.py --perplexity --data train.txt.gz --valid valid.txt.gz

One language model with three output layers: a full softmax that shares the embedding's matrix, an adaptive one that
shares it, and an adaptive one with weights of its own. Each makes the updates that `seqkit fit` makes (loss, clipping,
AdamW), in turns. First a table of whole steps, then of their parts, then what memory they take, then what a step takes
where freed memory is given back to the system. Without `--data` the words are drawn at random, with the frequencies of
a text (Zipf's law): time does not depend on their order.

`--perplexity` trains all three on equally many batches of a text (5 minutes on two cores) and prints the validation
perplexity of each: that of an adaptive softmax is exact, so the figures can be compared.
"""

from __future__ import annotations

import argparse
import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from harness import Report, parser, refuse, require_files, start
from word_models import LAYERS, PARTS, Case, Trainee, Words

from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median
from seqkit.training.memory import keep_freed_memory


def make_data(case: Case, options: argparse.Namespace) -> Words:
    """The text in batches of a size."""
    num_words = 20_000 if options.quick else 400_000
    data = Words(options.data, options.valid, num_words, batch_size=case.batch_size, window=case.window, order_seed=0)
    data.setup("fit")
    return data


def compare(case: Case, options: argparse.Namespace, steps: Table, parts: Table) -> None:
    """Lines of both tables: all layers in turns."""
    data = make_data(case, options)
    trainees = {layer: Trainee(case, layer, data) for layer in LAYERS}
    taken: dict[str, list[np.ndarray]] = {layer: [] for layer in LAYERS}
    calls = {layer: partial(_note, trainee.update, taken[layer]) for layer, trainee in trainees.items()}
    seconds = interleaved(calls, options.repeats)
    num_words = case.batch_size * case.window
    for layer in LAYERS:
        own = np.median(taken[layer][1:], axis=0)
        ratio = Ratio.of(seconds["full, tied"], seconds[layer])
        steps.add(str(case), layer, f"{num_words / median(seconds[layer]):,.0f}", str(ratio))
        parts.add(str(case), layer, *(f"{1e3 * part:.1f}" for part in own), f"{1e3 * own.sum():.0f}")


def _note(call: Callable[[], np.ndarray], found: list[np.ndarray]) -> None:
    found.append(call())


def peak_mib(case: Case, layer: str, options: argparse.Namespace) -> float:
    """What the process grows by in two updates, in a process of its own."""
    torch.set_num_threads(options.threads or torch.get_num_threads())
    trainee = Trainee(case, layer, make_data(case, options))
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far: that of reading the text
    before = _peak_kib()
    for _ in range(2):
        trainee.update()
    return (_peak_kib() - before) / 1024


def _peak_kib() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def give_back(large: bool) -> None:
    """Let glibc map large blocks anew each time, as it does by itself, or keep them."""
    libc = ctypes.CDLL(None)
    libc.mallopt(-3, 32 << 20 if large else 2**31 - 1)
    if large:
        libc.malloc_trim(0)


def allocations(case: Case, options: argparse.Namespace, table: Table) -> None:
    """What it costs to give memory back."""
    data = make_data(case, options)
    for layer in LAYERS:
        trainee = Trainee(case, layer, data)
        variants = {name: partial(_with, trainee, name == "given back") for name in ("given back", "kept")}
        seconds = interleaved(variants, options.repeats)
        ratio = Ratio.of(seconds["given back"], seconds["kept"])
        table.add(str(case), layer, *(f"{1e3 * median(own):.0f}" for own in seconds.values()), str(ratio))


def _with(trainee: Trainee, large: bool) -> None:
    give_back(large)
    trainee.update()


def train_equally(case: Case, options: argparse.Namespace, table: Table) -> None:
    """Perplexity after equally many updates."""
    data = make_data(case, options)
    found: dict[str, float] = {}
    for layer in LAYERS:
        trainee, begin = Trainee(case, layer, data), time.perf_counter()
        for group in trainee.optimizer.param_groups:
            group["lr"] = 3e-3
        for _ in range(options.updates):
            trainee.update()
        seconds = time.perf_counter() - begin
        found[layer] = trainee.perplexity(data, num_batches=40)
        change = found[layer] / found["full, tied"] - 1
        table.add(layer, f"{options.updates}", f"{seconds:.0f}", f"{found[layer]:.1f}", f"{change:+.1%}")


def main() -> None:
    """All tables."""
    own = parser(__doc__)
    own.add_argument("--data", default=None, help="text to learn from, plain or gzip")
    own.add_argument("--valid", default=None, help="text to validate on")
    own.add_argument("--perplexity", action="store_true", help="train on --data and compare the perplexity, too")
    own.add_argument("--updates", type=int, default=500, help="of each training (500)")
    options = start(own)
    require_files(*(Path(path) for path in (options.data, options.valid) if path))
    if options.perplexity and not options.data:
        refuse("--perplexity needs --data: words drawn at random cannot be learnt")
    keep_freed_memory()
    report = Report("softmax", options)
    first = Case(256, 32, 35)
    cases = [Case(32, 4, 10)] if options.quick else [first, Case(256, 32, 35, half=True), Case(512, 64, 35)]
    if options.perplexity:
        table = Table("Perplexity after equal training", ["layer", "updates", "seconds", "validation", "against full"])
        train_equally(cases[0], options, table)
        report.table(table)
    steps = Table("Whole updates", ["sizes", "output layer", "words/s", "times as fast (quartiles)"])
    parts = Table("Milliseconds of an update", ["sizes", "output layer", *PARTS, "all"])
    for case in cases:
        compare(case, options, steps, parts)
    report.table(steps)
    report.table(parts)
    memory = Table("Memory that updates add", ["sizes", "output layer", "MiB"])
    for layer in LAYERS if Path("/proc/self/clear_refs").exists() and not options.quick else ():
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            memory.add(str(cases[0]), layer, f"{process.submit(peak_mib, cases[0], layer, options).result():.0f}")
    report.table(memory)
    freed = Table("Freed memory, milliseconds an update", ["sizes", "output layer", "given back", "kept", "ratio"])
    allocations(cases[0], options, freed)
    report.table(freed)
    report.close()


if __name__ == "__main__":
    main()
