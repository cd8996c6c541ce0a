"""Predictions record by record: answers with their probability, or the likelihood of each record."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from seqkit.codec import Codec
from seqkit.data.batching import consecutive_runs, plan_buckets
from seqkit.data.loader import collate
from seqkit.data.module import SequenceDataModule
from seqkit.errors import ConfigError
from seqkit.inference.rows import Row
from seqkit.inference.score import Scoring
from seqkit.model import SequenceModel
from seqkit.steps import Discrete, Split
from seqkit.tasks.classify import Classify
from seqkit.tasks.ctc import Transcript
from seqkit.tasks.tag import Tag

_MOST_STEPS = 1 << 22
"""Steps of records that are held, with what is said of them, until they can be handed on in order."""

_MOST_RECORDS = 1 << 14
"""And records."""

_MOST_SHARES = 1 << 22
"""And probabilities: for each record those of all classes are held."""


def predict_records(model: SequenceModel, data: SequenceDataModule, split: Split = "predict") -> Iterator[Row]:
    """One row a record, in the order of the source: its origin, and what the model says of it.

    Classes: `prediction`, `probability`, and `probabilities` of all. Numbers: `prediction`. Tags: `prediction`, one a
    step, after `steps` where these have names, such as words. Transcripts: `prediction` and its `probability`, over
    all alignments. Under `next_step`: `num_steps` scored, `nll_nats` and, for symbols, `bits_per_step`, means over the
    steps.

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
    if data.streams:
        return _likelihoods(model, data, split)
    rows = _answers(model, data, split)
    return _beside_steps(rows, data, split) if data.shows_steps else rows


@torch.no_grad()
def _answers(model: SequenceModel, data: SequenceDataModule, split: Split) -> Iterator[Row]:
    store = data.store(split)
    origins = store.origins()
    data.loader(split)  # refuses an empty split
    rows: dict[int, Row] = {}
    classes = _Classes(data.target_codec) if isinstance(model.task, Classify) and _discrete(data) else None
    most = min(_MOST_RECORDS, max(_MOST_SHARES // model.task.output.num_parameters, 1))
    for run in consecutive_runs(store.lengths, _MOST_STEPS, most):
        for places in plan_buckets(store.lengths[run], data.batch_size, data.step_budget, None):
            index = run[places]
            batch = collate(store, index)
            raws, _, _ = model.answer(batch.to(model.device))
            if classes is not None:
                found = classes(raws)
            else:
                lengths = batch.lengths.tolist()
                found = (_answer(model, data, raw, n) for raw, n in zip(raws.cpu(), lengths, strict=True))
            for number, row in zip(index.tolist(), found, strict=True):
                rows[number] = {"origin": origins[number]} | row
        yield from (rows.pop(number) for number in run.tolist())


class _Classes:
    """Answers of a classifier; what its classes are called is asked once.

    Args:
        codec: Of the targets.
    """

    def __init__(self, codec: Codec) -> None:
        assert isinstance(codec.spec, Discrete)
        self._names = [codec.decode(torch.tensor([k])) for k in range(codec.spec.num_classes)]

    def __call__(self, raws: torch.Tensor) -> Iterator[Row]:
        """Of the head's outputs (B, K), a row each."""
        shares = raws.cpu().double().softmax(dim=-1)  # not every device has float64
        likeliest = shares.argmax(dim=-1).tolist()
        for best, own in zip(likeliest, shares.numpy().round(6).tolist(), strict=True):
            probabilities = dict(zip(self._names, own, strict=True))
            yield {"prediction": self._names[best], "probability": own[best], "probabilities": probabilities}


def _beside_steps(rows: Iterator[Row], data: SequenceDataModule, split: Split) -> Iterator[Row]:
    """Rows with the steps as they were given, before the codec made them symbols."""
    records = data.accepted(split)
    for row in rows:
        record = next(one for one in records if one.origin == row["origin"])  # others could not be encoded
        yield {"origin": row["origin"], "steps": list(record.sequence)} | row


def _answer(model: SequenceModel, data: SequenceDataModule, raw: torch.Tensor, length: int) -> Row:
    """What is said of one record that has no class: outputs (P,), or (T, P) of tags and transcripts."""
    output, codec = model.task.output, data.target_codec
    if isinstance(output, Transcript):
        best = output.mean(raw[None])
        likelihood = -output.nll(raw[None].double(), best)[0]
        return {"prediction": codec.decode(best[0]), "probability": round(float(likelihood.exp()), 6)}
    if isinstance(model.task, Tag):
        tags = codec.decode(output.mean(raw[:length]))
        return {"prediction": tags if isinstance(tags, str | list) else np.asarray(tags).tolist()}
    value = np.asarray(codec.decode(output.mean(raw)[None])).reshape(-1)
    return {"prediction": value[0].item() if len(value) == 1 else value.tolist()}


def _discrete(data: SequenceDataModule) -> bool:
    return isinstance(data.target_codec.spec, Discrete)


def _likelihoods(model: SequenceModel, data: SequenceDataModule, split: Split) -> Iterator[Row]:
    kept = ("origin", "num_steps", "nll_nats", "bits_per_step")
    return ({key: row[key] for key in kept if key in row} for row in Scoring(model, data, split).record_rows())
