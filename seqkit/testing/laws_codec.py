"""Laws of the data: records divided cleanly; codecs that can be undone, saved, and learn from training alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch

from seqkit.codec import Codec
from seqkit.errors import ConfigError
from seqkit.steps import Discrete, Record, Split
from seqkit.testing.bench import Bench
from seqkit.training.plain import require_plain_json

NUM_RECORDS = 20
"""Of each split, from its beginning."""


def check_records(bench: Bench) -> None:
    """Records are the same at each call, say where they come from, and are in one split only if they are whole.

    Raises:
        AssertionError: Names the split and the record.
    """
    origins: dict[str, set[str]] = {}
    splits: tuple[Split, ...] = ("train", "valid", "test")
    for split in splits:
        once, twice = list(bench.data.records(split)), list(bench.data.records(split))
        assert once, f"the {split} split of the demo data is empty"
        assert len(once) == len(twice), f"records({split!r}) gives {len(once)} records, then {len(twice)}"
        for first, second in zip(once, twice, strict=True):
            assert first.origin, f"a record of the {split} split has no origin"
            assert first.origin == second.origin, f"records({split!r}) change their order: {first.origin}"
            assert same_value(first.sequence, second.sequence), f"{first.origin} differs at the second reading"
        origins[split] = {record.origin for record in once}
    if bench.data.labelled:
        for one, other in (("train", "valid"), ("train", "test"), ("valid", "test")):
            shared = sorted(origins[one] & origins[other])
            assert not shared, f"{len(shared)} records are in both {one} and {other}, the first is {shared[0]}"


def check_codec(bench: Bench) -> None:
    """Steps are as the spec says, and the codec can be undone within what it declares.

    Raises:
        AssertionError: Names the record.
    """
    for record in _some_records(bench):
        _check_value(bench.data.codec, record.sequence, f"sequence of {record.origin}")
        if bench.data.labelled:
            _check_value(bench.data.target_codec, record.target, f"target of {record.origin}")


def check_codec_state(bench: Bench) -> None:
    """Codecs learn from training records alone, the same each time; what they learned survives JSON and a fresh module.

    Raises:
        AssertionError: Says which codec changed, and how.
    """
    asked: list[str] = []
    again = bench.fresh_data()
    read = again.records

    def noted(split: Split) -> Any:
        asked.append(split)
        return read(split)

    again.records = noted  # type: ignore[method-assign]
    again.fit_codecs()
    assert set(asked) <= {"train"}, f"codecs are fitted on {sorted(set(asked))}, not on train alone"
    restored = bench.fresh_data()
    states = {"codec": bench.data.codec.state(), "target_codec": bench.data.target_codec.state()}
    try:
        require_plain_json(states, "codec states")
    except ConfigError as error:
        raise AssertionError(str(error)) from error
    restored.restore_codecs(**json.loads(json.dumps(states)))
    for name, state in states.items():
        assert getattr(again, name).state() == state, f"{name} learns something else when it is fitted again"
        assert getattr(restored, name).state() == state, f"{name} loses its state between `state` and `restore`"
        spec = getattr(bench.data, name).spec
        assert getattr(restored, name).spec == spec, f"{name}.spec is not restored: {getattr(restored, name).spec}"
    for record in _some_records(bench):
        ours, theirs = bench.data.codec.encode(record.sequence), restored.codec.encode(record.sequence)
        assert _equal(ours, theirs), f"the restored codec encodes {record.origin} differently"
        assert same_value(bench.data.codec.decode(ours), restored.codec.decode(ours)), (
            f"the restored codec decodes {record.origin} differently"
        )


def same_value(one: Any, other: Any, tolerance: float = 0.0) -> bool:
    """Whether two values are equal; numbers within a tolerance, NaN equal to NaN, (T, 1) equal to (T,)."""
    if isinstance(one, str | list | bytes) or isinstance(other, str | list | bytes):
        return bool(one == other) or str(one) == str(other)
    a, b = (np.asarray(value, dtype=np.float64).reshape(-1) for value in (one, other))
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True))


def _some_records(bench: Bench) -> Iterator[Record]:
    splits: tuple[Split, ...] = ("train", "valid")
    for split in splits:
        yield from islice(bench.data.records(split), NUM_RECORDS)


def _check_value(codec: Codec, value: Any, what: str) -> None:
    steps = codec.encode(value)
    spec = codec.spec
    if isinstance(spec, Discrete):
        assert steps.dtype == torch.int64 and steps.ndim == 1, f"{what}: steps are {steps.dtype} {tuple(steps.shape)}"
        inside = ((steps >= 0) & (steps < spec.num_classes)).all()
        assert inside, f"{what}: ids from {steps.min()} to {steps.max()}, of {spec.num_classes} classes"
    else:
        assert steps.dtype == torch.float32, f"{what}: steps are {steps.dtype}, not float32"
        assert steps.ndim == 2 and steps.shape[1] == spec.num_features, f"{what}: steps are {tuple(steps.shape)}"
        assert not steps.isinf().any(), f"{what}: steps hold infinity"
    stored = torch.from_numpy(np.asarray(codec.encode_array(value)).astype(steps.numpy().dtype))
    assert _equal(stored, steps), f"{what}: encode_array(x) is not encode(x)"
    decoded = codec.decode(steps)
    if codec.lossless:
        assert same_value(value, decoded, codec.tolerance), f"{what}: decode(encode(x)) is not x"
        return
    assert _equal(codec.encode(decoded), steps), f"{what}: encode(decode(s)) is not s"
    if codec.tolerance and not isinstance(value, str):
        assert same_value(value, decoded, codec.tolerance), (
            f"{what}: decode(encode(x)) is further than {codec.tolerance}"
        )


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.equal(one.nan_to_num(), other.nan_to_num()) and torch.equal(one.isnan(), other.isnan())
