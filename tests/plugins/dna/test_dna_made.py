"""Made genomes and made memory: what is known of them against sums by hand, and against what the loader scores."""

import itertools
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from Bio.Seq import Seq

from seqkit import IGNORED, ConfigError, Made, MarkovChain
from seqkit.lecture.sources.optimum import describe_gap, gap_share
from seqkit_dna.data import DnaData
from seqkit_dna.made import both_strands, known_bases, write_hmm, write_markov
from seqkit_dna.made_memory import MOTIFS, write_memory

SMALL = {"train_bases": 6_000, "held_out_bases": 2_500, "record_bases": 1_200}


def letters_of(path: Path) -> list[str]:
    """The sequence of each record of a FASTA file."""
    return ["".join(record.splitlines()[1:]) for record in path.read_text().split(">")[1:]]


def data_of(folder: Path, made: Made, task: str = "next_step", **options: Any) -> DnaData:
    def there(split: Any) -> list[str]:
        entries = made.paths[split]
        entries = [entries] if isinstance(entries, str) else entries or []
        return [
            f"{e.partition('=')[0]}={folder / e.partition('=')[2]}" if "=" in e else str(folder / e) for e in entries
        ]

    paths = {"valid_path": there("valid"), "test_path": there("test")}
    data: DnaData = DnaData(there("train"), task, **paths, **options)
    return data


def scored_pairs(data: DnaData, split: Any) -> Counter[tuple[int, int]]:
    """How often each (base, base that is to be predicted after it) comes in the batches of a split."""
    pairs: Counter[tuple[int, int]] = Counter()
    for batch in data.loader(split):
        scored = batch.targets != IGNORED
        pairs.update(zip(batch.inputs[scored].tolist(), batch.targets[scored].tolist(), strict=True))
    return pairs


def test_words_are_as_frequent_as_their_reverse_complements() -> None:
    chain = both_strands(MarkovChain.random(4, 2, 0.3, np.random.default_rng(0)))
    for length in (1, 3, 4):
        for word in itertools.product(range(4), repeat=length):
            other = [3 - base for base in reversed(word)]
            assert chain.nll(np.array(word)).sum() == pytest.approx(chain.nll(np.array(other)).sum())


def test_both_strands_have_the_mean_of_the_words_of_each() -> None:
    chain = MarkovChain.random(4, 1, 0.3, np.random.default_rng(0))
    word, other = np.array([0, 1]), np.array([2, 3])  # AC and GT
    mean = (math.exp(-chain.nll(word).sum()) + math.exp(-chain.nll(other).sum())) / 2
    assert math.exp(-both_strands(chain).nll(word).sum()) == pytest.approx(mean)


@pytest.mark.parametrize("write", [write_markov, write_hmm])
def test_the_same_seed_writes_the_same_bytes(write: Any, tmp_path: Path) -> None:
    made = []
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        (tmp_path / name).mkdir()
        made.append(write(tmp_path / name, seed, **SMALL))
    files = [
        [(tmp_path / name / file).read_bytes() for file in made[0].paths.values()] for name in ("one", "two", "three")
    ]
    assert files[0] == files[1]
    assert files[0] != files[2]
    assert made[0] == made[1]
    assert made[0].known["valid"] != made[0].known["test"]


@pytest.mark.parametrize("options", [{}, {"reverse_complement": False}, {"ambiguous": "error"}, {"ambiguous": "skip"}])
def test_what_is_known_is_of_just_the_bases_that_are_scored(options: dict[str, Any], tmp_path: Path) -> None:
    # Of order 1, so that the base before each target is all that the source looks at.
    made = write_markov(tmp_path, 5, order=1, **SMALL)
    data = data_of(tmp_path, made, window=128, batch_size=2, **options)
    pairs = scored_pairs(data, "valid")
    assert pairs.total() == 2 * (1_200 - 1)
    random = np.random.default_rng(5)
    chain = both_strands(MarkovChain.random(4, 1, 0.3, random))
    nats = sum(-math.log(chain.transitions[pair]) * count for pair, count in pairs.items()) / pairs.total()
    assert made.known["valid"].optimum["loss"] == pytest.approx(nats)
    right = sum(count for (before, after), count in pairs.items() if chain.transitions[before].argmax() == after)
    assert made.known["valid"].optimum["accuracy"] == pytest.approx(right / pairs.total())
    chance = sum(-math.log(chain.frequencies[after]) * count for (_, after), count in pairs.items()) / pairs.total()
    assert made.known["valid"].chance["loss"] == pytest.approx(chance)


