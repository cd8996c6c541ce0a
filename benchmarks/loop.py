"""The training loop of `seqkit fit`, all defaults on, against the same model in a bare torch loop.

    python benchmarks/loop.py [--repeats 5] [--threads 1] [--save]

Four domains, each at a size of about 20 ms and of about 2 ms a step on one thread. `fit` is Lightning's Trainer as
`seqkit fit` makes it: loggers, checkpoints, clipping, schedule, finite check, progress. `bare` is what one would write
by hand for the same model: batch, schedule, forward, backward, clip, fused AdamW, and the loss looked at now and then.
Both read batches from our loader, begin with the same weights and must end with the same, bit for bit. `terminal` is
`fit` with the progress bar of a terminal, `lightning` is `fit` with all of Lightning's own code between two batches,
and `prepared` is `bare` with batches made before the clock starts: what it saves is the loader's share. Start-up,
validation and the writing of checkpoints after it are outside the clock. Ratios are steps/s of a loop over those of
`bare`, medians over rounds of turns; 0.97 is the aim for `fit`. About five minutes.
"""

from __future__ import annotations

import copy
import io
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from harness import Report, parse

from seqkit import plugins
from seqkit.build import build_model, describe
from seqkit.data.loader import BatchLoader
from seqkit.flat_options import settings_from
from seqkit.model import SequenceModel
from seqkit.optimiser import build_adamw, rate_share
from seqkit.settings import Settings
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median
from seqkit.step_randomness import seed_step
from seqkit.steps import Batch
from seqkit.training import epoch_loop
from seqkit.training.denormals import flushed_denormals
from seqkit.training.folder import RunFolder
from seqkit.training.trainer import build_trainer, train

LOG_EVERY = 50
CLIP_NORM = 1.0
NUM_WARMUP = 10
LOOPS = ("fit", "terminal", "lightning", "prepared")
"""What is held against the bare loop."""

CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "text next_step, 20 ms": ("text", "next_step", {"hidden_size": 256, "batch_size": 32, "window": 32}),
    "text next_step, 2 ms": ("text", "next_step", {"hidden_size": 64, "batch_size": 16, "window": 16}),
    "audio classify, 20 ms": ("audio", "classify", {"hidden_size": 64, "batch_size": 16}),
    "audio classify, 2 ms": ("audio", "classify", {"hidden_size": 16, "batch_size": 2, "num_channels": 16}),
    "dna next_step, 20 ms": ("dna", "next_step", {"hidden_size": 192, "batch_size": 32, "window": 48}),
    "dna next_step, 2 ms": ("dna", "next_step", {"hidden_size": 64, "batch_size": 16, "window": 16}),
    "timeseries forecast, 20 ms": ("timeseries", "forecast", {"hidden_size": 256, "batch_size": 64}),
    "timeseries forecast, 2 ms": ("timeseries", "forecast", {"hidden_size": 48, "batch_size": 8}),
}
"""Domain, task and what differs from its defaults."""


@dataclass
class Clocked:
    """Batches without end, and the time between the hand-over of two of them.

    Attributes:
        source: Our loader, or batches that are prepared.
        num_steps: Between the two.
        seconds: Wall clock, after the last batch has been asked for.
        processor_s: Processor time of the whole process.
    """

    source: BatchLoader | list[Batch]
    num_steps: int
    seconds: float = 0.0
    processor_s: float = 0.0

    def __len__(self) -> int:
        return NUM_WARMUP + self.num_steps + 1

    def __iter__(self) -> Iterator[Batch]:
        batches = _endless(self.source)
        for number in range(len(self)):
            if number == NUM_WARMUP:
                begin, processor = time.perf_counter(), time.process_time()
            if number == NUM_WARMUP + self.num_steps:
                self.seconds, self.processor_s = time.perf_counter() - begin, time.process_time() - processor
            yield next(batches)


