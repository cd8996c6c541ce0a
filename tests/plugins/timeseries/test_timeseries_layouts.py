from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqkit import ConfigError, DataError
from seqkit_timeseries.layout import TableOptions
from seqkit_timeseries.reading import read_series
from seqkit_timeseries.series import Series
from seqkit_timeseries.timeline import TimeRules

WriteFile = Callable[[str, str], str]
NAN = float("nan")

LONG = "unique_id,ds,y\nb,2024-01-01 00:00,1\nb,2024-01-01 01:00,2.5\na,2024-01-01 00:00,\na,2024-01-01 01:00,-3e2\n"
WIDE = "date,p,q\n2024-01-01,1,10\n2024-01-02,2,NA\n2024-01-03,3,30\n"


def read(path: str | list[str], **options: object) -> list[Series]:
    return list(read_series(path, replace(TableOptions(), **options)))  # type: ignore[arg-type]


def values(series: Series) -> list[list[float]]:
    rows: list[list[float]] = series.values.tolist()
    return rows


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv"])
def test_long_text_tables_hold_a_row_for_each_step(write_file: WriteFile, name: str) -> None:
    b, a = read(write_file(name, LONG.replace(",", "\t") if ".tsv" in name else LONG))
    assert (b.origin, a.origin) == (f"{name}:b", f"{name}:a")
    assert values(b) == [[1.0], [2.5]] and np.array_equal(a.values, np.array([[NAN], [-300.0]]), equal_nan=True)
    assert str(b.times[1]) == "2024-01-01T01:00:00.000000" and str(b.frequency) == "1 hour"


def test_long_parquet_keeps_types(tmp_path: Path) -> None:
    stamps = np.array(["2024-01-31", "2024-02-29", "2024-01-31"], dtype="M8[ns]")
    table = pa.table({"item_id": pa.array(["x", "x", "y"]).dictionary_encode(), "timestamp": stamps,
                      "target": [1, 2, 3], "price": [0.5, None, 0.25]})  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    x, y = read(str(tmp_path / "t.parquet"))
    assert np.array_equal(x.values, np.array([[1, 0.5], [2, NAN]]), equal_nan=True) and values(y) == [[3, 0.25]]
    assert x.features == ("target", "price") and str(x.frequency) == "1 month"


def test_long_json_lines(write_file: WriteFile) -> None:
    lines = '{"unique_id": "s", "ds": 1, "y": 2.5}\n{"unique_id": "s", "ds": 2, "y": null}\n'
    (s,) = read(write_file("t.jsonl", lines))
    assert np.array_equal(s.values, np.array([[2.5], [NAN]]), equal_nan=True) and s.times.tolist() == [1, 2]


def test_ids_keep_their_zeros(write_file: WriteFile) -> None:
    assert [s.name for s in read(write_file("t.csv", "unique_id,y\n007,1\n07,2\n"))] == ["007", "07"]


def test_further_columns_are_features_unless_columns_are_chosen(write_file: WriteFile) -> None:
    path = write_file("t.csv", "shop,when,sales,price,note\n1,5,10,0.5,x\n1,6,11,0.6,y\n")
    with pytest.raises(DataError, match=r"'x' is not a finite number(.|\n)*t.csv, line 2, column 'note'"):
        read(path, id_column="shop", time_column="when")
    (s,) = read(path, id_column="shop", time_column="when", value_columns=("price", "sales"))
    assert values(s) == [[0.5, 10], [0.6, 11]] and s.times.tolist() == [5, 6]


def test_a_table_sorted_by_time_needs_sort(write_file: WriteFile) -> None:
    path = write_file("t.csv", "unique_id,ds,y\nb,2,1\na,1,2\nb,1,3\na,2,4\n")
    with pytest.raises(DataError, match=r"series 'b' come again(.|\n)*--data.sort true"):
        read(path)
    b, a = read(path, rules=TimeRules(sort=True))
    assert (b.name, values(b), values(a)) == ("b", [[3], [1]], [[2], [4]])


