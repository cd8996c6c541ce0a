"""Loaders: inputs and targets, padding, and going on in the middle of an epoch."""

from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from seqkit import IGNORED, Batch, Codec, LabelCodec, Record, StandardCodec, SymbolCodec
from seqkit.data.loader import BatchLoader, RecordLoader, StreamLoader
from seqkit.data.store import FlatStore
from seqkit.data.store_building import build_store

WORDS = ["abcdefgh", "cab", "", "hgfedcba", "a", "ffgge"]


def letters(folder: Path, context: int = 0) -> FlatStore:
    return build_store([Record(word, context=context) for word in WORDS], SymbolCodec("abcdefgh"), None, folder)


def labelled(folder: Path) -> FlatStore:
    labels = LabelCodec(["even", "odd"])
    records = [Record(word, target="odd" if len(word) % 2 else "even") for word in WORDS if word]
    return build_store(records, SymbolCodec("abcdefgh"), labels, folder)


def same(one: Batch, other: Batch) -> bool:
    tensors = [f.name for f in fields(Batch) if f.name != "known"]
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in tensors)


def test_targets_are_the_inputs_one_step_later(tmp_path: Path) -> None:
    store = letters(tmp_path / "s")
    pairs = set()
    for batch in StreamLoader(store, 2, 3, False, 0):
        for row, length in enumerate(batch.lengths.tolist()):
            own = store.sequence(int(batch.index[row])).tolist()
            inputs, targets = batch.inputs[row, :length].tolist(), batch.targets[row, :length].tolist()
            assert inputs[1:] == targets[:-1]
            pairs |= {(int(batch.index[row]), a, b) for a, b in zip(inputs, targets, strict=True)}
            assert all((a, b) in pairwise(own) for a, b in zip(inputs, targets, strict=True))
            assert batch.inputs[row, length:].eq(0).all() and batch.targets[row, length:].eq(IGNORED).all()
    ids = {w: ["abcdefgh".index(c) for c in w] for w in WORDS}
    assert pairs == {(n, a, b) for n, w in enumerate(WORDS) for a, b in pairwise(ids[w])}


def test_the_first_batch_worked_out_by_hand(tmp_path: Path) -> None:
    store = build_store([Record("abcdef"), Record("hg")], SymbolCodec("abcdefgh"), None, tmp_path / "s")
    batch = next(iter(StreamLoader(store, 1, 3, False, 0)))
    assert batch.inputs.tolist() == [[0, 1, 2]] and batch.targets.tolist() == [[1, 2, 3]]
    assert batch.lengths.tolist() == [3] and batch.reset.tolist() == [True] and batch.index.tolist() == [0]


def test_the_given_past_is_read_but_not_scored(tmp_path: Path) -> None:
    codec = StandardCodec(1, standardise=False)
    store = build_store([Record(np.arange(6.0), context=4)], codec, None, tmp_path / "s")
    batches = list(StreamLoader(store, 1, 2, False, 0))
    assert torch.cat([b.inputs for b in batches], 1).flatten().tolist() == [0, 1, 2, 3, 4]
    targets = torch.cat([b.targets for b in batches], 1).flatten()
    assert targets.isnan().tolist() == [True, True, True, False, False] and targets[3:].tolist() == [4.0, 5.0]


def test_whole_records_are_padded_and_keep_their_own_target(tmp_path: Path) -> None:
    store, words = labelled(tmp_path / "s"), [word for word in WORDS if word]
    seen = []
    for batch in RecordLoader(store, 2, 1000, True, 3):
        assert batch.inputs.shape[1] == batch.lengths.max()
        for row, number in enumerate(batch.index.tolist()):
            length = int(batch.lengths[row])
            assert batch.inputs[row, :length].tolist() == ["abcdefgh".index(c) for c in words[number]]
            assert batch.inputs[row, length:].eq(0).all()
            assert batch.targets[row].tolist() == [len(words[number]) % 2]
            seen.append(number)
    assert sorted(seen) == list(range(len(words)))


def loaders(kind: str, folder: Path) -> tuple[BatchLoader, BatchLoader]:
    if kind == "stream":
        store = letters(folder)
        return StreamLoader(store, 2, 3, True, 5), StreamLoader(store, 2, 3, True, 5)
    store = labelled(folder)
    return RecordLoader(store, 2, 1000, True, 5), RecordLoader(store, 2, 1000, True, 5)


@pytest.mark.parametrize("kind", ["stream", "record"])
@pytest.mark.parametrize("stop", [1, 2])
def test_a_restored_position_gives_the_batches_that_were_left(kind: str, stop: int, tmp_path: Path) -> None:
    whole, other = loaders(kind, tmp_path / "s")
    first = list(whole)
    second = list(whole)
    assert len(first) == len(second) == len(whole) > 2
    assert not all(same(a, b) for a, b in zip(first, second, strict=True))
    interrupted = iter(other)
    for _ in range(stop):
        next(interrupted)
    state = other.state_dict()
    _, resumed = loaders(kind, tmp_path / "again")
    resumed.load_state_dict(state)
    rest = list(resumed)
    assert len(rest) == len(first) - stop
    assert all(same(a, b) for a, b in zip(rest, first[stop:], strict=True))
    assert all(same(a, b) for a, b in zip(resumed, second, strict=True))


