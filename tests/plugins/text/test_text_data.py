"""TextData: splits, options, prompts, files that it writes."""

import json
from pathlib import Path
from typing import Any

import pytest

from seqkit import ConfigError, DataError, Generation, Record, Split
from seqkit_text import DOMAIN
from seqkit_text.data import TextData

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
TEXT = "".join(f"line {number} of the text\n" for number in range(200))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT)
    return str(path)


def text_of(data: TextData, split: Split) -> str:
    return "".join(record.sequence for record in data.records(split))


def labelled(tmp_path: Path, num_lines: int = 50) -> list[str]:
    for label in ("up", "down"):
        (tmp_path / f"{label}.txt").write_text("".join(f"{label} {n}\n" for n in range(num_lines)))
    return [f"{label}={tmp_path}/{label}.txt" for label in ("up", "down")]


@pytest.mark.parametrize("tokens", ["characters", "bytes", "words", "bpe"])
def test_the_end_of_the_text_is_held_out(corpus: str, tokens: Any) -> None:
    data = TextData(corpus, tokens=tokens, valid_fraction=0.2, test_fraction=0.1)
    parts = [text_of(data, split) for split in SPLITS]
    assert "".join(parts) == TEXT
    for part, share in zip(parts, (0.7, 0.2, 0.1), strict=True):
        assert len(part) == pytest.approx(share * len(TEXT), abs=8)


def test_characters_are_cut_to_the_letter_and_words_are_kept_whole(corpus: str) -> None:
    characters = TextData(corpus, valid_fraction=0.0, test_fraction=0.5)
    assert len(text_of(characters, "train")) == len(TEXT) // 2
    whole = set(TEXT.split())
    for fraction in (0.31, 0.32, 0.33, 0.34):
        words = TextData(corpus, tokens="words", valid_fraction=fraction, test_fraction=0.1)
        assert all(set(text_of(words, split).split()) <= whole for split in SPLITS)


@pytest.mark.parametrize("tokens", ["characters", "bytes", "words", "bpe"])
def test_stores_hold_the_steps_of_the_split(corpus: str, tokens: Any) -> None:
    data = TextData(corpus, tokens=tokens)
    for split in SPLITS:
        store = data.store(split)
        assert store.sequence(0).tolist() == data.codec.encode(text_of(data, split)).tolist()
        assert len(store) == 1


def test_rows_of_a_table_are_a_stream_whose_end_is_held_out(tmp_path: Path) -> None:
    rows = [f"row number {number}" for number in range(100)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"text": row}) + "\n" for row in rows))
    data = TextData(f"{tmp_path}/t.jsonl", valid_fraction=0.1, test_fraction=0.1)
    assert "".join(text_of(data, split) for split in SPLITS) == "".join(row + "\n" for row in rows)
    assert text_of(data, "test").endswith("row number 98\nrow number 99\n")


def test_splits_with_their_own_paths_are_read_whole(tmp_path: Path, corpus: str) -> None:
    (tmp_path / "v.txt").write_text("valid text\n")
    (tmp_path / "t.txt").write_text("test text\n")
    data = TextData(corpus, valid_path=f"{tmp_path}/v.txt", test_path=f"{tmp_path}/t.txt")
    assert [text_of(data, split) for split in SPLITS] == [TEXT, "valid text\n", "test text\n"]


def test_every_tenth_line_of_each_class_can_be_test(tmp_path: Path) -> None:
    data = TextData(labelled(tmp_path), task="classify", tokens="words", test_every=10)
    assert [record.sequence for record in data.records("test")] == [
        f"{label} {number}" for label in ("up", "down") for number in range(0, 50, 10)
    ]
    seen = [record.origin for split in SPLITS for record in data.records(split)]
    assert sorted(seen) == sorted(f"{label}.txt:{n}" for label in ("up", "down") for n in range(1, 51))


