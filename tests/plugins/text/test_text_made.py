"""Made text: what counts can tell, what a window can tell, what memory costs, and the figures of the true source."""

import json
import math
import re
from collections import Counter, defaultdict
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqkit
from seqkit import IGNORED, ConfigError, Made
from seqkit_text import made_order
from seqkit_text.data import TextData
from seqkit_text.made import MADE
from seqkit_text.made_memory import write_memory
from seqkit_text.made_order import write_order

SPLITS = ("train", "valid", "test")
TINY: dict[str, dict[str, Any]] = {
    "order": {"size": 40},
    "memory": {"size": 40},
    "copy": {"size": 40},
    "markov": {"size": 400},
    "hmm": {"size": 400},
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))


def rows(folder: Path, split: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / f"{split}.jsonl").read_text().splitlines()]


def bag(text: str) -> tuple[str, ...]:
    return tuple(sorted(text.split()))


def best_share(keys: list[Any], labels: list[str]) -> float:
    """The share of records that the best answer to each key gets right: no function of the keys does better."""
    counts: dict[Any, Counter[str]] = defaultdict(Counter)
    for key, label in zip(keys, labels, strict=True):
        counts[key][label] += 1
    return sum(max(found.values()) for found in counts.values()) / len(labels)


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", TINY)
def test_options_and_seed_decide_every_byte(name: str, tmp_path: Path) -> None:
    found = []
    for number, seed in enumerate((0, 0, 1)):
        folder = tmp_path / str(number)
        folder.mkdir()
        MADE[name].write(folder, seed, **TINY[name])
        found.append(read(folder))
    assert found[0] == found[1]
    assert all(found[0][file] != found[2][file] for file in found[0])