def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_ROW_BYTES", "_TYPED_BYTES"):
        monkeypatch.setattr(f"seqkit.data.delimited.{name}", 200)


def test_a_series_may_go_on_over_blocks(write_file: WriteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch)
    rows = [f"s{i // 40},{i % 40},{i}" for i in range(120)]
    found = read(write_file("t.csv", "unique_id,ds,y\n" + "\n".join(rows)))
    assert [s.name for s in found] == ["s0", "s1", "s2"]
    assert [float(s.values.sum()) for s in found] == [780, 2380, 3980]  # 0..39, 40..79, 80..119


def test_the_row_of_an_error_counts_over_blocks(write_file: WriteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch)
    rows = [f"s,{i},{'oops' if i == 90 else i}" for i in range(120)]
    with pytest.raises(DataError, match=r"'oops' is not a finite number(.|\n)*line 92, column 'y'"):
        read(write_file("t.csv", "unique_id,ds,y\n" + "\n".join(rows)))


def test_wide_columns_are_series_or_the_features_of_one(write_file: WriteFile) -> None:
    path = write_file("t.csv", WIDE)
    p, q = read(path)
    assert (p.origin, values(p)) == ("t.csv:p", [[1], [2], [3]])
    assert np.array_equal(q.values, np.array([[10], [NAN], [30]]), equal_nan=True)
    (both,) = read(path, multivariate=True)
    assert np.array_equal(both.values, np.array([[1, 10], [2, NAN], [3, 30]]), equal_nan=True)
    assert both.features == ("p", "q") and str(both.frequency) == "1 day"


def test_numbers_without_a_header_are_wide(write_file: WriteFile) -> None:
    one, two = read(write_file("rates.txt.gz", "0.5,1\n0.25,2\n"))
    assert (values(one), values(two)) == ([[0.5], [0.25]], [[1], [2]])
    assert (one.origin, one.frequency and one.frequency.season, one.timed) == ("rates.txt.gz:1", 1, False)


def test_an_empty_line_in_a_single_column_is_a_missing_step(write_file: WriteFile) -> None:
    (s,) = read(write_file("t.csv", "y\n1\n\n3\n"))
    assert np.array_equal(s.values, np.array([[1], [NAN], [3]]), equal_nan=True)


def test_the_index_that_pandas_writes_is_time_and_not_a_feature(write_file: WriteFile) -> None:
    (s,) = read(write_file("t.csv", ",y\n0,5\n1,6\n"))
    assert values(s) == [[5], [6]]
    zero, one = read(write_file("u.csv", ",0,1\n0,5,7\n1,6,8\n"))
    assert (values(zero), values(one)) == ([[5], [6]], [[7], [8]])


def test_rows_are_series_padded_with_empty_cells(write_file: WriteFile) -> None:
    text = '"V1","V2","V3","V4"\n"H1","1","2","3"\n"H2","4","",\n"H3","5","","6"\n"H4","7"\n'
    h1, h2, h3, h4 = read(write_file("t.csv.gz", text))
    assert [s.name for s in (h1, h2, h3, h4)] == ["H1", "H2", "H3", "H4"]
    assert [values(s) for s in (h1, h2, h4)] == [[[1], [2], [3]], [[4]], [[7]]]
    assert np.array_equal(h3.values, np.array([[5], [NAN], [6]]), equal_nan=True)


@pytest.mark.parametrize(
    "text", ["ds;y\n2024-01-01;1\n", "\ufeffds,y\r\n2024-01-01,1\r\n", '\n"ds","y"\n"2024-01-01","1"\n']
)
def test_semicolons_windows_lines_marks_and_quotes_are_understood(write_file: WriteFile, text: str) -> None:
    (s,) = read(write_file("t.csv", text))
    assert (s.name, values(s), str(s.times[0])) == ("y", [[1]], "2024-01-01T00:00:00.000000")


