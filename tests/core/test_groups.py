"""Groups of records and folds as rules of the split, and figures of each group."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import seqkit
from seqkit import ConfigError, Domain, Record, Split
from seqkit.data.cache import fingerprint
from seqkit.data.groups import fold_of, group_of, parse_fold, require_groups
from seqkit.data.splits import HoldOut, cut_stream, select_records
from seqkit.training.answers import Answers
from seqkit.training.evaluation import _group_detail
from seqkit.training.group_figures import group_rows

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
SPEAKERS = r"_([a-z]+)_\d+"
TINY: dict[str, Any] = {"task": "classify", "hidden_size": 8, "max_epochs": 1, "accelerator": "cpu"}


def clips() -> list[Record]:
    return [Record("abcd", origin=f"r.zip:{n}_{who}_{n}.wav") for n in range(60) for who in ("theo", "lucas", "george")]


def select(records: list[Record], **rules: Any) -> dict[str, list[str]]:
    return {s: [r.origin for r in select_records(records, s, HoldOut(**rules))] for s in SPLITS}


def test_the_first_group_of_the_expression_is_the_name_else_all_it_finds() -> None:
    assert group_of("r.zip:7_theo_3.wav", SPEAKERS) == "theo"
    assert group_of("chr12.fa:9", r"^chr\w+") == "chr12"
    assert group_of("7.wav", SPEAKERS) is None and group_of("7.wav", None) is None


def test_a_group_is_the_test_split_and_validation_comes_from_the_others() -> None:
    parts = select(clips(), group_match=SPEAKERS, test_group="theo", valid_fraction=0.25)
    assert len(parts["test"]) == 60 and all("_theo_" in origin for origin in parts["test"])
    assert 15 < len(parts["valid"]) < 50
    assert not any("_theo_" in origin for origin in parts["valid"] + parts["train"])
    assert len({o for part in parts.values() for o in part}) == 180


def test_folds_are_disjoint_cover_everything_and_do_not_depend_on_validation() -> None:
    records = [Record("x", origin=f"genes.fa:{n}") for n in range(1000)]
    tests = [set(select(records, fold=f"{k}/5")["test"]) for k in range(1, 6)]
    assert sum(map(len, tests)) == 1000 and len(set().union(*tests)) == 1000
    assert all(150 < len(part) < 250 for part in tests)
    parts = select(records, fold="2/5", valid_fraction=0.2)
    assert set(parts["test"]) == tests[1] and len(parts["valid"]) == pytest.approx(160, abs=40)
    whole = set(select(records, valid_fraction=0.2, test_fraction=0.0)["valid"])
    assert set(parts["valid"]) == whole - tests[1]


def test_folds_are_the_same_on_every_machine() -> None:
    # Golden: blake2b of "genes.fa\0n" with the salt "fold"; a change here moves records between folds.
    assert [fold_of("genes.fa:b1", n, 4) for n in range(12)] == [4, 4, 1, 3, 1, 1, 3, 1, 2, 1, 4, 1]


def test_whole_records_of_a_stream_can_be_a_group_or_a_fold() -> None:
    records = [Record("abc", origin=f"{who}.txt:{n}") for n in range(8) for who in ("one", "two")]
    test = list(cut_stream(lambda: records, "test", HoldOut(group_match=r"^\w+", test_group="two")))
    assert len(test) == 8 and all(record.origin.startswith("two") for record in test)
    train = list(cut_stream(lambda: records, "train", HoldOut(fold="1/2", valid_fraction=0.0)))
    assert 0 < len(train) < 16


@pytest.mark.parametrize("fold", ["0/3", "4/3", "1/1", "3", "a/b", "1/2/3", ""])
def test_folds_that_do_not_exist_are_refused(fold: str) -> None:
    with pytest.raises(ConfigError, match="fold is"):
        parse_fold(fold)
    with pytest.raises(ConfigError, match="fold is"):
        HoldOut(fold=fold)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"fold": "1/3", "test_every": 5}, "test_every and fold both say"),
        ({"group_match": "x", "test_group": "a", "test_match": "b"}, "test_match and test_group both say"),
        ({"test_group": "a"}, "nothing says what a group is"),
        ({"group_match": "("}, "not a regular expression"),
    ],
)
def test_rules_that_contradict_each_other_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HoldOut(**rules)


@pytest.mark.parametrize(
    ("pattern", "group", "message"),
    [
        (SPEAKERS, "teo", r"no record is of group 'teo'(.|\n)*did you mean 'theo'"),
        (r"(\d\d\d\d)", "theo", "finds none of the records"),
        (r"(\.zip)", ".zip", r"names one group only, '\.zip'"),
    ],
)
def test_groups_that_divide_nothing_are_refused(pattern: str, group: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        select(clips(), group_match=pattern, test_group=group)


def test_a_fold_without_records_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"fold 2/2 holds none of the records|fold 1/2 holds none"):
        for k in (1, 2):
            select([Record("x", origin="a.txt:0")], fold=f"{k}/2")


def test_all_groups_are_named_in_order() -> None:
    assert require_groups((r.origin for r in clips()), SPEAKERS) == ["george", "lucas", "theo"]


def test_the_rule_is_told_in_words() -> None:
    assert "test: group 'theo'" in HoldOut(group_match="x", test_group="theo").describe(False)
    assert "test: fold 3 of 10" in HoldOut(fold="3/10").describe(False)


def test_naming_groups_encodes_nothing_anew(melody: Domain, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("up:abc\ndown:cba\n")
    path = str(tmp_path / "a.txt")
    plain, named, held = (
        melody.datamodule(path, task="classify", **rules)
        for rules in ({}, {"group_match": "x"}, {"group_match": "x", "test_group": "y"})
    )
    for data in (plain, named, held):
        data.target_codec.restore({"labels": ["down", "up"]})
    assert fingerprint(plain, "test") == fingerprint(named, "test") != fingerprint(held, "test")


def test_the_worst_group_comes_first_and_records_without_one_are_kept() -> None:
    origins = ["x:a1", "x:a2", "x:b1", "x:-", "x:b2"]
    rows = group_rows(origins, np.array([1.0, 1.0, 0.0, 1.0, 1.0]), r"([ab])\d", "accuracy")
    assert rows == [
        {"group": "b", "accuracy": 0.5, "records": 2},
        {"group": "(none)", "accuracy": 1.0, "records": 1},
        {"group": "a", "accuracy": 1.0, "records": 2},
    ]
    assert group_rows(origins, np.array([3.0, 1, 0, 0, 0]), r"([ab])\d", "mae")[0]["group"] == "a"


def test_numbers_get_the_mean_absolute_error_of_each_group() -> None:
    answers = Answers(torch.zeros(3, 6), torch.tensor([[1.0, 3.0], [2.0, torch.nan], [0.0, 0.0]]), ["a1", "b1", "b2"])
    detail = _group_detail(answers, torch.zeros(3, 2), "^(.)")
    assert detail["groups"] == [{"group": "a", "mae": 2.0, "records": 1}, {"group": "b", "mae": 1.0, "records": 2}]


def test_a_run_reports_its_groups_and_refuses_such_as_are_none(melody: Domain, tmp_path: Path) -> None:
    groups = r":(\d)"  # the first digit of the melody's number
    run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, group_match=groups, **TINY)
    run.test()
    result = json.loads((tmp_path / "run" / "result-test.json").read_text())
    rows, accuracy = result["detail"]["groups"], result["metrics"]["accuracy"]
    assert sum(row["records"] for row in rows) == result["num_records"]
    mean = sum(row["accuracy"] * row["records"] for row in rows) / result["num_records"]
    assert mean == pytest.approx(accuracy)
    assert (tmp_path / "run" / "plots" / "groups-test.png").exists()
    with pytest.raises(ConfigError, match=r"'nothing' finds none of the records(.|\n)*such as 'demo:"):
        seqkit.fit(melody, run=tmp_path / "other", quiet=True, group_match="nothing", **TINY)
    assert not (tmp_path / "other").exists()
