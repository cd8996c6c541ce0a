"""Where does bf16-mixed pay, and does the probe before a training find that out?

    python benchmarks/precision.py [--threads N]

Whole training steps of a character model (forward, backward, clipping, fused AdamW) in float32 and in bf16-mixed, in
turns. Beside them what `seqkit fit --trainer.precision bf16-mixed` would choose, the ratio of steps a second that it
found, and the seconds that took. A choice is right where both ratios are on the same side of 1.05, or near it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from harness import Report, parse
from pytorch_lightning.plugins.precision import MixedPrecision, Precision

from seqkit import ModelOptions, plugins
from seqkit.backbone.choice import CellName
from seqkit.build import build_model
from seqkit.settings import parse_arguments
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median
from seqkit.training.precision import FULL, MIXED, choose_precision
from seqkit.training.probe import Rehearsal


@dataclass(frozen=True)
class Case:
    """A training: its batches and its model."""

    batch_size: int
    window: int
    hidden_size: int
    cell: CellName = "lstm"
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        layers = f"{self.options['num_layers']} x " if "num_layers" in self.options else ""
        return f"{layers}{self.cell}, H={self.hidden_size}, B={self.batch_size}, T={self.window}"


CASES = (
    Case(8, 16, 32),
    Case(1, 1024, 256),
    Case(8, 128, 256),
    Case(32, 64, 128),
    Case(32, 64, 256),
    Case(32, 128, 512, options={"num_layers": 2}),
    Case(64, 128, 512, options={"num_layers": 2}),
    Case(32, 1024, 256),
    Case(32, 64, 256, cell="gru"),
    Case(32, 64, 256, cell="rnn"),
    Case(32, 256, 256, cell="mingru"),
)


def main() -> None:
    """Print the table."""
    options = parse(__doc__, repeats=5)
    report = Report("precision", options)
    columns = ["training step of", "float32 ms", "bf16 ms", "ratio (quartiles)", "the probe's ratio", "used", "probe s"]
    table = Table("float32 over bf16-mixed", columns)
    for case in CASES[:1] if options.quick else CASES:
        table.add(case, *measure(case, options.repeats))
    report.table(table)
    report.close()


def measure(case: Case, repeats: int) -> list[object]:
    """The cells of a row."""
    domain = plugins.load("text")
    data = domain.datamodule(task="next_step", tokens="characters", batch_size=case.batch_size, window=case.window)
    data.setup("fit")
    model = build_model(domain, data, ModelOptions(cell=case.cell, hidden_size=case.hidden_size, **case.options))
    asked = parse_arguments(domain, ["--trainer.precision", MIXED])
    begin = time.perf_counter()
    choice = choose_precision(asked, "cpu", model, data)
    seconds = time.perf_counter() - begin
    rehearsal = Rehearsal(model, [next(iter(data.loader("train")))])
    steps = {FULL: rehearsal.steps(Precision()), MIXED: rehearsal.steps(MixedPrecision(MIXED, "cpu"))}
    taken = interleaved(steps, repeats)
    both = [f"{1000 * median(taken[name]):.1f}" for name in (FULL, MIXED)]
    ratio = Ratio.of(taken[FULL], taken[MIXED])
    return [*both, ratio, f"{choice.ratio:.2f}", "bf16" if choice.used == MIXED else "float32", f"{seconds:.1f}"]


if __name__ == "__main__":
    main()
