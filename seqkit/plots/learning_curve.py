"""Learning curve: losses against training steps, the best checkpoint marked."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqkit.plots.style import COLOURS, FAINT, plain_ticks, thousands

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = list[tuple[int, float]]
"""(step, loss) pairs."""

_WIDE = 20.0
"""Losses that differ by more than this factor are drawn on a logarithmic axis."""


def read_losses(metrics: Path) -> tuple[Curve, Curve]:
    """Training and validation losses of a `metrics.csv`; both empty if there is none."""
    train: Curve = []
    valid: Curve = []
    if metrics.exists():
        with metrics.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for name, curve in (("train/loss", train), ("valid/loss", valid)):
                    if row.get(name) and math.isfinite(float(row[name])):
                        curve.append((int(row["step"]) + 1, float(row[name])))  # Lightning counts from 0.
    return train, valid


def draw_learning_curve(figure: Figure, train: Curve, valid: Curve, unit: str = "nats") -> None:
    """Draw both losses.

    Args:
        figure: Empty.
        train: Loss of single batches.
        valid: Loss of the validation split; its lowest is where the best checkpoint was saved.
        unit: Of the loss; empty if it has none.
    """
    axis = figure.subplots()
    # Losses of single batches scatter: thin and pale, so that the validation stands out.
    axis.plot(*_columns(train), color=FAINT, linestyle="-", linewidth=0.9, label="training (one batch)")
    if valid:
        axis.plot(*_columns(valid), color=COLOURS[0], linestyle="-", marker="o", markersize=3, label="validation")
        step, loss = min(valid, key=lambda pair: pair[1])
        label = f"best: {loss:.4g} at step {step:,}"
        axis.plot([step], [loss], "o", color=COLOURS[5], markersize=7, fillstyle="none", mew=1.5, label=label)
    losses = [loss for _, loss in (*train, *valid)]
    if losses and 0 < _WIDE * min(losses) < max(losses):
        axis.set_yscale("log")
        plain_ticks(axis)
    thousands(axis)
    axis.set_xlim(left=0)
    axis.set_xlabel("training step (updates)")
    axis.set_ylabel(f"loss ({unit} a target)" if unit else "loss (mean over targets)")
    axis.grid(axis="y")
    figure.legend(loc="outside lower center", ncols=3)  # inside it would cover the end of a line


def _columns(curve: Curve) -> tuple[Sequence[int], Sequence[float]]:
    return [step for step, _ in curve], [loss for _, loss in curve]