@dataclass
class Case:
    """A model and its batches, trained by each loop in turn from the same weights.

    Attributes:
        settings: As `seqkit fit` has them.
        num_steps: Steps on the clock.
        taken: (seconds, processor seconds) a step of each call, by loop.
        ended: Weights at the end of the last call, by loop.
    """

    settings: Settings
    num_steps: int
    taken: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    ended: dict[str, torch.Tensor] = field(default_factory=dict)

    @cached_property
    def data(self) -> Any:
        """The data module, ready."""
        data = self.settings.domain.datamodule(**self.settings.data)
        data.order_seed = 0
        data.setup("fit")
        return data

    @cached_property
    def start(self) -> SequenceModel:
        """The untrained model."""
        torch.manual_seed(0)
        model = build_model(self.settings.domain, self.data, self.settings.model, self.settings.encoder)
        model.blueprint = describe(self.settings.domain, self.data, model, self.settings.encoder) | {"versions": {}}
        model.total_steps = 10_000
        return model

    def fit(self) -> None:
        """The Trainer of `seqkit fit`, output to a pipe."""
        self._fit("fit")

    def terminal(self) -> None:
        """The same with a terminal's progress bar."""
        self._fit("terminal")

    def lightning(self) -> None:
        """`fit` without the short way through an epoch."""
        short = epoch_loop.takes_short_way
        epoch_loop.takes_short_way = lambda trainer: False
        try:
            self._fit("lightning")
        finally:
            epoch_loop.takes_short_way = short

    def bare(self) -> None:
        """The loop below, over our loader."""
        self._bare("bare", self.data.loader("train"))

    def prepared(self) -> None:
        """The loop below, over batches that are there."""
        loader = self.data.loader("train")
        self._bare("prepared", [batch for _, batch in zip(range(len(loader)), loader, strict=False)])

    def check(self, name: str) -> None:
        """Both loops do the same: they end with the same weights, where both seed dropout as `fit` does."""
        self.fit()
        self._bare("bare", self.data.loader("train"), seeded=True)
        assert torch.equal(self.ended["fit"], self.ended["bare"]), f"{name}: the loops end with different weights"
        self.taken.clear()

    def _fit(self, name: str) -> None:
        model, clocked = self._begin(self.data.loader("train"))
        self.data.train_dataloader = lambda: clocked
        shown, sys.stdout = sys.stdout, _Terminal() if name == "terminal" else io.StringIO()
        try:
            with tempfile.TemporaryDirectory() as folder:
                run = RunFolder(Path(folder))
                run.checkpoints.mkdir()
                settings = self.settings.trainer | {"max_epochs": 1, "limit_val_batches": 1, "accelerator": "cpu"}
                train(model, self.data, build_trainer(settings, run, len(clocked), patience=10))
        finally:
            sys.stdout = shown
        self._end(name, clocked, model)

    def _bare(self, name: str, source: BatchLoader | list[Batch], seeded: bool = False) -> None:
        model, clocked = self._begin(source)
        with flushed_denormals():
            bare_loop(model, clocked, seeded)
        self._end(name, clocked, model)

    def _begin(self, source: BatchLoader | list[Batch]) -> tuple[SequenceModel, Clocked]:
        torch.manual_seed(0)
        return copy.deepcopy(self.start).train(), Clocked(source, self.num_steps)

    def _end(self, name: str, clocked: Clocked, model: SequenceModel) -> None:
        per_step = (clocked.seconds / self.num_steps, clocked.processor_s / self.num_steps)
        self.taken.setdefault(name, []).append(per_step)
        self.ended[name] = torch.cat([p.detach().flatten() for p in model.parameters()])


def bare_loop(model: SequenceModel, batches: Clocked, seeded: bool = False) -> list[float]:
    """One epoch of the model's training by hand; the losses that were looked at."""
    options, seen = model.options, []
    parameters = list(model.parameters())
    optimizer = build_adamw(parameters, options, fused=True)
    state = None
    for number, batch in enumerate(batches):
        rate = options.learning_rate * rate_share(number, model.total_steps, options)
        for group in optimizer.param_groups:
            group["lr"] = rate
        if seeded:
            seed_step(model.seed, 0, number + 1, model.device)
        outcome, after = model.outcome(batch, state)
        state = None if model.task.whole_records else tuple(s.detach() for s in after)
        loss = outcome.loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad()
        if (number + 1) % LOG_EVERY == 0:
            seen.append(loss.item())
    return seen


class _Terminal(io.StringIO):
    """Output that is taken for a terminal and goes nowhere."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


def _endless(source: BatchLoader | list[Batch]) -> Iterator[Batch]:
    while True:
        yield from source


def main() -> None:
    """Print both tables."""
    options = parse(__doc__, repeats=5)
    report = Report("loop", options)
    speed = Table("Steps a second over those of the bare loop", ["case", "bare, ms", *LOOPS])
    work = Table("Processor time a step, µs, and what each loop adds to it", ["case", "bare", *LOOPS])
    for name, (domain, task, given) in CASES.items():
        small = name.endswith(" 2 ms")
        if options.quick and name != "text next_step, 2 ms":
            continue
        num_steps = 5 if options.quick else 200 if small else 40
        case = Case(settings_from(plugins.load(domain), {"task": task} | given, 0, None), num_steps)
        loops = {key: getattr(case, key) for key in ("bare", *LOOPS)}
        case.check(name)
        interleaved(loops, options.repeats)
        wall = {key: [step[0] for step in case.taken[key][1:]] for key in loops}
        busy = {key: [step[1] for step in case.taken[key][1:]] for key in loops}
        ratios = [Ratio.of(wall["bare"], wall[key]) for key in LOOPS]
        speed.add(name, f"{1e3 * median(wall['bare']):.1f}", *ratios)
        bare = median(busy["bare"])
        work.add(name, f"{1e6 * bare:.0f}", *(f"{1e6 * (median(busy[key]) - bare):+.0f}" for key in LOOPS))
    report.table(speed)
    report.table(work)
    report.close()


if __name__ == "__main__":
    main()
