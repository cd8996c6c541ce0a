"""Which record belongs to which split."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seqkit import ConfigError, Record, Split
from seqkit.data.splits import HoldOut, cut_stream, select_records, stream_length

SPLITS: tuple[Split, ...] = ("train", "valid", "test")


def many(count: int, file: str = "genes.fa") -> list[Record]:
    return [Record("x", origin=f"{file}:{n}") for n in range(count)]


def select(records: list[Record], **rules: Any) -> dict[str, list[str]]:
    return {s: [r.origin for r in select_records(records, s, HoldOut(**rules))] for s in SPLITS}


def cut(read: Callable[[], list[Record]], **rules: Any) -> dict[str, list[Record]]:
    return {s: list(cut_stream(read, s, HoldOut(**rules))) for s in SPLITS}


def test_each_record_falls_to_one_split_in_about_the_asked_shares() -> None:
    parts = select(many(4000), valid_fraction=0.2, test_fraction=0.05)
    assert sorted(origin for part in parts.values() for origin in part) == sorted(r.origin for r in many(4000))
    assert len(parts["valid"]) == pytest.approx(800, abs=80)
    assert len(parts["test"]) == pytest.approx(200, abs=45)


def test_the_split_is_the_same_on_every_machine_and_does_not_depend_on_other_files() -> None:
    # Golden: blake2b of "genes.fa\0n"; a change here moves records of all users between splits.
    parts = select(many(30))
    assert [o.partition(":")[2] for o in parts["test"]] == ["22", "28"]
    assert [o.partition(":")[2] for o in parts["valid"]] == ["3", "7", "24"]
    mixed = select(many(5, "other.fa") + many(30))
    assert [o for o in mixed["test"] if o.startswith("genes")] == parts["test"]


def test_raising_the_validation_share_leaves_the_test_records_alone() -> None:
    one, other = select(many(500)), select(many(500), valid_fraction=0.3)
    assert one["test"] == other["test"] and set(one["valid"]) < set(other["valid"])


def test_every_nth_record_of_each_file_is_test() -> None:
    records = many(7, "a.fa") + many(5, "b.fa")
    parts = select(records, test_every=3, valid_fraction=0.0)
    assert parts["test"] == ["a.fa:0", "a.fa:3", "a.fa:6", "b.fa:0", "b.fa:3"]
    assert len(parts["train"]) == 7 and not parts["valid"]


def test_origins_that_match_are_test_and_no_others() -> None:
    records = [Record("x", origin=f"zip:{n}_{who}_0.wav") for n in range(40) for who in ("theo", "yweweler")]
    parts = select(records, test_match="_theo_", valid_fraction=0.25)
    assert len(parts["test"]) == 40 and all("_theo_" in o for o in parts["test"])
    assert parts["valid"] and not any("_theo_" in o for o in parts["valid"] + parts["train"])


def test_splits_with_their_own_path_take_nothing_from_the_rest() -> None:
    parts = select(many(300), valid_given=True, test_given=True)
    assert len(parts["train"]) == 300


def test_the_end_of_a_stream_is_held_out_and_the_record_on_a_cut_is_divided() -> None:
    texts = ["abcde", "fghijk", "lmnopqrst"]  # 20 steps: 14 train, 4 valid, 2 test
    records = [Record(t, origin=f"t:{n}") for n, t in enumerate(texts)]
    parts = cut(lambda: records, valid_fraction=0.2, test_fraction=0.1)
    assert [r.sequence for r in parts["train"]] == ["abcde", "fghijk", "lmn"]
    assert [r.sequence for r in parts["valid"]] == ["opqr"]
    assert [r.sequence for r in parts["test"]] == ["st"]
    assert parts["test"][0].origin == "t:2"


def test_a_block_that_is_cut_begins_anew_and_one_that_is_not_goes_on() -> None:
    blocks = [Record("abcd", origin="t:0"), *(Record(t, origin="t:0", continues=True) for t in ("efgh", "ijkl"))]
    parts = cut(lambda: blocks, valid_fraction=0.5, test_fraction=0.0)
    assert [(r.sequence, r.continues) for r in parts["train"]] == [("abcd", False), ("ef", True)]
    assert [(r.sequence, r.continues) for r in parts["valid"]] == [("gh", False), ("ijkl", True)]


def test_records_that_a_rule_makes_test_leave_the_stream_whole() -> None:
    records = [Record(c * 4, origin=f"t:{n}") for n, c in enumerate("abcdef")]
    parts = cut(lambda: records, test_every=3, valid_fraction=0.25)
    assert [r.sequence for r in parts["test"]] == ["aaaa", "dddd"]
    assert "".join(r.sequence for r in parts["train"]) == "bbbbcccceeee"
    assert "".join(r.sequence for r in parts["valid"]) == "ffff"


def test_a_stream_is_read_anew_and_never_held() -> None:
    alive = 0

    def read() -> Iterator[Record]:
        nonlocal alive
        for n in range(10):
            alive += 1
            yield Record("abc", origin=f"t:{n}")

    next(cut_stream(read, "train", HoldOut()))
    assert alive == 11  # once to measure, then one record


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"valid_fraction": 1.0}, "valid_fraction is 1.0"),
        ({"test_fraction": -0.1}, "test_fraction is -0.1"),
        ({"valid_fraction": 0.5, "test_fraction": 0.5}, "leave nothing to train on"),
        ({"test_every": 1}, "test_every is 1"),
        ({"test_match": "("}, "not a regular expression"),
    ],
)
def test_impossible_rules_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HoldOut(**rules)


def test_the_rules_are_told_in_words() -> None:
    valid, test = HoldOut(test_every=5, valid_fraction=0.25).describe(False).split(" · ")
    assert "25%" in valid and "multiple of 5" in test
    valid, test = HoldOut(valid_given=True).describe(True).split(" · ")
    assert valid == "validation: its own path" and "10% (the end)" in test


@pytest.mark.parametrize("stream", [True, False])
def test_an_expression_that_finds_no_record_is_refused_before_training(stream: bool) -> None:
    records = [Record("abc", origin=f"r.zip:{n}.wav") for n in range(4)]
    rule = HoldOut(test_match="^1")
    with pytest.raises(ConfigError, match=r"'\^1' finds none of the records(.|\n)*such as 'r\.zip:0\.wav'"):
        list(cut_stream(lambda: records, "train", rule) if stream else select_records(records, "train", rule))


def test_what_a_rule_takes_out_beside_a_test_path_is_said_to_be_in_no_split() -> None:
    records = [Record("x", origin=f"{name}:1") for name in "abc"]
    rules: dict[str, Any] = {"test_given": True, "test_match": "^b", "valid_fraction": 0.0}
    chosen = select(records, **rules)
    assert chosen["train"] == ["a:1", "c:1"] and chosen["valid"] == []
    assert HoldOut(**rules).describe(False).endswith("test: its own path; in no split: origins matching '^b'")
    assert HoldOut(test_given=True).describe(False).endswith("test: its own path")


def test_a_measured_stream_is_read_once_and_only_as_far_as_its_split() -> None:
    records = [Record("a" * 10, origin=f"f:{number}") for number in range(10)]
    calls, seen = 0, 0

    def read() -> Iterator[Record]:
        nonlocal calls, seen
        calls += 1
        for record in records:
            seen += 1
            yield record

    rule = HoldOut(valid_fraction=0.2, test_fraction=0.2)
    total = stream_length(records, rule)
    parts = {split: "".join(r.sequence for r in cut_stream(read, split, rule, total)) for split in SPLITS}
    assert {split: len(part) for split, part in parts.items()} == {"train": 60, "valid": 20, "test": 20}
    assert calls == 3 and seen == 7 + 9 + 10  # one record beyond each cut shows that the split is over


def test_a_stream_of_which_nothing_is_held_out_needs_no_measuring() -> None:
    calls = 0

    def read() -> Iterator[Record]:
        nonlocal calls
        calls += 1
        yield from (Record("ab", origin="f:0"), Record("", origin="f:1"), Record("c", origin="f:2"))

    rule = HoldOut(valid_fraction=0.0, test_fraction=0.0)
    assert [r.sequence for r in cut_stream(read, "train", rule)] == ["ab", "c"] and calls == 1
