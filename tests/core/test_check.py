"""seqkit check: counts by hand, problems collected instead of raised, and the same verdict as training's."""

import csv
import json
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqkit import (
    DataError,
    Domain,
    LabelCodec,
    Record,
    StandardCodec,
    SymbolCodec,
    TagCodec,
    check,
    observe,
    observed,
    plugins,
    report,
    reporting,
)
from seqkit.checking.duplicates import Duplicates
from seqkit.checking.targets import Targets, quartiles
from seqkit.cli.check import split_words
from seqkit.cli.main import main
from seqkit.data.delimited import first_row, read_delimited
from seqkit.data.sources import find_files
from seqkit.data.tables import read_rows
from seqkit.errors import SeqkitError
from seqkit.problems import collect_problems, collecting, kind_of


@pytest.fixture
def checked(melody: Domain, tmp_path: Path) -> Any:
    """Check melodies written as lines; `label:notes`."""

    def run(lines: list[str], **options: Any) -> dict[str, Any]:
        (tmp_path / "m.txt").write_text("\n".join(lines))
        return check(melody, path=str(tmp_path / "m.txt"), **options)

    return run


def places(report: dict[str, Any]) -> list[str]:
    return [problem["at"] for problem in report["problems"]]


def test_a_report_is_raised_unless_problems_are_collected() -> None:
    with pytest.raises(DataError, match="broken"):
        report(DataError("broken"))
    with collect_problems() as found:
        assert collecting()
        report(DataError("broken", at="f:1"))
        report(DataError("broken", at="f:1"))
        report(DataError("broken", at="f:2"))
    assert not collecting()
    assert [error.at for error in found.errors] == ["f:1", "f:2"] and found.num_problems == 2


def test_work_that_cannot_go_on_ends_and_what_follows_goes_on() -> None:
    def read() -> Iterator[int]:
        for file in range(3):
            with reporting():
                yield file * 10
                if file == 1:
                    raise DataError("cut short", at=f"file {file}")
                yield file * 10 + 1

    with collect_problems() as found:
        assert list(read()) == [0, 1, 10, 20, 21]
    assert [error.at for error in found.errors] == ["file 1"]
    with pytest.raises(DataError, match="cut short"):
        list(read())


def test_an_error_of_the_reader_s_consumer_is_its_own() -> None:
    def read() -> Iterator[int]:
        with reporting():
            yield 1

    with collect_problems() as found, pytest.raises(DataError, match="mine"):
        for _ in read():
            raise DataError("mine")
    assert found.errors == []


def test_observations_are_counted_only_while_collecting() -> None:
    observe("rate", 8000)
    with collect_problems() as found:
        for rate in (8000, 44100, 44100):
            observe("rate", rate)
        assert observed("rate") == {"44100": 2, "8000": 1}
    assert found.seen == {"rate": Counter({"44100": 2, "8000": 1})} and observed("rate") == {}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("'12,5' is not a finite number", "… is not a finite number"),
        ("sample nan at frame 31", "sample nan at frame …"),
        ("3 cells where 2 are expected: 'a,b,c'", "… cells where … are expected: …"),
    ],
)
def test_a_kind_is_the_message_without_its_values(message: str, kind: str) -> None:
    assert kind_of(DataError(message)) == kind


def found_in(records: list[tuple[str, int, bool]]) -> Any:
    duplicates = Duplicates()
    for number, (value, target, trained) in enumerate(records):
        duplicates.feed(value[:1])
        duplicates.feed(value[1:])  # parts count as the whole
        duplicates.end(f"r{number}", target, trained)
    return duplicates.find()


def test_duplicates_leaks_and_contradictions_are_counted() -> None:
    found = found_in(
        [("aab", 1, True), ("b", 1, True), ("aab", 1, False), ("c", 1, False), ("aab", 2, True), ("c", 1, False)]
    )
    assert (found.num_records, found.num_leaked, found.num_contradictory) == (3, 1, 1)
    assert found.examples == [["r0", "r2"], ["r3", "r5"]] and found.contradictory == [["r0", "r4"]]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "ab", "ba", "abc", ""]), st.integers(0, 1), st.booleans())))