def test_known_figures_follow_from_the_chain_by_hand() -> None:
    # A is followed by C with 3/4, C by A always; A and C have 4/7 and 3/7 of all places.
    chain = MarkovChain(np.array([[0.25, 0.75, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]))
    known = known_bases(chain, [np.array([0, 0, 1, 0]), np.array([1, 0])])
    assert known.optimum["loss"] == pytest.approx((math.log(4) + math.log(4 / 3)) / 4)
    assert known.optimum["accuracy"] == pytest.approx(3 / 4)
    assert known.chance["loss"] == pytest.approx((3 * math.log(7 / 4) + math.log(7 / 3)) / 4)
    assert known.chance["accuracy"] == pytest.approx(3 / 4)


@pytest.mark.parametrize("order", [0, 2, 5])
def test_a_file_of_any_order_comes_near_the_entropy_rate(order: int, tmp_path: Path) -> None:
    made = write_markov(tmp_path, 1, order=order, train_bases=200_000, held_out_bases=20_000)
    random = np.random.default_rng(1)
    chain = both_strands(MarkovChain.random(4, order, 0.3, random))
    assert made.known["train"].optimum["loss"] == pytest.approx(chain.entropy_rate, abs=0.01)
    gained = made.known["train"].chance["loss"] - made.known["train"].optimum["loss"]
    assert gained == pytest.approx(0, abs=1e-9) if order == 0 else gained > 0.1


def test_a_source_without_memory_leaves_no_share_to_speak_of(tmp_path: Path) -> None:
    known = write_markov(tmp_path, 1, order=0, **SMALL).known["valid"]
    result = {"metrics": {"loss": 1.4}, "known": {"optimum": known.optimum, "chance": known.chance, "unit": "bits"}}
    assert math.isnan(gap_share(result))
    assert describe_gap(result) == ""


def test_islands_are_rich_in_cpg_and_what_is_between_is_not(tmp_path: Path) -> None:
    made = write_hmm(tmp_path, 2, train_bases=100_000, held_out_bases=20_000)
    bases = "".join(letters_of(tmp_path / "train.fa"))
    stretches = [bases[n : n + 100] for n in range(0, len(bases), 100)]
    shares = np.array([s.count("G") + s.count("C") for s in stretches]) / 100
    rich, poor = (
        "".join(s for s, share in zip(stretches, shares, strict=True) if share > 0.6),
        "".join(s for s, share in zip(stretches, shares, strict=True) if share < 0.4),
    )
    ratios = [text.count("CG") * len(text) / (text.count("C") * text.count("G")) for text in (rich, poor)]
    assert ratios[0] > 1
    assert ratios[1] < 0.3
    assert 0.15 < len(rich) / len(bases) < 0.35  # 300 of 1,200
    assert made.known["train"].optimum["loss"] < made.known["train"].chance["loss"] - 0.1
    assert bases.count("CG") / str(Seq(bases).reverse_complement()).count("CG") == pytest.approx(1)  # type: ignore[no-untyped-call]
    assert bases.count("AC") / bases.count("GT") == pytest.approx(1, abs=0.05)


def test_steps_that_are_not_bases_have_no_known_optimum(tmp_path: Path) -> None:
    assert DnaData("made:markov,order=1").known("valid") is not None
    assert DnaData("made:markov,order=1").known("train") is None  # read from both strands
    assert DnaData("made:markov,order=1", reverse_complement=False).known("train") is not None
    assert DnaData("made:markov,order=1", k=3).known("valid") is None


@pytest.fixture
def memory(tmp_path: Path) -> tuple[Path, Made]:
    return tmp_path, write_memory(tmp_path, 7, lag=23, gap=11, train_records=60, held_out_records=20)


def test_a_record_is_gap_motif_gap_motif_lag(memory: tuple[Path, Made]) -> None:
    folder, made = memory
    for entry in made.paths["train"] or []:
        first, _, file = entry.partition("=")
        other = MOTIFS[1 - MOTIFS.index(first)]
        found = letters_of(folder / file)
        assert len(found) == 30
        assert len(set(found)) == 30
        assert all(bases[11:23] == first and bases[34:46] == other and len(bases) == 69 for bases in found)


def test_counts_tell_nothing_of_the_class(tmp_path: Path) -> None:
    made = write_memory(tmp_path, 0, lag=10, gap=20, train_records=4_000, held_out_records=2)
    words: list[Counter[str]] = []
    for entry in made.paths["train"] or []:
        count: Counter[str] = Counter()
        for bases in letters_of(tmp_path / entry.partition("=")[2]):
            count.update(bases[n : n + 4] for n in range(len(bases) - 3))
        words.append(count)
    for word in words[0] | words[1]:
        one, two = words[0][word], words[1][word]
        assert abs(one - two) < 5 * math.sqrt(one + two + 1), word


def test_memory_is_read_as_records_of_exactly_so_many_steps(memory: tuple[Path, Made]) -> None:
    folder, made = memory
    data = data_of(folder, made, "classify")
    data.setup("fit")
    batch = next(iter(data.loader("valid")))
    assert set(batch.lengths.tolist()) == {2 * (11 + 12) + 23}
    assert torch.bincount(batch.targets[:, 0]).tolist() == [10, 10]
    assert made.known["valid"].optimum == {"loss": 0.0, "accuracy": 1.0}
    assert made.known["valid"].chance == {"loss": math.log(2), "accuracy": 0.5}


@pytest.mark.parametrize(
    ("write", "options", "message"),
    [
        (write_markov, {"order": 6}, "order is 6"),
        (write_markov, {"record_bases": 1}, "records of 1 bases"),
        (write_markov, {"held_out_bases": 100}, "files of 1000000 and 100"),
        (write_hmm, {"island_gc": 1.0}, "share of G and C of 1"),
        (write_hmm, {"between_bases": 0}, "between_bases is 0"),
        (write_memory, {"lag": -1}, "lag is -1"),
        (write_memory, {"held_out_records": 1}, "held_out_records is 1"),
    ],
)
def test_options_that_make_no_data_are_refused(
    write: Any, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        write(tmp_path, 0, **options)


def test_spans_are_base_pairs() -> None:
    assert DnaData().describe_span(120) == "120 bp"
    assert DnaData(k=3).describe_span(1_234.4) == "3,703 bp"
    assert DnaData().describe_span(24_600) == "24.6 kb"
