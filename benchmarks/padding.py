"""What do records of unequal length cost, padded on the right in buckets, and packed?

    python benchmarks/padding.py [--threads N]

Records whose lengths are spread as real ones are, an LSTM over numbers, a label each, AdamW: one epoch
- by seqkit's loader and cell: buckets of like length, padding on the right, integer lengths, no packing;
- by `pack_padded_sequence`, as the tutorials have it: shuffled batches, padded, packed, unpacked;
- by packing the same bucketed batches, so that the packing alone differs.
All three update equal models with equally many records a batch. The ratio is that of records a second.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from harness import Report, parse
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from seqkit import LabelCodec, Record, StandardCodec
from seqkit.backbone.choice import build_cell
from seqkit.data.batching import padding_share, plan_buckets
from seqkit.data.loader import RecordLoader
from seqkit.data.store import FlatStore
from seqkit.data.store_building import build_store
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median

NUM_FEATURES, NUM_CLASSES, BATCH_SIZE = 12, 4, 32
SETS: dict[str, tuple[float, float, int, int]] = {
    "short records (median 15 steps)": (15, 0.3, 128, 2560),
    "sentences (median 20)": (20, 0.6, 128, 2560),
    "clips (median 50)": (50, 0.5, 256, 640),
    "long tail (median 60)": (60, 1.0, 256, 320),
}
"""Median length, its spread (of the logarithm), hidden size, number of records."""


def make_store(folder: Path, median_length: float, spread: float, num_records: int) -> FlatStore:
    """Random numbers under random labels: time does not depend on them, only on lengths."""
    generator = np.random.default_rng(0)
    lengths = np.clip(generator.lognormal(np.log(median_length), spread, num_records), 4, 1000).astype(int)
    labels = [str(label) for label in generator.integers(NUM_CLASSES, size=num_records)]
    records = [
        Record(generator.standard_normal((length, NUM_FEATURES), dtype=np.float32), label, f"made:{number}")
        for number, (length, label) in enumerate(zip(lengths, labels, strict=True))
    ]
    codec, target_codec = StandardCodec(NUM_FEATURES), LabelCodec()
    codec.fit(record.sequence for record in records)
    target_codec.fit(labels)
    return build_store(records, codec, target_codec, folder)


class Classifier(nn.Module):
    """An LSTM and a head over the last step of each record."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.cell = build_cell("lstm", NUM_FEATURES, hidden_size)
        self.head = nn.Linear(hidden_size, NUM_CLASSES)

    def padded(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The fused kernel over padded rows; the last valid output is gathered."""
        y, _ = self.cell(x)
        return self.head(y[torch.arange(len(y)), lengths - 1])

    def packed(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The same by torch's packing."""
        core: nn.LSTM = self.cell.core  # type: ignore[assignment]
        _, (h, _) = core(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        return self.head(h[-1])


def epoch(model: Classifier, batches: Batches, packed: bool) -> Callable[[], None]:
    """Training over all batches of an epoch."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    forward = model.packed if packed else model.padded

    def run() -> None:
        for x, lengths, targets in batches:
            functional.cross_entropy(forward(x, lengths), targets).backward()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    return run


class Batches:
    """An epoch's batches: in buckets by our loader, or in random order, padded to their longest record."""

    def __init__(self, store: FlatStore, buckets: bool) -> None:
        self.loader = RecordLoader(store, BATCH_SIZE, step_budget=1 << 30, shuffle=True, seed=0)
        self.order = np.random.default_rng(0).permutation(len(store))
        self.plan = self.loader.plan(0) if buckets else np.array_split(self.order, -(-len(store) // BATCH_SIZE))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for position in range(len(self.plan)):
            batch = self.loader.batch(self.plan, position)
            yield batch.inputs, batch.lengths, batch.targets[:, 0]


def main() -> None:
    """Print the table."""
    options = parse(__doc__, repeats=3)
    report = Report("padding", options)
    columns = ["records", "padding in buckets", "padding shuffled", "records/s", "packed over it", "packed in buckets"]
    table = Table("Records a second beside a packed loop", columns)
    for name, (length, spread, hidden_size, num_records) in list(SETS.items())[: 1 if options.quick else None]:
        with tempfile.TemporaryDirectory() as folder:
            store = make_store(Path(folder) / "store", length, spread, 64 if options.quick else num_records)
            model = Classifier(hidden_size)
            ours, random = Batches(store, buckets=True), Batches(store, buckets=False)
            taken = interleaved(
                {
                    "padded": epoch(model, ours, packed=False),
                    "shuffled, packed": epoch(model, random, packed=True),
                    "buckets, packed": epoch(model, ours, packed=True),
                },
                options.repeats,
            )
            table.add(
                f"{name}, H={hidden_size}",
                f"{padding_share(plan_buckets(store.lengths, BATCH_SIZE, 1 << 30, None), store.lengths):.1%}",
                f"{padding_share(random.plan, store.lengths):.1%}",
                f"{len(store) / median(taken['padded']):,.0f}",
                Ratio.of(taken["shuffled, packed"], taken["padded"]),
                Ratio.of(taken["buckets, packed"], taken["padded"]),
            )
    report.table(table)
    report.close()


if __name__ == "__main__":
    main()