@pytest.mark.parametrize("name", TINY)
def test_each_source_is_read_by_the_domain_with_default_options(name: str) -> None:
    task = MADE[name].tasks[0]
    data = TextData(path=f"made:{name},size={TINY[name]['size']}", task=task)
    size = TINY[name]["size"]
    for split, wanted in zip(SPLITS, (size, size // 4, size // 4), strict=True):
        records = list(data.records(split))
        assert (
            sum(len(record.sequence) for record in records) if name in ("markov", "hmm") else len(records)
        ) == wanted
        known = data.known(split)
        assert known is not None
        assert known.optimum["loss"] < known.chance["loss"]


@pytest.mark.parametrize("language", ["pt", "en"])
def test_of_order_counts_tell_exactly_nothing_and_the_sentence_all(language: Any, tmp_path: Path) -> None:
    made = write_order(tmp_path, 0, language=language)
    seen: set[str] = set()
    for split, size in zip(SPLITS, (4000, 1000, 1000), strict=True):
        found = rows(tmp_path, split)
        texts, labels = [row["text"] for row in found], [row["label"] for row in found]
        assert Counter(labels) == {"positive": size // 2, "negative": size // 2}
        assert best_share([bag(text) for text in texts], labels) == 0.5
        assert best_share([tuple(sorted(text)) for text in texts], labels) == 0.5  # nor do counts of letters
        assert best_share([text.split()[0] for text in texts], labels) < 0.6
        assert len(set(texts)) == size
        assert seen.isdisjoint(texts)
        seen.update(texts)
    assert made.known["test"].chance == {"loss": math.log(2), "accuracy": 0.5}


def test_a_twin_is_the_same_sentence_with_its_judgements_exchanged(tmp_path: Path) -> None:
    write_order(tmp_path, 0, size=400)
    found = rows(tmp_path, "train")
    for one, two in zip(found[::2], found[1::2], strict=True):
        differ = [pair for pair in zip(one["text"].split(), two["text"].split(), strict=True) if pair[0] != pair[1]]
        assert len(differ) == 2
        assert differ[0] == differ[1][::-1]
        assert {one["label"], two["label"]} == {"positive", "negative"}


def test_a_grammar_that_is_used_up_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = made_order._LANGUAGES["en"]._replace(
        good=("good",), bad=("bad",), people=("so",), deeds=("",), times=("",), things=(("it",), ("this",))
    )
    monkeypatch.setitem(made_order._LANGUAGES, "en", small)
    with pytest.raises(ConfigError, match="fewer than 600 sentences"):
        write_order(tmp_path, 0, language="en", size=400)


def test_order_is_the_lectures_example_among_others(tmp_path: Path) -> None:
    write_order(tmp_path, 0, size=4000)
    for label, holds in (("positive", "boa"), ("negative", "ruim")):
        texts = [row["text"] for row in rows(tmp_path, "train") if row["label"] == label]
        assert any(re.search(rf"estava( \w+)? {holds} , nada", text) for text in texts)
    lengths = {len(row["text"].split()) for row in rows(tmp_path, "train")}
    assert min(lengths) < 10 and max(lengths) > 28


@pytest.mark.parametrize("language", ["pt", "en"])
@pytest.mark.parametrize("lag", [8, 9, 12, 13, 15, 20, 21, 60])
def test_the_country_is_exactly_so_many_words_before_the_end(lag: int, language: Any, tmp_path: Path) -> None:
    data = TextData(path=f"made:memory,lag={lag},language={language},size=200", task="classify", tokens="words")
    birth = {"pt": ["Nasci"], "en": ["I", "was", "born"]}[language]
    for record in data.records("train"):
        words = record.sequence.split()
        assert words[: len(birth)] == birth
        assert len(words) == len(birth) + 2 + lag  # a preposition and the country
        assert len(data.codec.encode(record.sequence)) == len(words) if data.setup() is None else False


@pytest.mark.parametrize("language", ["pt", "en"])
@pytest.mark.parametrize(("lag", "num_countries"), [(8, 8), (30, 8), (30, 20), (12, 2)])
def test_of_memory_counts_tell_at_most_half(lag: int, num_countries: int, language: Any, tmp_path: Path) -> None:
    made = write_memory(tmp_path, 0, lag=lag, num_countries=num_countries, language=language, size=1520)
    for split in SPLITS:
        found = rows(tmp_path, split)
        assert best_share([bag(row["text"]) for row in found], [row["label"] for row in found]) == 0.5
        # The words up to the country of birth tell all.
        begin = 5 if language == "en" else 3
        assert best_share([tuple(row["text"].split()[:begin]) for row in found], [r["label"] for r in found]) == 1.0
    assert made.known["test"].chance == {"loss": math.log(num_countries), "accuracy": 1 / num_countries}


@pytest.mark.parametrize("language", ["pt", "en"])
@pytest.mark.parametrize("lag", [24, 26, 29, 50])
def test_disguised_countries_are_told_apart_by_no_phrase_of_seven_words(
    lag: int, language: Any, tmp_path: Path
) -> None:
    write_memory(tmp_path, 0, lag=lag, language=language, disguise=True, size=560)
    found = rows(tmp_path, "train")
    labels = [row["label"] for row in found]
    texts = [row["text"].split() for row in found]
    birth = 1 if language == "pt" else 3
    assert {len(words) - lag for words in texts} == {birth + 8}  # ", p p p p , in X" follows "Nasci"
    for length, most in ((1, 0.5), (2, 0.5), (7, 0.5), (12, 1.0)):
        counts = [
            tuple(sorted(tuple(words[n : n + length]) for n in range(len(words) - length + 1))) for words in texts
        ]
        assert best_share(counts, labels) == most


def test_a_twin_of_memory_differs_in_nothing_but_the_places_of_two_countries(tmp_path: Path) -> None:
    write_memory(tmp_path, 0, lag=40, size=560)
    found = rows(tmp_path, "train")
    for one, two in zip(found[::2], found[1::2], strict=True):
        places = [re.findall(r"n[ao] [A-Z]\w+", row["text"]) for row in (one, two)]
        assert len(places[0]) == 2
        assert places[0] == places[1][::-1]
        assert re.sub(r"n[ao] [A-Z]\w+", "X", one["text"]) == re.sub(r"n[ao] [A-Z]\w+", "X", two["text"])
        assert one["label"] != two["label"]


def test_each_country_follows_each_other_one_equally_often(tmp_path: Path) -> None:
    # 280 pairs of twins are ten times the 28 ways to choose two of eight: so the second country leaves the other
    # seven equally likely, and who sees only that is right once in seven.
    write_memory(tmp_path, 0, lag=40, size=560)
    found = rows(tmp_path, "train")
    meetings = Counter(tuple(re.findall(r"n[ao] ([A-Z]\w+)", row["text"])) for row in found)
    assert len(meetings) == 56
    assert set(meetings.values()) == {10}
    seconds = [re.findall(r"n[ao] ([A-Z]\w+)", row["text"])[1] for row in found]
    assert best_share(seconds, [row["label"] for row in found]) == pytest.approx(1 / 7)


def test_the_words_after_the_country_tell_nothing_of_it(tmp_path: Path) -> None:
    """Mutual information of label and word at each of the last places, against labels dealt out anew."""
    lag = 40
    write_memory(tmp_path, 0, lag=lag, size=5600)
    found = rows(tmp_path, "train")
    tails = [re.sub(r"n[ao] [A-Z]\w+", "P C", row["text"]).split()[-lag:] for row in found]
    columns = [np.unique(np.array(column), return_inverse=True)[1] for column in zip(*tails, strict=True)]
    labels = np.unique(np.array([row["label"] for row in found]), return_inverse=True)[1]

    def information(target: np.ndarray) -> float:
        return sum(_mutual_information(column, target) for column in columns)

    random = np.random.default_rng(0)
    by_chance = [information(random.permutation(labels)) for _ in range(20)]
    assert information(labels) < max(by_chance)
    # The measure does find what is there: a word that gives the label away in one record of three.
    marked = [np.where(random.random(len(labels)) < 0.3, labels, 0), *columns[1:]]
    assert sum(_mutual_information(column, labels) for column in marked) > max(by_chance)


def _mutual_information(one: np.ndarray, two: np.ndarray) -> float:
    joint = np.zeros((one.max() + 1, two.max() + 1))
    np.add.at(joint, (one, two), 1 / len(one))
    independent = joint.sum(1, keepdims=True) * joint.sum(0)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / independent[seen])).sum())


