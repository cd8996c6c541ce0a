"""How fast does a model generate: one stream however long, and many at once?

    python benchmarks/generation.py [--threads 1] [--save]

A character model (256 units, 65 symbols, random weights: time does not depend on them) adds characters to a prompt of
one. Three ways: as seqkit generates, prepared once and the state carried; the written formula step by step, with the
state carried, too; and the whole prefix read again for each character, as generation without a state must. Carrying the
state costs the same for every character; the aims are 10 times the speed of the prefix at 1,000 steps, and 5,000
characters a second for one stream. The second table has streams that go on together; the share of the peak counts the
products that are left (recurrent matrix and output layer) against a product of square matrices in float32.
"""

from __future__ import annotations

from functools import partial

import torch
from harness import Report, parse
from letters import LETTERS, NUM_SYMBOLS, LetterData
from torch import Tensor

from seqkit import ModelOptions, SequenceModel
from seqkit.build import build_model
from seqkit.inference.generate import continue_sequences
from seqkit.speed.figures import matrix_peak
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median

HIDDEN_SIZE = 256
LENGTHS = (100, 200, 400, 1_000)
LONG = 10_000
CELLS = {"lstm": 4, "gru": 3, "rnn": 1, "mingru": 0, "rglru": 0}
"""Cells, with the square matrices that a step multiplies the state by."""
STREAMS = {1: 2_000, 8: 1_000, 64: 300, 512: 60}
"""Streams, and steps that are timed."""


def build(cell: str) -> SequenceModel:
    """A model of one layer."""
    return build_model(LETTERS, LetterData(), ModelOptions(hidden_size=HIDDEN_SIZE, cell=cell)).eval()  # type: ignore[arg-type]


def carried(model: SequenceModel, num_steps: int, num_streams: int = 1) -> None:
    """As seqkit generates."""
    continue_sequences(model, [torch.tensor([0])] * num_streams, num_steps)


@torch.no_grad()
def formula(model: SequenceModel, num_steps: int) -> None:
    """The state carried by the formula as it is written."""
    state, x_t = model.init_state(1), torch.tensor([0])
    for _ in range(num_steps):
        raw, _, state = model.step(x_t, state)
        x_t = torch.multinomial(raw.softmax(-1), 1)[:, 0]


@torch.no_grad()
def reread(model: SequenceModel, num_steps: int) -> None:
    """The whole prefix again for each character."""
    steps: Tensor = torch.zeros(1, 1, dtype=torch.int64)
    for _ in range(num_steps):
        outputs, lengths, _, _ = model(steps, torch.tensor([steps.shape[1]]))
        shares = model.task(outputs[:, -1], lengths)[0].softmax(-1)
        steps = torch.cat([steps, torch.multinomial(shares, 1)[None]], dim=1)


def one_stream(report: Report, repeats: int, quick: bool) -> None:
    """The table of the LSTM alone."""
    model = build("lstm")
    names = ["characters", "seqkit, a second", "formula, a second", "prefix, a second", "prefix over seqkit (time)"]
    table = Table("One stream, LSTM: characters a second", names)
    for num_steps in LENGTHS[:1] if quick else LENGTHS:
        variants = {run.__name__: partial(run, model, num_steps) for run in (carried, formula, reread)}
        taken = interleaved(variants, repeats)
        rates = [f"{num_steps / median(taken[name]):,.0f}" for name in variants]
        table.add(f"{num_steps:,}", *rates, Ratio.of(taken["reread"], taken["carried"]))
    report.table(table)
    if not quick:
        taken = interleaved({str(n): partial(carried, model, n) for n in (1_000, LONG)}, repeats)
        report.say(f"{LONG:,} characters take {Ratio.of(taken[str(LONG)], taken['1000'])} times as long as 1,000.")


def together(report: Report, repeats: int, quick: bool) -> None:
    """The table of cells and numbers of streams."""
    peak = matrix_peak(torch.float32, 512 if quick else 2048, 5)
    report.say(f"Matrix product: {peak / 1e9:.0f} GFLOP/s float32.")
    streams = {1: 50, 8: 20} if quick else STREAMS
    rates = Table("Streams together: characters a second", ["cell", *map(str, streams)])
    shares = Table("Streams together: share of the peak", ["cell", *map(str, streams)])
    for cell, matrices in CELLS.items():
        model = build(cell)
        operations = 2 * HIDDEN_SIZE * (matrices * HIDDEN_SIZE + NUM_SYMBOLS)
        variants = {str(n): partial(carried, model, k, n) for n, k in streams.items()}
        taken = interleaved(variants, repeats)
        found = [n * k / median(taken[str(n)]) for n, k in streams.items()]
        rates.add(cell, *(f"{rate:,.0f}" for rate in found))
        shares.add(cell, *(f"{rate * operations / peak:.2f}" for rate in found))
    report.table(rates)
    report.table(shares)


def main() -> None:
    """Print the tables."""
    options = parse(__doc__, repeats=3)
    report = Report("generation", options)
    one_stream(report, options.repeats, options.quick)
    together(report, options.repeats, options.quick)
    report.close()


if __name__ == "__main__":
    main()
