"""What `seqkit bench` measures and says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from seqkit.backbone.choice import CELLS, MEMORYLESS, build_cell
from seqkit.speed.figures import CellFigure, Shape, cell_figure, copy_rate, matrix_peak, training_pass
from seqkit.speed.machine import describe_machine, machine_facts
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved
from seqkit.training.cores import usable_cores
from seqkit.training.neighbours import Neighbours

Say = Callable[[str], None]

SHAPES = (Shape(32, 64, 128), Shape(32, 64, 256), Shape(32, 64, 512), Shape(1, 256, 256))
"""Batches of a usual size, and one sequence alone."""

WORTH = 1.05
"""How many times as fast something must be to be recommended: less is within what two runs differ by."""

BUSY_CORES, BUSY_SHARE = 0.25, 0.05
"""Cores, and share of all cores, that others may keep busy before the figures are called theirs, too."""

_GIGA = 1e9


def measure(say: Say, quick: bool = False, repeats: int = 7) -> dict[str, Any]:
    """All figures of this machine, said one table after another, and as plain JSON.

    Args:
        say: Receives the tables.
        quick: Small sizes only.
        repeats: Rounds that count.
    """
    neighbours, machine = Neighbours(), machine_facts()
    say(describe_machine(machine))
    size = 512 if quick else 2048
    peaks = {name: matrix_peak(kind, size, repeats) for name, kind in _KINDS.items()}
    memory = copy_rate(16 if quick else 256, repeats)
    say(_peak_table(peaks, memory, size).markdown())
    shapes = SHAPES[:1] if quick else SHAPES
    lstms = [cell_figure("lstm", shape, repeats) for shape in shapes]
    say(_lstm_table(lstms, peaks["float32"]).markdown())
    usual = lstms[min(1, len(lstms) - 1)]
    others = [name for name in CELLS if name not in MEMORYLESS and name != "lstm"]
    cells = [cell_figure(name, usual.shape, repeats) for name in others]
    say(_cell_table([usual, *cells]).markdown())
    threads = thread_ratio(usual.shape, repeats)
    say("\n".join(f"- {line}" for line in advice(lstms, threads)))
    busy = neighbours.busy_cores()
    if warning := disturbance(busy, machine["cores"]):
        say(warning)
    return {
        "machine": machine | {"busy_cores": None if busy is None else round(busy, 2)},
        "peak_gflops": {name: round(peak / _GIGA, 1) for name, peak in peaks.items()},
        "copy_gigabytes_per_second": round(memory / _GIGA, 2),
        "cells": [_plain(figure) for figure in lstms + cells],
        "threads": {"cores": machine["cores"], "speedup": threads and round(threads.median, 3)},
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
    elif (cores := usable_cores()) > 1:
        lines.append(f"one of {cores} cores was used: --threads {cores} measures what more threads are worth")
    return lines


def disturbance(busy: float | None, cores: int) -> str:
    """A line if other processes took part in the figures; empty otherwise.

    Args:
        busy: Cores that others kept busy meanwhile; None if that is not known.
        cores: That this process may use.
    """
    if busy is None or busy < max(BUSY_CORES, BUSY_SHARE * cores):
        return ""
    kept = f"{busy:.1f} of {cores} cores" if cores > 1 else f"{busy:.0%} of the core"
    return f"other processes kept {kept} busy: these figures are not those of the machine alone"


def _peak_table(peaks: dict[str, float], memory: float, size: int) -> Table:
    table = Table("Limits of the machine", ["what", "rate"])
    for name, peak in peaks.items():
        table.add(f"matrix product, {name}, {size} x {size}", f"{peak / _GIGA:,.0f} GFLOP/s")
    table.add("memory to memory, read and write, one thread", f"{memory / _GIGA:.1f} GB/s")
    return table


def _lstm_table(figures: list[CellFigure], peak: float) -> Table:
    columns = [
        "training step",
        "float32 ms",
        "GFLOP/s",
        "share of the float32 peak",
        "bf16 ms",
        "bf16, times the float32 peak",
    ]
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
