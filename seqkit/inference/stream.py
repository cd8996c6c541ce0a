"""Reading a stream as it comes: what a model says of each step, with carried state, however the bytes arrive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import torch
from torch import Tensor

from seqkit.codec import Codec
from seqkit.data.module import SequenceDataModule
from seqkit.errors import ConfigError, SeqkitError
from seqkit.inference.readers import AnswerReader, Reader, SurprisalReader, TagReader
from seqkit.inference.values import Columns
from seqkit.model import SequenceModel
from seqkit.steps import Record
from seqkit.tasks.classify import Classify
from seqkit.tasks.next_step import NextStep
from seqkit.tasks.tag import Tag

_READ_BYTES = 1 << 16

_MOST_OUTPUTS = 1 << 22
"""Numbers that the head gives for a chunk at most, 16 MiB."""

Source = BinaryIO | Iterable[bytes]


@dataclass(frozen=True)
class Chunk:
    """Steps that were read together, and what the model says of them.

    Attributes:
        num_steps: How many.
        columns: Lines by column, all of one length.
    """

    num_steps: int
    columns: Columns


def read_stream(model: SequenceModel, data: SequenceDataModule, source: Source, chunk: int = 256) -> Iterator[Chunk]:
    """What a model says of a stream, handed on as it comes; equal to reading all of it at once.

    Each line has the `record`, and the `step` in it, 0-based. Under `next_step` there is a line for each step: its
    `value`, its surprisal `nll_nats` given the steps before (None for the first), and for numbers `next`, the
    prediction of the step after it. Under `tag` a line for each step with `value`, `prediction` and, for classes,
    `probability`; under `classify` one for each chunk, with the answer so far.

    Args:
        model: A trained model.
        data: Its data module, which says how bytes become records (`SequenceDataModule.parts`).
        source: A binary file, of which what has arrived is read, or blocks of bytes.
        chunk: Steps that are read at once at most.

    Raises:
        ConfigError: If the model cannot answer before the end of a record, or the domain has no byte form.
    """
    if chunk < 1:
        raise ConfigError(f"chunk is {chunk}", at="--chunk", fix="give 1 or more")
    reader = build_reader(model, data)
    return _read(reader, data, data.parts(_blocks(source)), chunk)


def _blocks(source: Source) -> Iterator[bytes]:
    """Bytes as they arrive: a pipe's are not waited for until a block is full."""
    read = getattr(source, "read1", None) or getattr(source, "read", None)
    return iter(source) if read is None else iter(partial(read, _READ_BYTES), b"")


def _read(reader: Reader, data: SequenceDataModule, parts: Iterator[Record], chunk: int) -> Iterator[Chunk]:
    width = min(chunk, max(_MOST_OUTPUTS // reader.model.task.head.out_features, 1))
    begin = 0
    for part in parts:
        if not part.continues:
            reader.begin_record()
            begin = 0
        for steps in torch.split(_encoded(data.codec, part, begin), width):
            if not len(steps):
                continue
            columns = reader.read(steps, begin)
            begin += len(steps)
            yield Chunk(len(steps), {"record": [part.origin] * len(columns["step"])} | columns)


def _encoded(codec: Codec, part: Record, begin: int) -> Tensor:
    try:
        return codec.encode(part.sequence)
    except SeqkitError as error:
        raise type(error)(error.what, at=error.at or f"{part.origin}, after step {begin}", fix=error.fix) from error


_READERS: dict[type, type[Reader]] = {NextStep: SurprisalReader, Tag: TagReader, Classify: AnswerReader}


def build_reader(model: SequenceModel, data: SequenceDataModule) -> Reader:
    """The reader of a model's task.

    Raises:
        ConfigError: If the model cannot answer before it has seen the end of a record.
    """
    kind = _READERS.get(type(model.task))
    if kind is None:
        raise ConfigError(
            f"a model of task {data.task!r} cannot answer while it reads",
            at="RUN",
            fix="train one with --data.task next_step, tag or classify; seqkit predict reads whole records",
        )
    if model.backbone.bidirectional:
        raise ConfigError(
            "the model reads each record from its end, too", at="RUN", fix="train with --model.bidirectional false"
        )
    if not model.encoder.pointwise:
        raise ConfigError(
            f"the model's {type(model.encoder).__name__} looks at later steps, or at a whole record",
            at="RUN",
            fix="train with an encoder that looks at each step alone, or use seqkit predict --data.path FILE",
        )
    one = torch.ones(1, dtype=torch.int64)
    if model.task.mirrors and model.codec.mirror(torch.zeros(1, 1, dtype=torch.int64), one) is not None:
        raise ConfigError(
            "the model averages two readings of each record, one of which begins at its end",
            at="RUN",
            fix="train without the second reading (DNA: --data.reverse_complement false)",
        )
    return kind(model, data)
