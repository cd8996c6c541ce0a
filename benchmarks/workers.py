"""Whether building stores in several processes pays: eight files in one process and in two.

    python benchmarks/workers.py [--megabytes 200] [--repeats 5] [--save]

Each process has its share of the files, and makes a store of each in a cache of its own: what is measured is the most
that could be won, since the stores of several would still have to be joined in order. Processes are forked from one
that has loaded everything; the fork is in both figures. The first row is what the machine gives at best at that time:
a loop that needs no memory and no disk. Beside busy neighbours no row says anything.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from harness import Report, parser, refuse, start
from reading import read
from reading_cases import CASES, Case

from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median

NUM_FILES = 8
_TURNS = 40_000_000
CASES_BY_NAME = {case.name: case for case in CASES}
MEASURED = ("text, bytes", "text, words", "FASTA, bases", "FASTA, 3-mers", "CSV, long", "CSV, wide", "WAV, samples")
SUFFIXES = {"text": ".txt", "FASTA": ".fa", "CSV": ".csv", "WAV": ""}


def main() -> None:
    """Print the table."""
    own = parser(__doc__, repeats=5)
    own.add_argument("--megabytes", type=int, default=200, help="of all files together (200)")
    options = start(own)
    if options.megabytes < 1:
        refuse(f"--megabytes {options.megabytes}: give 1 or more")
    size = 400_000 if options.quick else options.megabytes * 1_000_000
    report = Report("workers", options)
    columns = ["files and steps", "one process, s", "two processes, s", "one / two (quartiles)"]
    loop = {str(number): partial(run_workers, number, _loop, [_TURNS // NUM_FILES] * NUM_FILES) for number in (1, 2)}
    taken = {"a loop": interleaved(loop, options.repeats)}
    table = Table(f"Stores of {NUM_FILES} files in one process and in two, each with half of the files", columns)
    for name in MEASURED[:1] if options.quick else MEASURED:
        case = CASES_BY_NAME[name]
        with tempfile.TemporaryDirectory(prefix="seqkit-workers-") as folder:
            files = write_files(case, Path(folder), size // NUM_FILES)
            ways = {str(number): partial(run_workers, number, partial(read, case), files) for number in (1, 2)}
            taken[name] = interleaved(ways, options.repeats)
        print(f"{name}: {median(taken[name]['1']):.2f} s, {median(taken[name]['2']):.2f} s", flush=True)
    for name, seconds in taken.items():
        one, two = seconds["1"], seconds["2"]
        table.add(name, f"{median(one):.2f}", f"{median(two):.2f}", Ratio.of(one, two))
    report.table(table)
    report.close()


def write_files(case: Case, folder: Path, size: int) -> list[Path]:
    """So many files (or folders of clips) of about so many bytes."""
    suffix = SUFFIXES[case.name.split(",")[0]]
    paths = [folder / f"part{number}{suffix}" for number in range(NUM_FILES)]
    for path in paths:
        case.write(path, size)
    return paths


def run_workers(num_processes: int, work: Callable[[Any], object], shares: list[Any]) -> None:
    """Do a piece of work on each of the shares, divided among so many processes."""
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=_each, args=(work, shares[number::num_processes])) for number in range(num_processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise RuntimeError(f"a process ended with exit code {worker.exitcode}")


def _each(work: Callable[[Any], object], shares: list[Any]) -> None:
    for share in shares:
        work(share)


def _loop(num_turns: int) -> None:
    for _ in range(num_turns):
        pass


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
