"""Rows of tables, and what is said about broken ones."""

import gzip
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqkit import DataError, SourceFile, read_batches, read_delimited, read_rows, reporting
from seqkit.problems import collect_problems


def rows_of(path: Path, *columns: str) -> list[tuple[int, dict[str, object]]]:
    return list(read_rows(SourceFile(path), dict.fromkeys(columns, "--data.column") or None))


TEXTS, SIZES = ["a, b", "é"], [3, 5]


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
    sizes = SIZES if name in ("t.jsonl", "t.parquet") else [str(size) for size in SIZES]  # Others have no types.
    assert rows_of(path) == [(1, {"text": TEXTS[0], "size": sizes[0]}), (2, {"text": TEXTS[1], "size": sizes[1]})]
    assert rows_of(path, "size") == [(1, {"size": sizes[0]}), (2, {"size": sizes[1]})]


def test_cells_of_delimited_text_stay_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,mark\n007,1.50\nNA,""\n')
    assert rows_of(tmp_path / "t.csv") == [(1, {"id": "007", "mark": "1.50"}), (2, {"id": "NA", "mark": ""})]


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_a_missing_column_names_the_nearest(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"no column 'txt'\n  at: {name}, --data.column\n(.|\n)*did you mean 'text'"):
        rows_of(write(tmp_path / name), "txt")


def test_a_name_with_brackets_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "d[1].jsonl").write_text('{"a": "right"}\n')
    (tmp_path / "d1.jsonl").write_text('{"a": "wrong"}\n')
    assert rows_of(tmp_path / "d[1].jsonl") == [(1, {"a": "right"})]


def test_a_ragged_row_is_named_not_shifted(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("a,b\n1,2\n3,4,5\n6,7\n")
    with pytest.raises(DataError, match=r"3 cells where 2 are expected: '3,4,5'\n  at: r\.csv, line 3"):
        rows_of(tmp_path / "r.csv")


def test_a_broken_line_of_json_is_named_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"a": 1}\n{"a": 2}\n{"a": \n')
    with pytest.raises(DataError, match=r"b\.jsonl, line 3"):
        rows_of(tmp_path / "b.jsonl")


def test_another_delimiter_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("a;b\n1,5;2,5\n")
    with pytest.raises(DataError, match="is ';' the delimiter"):
        rows_of(tmp_path / "s.csv")


def test_a_line_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(b"a,b\n1,2\n3,\xe9\n")
    with pytest.raises(DataError, match=r"not valid UTF-8\n  at: b\.csv, line 3"):
        rows_of(tmp_path / "b.csv")


def test_a_column_that_occurs_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,a\n1,2,3\n")
    with pytest.raises(DataError, match=r"column 'a' occurs twice\n  at: t\.csv"):
        rows_of(tmp_path / "t.csv")


@pytest.mark.parametrize("name", ["e.csv", "e.jsonl", "e.parquet"])
def test_an_empty_file_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match=rf"holds no rows\n  at: {name}"):
        rows_of(tmp_path / name)


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.parquet").write_bytes(b"not parquet")
    with pytest.raises(DataError, match=r"cannot be read as parquet(.|\n)*b\.parquet"):
        rows_of(tmp_path / "b.parquet")


def test_a_cut_off_gzip_is_named(tmp_path: Path) -> None:
    whole = gzip.compress(("a,b\n" + "1,2\n" * 5000).encode())
    (tmp_path / "c.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"c\.csv\.gz"):
        rows_of(tmp_path / "c.csv.gz")


def test_a_row_of_megabytes_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"text,size\n{'x' * 3_000_000},3\n{'y' * 3_000_000},5\n")
    source = SourceFile(tmp_path / "t.csv")
    assert [(str(row["text"])[0], row["size"]) for _, row in rows_of(source.path, "text", "size")] == [
        ("x", "3"),
        ("y", "5"),
    ]
    typed = read_delimited(source, names=["text", "size"], skip_rows=1, types={"size": pa.float64()})
    assert [size for batch in typed for size in batch.column("size").to_pylist()] == ["3", "5"]  # as text, but there


def test_rows_are_numbered_over_several_blocks(tmp_path: Path) -> None:
    with (tmp_path / "big.csv").open("w") as file:
        file.write("n,text\n")
        file.writelines(f"{n},{'x' * 400}\n" for n in range(12_000))  # more than one 4 MiB block
    rows = rows_of(tmp_path / "big.csv", "n")
    assert rows == [(n + 1, {"n": str(n)}) for n in range(12_000)]


@pytest.mark.parametrize("odd", ["0x", "n/A", None])
def test_typed_columns_become_text_from_the_batch_on_that_is_not_of_their_type(odd: str | None, tmp_path: Path) -> None:
    numbers = [f"{n}.5" for n in range(200_000)]
    if odd is not None:
        numbers[150_000] = odd
    (tmp_path / "t.csv").write_text("id,x\n" + "".join(f"007,{number}\n" for number in numbers))
    types = {"x": pa.float64()}
    batches = list(read_delimited(SourceFile(tmp_path / "t.csv"), ",", ["id", "x"], 1, types, missing=["NA"]))
    kinds = [batch.schema.field("x").type for batch in batches]
    expected = {pa.float64()} if odd is None else {pa.float64(), pa.string()}
    assert set(kinds) == expected and kinds[0] == pa.float64()
    cells = [str(cell) for batch in batches for cell in batch.column("x").to_pylist()]
    assert cells == numbers  # none twice, none left out
    assert {cell for batch in batches for cell in set(batch.column("id").to_pylist())} == {"007"}