def test_long_lives_are_in_one_split_only(tmp_path: Path) -> None:
    write_memory(tmp_path, 0, lag=20)
    texts = [row["text"] for split in SPLITS for row in rows(tmp_path, split)]
    assert len(set(texts)) == len(texts) == 6000


def test_the_optimum_of_copy_by_hand(tmp_path: Path) -> None:
    # "ab---:ab" and its line end are nine characters, so eight targets. Of these only the second letter is not
    # certain: ln 2 nats of eight targets. Who does not remember guesses the two at the end as well.
    made: Made = MADE["copy"].write(tmp_path, 0, blanks=3, copied=2, symbols=2, size=8)
    assert made.known["valid"].optimum == {"loss": pytest.approx(math.log(2) / 8)}
    assert made.known["valid"].chance == {"loss": pytest.approx(3 * math.log(2) / 8)}
    texts = [row["text"] for row in rows(tmp_path, "train")]
    assert len(texts) == 8
    assert all(re.fullmatch(r"([ab]{2})---:\1", text) for text in texts)


def num_scored(data: TextData) -> int:
    return sum(int((batch.targets != IGNORED).sum()) for batch in data.loader("valid"))


def test_the_figures_are_of_just_the_targets_that_a_model_is_scored_on() -> None:
    assert num_scored(TextData(path="made:copy,blanks=7,copied=3,size=40")) == 10 * (2 * 3 + 7 + 1)
    assert num_scored(TextData(path="made:markov,size=4000")) == 999


@pytest.mark.parametrize("tokens", ["words", "bpe"])
def test_figures_of_letters_say_nothing_of_words_and_byte_pairs(tokens: Any) -> None:
    for path in ("made:copy,size=40", "made:markov,size=400"):
        assert TextData(path=path, tokens=tokens).known("valid") is None
        assert TextData(path=path, tokens="bytes").known("valid") is not None
    assert TextData(path="made:order,size=40", task="classify", tokens=tokens).known("valid") is not None


def test_the_markov_optimum_against_a_loop_over_the_letters(tmp_path: Path) -> None:
    made: Made = MADE["markov"].write(tmp_path, 0, order=1, symbols=3, size=200)
    facts = json.loads((tmp_path / "chain.json").read_text())
    chances, text = np.array(facts["transitions"]), (tmp_path / "valid.txt").read_text()
    assert len(text) == 50
    path = [facts["letters"].index(letter) for letter in text]
    nats = [-math.log(chances[one, two]) for one, two in pairwise(path)]
    right = [chances[one].argmax() == two for one, two in pairwise(path)]
    assert made.known["valid"].optimum == {
        "loss": pytest.approx(sum(nats) / 49),
        "accuracy": pytest.approx(sum(right) / 49),
    }
    values, vectors = np.linalg.eig(chances.T)
    share = np.real(vectors[:, np.argmax(np.real(values))])
    rate = -(share / share.sum()) @ (chances * np.log(chances)).sum(1)
    assert facts["entropy_rate"] == pytest.approx(rate)
    assert made.known["train"].optimum["loss"] != made.known["valid"].optimum["loss"]