def test_duplicates_are_those_of_a_plain_count(records: list[tuple[str, int, bool]]) -> None:
    found = found_in(records)
    values = [value for value, _, _ in records]
    assert found.num_records == len(values) - len(set(values))
    trained = {value for value, _, own in records if own}
    assert found.num_leaked == sum(not own and value in trained for value, _, own in records)
    assert found.num_contradictory == sum(len({t for v, t, _ in records if v == value}) > 1 for value in set(values))


def test_words_are_other_words_when_their_letters_are_divided_otherwise() -> None:
    found = found_in([(["ab"], 0, True), (["a", "b"], 0, True), (["a", "b"], 0, True)])  # type: ignore[list-item]
    assert found.num_records == 1 and found.examples == [["r1", "r2"]]


def test_the_deviation_of_targets_far_from_zero_is_not_lost() -> None:
    targets = Targets(StandardCodec(1, standardise=False), aligned=False)
    targets._add_numbers(np.array([1e8 - 1, 1e8 + 1]))
    targets._add_numbers(np.array([1e8 + 3]))
    numbers = targets.summary()["numbers"]  # -1, 1, 3 around 1e8: mean 1, deviation sqrt(8 / 3)
    assert numbers["mean"] == 1e8 + 1 and numbers["deviation"] == pytest.approx((8 / 3) ** 0.5, rel=1e-6)


def test_quartiles_are_lengths_that_occur() -> None:
    assert list(quartiles(array("q", [9, 1, 5, 3])).values()) == [1, 1, 3, 5, 9]


def test_tags_are_counted_a_step_and_must_be_as_many_as_the_steps() -> None:
    codec = TagCodec(["C", "N"])
    targets = Targets(codec, aligned=True)
    targets.add(Record("abc", ["N", "N", "C"]), "train", 3)
    with pytest.raises(DataError, match="2 tags for 3 steps"):
        targets.add(Record("abc", ["N", "N"]), "train", 3)
    classes = targets.summary()["classes"]
    assert classes["C"]["train"] == 1 and targets.summary()["unit"] == "steps"


def test_classes_of_steps_are_counted_whatever_their_codec() -> None:
    targets = Targets(SymbolCodec("CN"), aligned=True)
    targets.add(Record("abc", "NNC"), None, 3)
    targets.add(Record("ab", "NC", continues=True), None, 2)
    assert targets.summary()["classes"] == {"N": {"count": 3, "share": 0.6}, "C": {"count": 2, "share": 0.4}}


def test_transcripts_have_lengths_and_numbers_a_range() -> None:
    texts, values = Targets(SymbolCodec("abc"), aligned=False), Targets(StandardCodec(1, standardise=False), False)
    for text, value in (("ab", 1.0), ("abcc", 3.0), ("a", 5.0)):
        texts.add(Record("", text), "train", 9)
        values.add(Record("", [value]), "train", 9)
    assert texts.summary() == {
        "transcript_lengths": {"min": 1, "quartile_1": 1, "median": 2, "quartile_3": 4, "max": 4}
    }
    numbers = values.summary()["numbers"]
    assert (numbers["min"], numbers["mean"], numbers["max"]) == (1.0, 3.0, 5.0)
    assert numbers["deviation"] == pytest.approx((8 / 3) ** 0.5)


def test_targets_that_are_missing_or_unknown_are_problems_of_their_record(checked: Any) -> None:
    found = checked(["up:ab", "down:ba", "odd:cd", *["up:abc", "down:cba"] * 10], task="classify", test_match=":2$")
    assert [(p["at"], p["message"]) for p in found["problems"]] == [
        ("m.txt:2", "label 'odd' does not occur in the training data")
    ]
    with pytest.raises(DataError, match="no target"):
        Targets(LabelCodec(["a", "b"]), aligned=False).add(Record("a", None), "train", 1)


