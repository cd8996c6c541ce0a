"""What `seqkit bench` measures and says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from seqkit.backbone.choice import CELLS, MEMORYLESS, build_cell
from seqkit.speed.figures import CellFigure, Shape, cell_figure, copy_rate, matrix_peak, training_pass
from seqkit.speed.machine import describe_machine
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved
from seqkit.training.cores import usable_cores

Say = Callable[[str], None]

SHAPES = (Shape(32, 64, 128), Shape(32, 64, 256), Shape(32, 64, 512), Shape(1, 256, 256))
"""Batches of a usual size, and one sequence alone."""

WORTH = 1.05
"""How many times as fast something must be to be recommended."""

_GIGA = 1e9


def measure(say: Say, quick: bool = False, repeats: int = 7) -> dict[str, Any]:
    """All figures of this machine, said one table after another, and as plain JSON.

    Args:
        say: Receives the tables.
        quick: Small sizes only.
        repeats: Rounds that count.
    """
    say(describe_machine())
    size = 512 if quick else 2048
    peaks = {name: matrix_peak(kind, size, repeats) for name, kind in _KINDS.items()}
    memory = copy_rate(16 if quick else 256, repeats)
    say(_peak_table(peaks, memory, size).markdown())
    shapes = SHAPES[:1] if quick else SHAPES
    lstms = [cell_figure("lstm", shape, repeats) for shape in shapes]
    say(_lstm_table(lstms, peaks["float32"]).markdown())
    names = [name for name in CELLS if name not in MEMORYLESS]
    cells = [cell_figure(name, shapes[min(1, len(shapes) - 1)], repeats) for name in names]
    say(_cell_table(cells).markdown())
    threads = thread_ratio(shapes[min(1, len(shapes) - 1)], repeats)
    say("\n".join(f"- {line}" for line in advice(lstms, threads)))
    return {
        "machine": describe_machine().splitlines(),
        "peak_gflops": {name: round(peak / _GIGA, 1) for name, peak in peaks.items()},
        "copy_gigabytes_per_second": round(memory / _GIGA, 2),
        "cells": [_plain(figure) for figure in lstms + cells],
        "threads": {"cores": usable_cores(), "speedup": threads and round(threads.median, 3)},
    }


_KINDS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def thread_ratio(shape: Shape, repeats: int) -> Ratio | None:
    """How many times as fast all threads train an LSTM as one does; None where there is but one."""
    threads = torch.get_num_threads()
    if threads == 1:
        return None
    run = training_pass(build_cell("lstm", shape.hidden_size, shape.hidden_size), shape)

    def with_threads(number: int) -> None:
        torch.set_num_threads(number)
        run()

    try:
        taken = interleaved({"one": lambda: with_threads(1), "all": lambda: with_threads(threads)}, repeats)
    finally:
        torch.set_num_threads(threads)
    return Ratio.of(taken["one"], taken["all"])


def advice(figures: list[CellFigure], threads: Ratio | None) -> list[str]:
    """What the figures say about the options of a training on this machine."""
    lines = []
    for figure in figures:
        gain = figure.seconds / figure.seconds_bf16
        verdict = "faster: --trainer.precision bf16-mixed" if gain >= WORTH else "no gain: stay with float32"
        lines.append(f"LSTM, {figure.shape}: bfloat16 is {gain:.2f} times as fast ({verdict})")
    if threads is not None:
        more = "all threads help" if threads.median >= WORTH else "use one thread: OMP_NUM_THREADS=1"
        lines.append(f"{torch.get_num_threads()} threads train {threads.median:.2f} times as fast as one ({more})")
    return lines


def _peak_table(peaks: dict[str, float], memory: float, size: int) -> Table:
    table = Table("Limits of the machine", ["what", "rate"])
    for name, peak in peaks.items():
        table.add(f"matrix product, {name}, {size} x {size}", f"{peak / _GIGA:,.0f} GFLOP/s")
    table.add("memory to memory, read and write, one thread", f"{memory / _GIGA:.1f} GB/s")
    return table


def _lstm_table(figures: list[CellFigure], peak: float) -> Table:
    columns = ["training step", "float32 ms", "GFLOP/s", "of the float32 peak", "bf16 ms", "of the float32 peak, bf16"]
    table = Table("One LSTM layer, forward and backward", columns)
    for figure in figures:
        rates = [figure.shape.operations / seconds for seconds in (figure.seconds, figure.seconds_bf16)]
        table.add(
            figure.shape,
            f"{figure.seconds * 1e3:.1f}",
            f"{rates[0] / _GIGA:.0f}",
            f"{rates[0] / peak:.2f}",
            f"{figure.seconds_bf16 * 1e3:.1f}",
            f"{rates[1] / peak:.2f}",
        )
    return table


def _cell_table(figures: list[CellFigure]) -> Table:
    columns = ["cell", "float32 ms", "bf16 ms", "one step alone, µs"]
    table = Table(f"All cells, {figures[0].shape}: a training step, and one step of one sequence", columns)
    for figure in figures:
        milliseconds = [f"{seconds * 1e3:.1f}" for seconds in (figure.seconds, figure.seconds_bf16)]
        table.add(figure.cell, *milliseconds, f"{figure.seconds_alone * 1e6:.0f}")
    return table


def _plain(figure: CellFigure) -> dict[str, Any]:
    return {
        "cell": figure.cell,
        "batch_size": figure.shape.batch_size,
        "num_steps": figure.shape.num_steps,
        "hidden_size": figure.shape.hidden_size,
        "milliseconds": round(figure.seconds * 1e3, 3),
        "milliseconds_bf16": round(figure.seconds_bf16 * 1e3, 3),
        "microseconds_one_step": round(figure.seconds_alone * 1e6, 2),
    }
