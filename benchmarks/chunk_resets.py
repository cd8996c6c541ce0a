"""What it costs to let records begin inside a chunk, against beginning them at a chunk's boundary.

    python benchmarks/chunk_resets.py --threads 1

Both ways train an LSTM on the same number of predicted steps:

- inside: records lie end to end in each row, every chunk is full, and the fused call is split at the union of all
  rows' boundaries, because the state of a row can only be dropped between two calls;
- boundary: records are padded up to the next chunk boundary, so one fused call does a whole chunk (what
  `seqkit.data.batching.plan_streams` plans).

The table gives the time of `inside` over that of `boundary`, forward and backward, for an equal number of predicted
steps: above 1 means that beginning at boundaries is faster in spite of its padding.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from harness import Report, parse
from torch import Tensor, nn

from seqkit.data.batching import plan_streams
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved

NUM_RECORDS = 2_000
NUM_CHUNKS = 8


@dataclass(frozen=True)
class Workload:
    """Records of about one length, read in chunks.

    Attributes:
        name: What it stands for.
        mean_steps: Mean length of a record; lengths vary by a fifth.
        window: Predicted steps of a chunk.
        batch_size: Rows.
    """

    name: str
    mean_steps: int
    window: int
    batch_size: int = 32

    def lengths(self) -> np.ndarray:
        """Lengths of the records, the same at each call."""
        draws = np.random.default_rng(0).normal(self.mean_steps, self.mean_steps / 5, NUM_RECORDS)
        return np.maximum(draws, 2).astype(np.int64)


WORKLOADS = (Workload("short clips", 3_500, 256), Workload("series", 850, 168))


def padding_share(workload: Workload) -> float:
    """Share of a plan's steps that predict nothing: padding at records' ends and rows that have run out."""
    offsets = np.concatenate([[0], np.cumsum(workload.lengths())])
    context = np.zeros(NUM_RECORDS, np.int64)
    plan = plan_streams(offsets, context, workload.batch_size, workload.window, np.random.default_rng(1))
    return 1 - float(plan.counts.sum()) / (plan.counts.size * workload.window)


def boundaries(workload: Workload) -> list[list[int]]:
    """For each chunk, the places inside it at which some row begins a record, when records lie end to end."""
    num_steps = NUM_CHUNKS * workload.window
    draws = np.random.default_rng(2)
    starts: set[int] = set()
    for _ in range(workload.batch_size):
        ends = np.cumsum(draws.permutation(workload.lengths()))
        first = int(draws.integers(ends[-1] - num_steps))  # a row is somewhere in its stream
        starts.update((ends - first)[(ends > first) & (ends < first + num_steps)].tolist())
    chunks: list[list[int]] = [[] for _ in range(NUM_CHUNKS)]
    for start in sorted(starts):
        if start % workload.window:
            chunks[start // workload.window].append(start % workload.window)
    return chunks


def run_chunks(lstm: nn.LSTM, x: Tensor, cuts: list[list[int]]) -> None:
    """Forward and backward over consecutive chunks, each split at its cuts and its state reset there."""
    state: tuple[Tensor, Tensor] | None = None
    drop = torch.ones(1, x.shape[0], 1)
    for inside in cuts:
        outputs = []
        edges = [0, *inside, x.shape[1]]
        for low, high in itertools.pairwise(edges):
            y, y_state = lstm(x[:, low:high], state)
            state = y_state
            outputs.append(y)
            if high < x.shape[1]:
                state = (y_state[0] * drop, y_state[1] * drop)
        torch.cat(outputs, dim=1).square().mean().backward()
        state = (y_state[0].detach(), y_state[1].detach())


def measure(workload: Workload, hidden_size: int, repeats: int, table: Table) -> None:
    """One line of the table."""
    torch.manual_seed(0)
    lstm = nn.LSTM(hidden_size, hidden_size, batch_first=True)
    x = torch.randn(workload.batch_size, workload.window, hidden_size)
    cuts, padding = boundaries(workload), padding_share(workload)
    calls = 1 + sum(map(len, cuts)) / NUM_CHUNKS
    variants = {"inside": lambda: run_chunks(lstm, x, cuts), "boundary": lambda: run_chunks(lstm, x, [[]] * NUM_CHUNKS)}
    taken = interleaved(variants, repeats)
    ratio = Ratio.of(taken["inside"], taken["boundary"])
    equal_work = ratio.median * (1 - padding)  # padded chunks predict fewer steps each
    sizes = (workload.mean_steps, workload.window, hidden_size)
    table.add(workload.name, *sizes, f"{calls:.1f}", f"{padding:.1%}", ratio, f"{equal_work:.2f}")


def main() -> None:
    """Print the table."""
    options = parse(__doc__, repeats=9)
    report = Report("chunk_resets", options)
    columns = ["workload", "steps a record", "window", "hidden", "calls a chunk", "padding", "a chunk", "a step"]
    table = Table("Inside over boundary, 32 rows, float32", columns)
    for workload in WORKLOADS[-1:] if options.quick else WORKLOADS:
        for hidden_size in (32,) if options.quick else (32, 128):
            measure(workload, hidden_size, options.repeats, table)
    report.table(table)
    report.close()


if __name__ == "__main__":
    main()
