"""The data module: its arguments, its cache, its splits, its complaints."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqkit import ConfigError, DataError, Domain, LabelCodec, SequenceDataModule, Split
from seqkit.steps import Record


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "notes.txt").write_text("".join(f"up:{'abcdefgh'[n % 8 :]}abc\n" for n in range(40)))
    return tmp_path / "notes.txt"


class Counting:
    """Counts how often a module's records are read."""

    def __init__(self, module: SequenceDataModule) -> None:
        self.count, self._records = 0, module.records
        module.records = self.records  # type: ignore[method-assign]

    def records(self, split: Split) -> Iterator[Record]:
        self.count += 1
        yield from self._records(split)


def reads(module: SequenceDataModule, split: Split = "train") -> int:
    """How often building a split's store reads the records."""
    counter = Counting(module)
    module.store(split)
    return counter.count


def test_a_second_build_reads_the_cache(melody: Domain, cache: Path, file: Path) -> None:
    first, second = (melody.datamodule(path=str(file)) for _ in range(2))
    assert reads(first) == 1
    assert len(list(cache.iterdir())) == 1
    assert reads(second) == 0
    assert second.store("train").origins() == first.store("train").origins()
    assert second.store("train").steps.tolist() == first.store("train").steps.tolist()


@pytest.mark.parametrize("folder", ["lr=1", "home"])
def test_a_file_is_found_by_the_cache_whatever_its_path(
    melody: Domain, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    file = tmp_path / folder / "notes.txt"
    file.parent.mkdir()
    file.write_text("up:abc\n" * 9)
    path = "~/notes.txt" if folder == "home" else f"{folder}/notes.txt"
    assert melody.datamodule(path=path).files == [file if folder == "home" else Path(path)]


def test_a_file_that_changed_is_read_again(melody: Domain, cache: Path, file: Path) -> None:
    melody.datamodule(path=str(file)).store("train")
    os.utime(file, ns=(1, 1))
    assert reads(melody.datamodule(path=str(file))) == 1
    file.write_text("up:abc\n" * 40)
    module = melody.datamodule(path=str(file))
    assert reads(module) == 1 and module.store("train").sequence(0).tolist() == [0, 1, 2]


def test_an_option_that_changes_the_records_reads_them_again(melody: Domain, cache: Path, file: Path) -> None:
    melody.datamodule(path=str(file)).store("train")
    moved = melody.datamodule(path=str(file), transpose=2)
    assert reads(moved) == 1 and moved.store("train").sequence(0).tolist()[:3] == [2, 3, 4]
    assert reads(melody.datamodule(path=str(file), valid_fraction=0.3)) == 1
    assert reads(melody.datamodule(path=str(file)), "valid") == 1


def test_options_of_batching_do_not(melody: Domain, cache: Path, file: Path) -> None:
    melody.datamodule(path=str(file)).store("train")
    assert reads(melody.datamodule(path=str(file), batch_size=3, window=5, order_seed=9)) == 0


def test_demo_data_leaves_nothing_in_the_cache(melody: Domain, cache: Path) -> None:
    module = melody.datamodule()
    folder = module.store("train").folder
    assert folder.is_dir() and not cache.exists()
    del module
    assert not folder.exists()


def test_the_arguments_are_kept_whatever_the_subclass_does(melody: Domain) -> None:
    arguments = melody.datamodule(None, "classify", batch_size=3).arguments
    assert arguments == {"path": None, "task": "classify", "transpose": 0, "batch_size": 3}
    assert melody.datamodule(**arguments).batch_size == 3


def test_the_end_of_a_stream_is_held_out_for_next_step(melody: Domain, file: Path) -> None:
    module = melody.datamodule(path=str(file), valid_fraction=0.2, test_fraction=0.1)
    sizes = {split: len(module.store(split).steps) for split in ("train", "valid", "test", "predict")}
    total = sum(len(line) - 3 for line in file.read_text().splitlines())
    assert sizes == {
        "train": total - round(total * 0.3), "valid": round(total * 0.3) - round(total * 0.1),
        "test": round(total * 0.1), "predict": total,
    }  # fmt: skip


def test_a_split_with_its_own_path_is_all_of_it(melody: Domain, file: Path, tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text("up:hgf\n")
    module = melody.datamodule(path=str(file), test_path=str(tmp_path / "test.txt"), test_every=3)
    assert module.store("test").origins() == ["test.txt:0"]
    assert module.store("test").sequence(0).tolist() == [7, 6, 5]


def test_labels_are_learned_from_the_training_split_only(melody: Domain, tmp_path: Path) -> None:
    lines = [f"{'new' if n % 5 == 0 else 'up' if n % 2 else 'down'}:abc" for n in range(40)]
    (tmp_path / "n.txt").write_text("\n".join(lines))
    module = melody.datamodule(path=str(tmp_path / "n.txt"), task="classify", test_every=5)
    module.setup("fit")
    assert isinstance(module.target_codec, LabelCodec) and module.target_codec.labels == ["down", "up"]
    with pytest.raises(DataError, match=r"label 'new' does not occur in the training data\n  at: n.txt:0"):
        module.store("test")


def test_an_empty_split_says_which_rule_made_it(melody: Domain, file: Path) -> None:
    module = melody.datamodule(path=str(file), valid_fraction=0.0)
    with pytest.raises(DataError, match=r"the valid split is empty(.|\n)*valid_fraction"):
        module.loader("valid")


@pytest.mark.parametrize("name", ["batch_size", "window", "step_budget"])
def test_sizes_below_one_are_refused(name: str, melody: Domain) -> None:
    with pytest.raises(ConfigError, match=rf"{name} is 0\n  at: --data.{name}"):
        melody.datamodule(**{name: 0})


def test_a_record_without_a_label_is_named(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    module = melody.datamodule(task="classify")
    monkeypatch.setattr(module, "records", lambda split: [Record("abc", origin="f:3")])
    with pytest.raises(DataError, match=r"the record has no target\n  at: f:3"):
        module.setup("fit")