def test_every_empty_record_is_named_and_the_others_are_counted(checked: Any) -> None:
    found = checked(["up:abc", "down:", "up:", *["up:abcd", "down:dcba"] * 30], task="classify")
    assert places(found) == ["m.txt:1", "m.txt:2"]
    assert {problem["kind"] for problem in found["problems"]} == {"the record is empty"}
    assert found["num_records"] == 61  # what can be used


def test_clean_data_are_counted_as_the_stores_have_them(melody: Domain, tmp_path: Path) -> None:
    lines = [f"{'up' if n % 3 else 'down'}:{'abcdefgh'[: 2 + n % 6]}" for n in range(60)]
    (tmp_path / "m.txt").write_text("\n".join(lines))
    for options in (
        {"task": "classify", "test_every": 4},
        {"task": "next_step"},
        {"task": "next_step", "test_every": 4},
    ):
        found = check(melody, path=str(tmp_path / "m.txt"), **options)
        data = melody.datamodule(path=str(tmp_path / "m.txt"), **options)
        assert found["num_problems"] == 0 and found["num_records"] == 60
        for split in ("train", "valid", "test"):
            assert found["splits"][split]["steps"] == len(data.store(split).steps), (options, split)
            if options["task"] == "classify":
                assert found["splits"][split]["records"] == len(data.store(split))
    assert found["lengths"] == {"min": 2, "quartile_1": 3, "median": 4, "quartile_3": 6, "max": 7}


def test_class_balance_baseline_and_repeats_are_reported(checked: Any) -> None:
    found = checked(
        [*["up:abc"] * 30, *[f"down:{'abcdefgh'[n % 8] * (1 + n // 8)}" for n in range(10)]], task="classify"
    )
    assert found["targets"]["classes"]["up"]["count"] == 30
    assert found["baselines"] == {"majority": {"accuracy": 0.75}}
    assert found["duplicates"]["records"] == 29 and found["duplicates"]["with_several_targets"] == 0
    assert any("29 records equal to an earlier one, the first m.txt:1 (as m.txt:0)" in w for w in found["warnings"])


def test_the_unigram_baseline_is_the_entropy_of_the_symbols(checked: Any) -> None:
    found = checked(["x:abab", "x:abab"])
    assert found["baselines"] == {"uniform": {"bits_per_step": 3.0}, "unigram": {"bits_per_step": 1.0}}


def test_own_paths_are_counted_as_their_splits(melody: Domain, tmp_path: Path) -> None:
    for name, count in (("a", 20), ("b", 3), ("c", 5)):
        (tmp_path / f"{name}.txt").write_text("\n".join(["up:abc", "down:cbaa"] * count))
    paths = {
        key: str(tmp_path / f"{name}.txt") for key, name in (("path", "a"), ("valid_path", "b"), ("test_path", "c"))
    }
    for task in ("classify", "next_step"):
        found = check(melody, task=task, **paths)
        assert [found["splits"][split]["steps"] for split in ("train", "valid", "test")] == [140, 21, 35]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["up:abc", "down:cb", "up:", "odd:a", "up:dd"]), min_size=1, max_size=25))
def test_check_finds_problems_exactly_where_training_refuses(melody: Domain, tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "p.txt").write_text("\n".join(lines))
    options = {"path": str(tmp_path / "p.txt"), "task": "classify"}
    try:
        data = melody.datamodule(**options)
        data.setup("fit")
        assert len(data.loader("train")) and len(data.loader("valid")) and data.store("test") is not None
        refused = False
    except SeqkitError:
        refused = True
    assert (check(melody, **options)["num_problems"] > 0) == refused


def test_rows_of_wrong_width_are_left_out_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\nhello,a\nx,y,z\n,b\nonly\nbar,a\n")
    (source,) = find_files(str(tmp_path / "t.csv"), (".csv",))
    with collect_problems() as found:
        rows = list(read_rows(source))
    assert [number for number, _ in rows] == [1, 3, 5]
    assert [error.at for error in found.errors] == ["t.csv, line 3", "t.csv, line 5"]
    with pytest.raises(DataError, match="line 3"):
        list(read_rows(source))
    with collect_problems():
        batches = list(read_delimited(source))
    assert [(first_row(batch, 0), batch.num_rows) for batch in batches] == [(1, 1), (3, 1), (5, 1)]


