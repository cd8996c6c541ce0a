"""Bad records among good ones are left out when that is asked for; each is named, counted and kept for mending."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from seqkit import Record, SeqkitError
from seqkit.cli.main import main
from seqkit.errors import TooManyBadRecords
from seqkit_text import DOMAIN
from seqkit_text.data import TextData
from tests.plugins.malformed import file, files, one_step
from tests.plugins.text.bad_making import ROWS, SENTENCES, WORDS, lines, parquet

pytestmark = pytest.mark.usefixtures("no_hang")


@dataclass(frozen=True)
class Mixed:
    """Good records with a few bad ones among them.

    Attributes:
        good: A file of good records, in pieces.
        bad: Pieces to be put between them, each a bad record.
        name: The file's.
        places: What the places of the bad records end in.
        options: Of the data.
    """

    good: list[bytes]
    bad: list[bytes]
    name: str
    places: list[str]
    options: dict[str, Any]

    def write(self, folder: Path, mixed: bool) -> str:
        """The file with or without the bad ones, which stand after the header, the 40th and the 200th good record."""
        pieces = list(self.good)
        for place, piece in zip((201, 41, 1), reversed(self.bad), strict=True):
            if mixed:
                pieces.insert(place, piece)
        folder.mkdir()
        (folder / self.name).write_bytes(b"".join(pieces))
        return str(folder / self.name)


GOOD_ROWS = [{"text": f"{WORDS.strip()} {n}", "label": "ab"[n % 2]} for n in range(300)]
JSON_ROWS = [json.dumps(row).encode() + b"\n" for row in GOOD_ROWS]
CSV_ROWS = [b"text,label\n", *(f"{row['text']},{row['label']}\n".encode() for row in GOOD_ROWS)]
TEXT_LINES = [f"{row['text']}\n".encode() for row in GOOD_ROWS]
TOKENS = [f"the\tD\ncat{n}\tN\n\n".encode() for n in range(300)]
TOKEN_ROWS = [json.dumps({"tokens": ["the", f"cat{n}"], "tags": ["D", "N"]}).encode() + b"\n" for n in range(300)]
BAD_LINES = [b"caf\xe9\n", b"a\0b\n", b"\xff\xfe\n"]

MIXED = {
    "jsonl": Mixed(
        JSON_ROWS, [b'{"text": \n', b'{"text": 5, "label": "a"}\n', b'{"text": "caf\xe9", "label": "a"}\n'], "t.jsonl",
        ["t.jsonl, line 2", "t.jsonl:43", "t.jsonl, line 204"], {"task": "classify"},
    ),
    "csv": Mixed(
        CSV_ROWS, [b"one,two,three\n", b"caf\xe9,a\n", b"no label,\n"], "t.csv",
        ["t.csv, line 2", "t.csv, line 43", "t.csv:203"], {"task": "classify"},
    ),
    "lines": Mixed(
        TEXT_LINES, BAD_LINES, "x.txt", ["x.txt, line 2", "x.txt, line 43", "x.txt, line 204"], {"documents": "lines"}
    ),
    "stream": Mixed(TEXT_LINES, BAD_LINES, "x.txt", ["x.txt, line 2", "x.txt, line 43", "x.txt, line 204"], {}),
    "conll": Mixed(
        TOKENS, [b"the\tD\ncat\n\n", b"the\t\ncat\tN\n\n", b"caf\xe9\tN\nx\tN\n\n"], "t.conll",
        ["t.conll, line 5", "t.conll, line 127", "t.conll, line 610"], {"task": "tag"},
    ),
    "tokens": Mixed(
        TOKEN_ROWS, [b'{"tokens": ["a"], "tags": []}\n', b'["a"]\n', b'{"tokens": [null], "tags": ["D"]}\n'], "t.jsonl",
        ["t.jsonl:2", "t.jsonl, line 43", "t.jsonl:204"], {"task": "tag"},
    ),
}  # fmt: skip


def contents(records: Iterator[Record]) -> list[tuple[Any, Any]]:
    """Sequences and targets; origins tell the numbers of lines, which differ."""
    found: list[tuple[Any, Any]] = []
    for record in records:
        if record.continues:
            found[-1] = (found[-1][0] + record.sequence, found[-1][1])
        else:
            found.append((record.sequence, record.target))
    return found


@pytest.mark.parametrize("name", MIXED)
def test_bad_records_are_left_out_counted_once_and_good_ones_do_not_change(name: str, tmp_path: Path) -> None:
    case = MIXED[name]
    options = {**case.options, "max_bad": "1%"}
    clean = TextData(case.write(tmp_path / "clean", mixed=False), **options)
    mixed = TextData(case.write(tmp_path / "mixed", mixed=True), on_bad_record="skip", **options)
    for split in ("train", "valid", "test"):
        assert contents(mixed.accepted(split)) == contents(clean.records(split))
        assert mixed.store(split).steps.tolist() == clean.store(split).steps.tolist()
    found = mixed.tolerance.collected
    assert sorted(str(error.at) for error in found.errors) == sorted(case.places)
    assert mixed.tolerance.summary()["num_bad"] == 3 and mixed.tolerance.summary()["num_good"] == 300
    assert all(problem.record for problem in found.problems)


@pytest.mark.parametrize("name", MIXED)
def test_more_bad_records_than_are_allowed_end_the_reading(name: str, tmp_path: Path) -> None:
    case = MIXED[name]
    path = case.write(tmp_path / "mixed", mixed=True)
    for most in ("0.9%", 2):
        with pytest.raises(TooManyBadRecords, match="3"):
            TextData(path, on_bad_record="skip", max_bad=most, **case.options).setup("fit")
    with pytest.raises(SeqkitError) as first:
        TextData(path, **case.options).setup("fit")
    assert first.value.at in case.places


def test_a_document_is_left_out_whole_and_needs_its_label_only_for_training(tmp_path: Path) -> None:
    good = {f"{'ab'[n % 2]}/{n:03}.txt": f"{WORDS}{n}\n" for n in range(120)}
    bad = {"a/040.txt": b"fine\ncaf\xe9\nfine\n", "b/091.txt": b"\n \n", "loose.txt": b"no label\n"}
    clean, mixed = tmp_path / "clean", tmp_path / "mixed"
    for folder in (clean, mixed):
        folder.mkdir()
        files({name: text for name, text in good.items() if name not in bad})(folder)
    files(bad)(mixed)
    data = TextData(str(mixed), "classify", on_bad_record="skip", max_bad=3)
    expected = contents(TextData(str(clean), "classify").records("predict"))
    assert contents(data.accepted("predict")) == [*expected, ("no label\n", None)]
    assert [error.at for error in data.tolerance.collected.errors] == ["mixed:a/040.txt, line 2", "mixed:b/091.txt"]
    assert contents(data.accepted("train"))
    assert data.tolerance.collected.errors[-1].at == "mixed:loose.txt"


def test_rows_of_parquet_are_left_out_one_by_one(tmp_path: Path) -> None:
    texts = [row["text"].encode() for row in GOOD_ROWS]
    texts[7], texts[70] = b"caf\xe9", b"a\0b"
    labels = [row["label"] for row in GOOD_ROWS]
    path = parquet({"text": pa.array(texts, pa.binary()).view(pa.string()), "label": labels})(tmp_path)
    data = TextData(path, "classify", on_bad_record="skip")
    found = {content[0].encode() for content in contents(data.accepted("predict"))}
    assert found == {text for n, text in enumerate(texts) if n not in (7, 70)}
    assert [error.at for error in data.tolerance.collected.errors] == ["t.parquet:8", "t.parquet:71"]


def test_what_is_left_out_is_kept_for_mending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = MIXED["jsonl"].write(tmp_path / "data", mixed=True)
    run = tmp_path / "run"
    words = ["--data.task", "classify", "--on-bad-record", "quarantine", "--max-bad", "3", "--trainer.max_steps", "1"]
    assert main(["fit", "--domain", "text", "--data.path", path, "--run", str(run), *words]) == 0
    rows = [json.loads(line) for line in (run / "quarantine.jsonl").read_text().splitlines()]
    assert [row["at"] for row in rows] == MIXED["jsonl"].places
    assert rows[0]["record"] == '{"text": \n' and json.loads(rows[1]["record"]) == {"text": 5, "label": "a"}
    assert "caf\\xe9" in rows[2]["record"]
    assert "3 of 303" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["text_column", "label_column"])
@pytest.mark.parametrize("name", ["t.jsonl", "t.csv"])
def test_a_column_that_is_not_there_is_no_bad_record(name: str, option: str, tmp_path: Path) -> None:
    content = lines(*ROWS) if name == "t.jsonl" else "text,label\na,b\n"
    path = file(name, content)(tmp_path)
    with pytest.raises(SeqkitError, match="no column 'none'"):
        TextData(path, "classify", on_bad_record="skip", max_bad="100%", **{option: "none"}).setup("fit")


def test_a_class_that_training_does_not_have_names_its_record(tmp_path: Path) -> None:
    path = file("t.jsonl", lines(*ROWS))(tmp_path)
    file("v.jsonl", lines(ROWS[0], {"text": "some words", "label": "c"}, ROWS[1]))(tmp_path)
    valid = f"{tmp_path}/v.jsonl"
    with pytest.raises(SeqkitError, match=r"'c'(.|\n)*at: v.jsonl:2"):
        one_step(DOMAIN, TextData(path, "classify", valid_path=valid))
    data = TextData(path, "classify", valid_path=valid, on_bad_record="skip", max_bad=1)
    assert len(data.store("valid")) == 2


def test_files_of_one_name_can_be_told_apart(tmp_path: Path) -> None:
    files({"pos/r.txt": "good\n", "neg/r.txt": "bad\nworse\n", "other.txt": "fair\n"})(tmp_path)
    entries = [f"{label}={tmp_path}/{label}/r.txt" for label in ("pos", "neg")] + [f"so={tmp_path}/other.txt"]
    origins = [record.origin for record in TextData(entries, "classify").records("predict")]
    assert origins == ["pos/r.txt:1", "neg/r.txt:1", "neg/r.txt:2", "other.txt:1"]


def test_tags_and_sentences_keep_their_numbers_where_one_is_left_out(tmp_path: Path) -> None:
    path = file("t.conll", SENTENCES[:20] + "x\n\n" + SENTENCES)(tmp_path)
    data = TextData(path, "tag", on_bad_record="skip", max_bad=1)
    origins = [record.origin for record in data.accepted("predict")]
    assert origins[0] == "t.conll:1" and "t.conll:2" not in origins and origins[1] == "t.conll:3"
