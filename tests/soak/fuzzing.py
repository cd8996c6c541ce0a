"""Mutated files by the thousand: what comes out must be a SeqkitError or nothing, soon, and without much memory.

`python -m tests.soak.fuzzing FASTA --executions 1000000` for one parser; without a name it lists them.
"""

import argparse
import json
import os
import random
import resource
import shutil
import tempfile
import time
import traceback
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from seqkit import SeqkitError
from tests.soak.parsers import GENERAL, PARSERS, Parser

MOST_SECONDS = 1.0
"""Of processor time for one input."""

MOST_BYTES = 512 << 20
"""By which the process may grow over all inputs."""

_LONGEST = 4096


@dataclass
class Report:
    """What came of it.

    Attributes:
        executions: How many inputs were parsed.
        refused: How many of them with a SeqkitError.
        failures: How many broke a promise.
        kinds: For each kind of failure, by error and place: the first input.
        slowest_s: Processor time of the slowest input.
        grown_bytes: By how much the process's peak memory grew.
        seconds: In all.
    """

    executions: int = 0
    refused: int = 0
    failures: int = 0
    kinds: dict[str, bytes] = field(default_factory=dict)
    slowest_s: float = 0.0
    grown_bytes: int = 0
    seconds: float = 0.0

    def fail(self, kind: str, content: bytes) -> None:
        """Note a failure."""
        self.failures += 1
        self.kinds.setdefault(kind, content)


def fuzz(parser: Parser, executions: int, seed: int = 0, seconds: float | None = None) -> Report:
    """Parse mutations of a parser's seeds, from a file in memory where the system has such a folder.

    Args:
        parser: Which.
        executions: How many inputs; the first are the seeds themselves.
        seed: Of the mutations.
        seconds: Stop after so long; None goes on to the end.
    """
    chance, report, begin = random.Random(seed), Report(), time.perf_counter()
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    path, before = folder / f"input{parser.suffix}", _peak_bytes()
    for name in parser.beside:
        (folder / name).touch()
    try:
        for number in range(executions):
            content = parser.seeds[number] if number < len(parser.seeds) else mutate(parser, chance)
            path.write_bytes(content)
            _execute(parser, path, content, report)
            if seconds is not None and time.perf_counter() - begin > seconds:
                break
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.grown_bytes, report.seconds = _peak_bytes() - before, time.perf_counter() - begin
    if report.grown_bytes > MOST_BYTES:
        report.fail(f"grew by {report.grown_bytes >> 20} MiB", b"")
    return report


def _execute(parser: Parser, path: Path, content: bytes, report: Report) -> None:
    report.executions += 1
    begin = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parser.parse(path)
    except SeqkitError as error:
        report.refused += 1
        if not error.what:
            report.fail("an error without a word", content)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        report.fail(f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {error!s:.80}", content)
    spent = time.process_time() - begin
    report.slowest_s = max(report.slowest_s, spent)
    if spent > MOST_SECONDS:
        report.fail(f"more than {MOST_SECONDS:g} s", content)


def mutate(parser: Parser, chance: random.Random) -> bytes:
    """One of the seeds, changed one to eight times: in bits, bytes, words, lines."""
    content = bytearray(chance.choice(parser.seeds))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        place = chance.randrange(len(content) + 1)
        length = min(chance.choice((1, 1, 2, 4, 16, 64)), len(content) - place)
        kind = chance.randrange(9)
        if kind == 0 and place < len(content):
            content[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            content[place : place + length] = chance.randbytes(length)
        elif kind == 2:
            del content[place : place + length]
        elif kind == 3:
            content[place:place] = content[place : place + length] * chance.choice((1, 2, 30))
        elif kind == 4:
            content[place:place] = chance.choice(GENERAL)
        elif kind == 5 and parser.words:
            content[place : place + (length if chance.random() < 0.5 else 0)] = chance.choice(parser.words)
        elif kind == 6:
            content = content[:place]
        elif kind == 7:
            other = chance.choice(parser.seeds)
            content[place:] = other[chance.randrange(len(other) + 1) :]
        else:
            lines = bytes(content).split(b"\n")
            one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
            lines[one], lines[two] = lines[two], lines[one]
            content = bytearray(b"\n".join(lines))
        del content[_LONGEST:]
    return bytes(content)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """One parser, from the command line; a line of JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("parser", nargs="?", choices=list(PARSERS))
    options.add_argument("--executions", type=int, default=1_000_000)
    options.add_argument("--seconds", type=float, default=None)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    if given.parser is None:
        print("\n".join(PARSERS))
        return
    report = fuzz(PARSERS[given.parser](), given.executions, given.seed, given.seconds)
    shown = vars(report) | {"kinds": {kind: repr(content) for kind, content in report.kinds.items()}}
    print(json.dumps({"parser": given.parser, "seed": given.seed} | shown), flush=True)


if __name__ == "__main__":
    main()