def test_a_time_that_is_missing_is_left_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("t,x\n2024-01-01,1\nNA,2\n")
    types = {"t": pa.timestamp("us"), "x": pa.float64()}
    (batch,) = read_delimited(SourceFile(tmp_path / "t.csv"), ",", ["t", "x"], 1, types, missing=["NA"])
    assert batch.to_pylist() == [{"t": "2024-01-01", "x": "1"}, {"t": "NA", "x": "2"}]


def test_a_ragged_row_is_named_when_columns_are_typed(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(DataError, match="1 cell where 2 are expected") as error:
        list(read_delimited(SourceFile(tmp_path / "t.csv"), ",", ["a", "b"], 1, {"a": pa.float64()}))
    assert error.value.at == "t.csv, line 3"


def test_the_first_object_of_json_lines_need_not_have_each_column(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"b": 1}\n\n{"a": "x", "b": 2}\n{"a": "2020-01-01"}\n')
    expected = [(1, {"a": None}), (2, {"a": "x"}), (3, {"a": "2020-01-01"})]
    assert rows_of(tmp_path / "t.jsonl", "a") == expected
    with pytest.raises(DataError, match="columns: b, a"):
        rows_of(tmp_path / "t.jsonl", "q")


def test_batches_of_json_lines_have_the_columns_of_the_first_and_text_where_kinds_are_mixed(tmp_path: Path) -> None:
    rows = ['{"y": 1, "note": "a"}'] * 2048 + ['{"y": 2.5, "more": 1}', '{"y": "oops", "note": [1]}']
    (tmp_path / "t.jsonl").write_text("\n".join(rows))
    first, second = read_batches(SourceFile(tmp_path / "t.jsonl"))
    assert first.num_rows == 2048 and str(first.schema.field("y").type) == "int64"
    assert second.to_pylist() == [{"y": "2.5", "note": None}, {"y": "oops", "note": [1]}]


def test_rows_before_a_damage_are_whole(tmp_path: Path) -> None:
    rows = [f"{n},{n * 7919 % 10_007}" for n in range(40_000)]
    packed = gzip.compress("\n".join(["a,b", *rows]).encode())
    (tmp_path / "t.csv.gz").write_bytes(packed[: len(packed) // 2])
    with collect_problems() as found, reporting():
        got: list[str] = []
        got.extend(f"{row['a']},{row['b']}" for _, row in read_rows(SourceFile(tmp_path / "t.csv.gz")))
    assert [error.what.partition(":")[0] for error in found.errors] == ["cannot be read to its end"]
    assert len(got) > 5_000 and got == rows[: len(got)]


def test_a_row_of_bytes_that_are_no_utf8_is_left_out_whole_with_its_lines(tmp_path: Path) -> None:
    content = b'a,b\n1,x\n2,"two\nl\xe9nes \xff"\n3,caf\xe9\n4,y\n\xe9,b,c\n5,z\n'
    (tmp_path / "t.csv").write_bytes(content)
    with collect_problems() as found:
        rows = rows_of(tmp_path / "t.csv")
    assert [(number, row["a"]) for number, row in rows] == [(1, "1"), (4, "4"), (6, "5")]
    places = ["t.csv, line 4", "t.csv, line 5", "t.csv, line 7"]
    assert sorted(str(error.at) for error in found.errors) == places
    assert found.num_problems == 3


def test_the_line_of_a_ragged_row_counts_rows_of_many_lines_and_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'text,label\r\n"a\nb ""c"" ' + b"d" * 200_000 + b'",1\r\n\r\n5" pipe,2\r\ny,3,4\r\nz,5\r\nq\r\n')
    with pytest.raises(DataError, match=r"t\.csv, line 6\b"):
        list(read_rows(SourceFile(path)))
    with collect_problems() as found:
        rows = [(number, row["label"]) for number, row in read_rows(SourceFile(path))]
    assert rows == [(1, "1"), (2, "2"), (4, "5")]
    assert [error.at for error in found.errors] == ["t.csv, line 6", "t.csv, line 8"]


@pytest.mark.parametrize("after", [b"", b"x,y\n", b"x\xff\n"])
def test_a_row_of_many_lines_is_whole_whatever_is_left_out_after_it(tmp_path: Path, after: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'text\n"p\nq ""r"" s"\n' + after)
    with collect_problems() as found:
        assert [row["text"] for _, row in read_rows(SourceFile(path))] == ['p\nq "r" s']
    assert found.num_problems == (after != b"")


def test_a_name_that_occurs_twice_among_very_many_is_found_at_once(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("{" + ", ".join(f'"{number}": 1' for number in [*range(100_000), 99_999]) + "}\n")
    begin = time.perf_counter()
    with pytest.raises(DataError, match="'99999' occurs twice"):
        list(read_rows(SourceFile(path)))
    assert time.perf_counter() - begin < 10  # comparing each with each takes minutes


def test_a_large_table_is_parsed_ahead_in_order_and_no_thread_outlives_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"x{number},{number}\n" for number in range(300_000)))
    types = {"b": pa.float64()}
    batches = [*read_delimited(SourceFile(path), ",", ["a", "b"], 1, types)]
    assert len(batches) > 2 and sum(batch.num_rows for batch in batches) == 300_000
    numbers = np.concatenate([batch.column("b").to_numpy() for batch in batches])
    assert np.array_equal(numbers, np.arange(300_000))
    begun = read_delimited(SourceFile(path), ",", ["a", "b"], 1, types)
    next(begun)
    del begun
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_a_late_cell_of_another_type_makes_text_of_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"x{number},{number}\n" for number in range(300_000)) + "y,late\n")
    batches = [*read_delimited(SourceFile(path), ",", ["a", "b"], 1, {"b": pa.float64()})]
    cells = [str(cell) for batch in batches for cell in batch.column("b").to_pylist()]
    assert len(cells) == 300_001 and cells[-1] == "late" and float(cells[299_999]) == 299_999
