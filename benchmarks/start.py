"""Start: seconds from the start of the process to `--help`, a listing, the first training step, and generated text.

python benchmarks/start.py [--repeats 5]

Data sets come from the cache, as at every start but the first; `first start` reads them. The first step is over when
`training_step` returns; most of the time goes to the imports of torch and Lightning, which the last column shows alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Report, parse

from seqkit.speed.table import Table
from seqkit.speed.timing import median

_UNTIL_FIRST_STEP = """
import os, sys, time
from seqkit.model import SequenceModel
whole = SequenceModel.training_step
def step(self, *args, **options):
    loss = whole(self, *args, **options)
    print("STARTED", time.time(), flush=True)
    os._exit(0)
SequenceModel.training_step = step
from seqkit.cli.main import main
sys.exit(main())
"""


def main() -> None:
    """Print the table."""
    options = parse(__doc__, repeats=5)
    report = Report("start", options)
    table = Table("Seconds from the start of the process", ["command", "until", "first start", "median", "slowest"])
    with tempfile.TemporaryDirectory(prefix="seqkit-start-") as folder:
        place = Path(folder)
        table.add("import torch, pytorch_lightning", "imported", *_figures(_imports, options.repeats))
        table.add("seqkit --help", "the end", *_figures(lambda: _command("--help"), options.repeats))
        table.add("seqkit domains", "the end", *_figures(lambda: _command("domains"), options.repeats))
        domains = {"text": _write_text(place)} if options.quick else _write_files(place)
        for domain, path in domains.items():
            own = ["--data.task", "next_step"] if domain == "audio" else []
            fit = ["fit", "--domain", domain, "--data.path", str(path), *own]
            figures = _figures(lambda fit=fit: _first_step(fit, place), options.repeats)  # type: ignore[misc]
            table.add(f"seqkit fit --domain {domain}", "the first step", *figures)
        if not options.quick:
            run = place / "run"
            made = ["fit", "--domain", "text", "--data.path", str(domains["text"]), "--run", str(run)]
            _command(*made, "--trainer.max_steps", "2", cache=place)
            generate = ["generate", str(run), "--prompt", "the ", "--steps", "100"]
            table.add("seqkit generate, 100 characters", "the end",
                      *_figures(lambda: _command(*generate, cache=place), options.repeats))  # fmt: skip
    report.table(table)
    report.close()


def _figures(measure: object, repeats: int) -> tuple[str, str, str]:
    """The first time, and median and slowest of those after it."""
    assert callable(measure)
    first, *others = [measure() for _ in range(1 + repeats)]
    return f"{first:.2f}", f"{median(others):.2f}", f"{max(others):.2f}"


def _imports() -> float:
    return _timed([sys.executable, "-c", "import torch, pytorch_lightning"], dict(os.environ))[0]


def _command(*words: str, cache: Path | None = None) -> float:
    own = {"SEQKIT_CACHE": str(cache / "cache")} if cache else {}
    return _timed([sys.executable, "-m", "seqkit", *words], os.environ | own)[0]


def _first_step(words: list[str], place: Path) -> float:
    """Seconds until the first `training_step` returns; the process ends there."""
    with tempfile.TemporaryDirectory(dir=place) as run:
        command = [sys.executable, "-c", _UNTIL_FIRST_STEP, *words, "--run", f"{run}/run"]
        begin = time.time()
        _, shown = _timed(command, os.environ | {"SEQKIT_CACHE": str(place / "cache")})
    return float(shown.rpartition("STARTED")[2].split()[0]) - begin


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return time.perf_counter() - begin, done.stdout


def _write_text(place: Path) -> Path:
    from reading_cases import write_text

    write_text(place / "corpus.txt", 10_000_000)
    return place / "corpus.txt"


def _write_files(place: Path) -> dict[str, Path]:
    """10 MB of each domain."""
    from reading_cases import write_fasta, write_long, write_sounds

    write_fasta(place / "genome.fa", 10_000_000)
    write_long(place / "series.csv", 10_000_000)
    write_sounds(place / "sounds", 10_000_000)
    return {
        "text": _write_text(place),
        "dna": place / "genome.fa",
        "timeseries": place / "series.csv",
        "audio": place / "sounds",
    }


if __name__ == "__main__":
    main()
