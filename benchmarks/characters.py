"""Characters a second of an LSTM language model: seqkit's loop, a bare torch loop, Keras (torch backend) and skorch.

    python benchmarks/characters.py [--peers .peers/bin/python] [--repeats 3] [--threads 1] [--save]

The same model everywhere, an embedding, one LSTM and a linear map to 65 symbols (H = 256, B = 32, T = 64), in float32,
each in a process of its own (`benchmarks/peers/`), one after another, another one first in each round. `seqkit` is the
loop of `seqkit fit` with its defaults; `seqkit, bf16-mixed` is what `--trainer.precision bf16-mixed` adds where the
processor multiplies in bfloat16. Each runs a few steps before the clock starts. The text is drawn at random: speed does
not depend on it. Figures are medians over rounds, ratios medians of the ratios in each round with their quartiles; the
aim is 3.5 times the speed of Keras. The peers are installed by the command in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness import Report, parser, start
from peer_process import DEFAULT_PYTHON, WorkerError, require_peers, run_worker, versions_of

from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, median

PEERS = {"Keras": "keras_characters", "skorch": "skorch_characters"}
LETTERS = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
HERE = Path(sys.executable)


def contestants(peers: Path, quick: bool) -> dict[str, tuple[Path, str, list[str]]]:
    """Interpreter, worker and its options, by name; without the peers only what runs here."""
    found = {"seqkit": (HERE, "seqkit_characters", []), "bare torch": (HERE, "torch_characters", [])}
    if not quick:
        found["seqkit, bf16-mixed"] = (HERE, "seqkit_characters", ["--precision", "bf16-mixed"])
    if peers.exists():
        found |= {name: (peers, worker, []) for name, worker in PEERS.items()}
    return found


def measure(options: argparse.Namespace, report: Report, text: Path) -> None:
    """Rounds of all contestants, and the table."""
    sizes = ["--hidden-size", 8, "--batch-size", 4, "--window", 8, "--steps", 2, "--warmup", 1]
    common = ["--text", text, *(sizes if options.quick else ["--steps", options.steps])]
    running = contestants(options.peers, options.quick)
    if skipped := [name for name in PEERS if name not in running]:
        report.say(f"{' and '.join(skipped)}: not run, there is no {options.peers}")
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in running}
    for number in range(options.repeats):
        names = list(running)
        first = number % len(names)
        for name in names[first:] + names[:first]:
            print(f"round {number + 1} of {options.repeats}: {name}", file=sys.stderr, flush=True)
            python, worker, more = running[name]
            try:
                taken[name].append(run_worker(python, worker, *common, *more))
            except WorkerError as error:
                report.say(f"{name} did not run: {error}")
                del running[name], taken[name]
    report.table(compare(taken))


def compare(taken: dict[str, list[dict[str, Any]]]) -> Table:
    """A line a contestant: its speed, and seqkit's over it, in float32 and as fast as it can."""
    title = "An LSTM over characters, trained"
    table = Table(title, ["loop", "version", "characters/s", "seqkit's over it", "with bf16-mixed"])
    seconds = {name: [1 / line["characters_per_second"] for line in lines] for name, lines in taken.items()}
    for name, lines in taken.items():
        ratios = [
            Ratio.of(seconds[name], seconds[ours]) if ours in seconds else "-"
            for ours in ("seqkit", "seqkit, bf16-mixed")
        ]
        table.add(name, versions_of(lines[0]), f"{1 / median(seconds[name]):,.0f}", *ratios)
    return table


def main() -> None:
    """Read options, measure, write."""
    own = parser(__doc__, repeats=3)
    own.add_argument("--peers", type=Path, default=DEFAULT_PYTHON, help=f"Python of the peers ({DEFAULT_PYTHON})")
    own.add_argument("--steps", type=int, default=60, help="training steps on the clock (60)")
    options = start(own)
    if not options.quick:
        require_peers(options.peers)
    report = Report("characters", options)
    with tempfile.TemporaryDirectory() as place:
        text = Path(place) / "random.txt"
        text.write_text("".join(random.Random(0).choices(LETTERS, k=5_000 if options.quick else 1_000_000)))
        measure(options, report, text)
    report.close()


if __name__ == "__main__":
    main()
