"""Where does the time of a training step go, in four domains?

    python benchmarks/step_profile.py [--threads 1] [--save]

The models and batches of `benchmarks/loop.py`, trained by its bare loop with a clock between the parts: the loader's
batch, the encoder, the backbone, the frame with task and loss, the backward pass of all of them, clipping, AdamW.
Shares are medians over the steps. What `fit` adds beyond these parts is in the table of `loop.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Report, parse
from loop import CASES, CLIP_NORM, Case
from torch import nn

from seqkit import plugins
from seqkit.flat_options import settings_from
from seqkit.optimiser import build_adamw
from seqkit.speed.table import Table
from seqkit.training.denormals import flushed_denormals
from seqkit.training.memory import keep_freed_memory

PARTS = ("loader", "encoder", "backbone", "task, loss", "backward", "clipping", "AdamW")
NUM_WARMUP = 5


class Stopwatch:
    """Seconds that modules take in their forward pass, by name."""

    def __init__(self, **modules: nn.Module) -> None:
        self.seconds = dict.fromkeys(modules, 0.0)
        for name, module in modules.items():
            module.register_forward_pre_hook(self._start(name))
            module.register_forward_hook(self._stop(name))

    def _start(self, name: str) -> Callable[..., None]:
        def start(*_: Any) -> None:
            self.seconds[name] -= time.perf_counter()

        return start

    def _stop(self, name: str) -> Callable[..., None]:
        def stop(*_: Any) -> None:
            self.seconds[name] += time.perf_counter()

        return stop

    def take(self) -> list[float]:
        """The seconds since this was last asked."""
        taken = list(self.seconds.values())
        self.seconds = dict.fromkeys(self.seconds, 0.0)
        return taken


def profile(case: Case, num_steps: int) -> np.ndarray:
    """Seconds of each part in each step, (num_steps, 7)."""
    model, loader, state, rows = case.start.train(), case.data.loader("train"), None, []
    parameters = list(model.parameters())
    optimizer = build_adamw(parameters, model.options, fused=True)
    watch = Stopwatch(encoder=model.encoder, backbone=model.backbone)
    plan = loader.plan(0)
    for number in range(NUM_WARMUP + num_steps):
        ticks = [time.perf_counter()]
        batch = loader.batch(plan, number % len(loader))
        ticks.append(time.perf_counter())
        outcome, after = model.outcome(batch, state)
        loss = outcome.loss
        state = None if model.task.whole_records else tuple(s.detach() for s in after)
        ticks.append(time.perf_counter())
        loss.backward()
        ticks.append(time.perf_counter())
        nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
        ticks.append(time.perf_counter())
        optimizer.step()
        optimizer.zero_grad()
        batch_s, forward_s, *rest = np.diff([*ticks, time.perf_counter()])
        inside = watch.take()
        rows.append([batch_s, *inside, forward_s - sum(inside), *rest])
    return np.array(rows[NUM_WARMUP:])


def main() -> None:
    """Print the table."""
    options = parse(__doc__, repeats=1)
    report = Report("step_profile", options)
    keep_freed_memory()
    table = Table("Parts of a training step, percent of its time", ["case", "ms", *PARTS])
    for name, (domain, task, given) in list(CASES.items())[: 1 if options.quick else None]:
        case = Case(settings_from(plugins.load(domain), {"task": task, **given}), 0)
        with flushed_denormals():
            seconds = profile(case, 3 if options.quick else 60 if "20 ms" in name else 200)
        parts = np.median(seconds, axis=0)
        shares = [f"{100 * part / parts.sum():.0f}" for part in parts]
        table.add(name.rpartition(",")[0], f"{1e3 * np.median(seconds.sum(1)):.1f}", *shares)
    report.table(table)
    report.close()


if __name__ == "__main__":
    main()
