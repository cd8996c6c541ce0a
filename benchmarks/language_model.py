"""Time to 1.88 nats a character on Tiny Shakespeare: a small GPT under nanoGPT's CPU setting, and a recipe of seqkit.

    python benchmarks/language_model.py --data input.txt [--threads 2] [--save]

nanoGPT's README gives 1.88 after 2,000 iterations on a CPU; `benchmarks/peers/nanogpt.py` implements that setting
anew and runs in a process of its own under this Python. seqkit trains the recipe `text/tiny-shakespeare-quick`. Both
read the same first nine tenths and are validated every 50 steps on the whole last tenth, in nats a character; both stop
at the first validation that reaches the target. The clock starts once everything is imported: reading the text and
seqkit's trial of bfloat16 are in the time. During validation it stands still.

Where a training ends without reaching the target its whole time is a lower bound, and the table shows `>`. The GPT
reads the validation text in blocks of 64 without what came before, as nanoGPT does; the LSTM reads it in one piece. A
fifth of the GPT's time is the aim.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from harness import Report, parser, refuse, require_files, start
from peer_process import WorkerError, run_worker

from seqkit import plugins
from seqkit.recipes import find_config
from seqkit.settings import parse_arguments
from seqkit.speed.table import Table
from seqkit.training import workflow

RECIPE = "text/tiny-shakespeare-quick"
GPT = "GPT, nanoGPT's CPU setting, 32-true"
Validations = list[tuple[int, float, float]]
"""Step, seconds until then, nats a character; one after another."""


class ValidationClock(pl.Callback):
    """Seconds from here to each validation, time of validations left out; ends the training at the target.

    Args:
        target: Nats a character.

    Attributes:
        found: What validations gave.
        num_parameters: Of the model.
    """

    def __init__(self, target: float) -> None:
        self.target, self.found, self.num_parameters = target, Validations(), 0
        self._seconds, self._begin = 0.0, time.perf_counter()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The clock stops."""
        self._seconds += time.perf_counter() - self._begin
        self.num_parameters = sum(p.numel() for p in pl_module.parameters())

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note what was reached; the clock goes on."""
        nats = float(trainer.callback_metrics["valid/loss"])
        self.found.append((trainer.global_step, self._seconds, nats))
        trainer.should_stop = trainer.should_stop or nats <= self.target
        self._begin = time.perf_counter()


def train_seqkit(options: argparse.Namespace, text: Path, words: list[str]) -> tuple[Validations, int, str]:
    """Validations of the recipe until the target is reached, the model's size, and the precision of its training."""
    with tempfile.TemporaryDirectory() as place:
        given = ["--config", str(find_config(options.recipe)), "--data.path", str(text), "--run", f"{place}/run"]
        pace = ["--trainer.val_check_interval", str(options.every), "--trainer.check_val_every_n_epoch", "null"]
        settings = parse_arguments(plugins.load("text"), [*given, *pace, *words], "next_step")
        clock = ValidationClock(options.target)
        settings.trainer.update(callbacks=[clock], enable_progress_bar=False)
        _, result = workflow.fit(settings, say=lambda line: None)
    return clock.found, clock.num_parameters, result["precision"]["used"]


def compare(found: dict[str, tuple[Validations, int]], target: float) -> Table:
    """A line a model: the first validation at or below the target, else the last one."""
    columns = ["model", "parameters", "s", "steps", "nats", "share of the GPT's time"]
    table = Table(f"Time to {target} nats a character", columns)
    whole = found[GPT][0][-1][1]
    for name, (validations, size) in found.items():
        step, seconds, nats = next((one for one in validations if one[2] <= target), validations[-1])
        shown = f"{'' if nats <= target else '> '}{seconds:.1f}"
        table.add(name, f"{size:,}", shown, f"{step:,}", f"{nats:.3f}", f"{seconds / whole:.2f}")
    return table


def main() -> None:
    """Read options, measure, write."""
    own = parser(__doc__, repeats=1)
    own.add_argument("--data", type=Path, help="Tiny Shakespeare's input.txt; --quick makes a text of its own")
    own.add_argument("--target", type=float, default=1.88, help="nats a character (1.88)")
    own.add_argument("--every", type=int, default=50, help="training steps between validations (50)")
    own.add_argument("--recipe", default=RECIPE, help=f"of seqkit ({RECIPE})")
    options = start(own)
    if options.data is not None:
        require_files(options.data)
    elif not options.quick:
        refuse("--data input.txt is needed: Tiny Shakespeare, as benchmarks/README.md has it")
    report = Report("language_model", options)
    with tempfile.TemporaryDirectory() as place:
        measure(options, report, options.data or made_text(Path(place)))
    report.close()


def measure(options: argparse.Namespace, report: Report, text: Path) -> None:
    """Train both, one after the other, and print the table."""
    small: list[Any] = ["--steps", 4, "--layers", 1, "--features", 8, "--block", 8] if options.quick else []
    words = ["--model.hidden_size", "8", "--trainer.max_steps", "4"] if options.quick else []
    options.every = 2 if options.quick else options.every
    common = ["--text", text, "--target", options.target, "--every", options.every]
    try:
        gpt = run_worker(Path(sys.executable), "nanogpt", *common, *small)
    except WorkerError as error:
        refuse(str(error))
    validations, num_parameters, precision = train_seqkit(options, text, words)
    found = {
        GPT: ([tuple(one) for one in gpt["validations"]], gpt["num_parameters"]),
        f"seqkit, {options.recipe}, {precision}": (validations, num_parameters),
    }
    report.table(compare(found, options.target))
    for name, (validations, _) in found.items():
        shown = ", ".join(f"{nats:.3f} at {seconds:.0f} s" for _, seconds, nats in every_nth(validations))
        report.say(f"{name}: {shown}.")


def every_nth(validations: Validations, most: int = 10) -> Validations:
    """At most about ten of them, the last one among them."""
    pace = max(len(validations) // most, 1)
    return validations[::-1][::pace][::-1]


def made_text(folder: Path) -> Path:
    """A short text, for --quick."""
    words = random.Random(0).choices(["so", "shall", "we", "go", "on\n", "no", "more"], k=1_500)
    path = folder / "input.txt"
    path.write_text(" ".join(words))
    return path


if __name__ == "__main__":
    main()