def test_every_tenth_file_of_a_folder_can_be_test(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.txt").write_text(f"file {number}\n")
    data = TextData(str(tmp_path), test_every=10)
    assert text_of(data, "test") == "file 0\nfile 10\n"


def test_files_below_a_folder_can_be_chosen_by_where_they_lie(tmp_path: Path) -> None:
    for name in ("train/pos", "train/neg", "test/pos", "test/neg"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "1.txt").write_text(f"{name}\n")
    data = TextData(str(tmp_path), task="classify", test_match=r":test/", valid_fraction=0.0)
    assert [(r.sequence, r.target) for r in data.records("test")] == [("test/neg\n", "neg"), ("test/pos\n", "pos")]
    assert [(r.sequence, r.target) for r in data.records("train")] == [("train/neg\n", "neg"), ("train/pos\n", "pos")]


def test_classes_become_targets_and_texts_steps(tmp_path: Path) -> None:
    data = TextData(labelled(tmp_path), task="classify", tokens="words", valid_fraction=0.2, test_fraction=0.2)
    store = data.store("train")
    labels = ["down", "up"]
    for index, origin in enumerate(store.origins()):
        assert origin.startswith(labels[int(store.targets[store.target_offsets[index]])])
        assert len(store.sequence(index)) == 2
    assert data.codec.decode(store.sequence(0)).startswith(("down", "up"))


def test_predicting_needs_no_labels(tmp_path: Path) -> None:
    data = TextData(labelled(tmp_path), task="classify", tokens="words")
    data.fit_codecs()
    other = tmp_path / "new.txt"
    other.write_text("up 1\nsideways 2\n")
    new = TextData(str(other), task="classify", tokens="words")
    new.restore_codecs(data.codec.state(), data.target_codec.state())
    assert [new.codec.decode(new.store("predict").sequence(n)) for n in range(2)] == ["up 1", "<unk> 2"]


def test_a_class_that_training_lacks_is_named(tmp_path: Path) -> None:
    paths = labelled(tmp_path)
    (tmp_path / "t.txt").write_text("up 3\n")
    data = TextData(paths, task="classify", test_path=f"upp={tmp_path}/t.txt")
    with pytest.raises(DataError, match=r"label 'upp' does not occur(.|\n)*t.txt:1(.|\n)*did you mean 'up'"):
        data.store("test")


def test_lower_case_holds_for_the_text_and_for_prompts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ÀB Cd\n" * 9)
    data = TextData(f"{tmp_path}/a.txt", lowercase=True)
    assert text_of(data, "predict").startswith("àb cd\n")
    assert data.prompt("ÀB").sequence == "àb"
    assert TextData(f"{tmp_path}/a.txt").prompt("ÀB").sequence == "ÀB"


def test_characters_that_training_lacks_become_the_replacement_character(corpus: str) -> None:
    data = TextData(corpus)
    data.setup("fit")
    assert data.codec.decode(data.codec.encode("text ж")) == "text \ufffd"


def test_rare_words_are_unknown_when_classifying_so_that_unknown_is_trained(tmp_path: Path) -> None:
    data = TextData(labelled(tmp_path), task="classify", tokens="words")
    data.setup("fit")
    assert data.codec.state()["words"][:4] == ["<unk>", "<eos>", "down", "up"]
    assert (data.store("train").steps == 0).any()
    every = TextData(labelled(tmp_path), task="classify", tokens="words", min_count=1)
    every.setup("fit")
    assert not (every.store("train").steps == 0).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vocabulary_size": 100}, "vocabulary_size means nothing for characters"),
        ({"tokens": "bpe", "min_count": 2}, "min_count means nothing for bpe"),
        ({"tokens": "words", "min_count": 0}, "min_count is 0"),
        ({"tokens": "bpe", "vocabulary_size": 100}, "at least the 256 bytes"),
        ({"encoding": "utf-9"}, "no text encoding is named 'utf-9'"),
        ({"encoding": "hex"}, "no text encoding is named 'hex'"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TextData(**options)


def test_codecs_see_the_training_split_only(corpus: str) -> None:
    data = TextData(corpus, tokens="words", valid_fraction=0.2, test_fraction=0.2)
    data.setup("fit")
    words = data.codec.state()["words"]
    assert "100" in words
    assert "199" not in words


@pytest.mark.parametrize(
    ("tokens", "prompt", "value", "expected"),
    [
        ("characters", "Once", " upon", "Once upon\n"),
        ("characters", "", "free\n", "free\n"),
        ("words", "Once", "upon a\ntime", "Once upon a\ntime\n"),
        ("words", "Once\n", "upon", "Once\nupon\n"),
        ("words", "Once", "\nupon", "Once\nupon\n"),
        ("words", "", "upon", "upon\n"),
        ("bpe", "Once", "r", "Oncer\n"),
    ],
)
def test_generated_text_is_the_prompt_with_what_follows(
    tmp_path: Path, tokens: Any, prompt: str, value: str, expected: str
) -> None:
    data = TextData(tokens=tokens)
    data.write(tmp_path / "x.txt", [Generation(data.prompt(prompt), [value])])
    assert (tmp_path / "x.txt").read_text() == expected


def test_samples_are_kept_apart_by_a_line(tmp_path: Path) -> None:
    generations = [Generation(Record("a", origin="p:1"), ["b", "c"]), Generation(Record("d", origin="p:2"), ["e"])]
    TextData().write(tmp_path / "x.txt", generations)
    assert (tmp_path / "x.txt").read_text() == (
        "ab\n\n===== p:1, sample 2 =====\n\nac\n\n===== p:2, sample 1 =====\n\nde\n"
    )


def test_json_lines_are_written_as_in_every_domain(tmp_path: Path) -> None:
    TextData().write(tmp_path / "x.jsonl", [Generation(Record("a", origin="--prompt"), ["é"])])
    line = json.loads((tmp_path / "x.jsonl").read_text(encoding="utf-8"))
    assert line == {"origin": "--prompt", "sample": 0, "value": "é"}


def test_the_domain_offers_its_tasks_and_makes_data_for_each() -> None:
    assert (DOMAIN.name, DOMAIN.tasks, DOMAIN.datamodule) == ("text", ("next_step", "classify", "tag"), TextData)
    for task in DOMAIN.tasks:
        data = TextData(task=task)
        batch = next(iter(data.train_dataloader()))
        assert len(batch.lengths) == 32
