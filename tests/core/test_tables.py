"""Rows of tables, and what is said about broken ones."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqkit import DataError, SourceFile, read_rows


def rows_of(path: Path, columns: list[str] | None = None) -> list[tuple[int, dict[str, object]]]:
    return list(read_rows(SourceFile(path), columns))


EXPECTED = [(1, {"text": "a, b", "size": 3}), (2, {"text": "é", "size": 5})]


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def write(path: Path) -> Path:
    if path.name == "t.csv":
        path.write_text('text,size\n"a, b",3\né,5\n')
    elif path.name == "t.tsv":
        path.write_text("text\tsize\na, b\t3\né\t5\n")
    elif path.name == "t.csv.gz":
        path.write_bytes(gzip.compress('text,size\n"a, b",3\né,5\n'.encode()))
    elif path.name == "t.jsonl":
        path.write_text('{"text": "a, b", "size": 3}\n{"text": "é", "size": 5}\n')
    elif path.name == "t.parquet":
        pq.write_table(pa.table({"text": ["a, b", "é"], "size": [3, 5]}), path)
    return path


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.jsonl", "t.parquet"])
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name)
    assert rows_of(path) == EXPECTED
    assert rows_of(path, ["size"]) == [(1, {"size": 3}), (2, {"size": 5})]


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_a_missing_column_names_the_nearest(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"no column 'txt'\n  at: {name}(.|\n)*did you mean 'text'"):
        rows_of(write(tmp_path / name), ["txt"])


def test_a_ragged_row_is_named_not_shifted(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("a,b\n1,2\n3,4,5\n6,7\n")
    with pytest.raises(DataError, match=r"Row #3: Expected 2 columns, got 3(.|\n)*at: r\.csv"):
        rows_of(tmp_path / "r.csv")


def test_a_broken_line_of_json_is_named_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"a": 1}\n{"a": 2}\n{"a": \n')
    with pytest.raises(DataError, match=r"b\.jsonl, line 3"):
        rows_of(tmp_path / "b.jsonl")


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.parquet").write_bytes(b"not parquet")
    with pytest.raises(DataError, match=r"cannot be read as parquet(.|\n)*b\.parquet"):
        rows_of(tmp_path / "b.parquet")


def test_a_cut_off_gzip_is_named(tmp_path: Path) -> None:
    whole = gzip.compress(("a,b\n" + "1,2\n" * 5000).encode())
    (tmp_path / "c.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"c\.csv\.gz"):
        rows_of(tmp_path / "c.csv.gz")


def test_rows_are_numbered_over_several_blocks(tmp_path: Path) -> None:
    with (tmp_path / "big.csv").open("w") as file:
        file.write("n,text\n")
        file.writelines(f"{n},{'x' * 400}\n" for n in range(12_000))  # more than one 4 MiB block
    assert all(number == row["n"] + 1 for number, row in read_rows(SourceFile(tmp_path / "big.csv"), ["n"]))
    assert sum(1 for _ in read_rows(SourceFile(tmp_path / "big.csv"), ["n"])) == 12_000
