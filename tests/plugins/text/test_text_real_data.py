"""Real corpora, where they are at hand: the counts that the literature uses."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqkit import Split
from seqkit_text.data import TextData

CORPORA = Path(__file__).parents[3].parent / "shared" / "data" / "text"
SPLITS: tuple[Split, ...] = ("train", "valid", "test")

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora beside the repository ({CORPORA.name})")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path))
    yield


def test_wikitext_2_has_the_published_number_of_tokens_and_types() -> None:
    train, valid, test = (str(CORPORA / "wikitext-2" / f"{name}.txt.gz") for name in SPLITS)
    data = TextData(train, valid_path=valid, test_path=test, tokens="words")
    began = time.perf_counter()
    data.setup("fit")
    stores = [data.store(split) for split in SPLITS]
    assert time.perf_counter() - began < 10
    assert [len(store.steps) for store in stores] == [2_088_628, 217_646, 245_569]
    assert data.codec.spec.num_classes == 33_278
    assert [int((store.steps == 0).sum()) for store in stores] == [54_625, 11_718, 15_218]  # <unk>
    assert [int((store.steps == 1).sum()) for store in stores] == [36_718, 3_760, 4_358]  # <eos>


def test_tiny_shakespeare_is_cut_as_in_its_usual_split() -> None:
    data = TextData(str(CORPORA / "tiny-shakespeare" / "input.txt"), test_fraction=0.0)
    data.setup("fit")
    assert data.codec.spec.num_classes == 65 + 1
    began = time.perf_counter()
    steps = [data.codec.encode(record.sequence) for record in data.records("predict")]
    assert time.perf_counter() - began < 1
    assert sum(map(len, steps)) == 1_115_394
    # nanoGPT trains on the first int(0.9 n) = 1,003,854 characters; here the held-out share is rounded.
    assert [len(data.store(split).steps) for split in ("train", "valid")] == [1_003_855, 111_539]


def test_byte_pairs_of_shakespeare_come_back() -> None:
    path = CORPORA / "tiny-shakespeare" / "input.txt"
    data = TextData(str(path), tokens="bpe", vocabulary_size=1000)
    stores = [data.store(split) for split in SPLITS]
    assert data.codec.spec.num_classes == 1000
    text = path.read_bytes().decode()
    assert "".join(data.codec.decode(store.sequence(0)) for store in stores) == text
    assert sum(len(store.steps) for store in stores) < len(text) / 2


def test_sentence_polarity_folds_are_every_tenth_line() -> None:
    folder = CORPORA / "sentence-polarity"
    paths = [f"{label}={folder / f'rt-polarity.{label}'}" for label in ("pos", "neg")]
    data = TextData(paths, task="classify", tokens="words", test_every=10)
    assert len(data.store("test")) == 2 * 534
    assert sum(len(data.store(split)) for split in SPLITS) == 10_662
    assert data.target_codec.spec.num_classes == 2
