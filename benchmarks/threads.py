"""How long a training step takes in one thread and in all, on a quiet machine and beside busy neighbours.

    python benchmarks/threads.py [--repeats 7] [--save]

Threads of GNU OpenMP, which torch uses on Linux, wait for each other awake: for 300,000 turns by default, for 1,000
under the `seqkit` command, or not at all (`GOMP_SPINCOUNT`). Each way is a process of its own, which is given turns of
half a second; a neighbour is a process that computes without end. What to look for: all threads must be faster than one
where the machine is quiet, and not many times slower where it is not. All cores are used, whatever `--threads` says.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from harness import Report, parse

from seqkit.cli.threads import wait_briefly
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median
from seqkit.training.cores import usable_cores

SIZES = {"2 ms": (16, 16, 64), "20 ms": (32, 32, 256)}
"""Batch, steps, units: a step's time in one thread, about."""

WORKER = """
import sys, time, torch
batch, steps, units, threads = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(0)
model = torch.nn.LSTM(units, units, batch_first=True)
optimizer = torch.optim.AdamW(model.parameters(), fused=True)
x = torch.randn(batch, steps, units)
for line in sys.stdin:
    begin, num = time.perf_counter(), 0
    while time.perf_counter() - begin < float(line):
        optimizer.zero_grad()
        model(x)[0].square().mean().backward()
        optimizer.step()
        num += 1
    print((time.perf_counter() - begin) / num, flush=True)
"""
NEIGHBOUR = "while True: pass"


class Worker:
    """A process that trains when it is told to.

    Args:
        size: Batch, steps, units.
        threads: Of torch.
        spins: Turns of waiting awake; None: OpenMP's own, "" those of the `seqkit` command.
    """

    def __init__(self, size: tuple[int, int, int], threads: int, spins: str | None) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GOMP_", "OMP_"))}
        environment |= {"GOMP_SPINCOUNT": spins} if spins else {}
        words = [sys.executable, "-c", WORKER, *map(str, size), str(threads)]
        self.process = subprocess.Popen(
            words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.taken: list[float] = []

    def turn(self, seconds: float) -> None:
        """Train for some seconds and note those of a step."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{seconds}\n")
        self.taken.append(float(self.process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@contextmanager
def neighbours(number: int) -> Iterator[None]:
    """So many busy processes meanwhile."""
    busy = [subprocess.Popen([sys.executable, "-c", NEIGHBOUR]) for _ in range(number)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def own_spins() -> str:
    """What the `seqkit` command sets."""
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        os.environ.pop(name, None)
    wait_briefly()
    return os.environ.pop("GOMP_SPINCOUNT")


def main() -> None:
    """Print the table."""
    options = parse(__doc__)
    report = Report("threads", options)
    cores, spins = usable_cores(), own_spins()
    ways = {"one thread": (1, None), f"{cores} threads": (cores, None), f"{cores} threads, as seqkit": (cores, spins)}
    if not options.quick:
        ways[f"{cores} threads, asleep"] = (cores, "0")
    columns = ["ms a step of", "neighbours", *ways, "seqkit / one thread"]
    table = Table(f"A step in 1 and {cores} threads; as seqkit: GOMP_SPINCOUNT={spins}", columns)
    for name, size in list(SIZES.items())[: 1 if options.quick else None]:
        for number in (0,) if options.quick else (0, max(cores // 2, 1), cores):
            workers = {way: Worker(size, *how) for way, how in ways.items()}
            seconds = 0.1 if options.quick else 0.5
            with neighbours(number):
                interleaved({way: partial(worker.turn, seconds) for way, worker in workers.items()}, options.repeats)
            for worker in workers.values():
                worker.close()
            taken = {way: worker.taken[1:] for way, worker in workers.items()}
            speed = Ratio.of(taken["one thread"], taken[f"{cores} threads, as seqkit"])
            table.add(name, number, *(f"{1000 * median(values):.2f}" for values in taken.values()), speed)
    report.table(table)
    report.close()


if __name__ == "__main__":
    torch.set_num_threads(1)  # Of this process, which only waits.
    main()
