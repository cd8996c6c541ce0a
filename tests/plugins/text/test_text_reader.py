"""Readers: every format, labels from everywhere, errors that say where."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import seqkit_text.decoding as decoding
import seqkit_text.reader as reader_module
from seqkit import ConfigError, DataError, Record
from seqkit_text.reader import TextReader

TEXTS = ["first text", "second, with a comma", "third\nof two lines"]
LABELS = ["b", "a", "b"]


def write_table(folder: Path, name: str) -> str:
    path = folder / name
    rows = [{"text": text, "label": label} for text, label in zip(TEXTS, LABELS, strict=True)]
    if ".jsonl" in name:
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    elif name.endswith(".parquet"):
        parquet.write_table(pa.Table.from_pylist(rows), path)
        return str(path)
    else:
        mark = "\t" if ".tsv" in name else ","
        content = f"text{mark}label\n".encode()
        content += "".join(f'"{row["text"]}"{mark}{row["label"]}\n' for row in rows).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return str(path)


def write(folder: Path, **files: str) -> Path:
    """Files by name, `__` standing for a slash and a last `_` for the dot of .txt."""
    for name, content in files.items():
        path = folder / (name.replace("__", "/") + ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    return folder


def sequences(records: Any) -> list[str]:
    return [record.sequence for record in records]


CLASSIFY = TextReader(classify=True, labelled=True)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.jsonl.gz", "t.csv.gz", "t.parquet"])
def test_tables_give_a_record_a_row(tmp_path: Path, name: str) -> None:
    path = write_table(tmp_path, name)
    assert list(CLASSIFY.read(path)) == [
        Record(text, label, f"{name}:{number}")
        for number, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True), start=1)
    ]


def test_rows_of_a_stream_end_in_a_line_end(tmp_path: Path) -> None:
    path = write_table(tmp_path, "t.jsonl")
    assert sequences(TextReader().read(path)) == [text + "\n" for text in TEXTS]


def test_labels_of_the_path_go_before_a_column(tmp_path: Path) -> None:
    path = write_table(tmp_path, "t.csv")
    assert [record.target for record in CLASSIFY.read(f"c={path}")] == ["c"] * 3


def test_other_columns_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("stars,review\n5,fine\n1,poor\n")
    reader = TextReader(classify=True, labelled=True, text_column="review", label_column="stars")
    assert [(record.sequence, record.target) for record in reader.read(str(path))] == [("fine", "5"), ("poor", "1")]


def test_cells_of_a_csv_stay_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\n1984,007\nNA,true\n")
    records = CLASSIFY.read(f"{tmp_path}/t.csv")
    assert [(record.sequence, record.target) for record in records] == [("1984", "007"), ("NA", "true")]


def test_a_file_is_one_record_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 8)
    folder = write(tmp_path, a="one two three four\n")
    parts = list(TextReader().read(str(folder / "a.txt")))
    assert "".join(sequences(parts)) == "one two three four\n"
    assert [part.continues for part in parts] == [False] + [True] * (len(parts) - 1)
    assert len(parts) == 3
    assert {part.origin for part in parts} == {"a.txt"}


def test_a_folder_is_read_with_all_below_it_and_files_keep_their_place(tmp_path: Path) -> None:
    folder = write(tmp_path / "corpus", b="two", a="one", sub__c="three")
    (folder / "image.png").write_bytes(b"\x89PNG")
    (folder / "notes.md").write_text("four")
    found = [(record.origin, record.sequence) for record in TextReader().read(str(folder))]
    assert found == [
        ("corpus:a.txt", "one"),
        ("corpus:b.txt", "two"),
        ("corpus:notes.md", "four"),
        ("corpus:sub/c.txt", "three"),
    ]


def test_any_ending_will_do_for_a_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "rt.pos").write_text("a good one\n\n  \nanother\n")
    (tmp_path / "rt.neg").write_bytes(b"a bad one\r\n")
    records = list(CLASSIFY.read([f"pos={tmp_path}/rt.pos", f"neg={tmp_path}/rt.neg"]))
    assert records == [
        Record("a good one", "pos", "rt.pos:1"),
        Record("another", "pos", "rt.pos:4"),
        Record("a bad one", "neg", "rt.neg:1"),
    ]


def test_folders_name_the_labels_and_each_file_is_a_record(tmp_path: Path) -> None:
    folder = write(tmp_path / "films", neg__1="bad\nvery\n", pos__1="good\n", pos__2="fine\n")
    assert list(CLASSIFY.read(str(folder))) == [
        Record("bad\nvery\n", "neg", "films:neg/1.txt"),
        Record("good\n", "pos", "films:pos/1.txt"),
        Record("fine\n", "pos", "films:pos/2.txt"),
    ]


def test_a_label_may_name_a_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "good", deep__1="x\ny\n")
    assert list(CLASSIFY.read(f"yes={folder}")) == [Record("x\ny\n", "yes", "good:deep/1.txt")]


def test_archives_are_read_like_folders(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "films.zip", "w") as archive:
        archive.writestr("films/pos/1.txt", "good")
        archive.writestr("films/neg/1.txt", "bad")
    assert list(CLASSIFY.read(str(tmp_path / "films.zip"))) == [
        Record("bad", "neg", "films.zip:films/neg/1.txt"),
        Record("good", "pos", "films.zip:films/pos/1.txt"),
    ]


@pytest.mark.parametrize(
    ("documents", "expected"), [("files", ["a\n\nb\n"]), ("lines", ["a\n", "b\n"]), (None, ["a\n\nb\n"])]
)
def test_documents_decide_what_a_record_of_a_stream_is(tmp_path: Path, documents: Any, expected: list[str]) -> None:
    folder = write(tmp_path, a="a\n\nb\n")
    assert sequences(TextReader(documents=documents).read(str(folder / "a.txt"))) == expected


def test_documents_can_be_files_for_a_labelled_file(tmp_path: Path) -> None:
    folder = write(tmp_path, a="a\nb\n")
    reader = TextReader(classify=True, labelled=True, documents="files")
    assert sequences(reader.read(f"x={folder}/a.txt")) == ["a\nb\n"]


def test_nothing_asks_for_labels_when_predicting(tmp_path: Path) -> None:
    folder = write(tmp_path, a="a\nb\n")
    (folder / "t.csv").write_text("text\nc\nd\n")
    reader = TextReader(classify=True, labelled=False)
    records = list(reader.read([f"{folder}/a.txt", f"{folder}/t.csv"]))
    assert [(record.sequence, record.target) for record in records] == [(x, None) for x in "abcd"]


def test_hub_rows_are_read_from_the_training_split(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def rows(path: str, split: str, columns: dict[str, str]) -> Any:
        asked.append((path, split, list(columns)))
        yield 1, {"text": "x", "label": 0}
        yield 2, {"text": "y", "label": 1}

    monkeypatch.setattr(reader_module, "read_hub", rows)
    records = list(CLASSIFY.read("hf://owner/name"))
    assert records == [Record("x", "0", "owner/name:1"), Record("y", "1", "owner/name:2")]
    assert asked == [("hf://owner/name", "train", ["text", "label"])]


def test_a_missing_column_is_named_with_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("texts,label\na,b\n")
    with pytest.raises(DataError, match=r"no column 'text'(.|\n)*t.csv, --data.text_column(.|\n)*did you mean 'texts'"):
        list(CLASSIFY.read(f"{tmp_path}/t.csv"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.jsonl", b'{"text": "a", "label": "x"}\n{"text": null}\n', r"column 'text' is missing(.|\n)*t.jsonl:2"),
        ("t.jsonl", b'{"text": "a", "label": "x"}\n{"text": "b"}\n', r"column 'label' is missing(.|\n)*t.jsonl:2"),
        ("t.jsonl", b'{"text": "a", "label": ["x"]}\n', r"label in column 'label' is \['x'\], a list"),
        ("t.jsonl", b'{"text": "a\\u0000b", "label": "x"}\n', r"NUL(.|\n)*t.jsonl:1"),
        ("t.csv", b"text,label\nfine,x\npoor,\n", r"column 'label' is missing(.|\n)*t.csv:2"),
        ("t.csv", b"text,label\nfine,x\ncaf\xe9,y\n", r"not valid UTF-8(.|\n)*t.csv, line 3"),
        ("t.csv", b"text,label\n", r"holds no text(.|\n)*t.csv"),
        ("t.csv", b"", r"holds no rows(.|\n)*t.csv"),
        ("t.jsonl", b"", r"holds no rows(.|\n)*t.jsonl"),
        ("a.txt", b"x\n", r"text has no label(.|\n)*a.txt(.|\n)*LABEL=PATH"),
    ],
)  # fmt: skip
def test_records_that_cannot_be_used_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(CLASSIFY.read(f"{tmp_path}/{name}"))


@pytest.mark.parametrize("documents", ["files", "lines"])
def test_an_empty_file_is_named(tmp_path: Path, documents: Any) -> None:
    folder = write(tmp_path / "corpus", a="x\n", b="")
    with pytest.raises(DataError, match=r"holds no text(.|\n)*corpus:b.txt"):
        list(TextReader(documents=documents).read(str(folder)))


def test_a_file_of_blank_lines_has_no_records(tmp_path: Path) -> None:
    folder = write(tmp_path, a="\n  \n\r\n")
    with pytest.raises(DataError, match="holds no text"):
        list(CLASSIFY.read(f"x={folder}/a.txt"))


def test_a_missing_path_is_named_with_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, corpus="x")
    with pytest.raises(DataError, match=r"no such file(.|\n)*did you mean 'corpus.txt'"):
        list(TextReader().read(f"{tmp_path}/corpsu.txt"))


def test_tables_take_no_other_encoding(tmp_path: Path) -> None:
    path = write_table(tmp_path, "t.csv")
    with pytest.raises(ConfigError, match="tables are read as UTF-8, not latin-1"):
        list(TextReader(encoding="latin-1").read(path))