def test_broken_lines_of_json_and_utf8_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"text": "a"}\n{"text":\n{"text": "b"}\nnone\n')
    (tmp_path / "u.csv").write_bytes(b"text\na\n\xff\nb\n\xfe\n")
    with collect_problems() as found:
        for name in ("t.jsonl", "u.csv"):
            (source,) = find_files(str(tmp_path / name), (".jsonl", ".csv"))
            with reporting():
                list(read_rows(source))
    assert {error.at for error in found.errors} == {
        "t.jsonl, line 2", "t.jsonl, line 4", "u.csv, line 3", "u.csv, line 5",
    }  # fmt: skip


def test_a_path_that_is_not_there_is_one_problem_among_others(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("some words\n" * 30)
    with collect_problems() as found:
        assert len(find_files([str(tmp_path / "a.txt"), str(tmp_path / "b.txt")], (".txt",))) == 1
    assert "no such file" in found.errors[0].what


def test_words_before_and_between_options_are_data() -> None:
    words = ["a.fa", "--domain", "dna", "x=b.fa", "--json", "--data.k=3", "c.fa"]
    assert split_words(words) == (["a.fa", "x=b.fa", "c.fa"], ["--domain", "dna", "--json", "--data.k=3"])


@pytest.fixture
def text(tmp_path: Path) -> Path:
    if "text" not in plugins.installed():
        pytest.skip("the text domain is not installed")
    path = tmp_path / "t.txt"
    path.write_text("a line of text\n" * 40)
    return path


def test_the_verb_exits_with_0_for_clean_data(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(text), "--domain", "text"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^steps +600\b", shown, re.MULTILINE)
    assert shown.rstrip().endswith("0 problems, 0 warnings")
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_the_verb_exits_with_2_and_lists_the_first_of_each_kind(
    text: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text.write_bytes(b"fine\n" * 10 + b"bad \xff line\n" * 25)
    assert main(["check", str(text), "--domain", "text", "--out", str(tmp_path / "p.csv")]) == 2
    shown = capsys.readouterr().out
    assert "25 problems: byte … is not valid utf-…" in shown and "and 5 more" in shown
    assert shown.count("t.txt, line") == 20
    with (tmp_path / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["at"] for row in rows] == [f"t.txt, line {number}" for number in range(11, 36)]
    main(["check", str(text), "--domain", "text", "--out", str(tmp_path / "p.jsonl")])
    assert [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()] == rows


def test_the_verb_prints_its_report_as_json(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--domain", "text", "--json", "--data.path", str(text)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["num_steps"] == 600 and found["num_files"] == 1 and found["facts"]["lines"] == 40


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.txt", "--domain", "text", "--data.path", "b.txt"], "named twice"),
        (["--domain", "text", "--out", "p.xlsx"], "problems are not written as '.xlsx'"),
        (["--domain", "text", "--jsn"], "unknown option '--jsn'"),
        (["a.txt"], "no domain given"),
    ],
)
def test_wrong_words_are_named(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *words]) == 2
    assert message in capsys.readouterr().err


def test_what_only_follows_from_another_problem_is_left_out(melody: Domain, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("up:abc\nup:abcd\nup:bcd\nup:abc\n" * 10)
    alone = check(melody, path=str(tmp_path / "m.txt"), task="classify")
    assert [problem["message"][:39] for problem in alone["problems"]] == ["classification needs at least two label"]
    (tmp_path / "m.txt").write_text("up:abc\nup:abcd\nup:\nup:abc\n" * 10)
    both = check(melody, path=str(tmp_path / "m.txt"), task="classify")
    assert both["problems"] and not any("needs at least two" in problem["message"] for problem in both["problems"])
