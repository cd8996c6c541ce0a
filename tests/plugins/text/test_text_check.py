"""seqkit check over text: facts by hand, and every bad line, row and file."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from seqkit import Record, check
from seqkit_text.check import TextInspector

DATA = Path(__file__).parents[3] / ".." / "shared" / "data" / "text"


def places(report: dict[str, Any]) -> list[str]:
    return [problem["at"] for problem in report["problems"]]


def inspected(*parts: str) -> TextInspector:
    inspector = TextInspector()
    for number, part in enumerate(parts):
        inspector.add(Record(part, origin="a.txt", continues=number > 0))
    return inspector


@pytest.mark.parametrize("parts", [("the cat\nthe dög\nend",), ("the c", "at\nthe d", "ög\nend")])
def test_characters_lines_and_words_are_counted_whatever_the_parts(parts: tuple[str, ...]) -> None:
    facts = inspected(*parts).facts()
    # t h e c a ö d g n, space, line end: t3 h2 e3 c1 a1 d2 ö1 g1 n1, 2 spaces, 2 line ends
    assert facts["characters"] == 19 and facts["alphabet_size"] == 11
    assert list(facts["frequent_characters"].items())[:2] == [("e", 3), ("t", 3)]
    assert facts["frequent_characters"]["line end"] == 2 and facts["frequent_characters"]["space"] == 2
    assert facts["non_ascii_share"] == pytest.approx(1 / 19)
    assert (facts["lines"], facts["words"], facts["different_words"]) == (3, 5, 4)


def test_signs_of_a_wrong_encoding_are_warnings() -> None:
    inspector = inspected("caf\ufffd and CafÃ© and \x85 and \x07 and\r\n")
    assert inspector.facts()["control_characters"] == 2
    said = " ".join(inspector.warnings())
    for words in ("1 replacement characters", "2 control characters", "is it cp1252", "1 places like", "1 carriage"):
        assert words in said
    assert inspected("plain text\n").warnings() == []


def test_each_line_with_bad_bytes_or_a_nul_is_named_and_left_out(tmp_path: Path) -> None:
    lines = [b"fine\n"] * 40
    for number in (3, 7):
        lines[number] = b"caf\xe9 \xff\n"
    lines[11] = b"a\0b\0\n"
    (tmp_path / "a.txt").write_bytes(b"".join(lines))
    (tmp_path / "b.txt").write_text("clean\n" * 9)
    found = check("text", path=str(tmp_path))
    file = tmp_path.name
    assert places(found) == [f"{file}:a.txt, line {number}" for number in (4, 8, 12)]
    assert found["facts"]["lines"] == 46 and found["num_files"] == 2


def test_a_damaged_archive_ends_its_file_only(tmp_path: Path) -> None:
    packed = gzip.compress(b"words and words\n" * 5000)
    (tmp_path / "a.txt.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "b.txt").write_text("clean\n" * 9)
    (tmp_path / "c.txt").write_text("")
    found = check("text", path=str(tmp_path))
    assert [p["message"].partition(":")[0] for p in found["problems"]] == ["cannot be read to its end", "holds no text"]
    assert found["facts"]["lines"] == 9


def test_each_cell_of_a_table_is_looked_at(tmp_path: Path) -> None:
    rows = ["text,label", "good film,pos", "bad film,", "a,b,c", "x\0y,neg", *["fine,pos", "dull,neg"] * 30]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    found = check("text", path=str(tmp_path / "t.csv"), task="classify")
    assert sorted(places(found)) == ["t.csv, line 4", "t.csv:2", "t.csv:4"]
    assert found["num_records"] == 61


def test_files_without_a_label_are_each_named_once(tmp_path: Path) -> None:
    for name in ("pos/1", "pos/2", "neg/1", "neg/2", "loose", "worse"):
        (tmp_path / f"{name}.txt").parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.txt").write_text("some words\n")
    (tmp_path / "worse.txt").write_bytes(b"\xff\n")
    found = check("text", path=str(tmp_path), task="classify", valid_fraction=0.4, test_fraction=0.0)
    named = [place for place in places(found) if place.startswith(tmp_path.name)]
    assert named == [f"{tmp_path.name}:loose.txt", f"{tmp_path.name}:worse.txt"]


@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_demo_data_are_clean(task: str) -> None:
    assert check("text", task=task)["num_problems"] == 0


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_sentence_polarity_is_as_its_readme_says() -> None:
    files = DATA / "sentence-polarity"
    found = check("text", path=[f"{c}={files}/rt-polarity.{c}" for c in ("pos", "neg")], task="classify")
    assert (
        found["num_problems"] == 0
        and found["num_records"] == 10662
        and found["baselines"]["majority"]["accuracy"] == 0.5
    )
    assert (found["lengths"]["min"], found["lengths"]["max"]) == (1, 59)
