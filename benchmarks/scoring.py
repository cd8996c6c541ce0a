"""Do `score`, `predict`, `validate` and `embed` read at least as fast as training does?

    python benchmarks/scoring.py [--threads 1] [--save]

Random letters in long records and in many short ones, whole records with a class (two, or two thousand), and with a
tag a letter; an LSTM of 128 units. `train` is a bare loop over the loader: forward, backward, clip, fused AdamW.
`forward` is the bare loop without gradient and is as fast as reading can be. The verbs write no file here: their rows
are made and dropped. `validate` is all that the verb does, with the counted baselines beside the model. Every column
but `train` is steps/s over those of `train`, medians over rounds of turns.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

import torch
from harness import Report, parse
from letters import LETTERS, LetterData

from seqkit import ModelOptions, SequenceModel
from seqkit.build import build_model, describe
from seqkit.inference.embed import embed_records
from seqkit.inference.predict import predict_records
from seqkit.inference.score import Scoring
from seqkit.optimiser import build_adamw
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median
from seqkit.training.evaluation import score_split

CASES: dict[str, dict[str, Any]] = {
    "next_step, 4 long records": {"num_records": 4, "shortest": 50_000, "longest": 60_000, "window": 64},
    "next_step, 4,000 short ones": {"num_records": 4_000, "shortest": 10, "longest": 100, "window": 64},
    "classify, 2 classes": {"task": "classify", "num_records": 4_000, "shortest": 10, "longest": 100},
    "classify, 2,000 classes": {
        "task": "classify", "num_records": 4_000, "shortest": 10, "longest": 100, "num_classes": 2_000
    },
    "tag": {"task": "tag", "num_records": 4_000, "shortest": 10, "longest": 100},
}  # fmt: skip

VERBS = ("forward", "score", "score --per_step", "predict", "embed", "validate")


def train(model: SequenceModel, data: LetterData) -> None:
    """An epoch by hand."""
    model.train()
    optimiser, state = build_adamw(model.parameters(), model.options, fused=True), None
    for batch in data.loader("train"):
        outcome, after = model.outcome(batch, state)
        state = tuple(s.detach() for s in after) if data.streams else None
        optimiser.zero_grad()
        outcome.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()


@torch.no_grad()
def forward(model: SequenceModel, data: LetterData) -> None:
    """The same epoch without gradient."""
    model.eval()
    state = None
    for batch in data.loader("valid"):
        _, after = model.outcome(batch, state)
        state = after if data.streams else None


def count(rows: Iterable[object]) -> int:
    """Make all rows and drop them."""
    return sum(1 for _ in rows)


def variants(model: SequenceModel, data: LetterData) -> dict[str, Callable[[], object]]:
    """What is timed."""
    found: dict[str, Callable[[], object]] = {
        "train": lambda: train(model, data),
        "forward": lambda: forward(model, data),
        "predict": lambda: count(predict_records(model, data)),
        "embed": lambda: count(embed_records(model, data)),
        "validate": lambda: score_split("validate", "valid", data, model, {"accelerator": "cpu"}),
    }
    if data.streams:
        found["score"] = lambda: count(Scoring(model, data).record_rows())
        found["score --per_step"] = lambda: count(Scoring(model, data).step_rows())
    return found


def main() -> None:
    """Print the table."""
    options = parse(__doc__, repeats=3)
    report = Report("scoring", options)
    table = Table("Steps a second", ["data", "train", *VERBS])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEQKIT_CACHE"] = folder
        for name, case in list(CASES.items())[: 1 if options.quick else None]:
            if options.quick:
                case = case | {"num_records": 1, "shortest": 2_000, "longest": 2_000}
            data = LetterData(**case)
            data.setup("fit")
            model = build_model(LETTERS, data, ModelOptions(hidden_size=32 if options.quick else 128))
            model.blueprint = describe(LETTERS, data, model, {})
            taken = interleaved(variants(model, data), options.repeats)
            rate = int(data.store("predict").lengths.sum()) / median(taken["train"])
            table.add(name, f"{rate:,.0f}", *(_ratio(taken, verb) for verb in VERBS))
        report.table(table)
    report.close()


def _ratio(taken: dict[str, list[float]], verb: str) -> str:
    return f"{Ratio.of(taken['train'], taken[verb]).median:.1f}" if verb in taken else ""


if __name__ == "__main__":
    main()