@pytest.mark.parametrize("kind", ["stream", "record"])
@pytest.mark.parametrize("limit", [2, 0.8])
def test_an_epoch_that_is_cut_short_does_not_go_on_in_the_next_one(
    kind: str, limit: int | float, tmp_path: Path
) -> None:
    whole, loader = loaders(kind, tmp_path / "s")
    loader.under(SimpleNamespace(limit_train_batches=limit, overfit_batches=0.0))
    expected = limit if isinstance(limit, int) else int(len(whole) * limit)
    assert len(loader) == len(whole) > expected
    for epoch in range(3):
        found = list(loader)
        assert len(found) == expected and loader.state_dict() == {"epoch": epoch + 1, "position": 0}
        assert all(same(a, b) for a, b in zip(found, whole, strict=False))
        whole.load_state_dict(loader.state_dict())


@pytest.mark.parametrize("kind", ["stream", "record"])
def test_batches_to_overfit_are_the_same_in_each_epoch(kind: str, tmp_path: Path) -> None:
    whole, loader = loaders(kind, tmp_path / "s")
    first = list(whole)[:2]
    loader.under(SimpleNamespace(limit_train_batches=2, overfit_batches=2))  # as Lightning sets both
    for _ in range(3):
        assert all(same(a, b) for a, b in zip(loader, first, strict=True))


def test_the_state_after_the_last_batch_is_the_next_epoch(tmp_path: Path) -> None:
    loader, _ = loaders("stream", tmp_path / "s")
    batches = iter(loader)
    for _ in range(len(loader)):
        next(batches)
    assert loader.state_dict() == {"epoch": 1, "position": 0}


def test_evaluation_has_one_order(tmp_path: Path) -> None:
    loader = StreamLoader(letters(tmp_path / "s"), 2, 3, False, 0)
    assert all(same(a, b) for a, b in zip(loader, list(loader), strict=True))


def test_a_codec_alone_decides_the_type_of_a_step(tmp_path: Path) -> None:
    codec: Codec = StandardCodec(2, standardise=False)
    store = build_store([Record(np.ones((4, 2)))], codec, None, tmp_path / "s")
    batch = next(iter(StreamLoader(store, 1, 8, False, 0)))
    assert batch.inputs.dtype == torch.float32 and batch.inputs.shape == (1, 3, 2)


def test_an_evaluation_that_was_cut_short_begins_anew(tmp_path: Path) -> None:
    loader = StreamLoader(letters(tmp_path / "s"), 2, 3, False, 0)
    first = next(iter(loader))
    assert same(first, next(iter(loader)))
    assert len(list(loader)) == len(loader)


@pytest.mark.parametrize("context", [0, 2])
def test_rows_copied_as_wholes_are_those_gathered_step_by_step(context: int, tmp_path: Path) -> None:
    words = ["abcdefghabcdefghab", "hgfedcbahgfed", "ababa"]
    store = build_store([Record(w, context=context) for w in words], SymbolCodec("abcdefgh"), None, tmp_path / "s")
    loader = StreamLoader(store, 2, 3, True, 0)
    plan, num_whole = loader.plan(0), 0
    for position in range(loader.count(plan)):
        counts, batch = plan.counts[position], loader.batch(plan, position)
        num_whole += bool((counts == counts.max()).all())
        for row, (start, count) in enumerate(zip(plan.starts[position], counts, strict=True)):
            steps = store.steps[start : start + count + 1].tolist()
            skipped = min(int(plan.skipped[position][row]), int(count))
            assert batch.inputs[row].tolist() == steps[:-1] + [0] * (batch.inputs.shape[1] - count)
            expected = [IGNORED] * skipped + steps[1 + skipped :]
            assert batch.targets[row].tolist() == expected + [IGNORED] * (batch.inputs.shape[1] - count)
        assert batch.inputs.dtype == torch.int64 and batch.inputs.is_contiguous() and batch.targets.is_contiguous()
    assert 0 < num_whole < loader.count(plan)  # both ways were gone


def test_padding_counts_what_a_batch_is_longer_than_its_rows(tmp_path: Path) -> None:
    records = RecordLoader(labelled(tmp_path / "r"), 2, 99, True, 0)
    streams = StreamLoader(letters(tmp_path / "s"), 2, 3, True, 0)
    for loader in (records, streams):
        batches = list(loader)
        valid = sum(int(batch.lengths.sum()) for batch in batches)
        padded = sum(batch.inputs.numel() for batch in batches)
        assert loader.padding() == pytest.approx(1 - valid / padded) and 0 < valid < padded
