"""Fixed point: integers that read as numbers everywhere, and stores that keep them as long as all records are such."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqkit import Codec, Continuous, DataError, FixedPoint, LabelCodec, Record, join_parts
from seqkit.checking.duplicates import Duplicates
from seqkit.data import step_file
from seqkit.data.loader import BatchLoader, RecordLoader, StreamLoader
from seqkit.data.store import FlatStore, open_store
from seqkit.data.store_building import build_store
from seqkit.data.windows import WindowLoader
from seqkit.lecture.rungs.bags import gaussian_bayes_rung
from seqkit.lecture.rungs.neighbour import nearest_neighbour_rung
from seqkit.problems import collect_problems
from seqkit.training.leakage import find_leaks

EVERY = np.arange(-(2**15), 2**15, dtype=np.int16)


class SoundCodec(Codec):
    """Numbers as they are, in fixed point where they come so."""

    spec = Continuous(1)

    def encode(self, value: Any) -> torch.Tensor:
        return torch.tensor(np.asarray(self.encode_array(value), np.float32))

    def encode_array(self, value: Any) -> np.ndarray | FixedPoint:
        if isinstance(value, FixedPoint):
            return FixedPoint(value.integers[:, None])
        return np.asarray(value, np.float32)[:, None]

    def decode(self, steps: torch.Tensor) -> np.ndarray:
        return steps[:, 0].numpy()


def fixed(*integers: int) -> FixedPoint:
    return FixedPoint(np.array(integers, np.int16))


def stored(folder: Path, records: Iterable[Any], labels: Iterable[str] = ()) -> FlatStore:
    """A store of records, or of sequences with labels."""
    names = list(labels)
    rows = [one if isinstance(one, Record) else Record(one, origin=f"f:{n}") for n, one in enumerate(records)]
    if not names:
        return build_store(rows, SoundCodec(), None, folder)
    rows = [Record(row.sequence, label, row.origin) for row, label in zip(rows, names, strict=True)]
    return build_store(rows, SoundCodec(), LabelCodec(["a", "b"]), folder)


def both(tmp_path: Path, labels: bool = False) -> tuple[FlatStore, FlatStore]:
    """The same forty sounds of 7 samples as integers and as float32."""
    random = np.random.default_rng(0)
    sounds = [FixedPoint(random.integers(-(2**15), 2**15, 7, np.int16)) for _ in range(40)]
    names = "aabbababab" * 4 if labels else ""
    whole = stored(tmp_path / "whole", sounds, names)
    return whole, stored(tmp_path / "numbers", [np.asarray(sound) for sound in sounds], names)


def test_every_integer_reads_as_the_float32_it_stands_for() -> None:
    numbers = np.asarray(FixedPoint(EVERY))
    assert numbers.dtype == np.float32
    np.testing.assert_array_equal(numbers.astype(np.float64), EVERY.astype(np.float64) / 2**15)
    assert np.asarray(fixed(3, -3), dtype=np.float64).tolist() == [3 / 2**15, -3 / 2**15]


def test_arithmetic_comparison_and_concatenation_are_those_of_the_numbers() -> None:
    sound = fixed(16384, 0, -32768)
    assert (sound * 2).tolist() == [1.0, 0.0, -2.0] and (1 - sound).tolist() == [0.5, 1.0, 2.0]
    assert (sound != 0).tolist() == [True, False, True] and np.abs(sound).tolist() == [0.5, 0.0, 1.0]
    assert np.concatenate([sound, [0.25]]).tolist() == [0.5, 0.0, -1.0, 0.25]
    assert sound[0] == 0.5 and np.asarray(sound[sound != 0]).tolist() == [0.5, -1.0]
    assert isinstance(sound[1:], FixedPoint) and len(sound[1:]) == 2


def test_other_integers_are_no_fixed_point() -> None:
    with pytest.raises(TypeError, match="16 bits are needed, not int32"):
        FixedPoint(np.array([1], np.int32))


def test_parts_of_a_record_are_joined_as_numbers() -> None:
    parts = [Record(fixed(16384), origin="f"), Record(np.array([0.25], np.float32), origin="f", continues=True)]
    assert [np.asarray(record.sequence).tolist() for record in join_parts(parts)] == [[0.5, 0.25]]


def test_the_same_sound_is_a_duplicate_in_either_form() -> None:
    found = Duplicates()
    for number, sound in enumerate((fixed(5, -6), np.asarray(fixed(5, -6)), fixed(5, -7))):
        found.feed(sound)
        found.end(f"f:{number}", 0, True)
    assert found.find().examples == [["f:0", "f:1"]]


def test_a_store_of_integers_alone_keeps_them(tmp_path: Path) -> None:
    store = stored(tmp_path / "s", [FixedPoint(EVERY), fixed(), fixed(7)])
    assert store.steps.dtype == np.int16 and store.steps.shape == (2**16 + 1, 1)
    assert store.sequence(0).dtype == torch.float32 and store.sequence(1).shape == (0, 1)
    np.testing.assert_array_equal(store.sequence(0).numpy()[:, 0], np.asarray(FixedPoint(EVERY)))
    assert open_store(tmp_path / "s").sequence(2).tolist() == [[7 / 2**15]]


@pytest.mark.parametrize("block", [1, 3, 4, 100])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_record_that_is_none_widens_those_before_and_behind_it(
    block: int, place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_file, "_BLOCK", block)
    sounds: list[Any] = [fixed(1, -2, 3), fixed(4), fixed(-5, 6)]
    sounds.insert(place, np.array([0.1, -0.7], np.float32))
    store = stored(tmp_path / "s", sounds)
    assert store.steps.dtype == np.float32
    for number, sound in enumerate(sounds):
        np.testing.assert_array_equal(store.sequence(number).numpy()[:, 0], np.asarray(sound))


def test_an_empty_record_decides_nothing(tmp_path: Path) -> None:
    assert stored(tmp_path / "a", [np.zeros(0, np.float32), fixed(1)]).steps.dtype == np.int16
    assert stored(tmp_path / "b", [fixed(), np.ones(1, np.float32)]).steps.dtype == np.float32
    empty = stored(tmp_path / "c", [fixed()])
    assert empty.steps.shape == (0, 1) and len(empty) == 1


@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        (np.array([0.3, 0.4, 0.5], np.float32), np.float32),  # Widened for nothing, but right.
        (fixed(9, 9), np.int16),
    ],
)
@pytest.mark.parametrize("place", [1, 2])
def test_a_record_that_is_taken_back_leaves_the_others(refused: Any, kind: type, place: int, tmp_path: Path) -> None:
    good = [fixed(1, -2, 3), fixed(4), fixed(-5, 6)]
    rows = [Record(sound, "a", f"f:{n}") for n, sound in enumerate(good)]
    rows.insert(place, Record(refused, "no such label", "f:bad"))  # Found when its steps are written.
    with collect_problems() as found:
        store = build_store(rows, SoundCodec(), LabelCodec(["a", "b"]), tmp_path / "s")
    assert [error.at for error in found.errors] == ["f:bad"]
    assert store.steps.dtype == kind and store.origins() == ["f:0", "f:1", "f:2"]
    for number, sound in enumerate(good):
        np.testing.assert_array_equal(store.sequence(number).numpy()[:, 0], np.asarray(sound))


def test_after_a_first_record_that_is_taken_back_the_next_decides(tmp_path: Path) -> None:
    rows = [Record(np.full(3, 0.3, np.float32), "no such label", "f:bad"), Record(fixed(7), "a", "f:1")]
    with collect_problems():
        store = build_store(rows, SoundCodec(), LabelCodec(["a", "b"]), tmp_path / "s")
    assert store.steps.dtype == np.int16 and store.sequence(0).tolist() == [[7 / 2**15]]


def test_a_part_that_is_refused_takes_back_the_widened_parts_before_it(tmp_path: Path) -> None:
    class Picky(SoundCodec):
        def encode_array(self, value: Any) -> np.ndarray | FixedPoint:
            if len(value) == 1:
                raise DataError("too short")
            return super().encode_array(value)

    parts = [fixed(1, 2), fixed(8, 9), np.full(2, 0.3, np.float32), fixed(1), fixed(3, 4)]
    rows = [Record(part, origin=f"f:{min(n, 1)}", continues=n > 1) for n, part in enumerate(parts)]
    with collect_problems():
        store = build_store([*rows, Record(fixed(5, 6), origin="f:2")], Picky(), None, tmp_path / "s")
    assert store.origins() == ["f:0", "f:2"] and store.lengths.tolist() == [2, 2]
    assert (store.steps * 2**15).tolist() == [[1], [2], [5], [6]]


LOADERS: dict[str, Callable[[FlatStore], BatchLoader]] = {
    "records": lambda store: RecordLoader(store, 4, 100, True, 3),
    "streams": lambda store: StreamLoader(store, 3, 5, True, 3),
    "whole streams": lambda store: StreamLoader(store, 1, 7, False, 3, whole=True),
    "windows": lambda store: WindowLoader(store, 4, 3, 2, 1, True, 3),
}


@pytest.mark.parametrize("name", LOADERS)
def test_batches_of_both_forms_are_the_same_to_the_bit(name: str, tmp_path: Path) -> None:
    whole, numbers = (list(LOADERS[name](store)) for store in both(tmp_path, labels=name == "records"))
    assert len(whole) == len(numbers) > 1
    for one, other in zip(whole, numbers, strict=True):
        for field in ("inputs", "targets", "lengths", "reset", "index"):
            ours, theirs = getattr(one, field), getattr(other, field)
            assert ours.dtype == theirs.dtype and ours.is_contiguous() == theirs.is_contiguous()
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_leaks_are_found_between_both_forms(tmp_path: Path) -> None:
    whole, numbers = both(tmp_path)
    for train, scored in ((whole, numbers), (numbers, whole), (whole, whole)):
        assert find_leaks(train, scored, SoundCodec()) == {"records": 40, "example": ["f:0", "f:0"]}
    other = stored(tmp_path / "other", [fixed(1, 2), np.asarray(whole.sequence(3))[:, 0]])
    assert find_leaks(whole, other, SoundCodec()) == {"records": 1, "example": ["f:1", "f:3"]}


def test_rungs_over_numbers_say_the_same_of_both_forms(tmp_path: Path) -> None:
    whole, numbers = both(tmp_path, labels=True)
    rungs: list[Callable[[FlatStore, FlatStore], Any]] = [
        lambda train, scored: gaussian_bayes_rung(train, None, scored, 2),
        lambda train, scored: nearest_neighbour_rung(train, scored, 2),
    ]
    for rung in rungs:
        found = [rung(train, scored) for train in (whole, numbers) for scored in (whole, numbers)]
        assert all(one.figures == found[0].figures for one in found)
