"""Records of a split that are also in training: figures over them say how well the model remembers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from seqkit.codec import Codec
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore, as_steps
from seqkit.errors import SeqkitError
from seqkit.steps import Split

_WHOLE_RECORDS = ("classify", "tag", "ctc")
"""Tasks whose records stand for themselves, so that one that occurs twice is an error."""


def find_leaks(train: FlatStore, scored: FlatStore, codec: Codec) -> dict[str, Any]:
    """How many records of a split have a twin in training: the same steps, or their mirror image (`Codec.mirror`).

    Only hashes of the training records are held.

    Returns:
        `records` that leak and, if there are any, `example`: the origin of the first one and of its twin.
    """
    seen: dict[bytes, int] = {}
    for number, key in enumerate(_keys(train)):
        seen.setdefault(key, number)
    leaked, example = 0, None
    for number, (key, mirrored) in enumerate(zip(_keys(scored), _mirrored_keys(scored, codec), strict=True)):
        twin = seen.get(key, seen.get(mirrored))
        if twin is not None:
            leaked += 1
            example = example or (number, twin)
    if example is None:
        return {"records": 0}
    return {"records": leaked, "example": [scored.origins()[example[0]], train.origins()[example[1]]]}


def describe_leaks(leaked: dict[str, Any], num_records: int, split: str) -> str | None:
    """One line for the user; None if nothing leaks."""
    if not leaked.get("records"):
        return None
    one, twin = leaked["example"]
    name = "validation" if split == "valid" else split
    return (
        f"{leaked['records']:,} of {num_records:,} {name} records are to the model the same as one of training "
        f"({one} as {twin}): the figures may be too good"
    )


def _keys(store: FlatStore) -> Iterator[bytes]:
    for begin, end in zip(store.offsets[:-1], store.offsets[1:], strict=True):
        yield _key(_compared(store.steps[begin:end]))


def _mirrored_keys(store: FlatStore, codec: Codec) -> Iterator[bytes]:
    """Keys of the mirror images; of the records themselves where the codec has none."""
    for number, length in enumerate(store.lengths.tolist()):
        steps = store.sequence(number)
        mirrored = codec.mirror(steps[None], torch.tensor([length]))
        kind = np.dtype(np.float32) if steps.is_floating_point() else store.steps.dtype
        yield _key((steps if mirrored is None else mirrored[0]).numpy().astype(kind))


def _compared(stored: np.ndarray) -> np.ndarray:
    """Steps in the one form in which stores are compared: one may hold the numbers in fixed point, the other not."""
    return as_steps(stored).numpy() if stored.dtype == np.int16 else stored


def _key(steps: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(steps).tobytes(), digest_size=16).digest()


def leaks_of(trained_on: SequenceDataModule, data: SequenceDataModule, split: Split) -> dict[str, Any]:
    """Records of a split that training has seen; {} for streams, and where the training data are not there any more."""
    if data.task not in _WHOLE_RECORDS:
        return {}
    try:
        train = trained_on.store("train")
    except (SeqkitError, OSError):
        return {}
    return find_leaks(train, data.store(split), data.codec)
