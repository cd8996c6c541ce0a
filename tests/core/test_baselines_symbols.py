"""Baselines over symbols: smoothed counts by hand, probabilities that sum to one, the targets of the model."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.naive_bayes import MultinomialNB

from seqkit import DataError, LabelCodec, PathOption, Record, SequenceDataModule, Split, SymbolCodec, TagCodec
from seqkit.data.store import FlatStore
from seqkit.data.store_building import build_store
from seqkit.lecture.rungs.bags import bag_of_words_rung
from seqkit.lecture.rungs.baselines import cheap_rungs
from seqkit.lecture.rungs.class_chains import class_chain_rung
from seqkit.lecture.rungs.code_index import CodeIndex
from seqkit.lecture.rungs.ngram import fit_chain, markov_rung, unigram_rung
from seqkit.lecture.rungs.places import all_places, target_places
from seqkit.lecture.rungs.posterior import posterior_loss
from seqkit.lecture.rungs.tag_window import tag_window_rung, window_offset
from seqkit.lecture.rungs.witten_bell import WittenBell


def store(folder: Path, *records: Record, codec: Any = None, targets: Any = None, aligned: bool = False) -> FlatStore:
    return build_store(records, codec or SymbolCodec("abc"), targets, folder, aligned=aligned)


def by_hand(texts: list[str], scored: str, order: int, alphabet: str, scales: list[float]) -> np.ndarray:
    """The formula written out with dictionaries: probability of each symbol of a text after its first."""
    found = []
    for place in range(1, len(scored)):
        p = 1 / len(alphabet)
        for k in range(min(order, place) + 1):
            context = scored[place - k : place]
            after = [t[i] for t in texts for i in range(max(k, 1), len(t)) if t[i - k : i] == context]
            if after:
                escape = scales[k] * len(set(after))
                p = (after.count(scored[place]) + escape * p) / (len(after) + escape)
        found.append(p)
    return np.array(found)


@pytest.mark.parametrize("dense", [True, False])
def test_a_chain_is_the_formula_by_hand(dense: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqkit.lecture.rungs.code_index._MOST_DENSE", (1 << 22) if dense else 0)
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abc"), 30, p=[0.6, 0.3, 0.1])) for _ in range(4)]
    train = store(tmp_path / "t", *(Record(text) for text in texts))
    scored = "acbbacacab"
    chain = WittenBell(3, 3, lambda level: -level)
    places = target_places(train, 1000)
    contexts = np.zeros(len(places), np.int64)
    for scale in (1.0, 2.0, 0.5):
        contexts = chain.grow(places, places.symbols(0), contexts)
        chain.levels[-1].scale = scale
    new = target_places(store(tmp_path / "s", Record(scored)), 1000)
    expected = by_hand(texts, scored, 2, "abc", [1.0, 2.0, 0.5])
    np.testing.assert_allclose(chain.probabilities(new, new.symbols(0)), expected, rtol=1e-12)


def test_probabilities_of_all_outcomes_sum_to_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    text = "".join(rng.choice(list("abc"), 200, p=[0.7, 0.2, 0.1]))
    data = store(tmp_path / "t", Record(text[:150]), Record(text[150:]))
    places = target_places(data, 1000)
    chain = fit_chain(places, target_places(store(tmp_path / "v", Record("abacabacccb")), 100), 3)
    new = target_places(store(tmp_path / "s", Record("bcacbbbaaacc")), 100)
    every = chain.probabilities(new, np.broadcast_to(np.arange(3), (len(new), 3)))
    np.testing.assert_allclose(every.sum(1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(every[np.arange(len(new)), new.symbols(0)], chain.probabilities(new, new.symbols(0)))


def test_contexts_end_where_records_begin_and_given_steps_are_no_targets(tmp_path: Path) -> None:
    parts = [
        Record("ab", origin="f:0"),
        Record("ca", origin="f:0", continues=True),
        Record("bcb", context=2),
        Record("a"),
    ]
    data = store(tmp_path / "s", *parts)  # abca | bcb | a
    places = target_places(data, 100)
    assert places.at.tolist() == [1, 2, 3, 6]  # of "bcb" the first two are given; "a" predicts nothing
    assert places.symbols(-1).tolist() == [0, 1, 2, 2]
    assert places.symbols(-2).tolist() == [-1, 0, 1, 1]  # nothing before the first record ...
    assert places.symbols(-3).tolist() == [-1, -1, 0, -1]  # ... and nothing of the record before
    assert places.symbols(1).tolist() == [2, 0, -1, -1]


def test_a_part_is_evenly_spread_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqkit.lecture.rungs.places._BLOCK", 4)
    data = store(tmp_path / "s", Record("abc" * 10), Record("cab" * 10))
    places = all_places(data, 12)
    assert places.is_part and len(places) == 12 and places.total == 60
    assert places.at.tolist() == [0, 1, 2, 3, 28, 29, 30, 31, 56, 57, 58, 59]
    assert places.begins.tolist() == [0] * 6 + [30] * 6
    monkeypatch.setattr("seqkit.lecture.rungs.ngram._MOST_COUNTED", 12)
    rung = markov_rung(data, data, data, 3)
    assert rung is not None
    assert rung.note == f"{rung.title}: learnt from 12 of 58 steps, scored on 12 of 58 targets"


def test_codes_are_found_or_not_whatever_the_table() -> None:
    codes = np.array([7, 3, 7, 0, 9])
    for size in (10, 1 << 40):
        index = CodeIndex(codes, size)
        assert index.codes.tolist() == [0, 3, 7, 9] and index.counts.tolist() == [1, 1, 2, 1]
        assert index.find(np.array([[9, 8], [-1, 0]])).tolist() == [[3, -1], [-1, 0]]


def test_frequencies_are_scored_on_the_targets_only(tmp_path: Path) -> None:
    train = store(tmp_path / "t", Record("aab"))
    scored = store(tmp_path / "s", Record("cab"), Record("bba", context=2), Record("c"))
    rung = unigram_rung(train, scored, 3)  # counts 3, 2, 1 of 6; targets a, b, a
    assert rung.figures["loss"] == pytest.approx(-(2 * math.log(3 / 6) + math.log(2 / 6)) / 3)
    assert rung.figures["accuracy"] == pytest.approx(2 / 3)


def test_a_chain_finds_the_order_of_its_source(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    steps = [0, 1]
    for _ in range(6000):  # the next symbol is the sum of the last two, nine times in ten
        steps.append((steps[-1] + steps[-2]) % 3 if rng.random() < 0.9 else int(rng.integers(3)))
    text = "".join("abc"[step] for step in steps)
    train, valid, scored = (
        store(tmp_path / str(n), Record(part)) for n, part in enumerate((text[:4000], text[4000:5000], text[5000:]))
    )
    rung = markov_rung(train, valid, scored, num_symbols=3)
    followed = [(steps[n] - steps[n - 1] - steps[n - 2]) % 3 == 0 for n in range(5001, len(steps))]
    optimum = -np.mean(np.log2(np.where(followed, 0.9 + 0.1 / 3, 0.1 / 3)))  # of the source itself, on these targets
    assert rung is not None and rung.name == "markov_2" and rung.kind == "window"
    assert rung.figures["bits_per_step"] == pytest.approx(optimum, abs=0.02)
    assert rung.figures["perplexity"] == pytest.approx(2 ** rung.figures["bits_per_step"])


LABELLED = [("up", "abcabcabc"), ("up", "bcabca"), ("down", "cbacbacba"), ("down", "bacbac"), ("up", "cabcab")]
HELD_OUT = [("up", "abcab"), ("down", "cbacb"), ("down", "acbac"), ("up", "cabca")]


def labelled(folder: Path, rows: list[tuple[str, str]]) -> FlatStore:
    return store(folder, *(Record(text, label) for label, text in rows), targets=LabelCodec(["down", "up"]))


def test_a_bag_of_words_is_the_naive_bayes_of_scikit_learn(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = [("up", "".join(rng.choice(list("abc"), 9, p=[0.5, 0.3, 0.2]))) for _ in range(8)]
    rows += [("down", "".join(rng.choice(list("abc"), 7, p=[0.2, 0.3, 0.5]))) for _ in range(6)]
    rng.shuffle(rows)
    train, scored = labelled(tmp_path / "t", rows[:9]), labelled(tmp_path / "s", rows[9:])
    counts = np.array([[text.count(letter) for letter in "abc"] for _, text in rows])
    classes = np.array([label == "up" for label, _ in rows]).astype(int)
    prior = (np.bincount(classes[:9]) + 1) / 11
    reference = MultinomialNB(class_prior=prior).fit(counts[:9], classes[:9])
    logs = reference.predict_log_proba(counts[9:])
    rung = bag_of_words_rung(train, None, scored, 3, 2)
    assert rung is not None
    figures = rung.figures
    assert figures["loss"] == pytest.approx(-logs[np.arange(5), classes[9:]].mean(), rel=1e-9)
    assert figures["accuracy"] == pytest.approx((logs.argmax(1) == classes[9:]).mean())


def test_order_is_lost_in_a_bag_and_kept_by_a_chain(tmp_path: Path) -> None:
    train, valid = labelled(tmp_path / "t", LABELLED * 4), labelled(tmp_path / "v", HELD_OUT)
    bag, chain = bag_of_words_rung(train, valid, valid, 3, 2), class_chain_rung(train, valid, valid, 3, 2)
    assert chain is not None and chain.figures["accuracy"] == 1.0 and chain.figures["loss"] < 0.05
    assert bag is not None and bag.figures["accuracy"] < 1.0
    assert chain.name.startswith("markov_")


def test_a_temperature_never_makes_the_validation_loss_worse_than_chance() -> None:
    scores = np.array([[0.0, -40.0], [0.0, -40.0], [-40.0, 0.0], [0.0, -40.0]])  # sure, and wrong once
    truth = np.array([0, 0, 1, 1])
    assert posterior_loss(scores, truth, 1.0) == pytest.approx(10.0)
    assert posterior_loss(scores, truth, 1e-9) == pytest.approx(math.log(2))


def test_a_window_around_a_step_tells_its_tag(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    assert [window_offset(level) for level in range(1, 6)] == [0, -1, 1, -2, 2]

    def tagged(name: str, count: int) -> FlatStore:
        records = []
        for _ in range(count):
            word = "".join(rng.choice(list("abc"), 12))
            tags = ["peak" if 0 < n < 11 and word[n - 1] != "b" and word[n + 1] == "b" else "no" for n in range(12)]
            records.append(Record(word, tags))
        return store(tmp_path / name, *records, targets=TagCodec(["no", "peak"]), aligned=True)

    rung = tag_window_rung(tagged("t", 200), tagged("v", 40), tagged("s", 40), 3, 2)
    assert rung is not None and rung.name == "window_3" and rung.kind == "window"
    assert rung.figures["accuracy"] > 0.99 and rung.figures["matthews"] > 0.97
    assert 0 < rung.figures["loss"] < 0.1


class LetterData(SequenceDataModule):
    """Letters of a few words.

    Args:
        path: Not read.
        task: Only next_step.
        options: Of the base class.
    """

    def __init__(self, path: PathOption = None, task: str = "next_step", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = self.target_codec = SymbolCodec("abc")

    def records(self, split: Split) -> Iterator[Record]:
        for number in range({"train": 40, "valid": 7, "test": 9, "predict": 1}[split]):
            yield Record("abcacb" * (number % 4) + "ab"[: number % 3], origin=f"{split}:{number}", context=number % 5)


def test_as_many_targets_are_scored_as_the_model_scores() -> None:
    data = LetterData(batch_size=3, window=5)
    data.setup("fit")
    scored = sum(int((batch.targets >= 0).sum()) for batch in data.loader("test"))
    assert len(target_places(data.store("test"), 10_000)) == scored > 50
    rungs = {rung.name: rung for rung in cheap_rungs(data, "test")}
    assert [rung.kind for rung in rungs.values()] == ["blind", "counts", "window"]
    assert rungs["uniform"].figures["loss"] == pytest.approx(math.log(3))
    losses = [rung.figures["loss"] for rung in rungs.values()]
    assert losses[2] < losses[1] < losses[0] + 0.1


def test_without_training_data_only_what_learns_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    data, gone = LetterData(), LetterData()
    data.setup("fit")

    def refuse(split: Split) -> FlatStore:
        raise DataError("no such file")

    monkeypatch.setattr(gone, "store", refuse)
    assert [rung.name for rung in cheap_rungs(data, "test", gone)] == ["uniform"]


@pytest.mark.slow
def test_a_genome_has_the_bits_of_a_markov_chain_of_order_six(shared_data: Path) -> None:
    from seqkit import plugins

    folder = shared_data / "genomics" / "ecoli-k12"
    data = plugins.load("dna").datamodule(path=str(folder / "GCF_000005845.2_ASM584v2_genomic.fna.gz"))
    data.setup("fit")
    rung = {rung.kind: rung for rung in cheap_rungs(data, "test")}["window"]
    assert rung.name == "markov_6" and rung.figures["bits_per_step"] == pytest.approx(1.934, abs=0.003)
