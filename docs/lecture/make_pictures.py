"""Runs the course as it stands and makes the pictures of its pages.

    python docs/lecture/make_pictures.py --work course                  # every page
    python docs/lecture/make_pictures.py --work course 05-order         # one of them
    python docs/lecture/make_pictures.py --work course --only_pictures  # from what was run before

Lines of a page's ```text blocks are what its commands printed; those that are no longer printed are named at the end.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from course import FOLDER, lines_not_printed, pages, run_page

from seqkit.backbone.cells import RNNCell
from seqkit.plots.learning_curve import read_losses
from seqkit.plots.style import COLOURS, FAINT, save_figure

PICTURES = FOLDER / "pictures"
MOST_COLOURS = 128
"""A plot has few; so each file stays small."""

LEFT_BY_COMMANDS = {
    "window-width.png": "02-window/runs/width/plots/by-model.width.png",
    "memory-lags.png": "03-long-memory/runs/memory/plots/by-lag.png",
    "bag-ladder.png": "04-bag-of-words/runs/bag/plots/ladder-text.png",
    "order-ladder.png": "05-order/runs/order/plots/ladder-text.png",
    "truncation.png": "08-through-time/runs/text/diagnosis/plots/truncation.png",
    "clipping.png": "09-exploding/runs/clipping/plots/by-trainer.gradient_clip_val.png",
    "gates.png": "11-lstm/runs/lstm/diagnosis/plots/gates-layer-1.png",
}
"""Picture: where the commands of a page leave it."""


def draw_next_input(figure: Any, work: Path) -> None:
    """Validation losses of page 1, a panel a domain, under that of an answer without context."""
    units = {"text": "letters", "audio": "samples", "dna": "bases", "timeseries": "values"}
    for axis, (domain, unit) in zip(figure.subplots(1, 4), units.items(), strict=True):
        run = work / "01-next-input" / "runs" / domain
        _, valid = read_losses(run / "metrics.csv")
        axis.plot(*zip(*valid, strict=True), "o-", color=COLOURS[0])
        rungs = json.loads((run / "result.json").read_text(encoding="utf-8"))["baselines"]
        name = "unigram" if "unigram" in rungs else "marginal"
        _mark(axis, name, rungs[name]["loss"], "--", 3)
        axis.margins(y=0.15)
        axis.set_title(f"{domain}: {unit}", loc="left")
        axis.set_xlim(0, 210)
        axis.set_xticks([0, 100, 200])
        axis.grid(axis="y")
    figure.supxlabel("training step (updates)", fontsize=9)
    figure.supylabel("loss (nats a target)", fontsize=9)


def draw_unrolled(figure: Any, work: Path) -> None:
    """The cell of page 7 over its six inputs: a square a unit, coloured by its state."""
    torch.manual_seed(0)
    cell = RNNCell(input_size=3, hidden_size=4)
    x = torch.randn(1, 6, 3)
    with torch.no_grad():
        y, _ = cell(x)
    axis = figure.subplots()
    arrow = {"arrowstyle": "-|>", "color": FAINT, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    shown = None
    for t in range(6):
        left = 2.2 * t
        for unit in range(4):
            square = [[float(y[0, t, unit])]]
            extent = (left, left + 0.6, 0.6 * (3 - unit), 0.6 * (4 - unit))
            shown = axis.imshow(square, cmap="RdBu", vmin=-1, vmax=1, extent=extent, aspect="auto")
        axis.add_patch(_box(left, 0, 0.6, 2.4))
        middle = left + 0.3
        for label, place, end, start in (
            (f"x{t + 1}", -1.35, (middle, 0), (middle, -0.95)),
            (f"y{t + 1}", 3.55, (middle, 3.25), (middle, 2.4)),
            (f"L{t + 1}", 4.85, (middle, 4.55), (middle, 3.85)),
        ):
            axis.text(middle, place, label, ha="center", va="center")
            axis.annotate("", end, start, arrowprops=arrow)
        axis.annotate("", (left, 1.2), (left - 1.6, 1.2), arrowprops=arrow)
        axis.text(left - 0.8, 1.35, "h0 = 0" if t == 0 else f"h{t}", ha="center", va="bottom", fontsize=8)
        axis.text(left - 0.8, 1.05, "W_hh", ha="center", va="top", fontsize=8, color=FAINT)
        axis.text(middle + 0.1, -0.55, "W_xh", fontsize=8, color=FAINT)
        axis.text(middle + 0.1, 2.7, "W_hy", fontsize=8, color=FAINT)
    axis.set_xlim(-1.8, 12)
    axis.set_ylim(-1.7, 5.2)
    axis.set_axis_off()
    figure.colorbar(shown, ax=axis, label="state of a unit", shrink=0.6, ticks=[-1, 0, 1])


def _box(left: float, bottom: float, width: float, height: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((left, bottom), width, height, fill=False, linewidth=0.8, zorder=3)


def draw_gradient_flow(figure: Any, work: Path) -> None:
    """Median gradient against the lag of both runs of page 12."""
    axis = figure.subplots()
    for name, colour in (("tanh", COLOURS[5]), ("lstm", COLOURS[0])):
        path = work / "12-lstm-gradient" / "runs" / name / "diagnosis" / "diagnosis.json"
        found = json.loads(path.read_text(encoding="utf-8"))
        flow = next(flow for flow in found["flows"] if flow["part"] == "state")
        levels = [[value or float("nan") for value in row] for row in flow["quantiles"]]
        axis.plot(flow["lags"], levels[2], "-", color=colour, label=f"{name}: {found['memories'][0]['span']}")
        axis.fill_between(flow["lags"], levels[0], levels[-1], color=colour, alpha=0.15, linewidth=0)
        threshold = found["memories"][0]["threshold"]
    axis.set_yscale("log")
    _mark(axis, f"{threshold:.0%}", threshold, "--", 3)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.grid(axis="y")
    axis.set_xlabel("steps back (words)")
    axis.set_ylabel("gradient, as a share of that at the loss")
    axis.legend()


def draw_remedies(figure: Any, work: Path) -> None:
    """Accuracy against the lag, of all runs of page 10 in one picture."""
    shown = {"cells": {"rnn": "tanh", "gru": "gru", "lstm": "lstm"}, "relu": {"rnn": "relu"}}
    shown |= {"identity": {"rnn": "relu, identity"}, "chrono": {"gru": "gru, chrono"}}
    axis = figure.subplots()
    number = 0
    for folder, names in shown.items():
        path = work / "10-vanishing" / "runs" / folder / "compare.json"
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        for rung, name in names.items():
            own = [row for row in rows if row["rung"] == rung]
            lags = [row["column"] * 1.025 ** (number - 2.5) for row in own]  # side by side: some lines are the same
            values = [row["figures"].get("accuracy", math.nan) for row in own]
            axis.plot(lags, values, "-", marker="os^DvP"[number], color=COLOURS[number], label=name)
            number += 1
    ticks = [row["column"] for row in own]
    axis.axhline(0.25, color=FAINT, linestyle=":", linewidth=1, label="chance")
    axis.set_xscale("log")
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.grid(axis="y")
    axis.set_xlabel("lag (words)")
    axis.set_ylabel("accuracy")
    figure.legend(loc="outside right center")


def draw_gap(figure: Any, work: Path) -> None:
    """Validation of both runs of page 13 on the way from chance to the optimum, in bits."""
    for axis, domain in zip(figure.subplots(1, 2), ("text", "dna"), strict=True):
        run = work / "13-applications" / "runs" / domain
        train, valid = read_losses(run / "metrics.csv")
        for curve, style, colour in ((train, "-", FAINT), (valid, "o-", COLOURS[0])):
            axis.plot([step for step, _ in curve], [loss / math.log(2) for _, loss in curve], style, color=colour)
        known = json.loads((run / "result.json").read_text(encoding="utf-8"))["known"]
        for name, style, below in (("chance", ":", 3), ("optimum", "--", -11)):
            _mark(axis, name, known[name]["loss"] / math.log(2), style, below)
        axis.set_title(domain, loc="left")
        axis.set_xlim(left=0)
        axis.set_xlabel("training step (updates)")
        axis.set_ylabel("bits a target")


def _mark(axis: Any, name: str, level: float, style: str, offset: float) -> None:
    """A level to be compared with, across the panel; its name at the right end, `offset` points above it."""
    axis.axhline(level, color=FAINT, linestyle=style, linewidth=1)
    axis.annotate(name, (1, level), (0, offset), ("axes fraction", "data"), "offset points", ha="right", fontsize=8)


DRAWN: dict[str, tuple[Callable[[Any, Path], None], float, float]] = {
    "next-input.png": (draw_next_input, 16, 6),
    "unrolled.png": (draw_unrolled, 16, 7.5),
    "gap.png": (draw_gap, 16, 6.5),
    "remedies.png": (draw_remedies, 16, 9),
    "gradient-flow.png": (draw_gradient_flow, 16, 8),
}
"""Picture: how it is drawn from the runs of a page; width and height in cm."""


def make_pictures(work: Path) -> None:
    """All pictures whose runs are there."""
    for name, (draw, width, height) in DRAWN.items():
        try:
            path = work / name
            save_figure(path, lambda figure, draw=draw: draw(figure, work), width, height)
            _keep(path, name)
        except FileNotFoundError as missing:
            print(f"{name}: not made, {missing.filename} is missing")
    for name, place in LEFT_BY_COMMANDS.items():
        if (work / place).exists():
            _keep(work / place, name)
        else:
            print(f"{name}: not made, {place} is missing")


def _keep(source: Path, name: str) -> None:
    """Into the repository, with few colours."""
    from PIL import Image

    image = Image.open(source).convert("RGB").quantize(MOST_COLOURS, dither=Image.Dither.NONE)
    image.save(PICTURES / name, optimize=True)
    print(f"{name}: {(PICTURES / name).stat().st_size / 1000:.0f} kB")


def run_pages(names: list[str], work: Path) -> list[str]:
    """Run pages; the lines of their excerpts that were not printed."""
    missing: list[str] = []
    for page in pages():
        if names and page.stem not in names:
            continue
        print(page.stem, flush=True)
        printed = run_page(page, work / page.stem)
        (work / page.stem / "printed.txt").write_text(printed, encoding="utf-8")
        missing += lines_not_printed(page, printed)
    return missing


def main() -> int:
    """Run, draw, and say what differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pages", nargs="*", help="names of pages (all)")
    parser.add_argument("--work", type=Path, default=Path("course"), help="where everything is run")
    parser.add_argument("--only_pictures", action="store_true", help="run nothing")
    given = parser.parse_args()
    work = given.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("SEQKIT_CACHE", str(work / "cache"))
    missing = [] if given.only_pictures else run_pages(given.pages, work)
    make_pictures(work)
    print("\n".join(missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