def test_the_hmm_optimum_against_a_sum_over_all_paths(tmp_path: Path) -> None:
    made: Made = MADE["hmm"].write(tmp_path, 1, states=2, symbols=3, concentration=1.0, stay=0.7, size=36)
    facts = json.loads((tmp_path / "chain.json").read_text())
    moves, emits = np.array(facts["transitions"]), np.array(facts["emissions"])
    letters = [facts["letters"].index(letter) for letter in (tmp_path / "valid.txt").read_text()]
    assert len(letters) == 9

    def probability(symbols: list[int]) -> float:
        total = 0.0
        for states in product(range(2), repeat=len(symbols)):
            chance = 0.5 * emits[states[0], symbols[0]]  # both states are equally frequent: they last equally long
            for before, state, symbol in zip(states, states[1:], symbols[1:], strict=False):
                chance *= moves[before, state] * emits[state, symbol]
            total += chance
        return total

    nats = -math.log(probability(letters) / probability(letters[:1])) / 8
    assert made.known["valid"].optimum["loss"] == pytest.approx(nats)
    assert abs(facts["entropy_rate"] - made.known["train"].optimum["loss"]) < 0.5


@pytest.mark.parametrize(
    ("path", "task", "what"),
    [
        ("made:order,language=fr", "classify", "language is 'fr'"),
        ("made:order,size=7", "classify", "size is 7"),
        ("made:memory,lag=7", "classify", "lag is 7"),
        ("made:memory,lag=23,disguise=true", "classify", "lag is 23"),
        ("made:memory,num_countries=21", "classify", "num_countries is 21"),
        ("made:memory", "next_step", "not made for task"),
        ("made:copy,blanks=0", "next_step", "blanks is 0"),
        ("made:markov,symbols=27", "next_step", "symbols is 27"),
        ("made:markov,order=9", "next_step", "order is 9"),
        ("made:hmm,stay=1", "next_step", "stay is 1"),
    ],
)
def test_an_option_that_cannot_be_is_refused(path: str, task: Any, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        TextData(path=path, task=task).path  # noqa: B018


@pytest.mark.parametrize(
    ("options", "span"),
    [
        ({}, "38 characters"),
        ({"tokens": "bytes"}, "38 bytes"),
        ({"tokens": "words"}, "38 words"),
        ({"tokens": "bpe"}, "38 tokens"),
        ({"task": "tag"}, "38 tokens"),
    ],
)
def test_a_span_is_told_in_the_unit_of_a_step(options: dict[str, Any], span: str) -> None:
    assert TextData(**options).describe_span(37.6) == span
    assert TextData(**options).describe_span(1) == span.replace("38", "1").removesuffix("s")


@pytest.mark.filterwarnings("ignore:Experiment logs directory")
@pytest.mark.parametrize("source", ["order,size=200", "memory,size=224", "memory,lag=30,disguise=true,size=224"])
def test_a_bag_of_words_is_right_on_half_of_the_twins_at_most(source: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"pooling": "last", "bidirectional": False, "dropout": 0.0, "learning_rate": 0.02}
    run = seqkit.fit(
        "text", path=f"made:{source}", run=str(tmp_path / "run"), quiet=True, accelerator="cpu",
        task="classify", cell="bag", max_epochs=2, **options,
    )  # fmt: skip
    figures = run.test()
    assert figures["accuracy"] <= 0.5
    assert figures["loss"] >= math.log(2) - 1e-6


@pytest.mark.filterwarnings("ignore:Experiment logs directory")
@pytest.mark.parametrize("source", ["markov,order=1,symbols=4", "hmm"])
def test_a_small_budget_comes_within_three_percent_of_the_entropy(source: str, tmp_path: Path) -> None:
    # 0.6 % and 1.0 % with seed 0: what fails here has broken the trainer.
    run = seqkit.fit(
        "text", path=f"made:{source},size=40000", run=str(tmp_path / "run"), quiet=True, accelerator="cpu",
        hidden_size=32, learning_rate=0.01, batch_size=8, window=64, max_epochs=3,
    )  # fmt: skip
    known, loss = run.result["known"], run.result["metrics"]["loss"]
    share = (loss - known["optimum"]["loss"]) / (known["chance"]["loss"] - known["optimum"]["loss"])
    assert -0.01 < share < 0.03
