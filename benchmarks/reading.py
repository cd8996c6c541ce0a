"""Reading: from a file to the finished store, beside the field's library that only reads (or only encodes).

python benchmarks/reading.py [--megabytes 100] [--only NAME] [--big]

Ours is everything that `fit` does with the training split: find the files, check every record, learn the codec, encode,
write the store; with nothing held out, and an empty cache each time. The library's time ends with its own values in
memory. `ratio` is its time by ours, so 1 or more is not slower. Both run in turns in this process, after a first round
that does not count; files lie in memory after that. Held to one core (`taskset -c 0`) the table goes to
`results/reading.md`; CSV and byte pairs use several, for which it goes to `results/reading_cores.md`. --big reads
files of that size and ten times that size once, each in a process of its own, and says how much memory it took at most
(imports take most of the smaller figure).
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from harness import Report, parser, refuse, start
from reading_cases import CASES, Case

from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median
from seqkit.training.cores import usable_cores


def main() -> None:
    """Print both tables."""
    own = parser(__doc__, repeats=5)
    own.add_argument("--megabytes", type=int, default=100, help="size of the files (100)")
    own.add_argument("--only", default="", help="cases whose names hold this")
    own.add_argument("--big", action="store_true", help="memory at this size and at ten times of it, instead of times")
    own.add_argument("--child", nargs=2, metavar=("NAME", "PATH"), help=argparse.SUPPRESS)
    options = start(own)
    if options.child:
        _child(*options.child)
        return
    if options.megabytes < 1:
        refuse(f"--megabytes {options.megabytes}: give 1 or more")
    size = 200_000 if options.quick else options.megabytes * 1_000_000
    cases = [case for case in CASES if options.only in case.name]
    if not cases:
        refuse(f"--only {options.only!r}: in none of the names {', '.join(case.name for case in CASES)}")
    name = "reading_memory" if options.big else "reading" if usable_cores() == 1 else "reading_cores"
    report = Report(name, options)
    report.table(_memory(cases, size) if options.big else _speed(cases, size, options.repeats))
    report.close()


def read(case: Case, path: Path) -> None:
    """From the file to a finished store in an empty cache, which lies beside the file and goes with it."""
    os.environ["SEQKIT_CACHE"] = tempfile.mkdtemp(prefix="cache-", dir=path.parent)
    data = case.data(path)
    data.setup("fit")
    data.store("train")


def _speed(cases: list[Case], size: int, repeats: int) -> Table:
    columns = ["file and steps", "MB", "seqkit MB/s", "against", "MB/s", "ratio (quartiles)"]
    table = Table("From the file to the store", columns)
    for case in cases:
        with _file(case, int(size * case.share)) as (path, num_bytes):
            variants = {"seqkit": partial(read, case, path)}
            variants |= {name: partial(peer, path) for name, peer in case.peers.items()}
            taken = interleaved(variants, repeats)
        speeds = {name: f"{num_bytes / 1e6 / median(seconds):,.0f}" for name, seconds in taken.items()}
        if num_bytes / 1e6 / median(taken["seqkit"]) < 10:
            speeds = {name: f"{num_bytes / 1e6 / median(seconds):.1f}" for name, seconds in taken.items()}
        print(f"{case.name}: {speeds}", flush=True)
        for name in list(case.peers) or ["-"]:
            ratio = Ratio.of(taken[name], taken["seqkit"]) if case.peers else "-"
            table.add(case.name, f"{num_bytes / 1e6:.0f}", speeds["seqkit"], name, speeds.get(name, "-"), ratio)
    return table


def _memory(cases: list[Case], size: int) -> Table:
    columns = [
        "file and steps",
        "MB",
        "peak MB",
        "MB of ten times",
        "peak MB of ten times",
        "more",
        "MB/s of ten times",
    ]
    table = Table("Memory: the size of the file hardly matters", columns)
    for case in cases:
        row: list[str] = [case.name]
        peaks = []
        for times in (1, 10):
            with _file(case, int(times * size * case.share)) as (path, num_bytes):
                peak, seconds = _in_process(case, path)
            peaks.append(peak)
            row += [f"{num_bytes / 1e6:.0f}", f"{peak:.0f}"]
        print(f"{case.name}: {peaks}", flush=True)
        table.add(*row, f"{peaks[1] - peaks[0]:+.0f}", f"{num_bytes / 1e6 / seconds:.1f}")
    return table


def _in_process(case: Case, path: Path) -> tuple[float, float]:
    """Peak memory in MB and seconds of reading in a fresh process."""
    command = [sys.executable, __file__, "--child", case.name, str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    peak, seconds = done.stdout.split()[-2:]
    return float(peak), float(seconds)


def _child(name: str, path: str) -> None:
    begin = time.perf_counter()
    read(next(case for case in CASES if case.name == name), Path(path))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(kilobytes / 1000, time.perf_counter() - begin)


@contextmanager
def _file(case: Case, size: int) -> Iterator[tuple[Path, int]]:
    """The case's file or folder, and its bytes."""
    with _folder() as folder:
        path = (
            folder
            / {"text": "text.txt", "FASTA": "dna.fa", "CSV": "table.csv", "WAV": "sounds"}[case.name.split(",")[0]]
        )
        case.write(path, size)
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        yield path, sum(file.stat().st_size for file in files)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="seqkit-reading-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
