"""The flat store: what is on disk, and what a broken build leaves."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from seqkit import Codec, DataError, Discrete, LabelCodec, Record, StandardCodec, SymbolCodec
from seqkit.data.store import open_store
from seqkit.data.store_building import build_store


class NumberCodec(Codec):
    """Numbers below a bound as they are."""

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes

    @property
    def spec(self) -> Discrete:
        return Discrete(self.num_classes)

    def encode(self, value: list[int]) -> torch.Tensor:
        return torch.tensor(value)

    def decode(self, steps: torch.Tensor) -> list[int]:
        return steps.tolist()


@pytest.mark.parametrize(
    ("classes", "kind"),
    [(256, np.uint8), (257, np.uint16), (65_536, np.uint16), (65_537, np.uint32)],
)
def test_steps_are_kept_in_the_smallest_type_that_holds_them(classes: int, kind: type, tmp_path: Path) -> None:
    store = build_store([Record([0, classes - 1, 3])], NumberCodec(classes), None, tmp_path / "s")
    assert store.steps.dtype == kind
    assert store.sequence(0).tolist() == [0, classes - 1, 3] and store.sequence(0).dtype == torch.int64


def test_records_lie_end_to_end_with_their_origin_and_context(tmp_path: Path) -> None:
    records = [Record("bad", origin="a:0", context=2), Record("", origin="a:1"), Record("cab", origin="é:2")]
    store = build_store(records, SymbolCodec("abcd"), None, tmp_path / "s")
    assert np.asarray(store.steps).tolist() == [1, 0, 3, 2, 0, 1]
    assert store.offsets.tolist() == [0, 3, 3, 6] and store.lengths.tolist() == [3, 0, 3]
    assert store.context.tolist() == [2, 0, 0] and store.origins() == ["a:0", "a:1", "é:2"] and len(store) == 3
    again = open_store(tmp_path / "s")
    assert again.spec == Discrete(4) and again.sequence(2).tolist() == [2, 0, 1] and again.targets is None


def test_blocks_of_a_record_are_joined(tmp_path: Path) -> None:
    records = [Record("ab", origin="a:0"), Record("cd", origin="a:0", continues=True), Record("a", origin="a:1")]
    store = build_store(records, SymbolCodec("abcd"), None, tmp_path / "s")
    assert store.offsets.tolist() == [0, 4, 5] and store.origins() == ["a:0", "a:1"]
    assert store.sequence(0).tolist() == [0, 1, 2, 3]


def test_a_first_block_that_continues_nothing_is_a_record(tmp_path: Path) -> None:
    store = build_store([Record("ab", continues=True)], SymbolCodec("ab"), None, tmp_path / "s")
    assert len(store) == 1


def test_targets_lie_beside_their_records(tmp_path: Path) -> None:
    records = [Record("ab", target="yes"), Record("b", target="no")]
    store = build_store(records, SymbolCodec("ab"), LabelCodec(["no", "yes"]), tmp_path / "s")
    assert store.targets is not None and np.asarray(store.targets).tolist() == [1, 0]


def test_numbers_keep_their_gaps(tmp_path: Path) -> None:
    codec = StandardCodec(2, standardise=False)
    store = build_store([Record([[1.0, np.nan], [3.0, 4.0]])], codec, None, tmp_path / "s")
    np.testing.assert_array_equal(store.sequence(0).numpy(), [[1, np.nan], [3, 4]])


def test_no_record_at_all_is_an_empty_store(tmp_path: Path) -> None:
    store = build_store([], StandardCodec(3, standardise=False), None, tmp_path / "s")
    assert len(store) == 0 and store.steps.shape == (0, 3)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Record("", target="a", origin="f:7"), "the record is empty\n  at: f:7"),
        (Record("ab", origin="f:7"), "the record has no target\n  at: f:7"),
        (Record("ab", target="c", origin="f:7"), "label 'c' does not occur in the training data\n  at: f:7"),
        (Record("axb", target="a", origin="f:7"), "character 'x' at position 1 is not in the alphabet\n  at: f:7"),
    ],
)
def test_a_record_that_cannot_be_used_is_named(record: Record, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        build_store([Record("a", target="b"), record], SymbolCodec("ab"), LabelCodec(["a", "b"]), tmp_path / "s")
    assert str(caught.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_build_leaves_nothing_and_the_old_store_stays(tmp_path: Path) -> None:
    build_store([Record("ba")], SymbolCodec("ab"), None, tmp_path / "s")

    def killed() -> Iterator[Record]:
        yield Record("aaaa")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_store(killed(), SymbolCodec("ab"), None, tmp_path / "s")
    assert [p.name for p in tmp_path.iterdir()] == ["s"]
    assert open_store(tmp_path / "s").sequence(0).tolist() == [1, 0]


def test_a_store_that_another_process_has_made_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = SymbolCodec("ab")

    def slow() -> Iterator[Record]:
        with monkeypatch.context() as other:
            other.setattr("os.getpid", lambda: 0)
            build_store([Record("ab")], codec, None, tmp_path / "s")
        yield Record("ab")

    assert build_store(slow(), codec, None, tmp_path / "s").steps.tolist() == [0, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["s"]