def test_offsets_are_turned_into_utc(write_file: WriteFile) -> None:
    (s,) = read(write_file("t.csv", "ds,y\n2024-01-01T00:30:00+02:00,1\n2024-01-01T01:30:00+02:00,2\n"))
    assert str(s.times[0]) == "2023-12-31T22:30:00.000000"


def test_other_ways_to_write_dates_need_their_format(write_file: WriteFile) -> None:
    path = write_file("t.csv", "date,y\n03/01/2024,1\n04/01/2024,2\n")
    with pytest.raises(DataError, match=r"'03/01/2024' is not a timestamp(.|\n)*line 2(.|\n)*--data.time_format"):
        read(path, layout="wide")
    (s,) = read(path, time_format="%d/%m/%Y")
    assert str(s.times[0]) == "2024-01-03T00:00:00.000000"


@pytest.mark.parametrize("text", ["date,p,q\n03/01/2024,1,2\n", "when,p\nJan-49,1\n", "x,p\n3.1.2024,1\n"])
def test_dates_of_another_form_are_never_taken_for_ids(write_file: WriteFile, text: str) -> None:
    with pytest.raises(DataError, match=r"is not a timestamp(.|\n)*first row(.|\n)*--data.time_format.*layout rows"):
        read(write_file("t.csv", text))


def test_the_index_that_pandas_writes_is_never_a_feature(tmp_path: Path, write_file: WriteFile) -> None:
    frame = pd.DataFrame({"unique_id": ["a", "a", "b"], "y": [1.0, 2.0, 3.0]}, index=[4, 7, 9])
    frame.to_parquet(tmp_path / "long.parquet")
    assert [values(s) for s in read(str(tmp_path / "long.parquet"))] == [[[1.0], [2.0]], [[3.0]]]
    wide = pd.DataFrame({"p": [1.0, 2.0]}, index=pd.to_datetime(["2024-01-01", "2024-01-02"]))
    wide.to_parquet(tmp_path / "wide.parquet")
    (p,) = read(str(tmp_path / "wide.parquet"))
    assert p.name == "p" and str(p.frequency) == "1 day"
    plain = write_file("plain.csv", "0,1,2\n7.5,7.5,7.5\n7.5,7.5,7.5\n")
    assert [values(s) for s in read(plain)] == [[[7.5], [7.5]]] * 3


def test_numbers_that_are_dates_are_read_with_their_format(tmp_path: Path) -> None:
    pq.write_table(pa.table({"ds": [20240131, 20240201], "y": [1.0, 2.0]}), tmp_path / "t.parquet")
    (s,) = read(str(tmp_path / "t.parquet"), time_format="%Y%m%d")
    assert [str(time)[:10] for time in s.times] == ["2024-01-31", "2024-02-01"]


