"""Predictions record by record: answers with their probability, or the likelihood of each record."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqkit.data.loader import StreamLoader, collate
from seqkit.data.module import SequenceDataModule
from seqkit.errors import ConfigError
from seqkit.model import SequenceModel
from seqkit.steps import Discrete, Split
from seqkit.tasks.ctc import Transcript
from seqkit.tasks.tag import Tag

_READ_TOGETHER = 1024
"""Steps of a chunk at most: no gradient is kept, so that long ones cost little."""

_MOST_OUTPUTS = 1 << 24
"""Outputs of a chunk at most, 64 MiB: over a vocabulary of words long chunks would take gigabytes."""

Row = dict[str, Any]


def predict_records(model: SequenceModel, data: SequenceDataModule, split: Split = "predict") -> Iterator[Row]:
    """One row a record, in the order of the source: its origin, and what the model says of it.

    Classes: `prediction`, `probability`, and `probabilities` of all. Numbers: `prediction`. Tags: `prediction`, one a
    step. Transcripts: `prediction` and its `probability`, over all alignments. Under `next_step`: `num_steps` scored,
    `nll_nats` and, for symbols, `bits_per_step`, means over the steps.

    Args:
        model: A trained model.
        data: Its data module, with the paths to read.
        split: Which records; `predict` takes all.

    Raises:
        ConfigError: For a model that forecasts.
    """
    model.eval()
    if data.task == "forecast":
        raise ConfigError("forecasts are no answer a record", at="RUN", fix="use seqkit forecast RUN")
    return _likelihoods(model, data, split) if data.streams else _answers(model, data, split)


def write_rows(rows: Iterable[Row], path: Path) -> int:
    """Save rows as CSV, or as JSON lines for `.jsonl`; the number of rows.

    Raises:
        ConfigError: For another ending.
    """
    if path.suffix not in (".csv", ".jsonl"):
        raise ConfigError(
            f"cannot write {path.suffix or 'a file without ending'}", at="--out", fix="use .csv or .jsonl"
        )
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer: Any = None
        for row in rows:
            count += 1
            if path.suffix == ".jsonl":
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                continue
            flat = {key: value for key, value in row.items() if not isinstance(value, dict)}
            if writer is None:
                writer = csv.DictWriter(file, list(flat))
                writer.writeheader()
            writer.writerow(flat)
    return count


@torch.no_grad()
def _answers(model: SequenceModel, data: SequenceDataModule, split: Split) -> Iterator[Row]:
    store = data.store(split)
    origins = store.origins()
    loader = data.loader(split)
    rows: dict[int, Row] = {}
    for index in loader.plan(0):
        batch = collate(store, index)
        raws, _, _ = model.answer(batch.to(model.device))
        for number, length, raw in zip(index.tolist(), batch.lengths.tolist(), raws.cpu(), strict=True):
            rows[number] = {"origin": origins[number]} | _answer(model, data, raw, length)
    yield from (rows[number] for number in sorted(rows))


def _answer(model: SequenceModel, data: SequenceDataModule, raw: torch.Tensor, length: int) -> Row:
    """What is said of one record, whose outputs are (P,) or (T, P)."""
    output, codec = model.task.output, data.target_codec
    if isinstance(output, Transcript):
        best = output.mean(raw[None])
        likelihood = -output.nll(raw[None].double(), best)[0]
        return {"prediction": codec.decode(best[0]), "probability": round(float(likelihood.exp()), 6)}
    if isinstance(model.task, Tag):
        tags = codec.decode(output.mean(raw[:length]))
        return {"prediction": tags if isinstance(tags, str | list) else np.asarray(tags).tolist()}
    if not isinstance(codec.spec, Discrete):
        value = np.asarray(codec.decode(output.mean(raw)[None])).reshape(-1)
        return {"prediction": value[0].item() if len(value) == 1 else value.tolist()}
    shares = raw.double().softmax(dim=-1)
    likeliest = int(shares.argmax())
    names = [codec.decode(torch.tensor([k])) for k in range(len(shares))]
    return {
        "prediction": names[likeliest],
        "probability": round(float(shares[likeliest]), 6),
        "probabilities": {name: round(float(share), 6) for name, share in zip(names, shares, strict=True)},
    }


def _chunk_length(rows: int, trained: int, num_outputs: int) -> int:
    """Steps read together: as many as memory allows, and no fewer than in training, which it allowed too."""
    return max(trained, min(_READ_TOGETHER, _MOST_OUTPUTS // (rows * num_outputs)))


@torch.no_grad()
def _likelihoods(model: SequenceModel, data: SequenceDataModule, split: Split) -> Iterator[Row]:
    store = data.store(split)
    total, count = np.zeros(len(store)), np.zeros(len(store), np.int64)
    state = None
    rows = min(data.batch_size, max(len(store), 1))
    window = _chunk_length(rows, data.window, model.task.output.num_parameters)
    for batch in StreamLoader(store, rows, window, shuffle=False, seed=0, whole=True):
        outcome, state = model.outcome(batch.to(model.device), state)
        index = batch.index.numpy()
        axes = tuple(range(1, outcome.nll.ndim))
        np.add.at(total, index, outcome.nll.double().sum(axes).cpu().numpy())
        np.add.at(count, index, outcome.scored.sum(axes).cpu().numpy())
    discrete = isinstance(data.codec.spec, Discrete)
    for origin, nats, steps in zip(store.origins(), total, count, strict=True):
        # A record of one step predicts nothing: its cells stay empty.
        mean = float(nats / steps) if steps else None
        row: Row = {"origin": origin, "num_steps": int(steps), "nll_nats": None if mean is None else round(mean, 6)}
        bits = None if mean is None else round(mean / math.log(2), 6)
        yield row | ({"bits_per_step": bits} if discrete else {})
