"""What all benchmarks share: their options, the machine's description, and the file their tables go to."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import torch

from seqkit.speed.machine import describe_machine
from seqkit.speed.table import Table

RESULTS = Path(__file__).parent / "results"
QUICK = "--quick: does it run? no measurement"


def parser(description: str | None, repeats: int = 7) -> argparse.ArgumentParser:
    """Options of every benchmark; a script adds its own, then calls `start`."""
    own = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    own.add_argument("--repeats", type=int, default=repeats, help=f"rounds that count ({repeats})")
    own.add_argument("--threads", type=int, default=None, help="threads of torch (as torch has them)")
    own.add_argument("--quick", action="store_true", help="smallest sizes, one round: does it run?")
    own.add_argument("--save", action="store_true", help="write benchmarks/results/NAME.md")
    return own


def parse(description: str | None, repeats: int = 7) -> argparse.Namespace:
    """Options of a benchmark without options of its own."""
    return start(parser(description, repeats))


def start(own: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the options, and set threads and seed by them."""
    options = own.parse_args()
    for name in ("threads", "repeats"):
        number = getattr(options, name)
        if number is not None and number < 1:
            refuse(f"--{name} {number}: give 1 or more")
    if options.quick and options.save:
        refuse("--quick measures nothing that --save could keep: leave one of them out")
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.quick:
        options.repeats = 1
    torch.manual_seed(0)
    return options


def refuse(what: str) -> NoReturn:
    """Leave with exit code 2 and one line."""
    print(f"{Path(sys.argv[0]).name}: error: {what}", file=sys.stderr)
    sys.exit(2)


def require_files(*paths: Path) -> None:
    """Leave with exit code 2 and one line at the first of these files that is not there."""
    for path in paths:
        if not path.is_file():
            refuse(f"{path}: {'a folder, where a file is needed' if path.is_dir() else 'no such file'}")


def require_folder(path: Path) -> None:
    """Leave with exit code 2 and one line if this folder is not there."""
    if not path.is_dir():
        refuse(f"{path}: {'a file, where a folder is needed' if path.exists() else 'no such folder'}")


class Report:
    """What a benchmark says: on the terminal at once, and in `results/NAME.md` at the end with `--save`.

    Args:
        name: Of the file with its tables; the script's, unless one script has two.
        options: Of `start`.
    """

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        self.name, self.saves, self.begin = name, options.save, time.perf_counter()
        self.parts: list[str] = []
        self.machine = describe_machine()
        if options.quick:
            print(QUICK, flush=True)
        print(self.machine, flush=True)

    def say(self, text: str) -> None:
        """A paragraph."""
        self.parts.append(text)
        print(f"\n{text}", flush=True)

    def table(self, table: Table) -> None:
        """A finished table."""
        self.say(table.markdown())

    def close(self) -> None:
        """Write the file, if asked to."""
        if not self.saves:
            return
        seconds = time.perf_counter() - self.begin
        command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *_plain(sys.argv[1:])])
        day = datetime.now(UTC).date()
        head = f"# {self.name}\n\n```\n{command}\n```\n\n{day} · seed 0 · {seconds:.0f} s\n\n"
        head += self.machine.replace("\n", "  \n")  # two blanks keep the line's end in Markdown
        path = RESULTS / f"{self.name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n\n".join([head, *self.parts]) + "\n", encoding="utf-8")


def _plain(words: list[str]) -> list[str]:
    """Arguments without folders of this machine: a path keeps its last part."""
    return [".../" + Path(word).name if word.startswith(("/", "..")) else word for word in words]
