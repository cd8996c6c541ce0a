"""Continuing records in the domain's own terms: what the verbs `generate` and `forecast` and `Run.generate` share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

from seqkit.codec import Codec
from seqkit.data.parts import join_parts
from seqkit.errors import ConfigError, DataError
from seqkit.inference.direct import Past, decode_predicted, forecast_series
from seqkit.inference.generate import continue_sequences
from seqkit.steps import Continuous, Generation, Record
from seqkit.tasks.forecast import Forecast
from seqkit.tasks.sampling import Sampling
from seqkit.training.checkpoint import Loaded, reopen_data

_DECODED_TOGETHER = 16
"""Steps that are decoded together while text is shown: more than any letter or word takes."""


def generate_records(
    loaded: Loaded,
    records: list[Record] | None,
    steps: int | None,
    samples: int,
    sampling: Sampling,
    seed: int,
    on_value: Callable[[str], None] | None = None,
) -> Iterator[Generation]:
    """Continue records; what the verb `generate` and `Run.generate` share.

    Args:
        loaded: A trained model with its data module.
        records: What to continue; None starts as the training data does.
        steps: Steps to add; None takes the data module's horizon, else 200.
        samples: Independent continuations of each record.
        sampling: How to draw.
        seed: Of the draws.
        on_value: Receives each new piece of text as it comes; for one record and one sample.
    """
    codec, data = loaded.data.codec, loaded.data
    if isinstance(loaded.model.task, Forecast):
        yield from _forecast(loaded, records, steps, samples, sampling, seed)
        return
    start = torch.as_tensor(np.asarray(loaded.blueprint["start"]))
    if records is None:
        records = [Record(sequence=codec.decode(start), origin="start")]
        prompts = [start]
    else:
        prompts = [_encoded(codec, record) for record in records]
    count = steps if steps is not None else data.horizon or 200
    on_step = None if on_value is None else _text_stream(codec, prompts[0], on_value)
    made = continue_sequences(loaded.model, prompts, count, samples, sampling, seed, on_step)
    for record, rows in zip(records, made, strict=True):
        yield Generation(record, [codec.decode(row) for row in rows])


def require_forecaster(loaded: Loaded) -> None:
    """Refuse a model that predicts no numbers to come.

    Raises:
        ConfigError: Says what to use instead.
    """
    data = loaded.data
    if data.labelled or not isinstance(data.codec.spec, Continuous):
        raise ConfigError(
            f"a model of {loaded.domain.name} for task {data.task!r} forecasts no numbers",
            at="RUN",
            fix="use seqkit generate for symbols; train numbers on next_step or forecast",
        )


def _forecast(
    loaded: Loaded, records: list[Record] | None, steps: int | None, samples: int, sampling: Sampling, seed: int
) -> Iterator[Generation]:
    """Continue series by a model that forecasts all steps at once."""
    if records is None:
        raise ConfigError("a forecast needs a past", at="RUN", fix="give a series to continue")
    codec = loaded.data.codec
    encoded = [_encoded(codec, record) for record in records]
    pasts = [
        Past(prompt, record.context or len(prompt), record.origin)
        for prompt, record in zip(encoded, records, strict=True)
    ]
    made = forecast_series(loaded.model, pasts, loaded.data.look_back, steps, samples, sampling, seed)
    for record, rows in zip(records, made, strict=True):
        yield Generation(record, list(decode_predicted(codec, rows)))


def _encoded(codec: Codec, record: Record) -> torch.Tensor:
    """The steps of a prompt.

    Raises:
        DataError: If it is nothing that the domain could continue.
    """
    try:
        return codec.encode(record.sequence)
    except (AttributeError, TypeError) as error:
        raise DataError(
            f"a prompt of type {type(record.sequence).__name__} cannot be continued",
            at=record.origin,
            fix="give what the domain's records hold: text, a waveform, bases, or (T, F) values",
        ) from error


def _text_stream(codec: Codec, prompt: torch.Tensor, on_value: Callable[[str], None]) -> Callable[[torch.Tensor], None]:
    """Turns new steps into the text they add; a step alone may be half a letter, or a word without its space."""
    tail, shown = prompt[-_DECODED_TOGETHER:], 0

    def show(x_t: torch.Tensor) -> None:
        nonlocal tail, shown
        if shown == 0:
            shown = len(codec.decode(tail))
        tail = torch.cat([tail, x_t.cpu()])
        text = codec.decode(tail)
        if text.endswith("\ufffd"):
            return
        on_value(text[shown:])
        tail = tail[-_DECODED_TOGETHER:]
        shown = len(codec.decode(tail))

    return show


def prompt_records(loaded: Loaded, file: str) -> tuple[list[Record], str]:
    """The records of a prompt file, read as the domain reads its data; and a line on those left out, "" if none were.

    The run says whether bad ones are left out.
    """
    reader = reopen_data(loaded.domain, loaded.blueprint | {"data": loaded.data.arguments}, {"path": file})
    records = list(join_parts(reader.tolerance.records(reader.prompts())))
    return records, reader.tolerance.describe()