def test_rows_may_be_padded_with_missing_values(write_file: WriteFile) -> None:
    one, two = read(write_file("t.tsv", "1\t0.5\tNaN\t0.7\tNaN\tNA\n2\t1\t2\t3\t4\t5\n"), layout="rows")
    assert np.array_equal(one.values, np.array([[0.5], [NAN], [0.7]]), equal_nan=True) and len(two) == 5


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("ds,y\n1,2\n3,4,5\n", {}, r"3 cells where 2 are expected: '3,4,5'(.|\n)*t.csv, line 3"),
        ("ds,y\n1,oops\n", {}, r"'oops' is not a finite number(.|\n)*t.csv, line 2, column 'y'"),
        ("ds,y\n1,2\n2,inf\n", {}, r"'inf' is not a finite number(.|\n)*line 3"),
        ("ds,y\n1,2\n2,-1e999\n", {}, r"'-inf' is not a finite number(.|\n)*line 3"),
        ("ds,y\n1,2\n2,'1,5'\n", {}, r"3 cells where 2 are expected"),
        ("ds,y\n2024-01-01,2\n2024-13-01,3\n", {}, r"'2024-13-01' is not a timestamp(.|\n)*line 3, column 'ds'"),
        ("ds,y\n1,2\n,3\n", {}, r"the timestamp is missing(.|\n)*line 3"),
        ("ds,y\n,2\n2024-01-02,3\n", {}, r"timestamp(.|\n)*line 2"),
        ("ds,y\n1,2\n1.5,3\n", {}, r"'1.5' is not a timestamp(.|\n)*line 3"),
        ("ds,y,y\n1,2,3\n", {}, "column 'y' occurs twice"),
        ("", {}, "holds no rows"),
        ("ds,y\n", {}, "holds no rows"),
        ("ds\n1\n", {}, "no column is left for the values"),
        ("ds,sales\n1,2\n", {"value_columns": ("sale",)}, r"no column 'sale'(.|\n)*did you mean 'sales'"),
        ("shops,ds,y\na,1,2\n", {"id_column": "shop"}, r"no column 'shop'(.|\n)*did you mean 'shops'"),
        ("ds,y\n1,2\n", {"layout": "long"}, r"no column 'unique_id'(.|\n)*--data.id_column"),
        ("unique_id,y\na,1\n,2\n", {}, r"the id is empty(.|\n)*line 3"),
        ("V1,V2\nH1,1\nH1,2\n", {}, r"id 'H1' occurs twice(.|\n)*line 3"),
        ("V1,V2\nH1,1\nH2,2,3\n", {}, r"3 cells where the header has 2(.|\n)*line 3"),
        ("V1,V2,V3\nH1,1,x\n", {}, r"'x' is not a finite number(.|\n)*line 2, step 2"),
        ("V1,V2,V3\nH1,1,inf\n", {}, r"'inf' is not a finite number(.|\n)*line 2, step 2"),
    ],
)
def test_broken_tables_are_refused_with_the_place(
    write_file: WriteFile, text: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(write_file("t.csv", text), **options)


def test_a_packed_file_cut_short_is_refused(write_file: WriteFile) -> None:
    path = Path(write_file("t.csv.gz", "unique_id,y\n" + "".join(f"s,{i}\n" for i in range(5000))))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DataError, match=r"cannot be read(.|\n)*t.csv.gz"):
        read(str(path))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"ds,y\n\xff\xfe,1\n")
    with pytest.raises(DataError, match=r"t.csv"):
        read(str(tmp_path / "t.csv"))


def test_options_that_name_columns_of_rows_are_refused(write_file: WriteFile) -> None:
    path = write_file("t.csv", "V1,V2\nH1,1\n")
    with pytest.raises(ConfigError, match=r"value_columns has no meaning in t.csv"):
        read(path, value_columns=("V2",), layout="rows")


def test_a_folder_is_read_file_by_file(write_file: WriteFile) -> None:
    write_file("in/b.csv", "ds,y\n1,2\n")
    path = write_file("in/a.csv", "ds,y\n1,1\n")
    assert [s.origin for s in read(str(Path(path).parent))] == ["a.csv:y", "b.csv:y"]


def test_the_hub_is_not_read() -> None:
    with pytest.raises(ConfigError, match="not read from the hub"):
        read("hf://owner/name")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,7,5,9\nb,8,5,2\n", ["a", "b"]),  # ids in both lines: no header
        ("a,7,5,9\n", ["a"]),
        ("V,x,y,z\na,7,5,9\n", ["a"]),
        ("id,1,2,3\na,7,5,9\n", ["a"]),  # numbers that count are names
        ("id,0,1,2\na,7,5,9\n", ["a"]),
        ("when,1004,1001\n2024-01-01,5,6\n2024-01-02,7,8\n", ["1004", "1001"]),  # ids of a wide table
    ],
)
def test_a_first_row_of_series_is_not_taken_for_a_header(write_file: WriteFile, text: str, names: list[str]) -> None:
    assert [series.name for series in read(write_file("t.csv", text))] == names
