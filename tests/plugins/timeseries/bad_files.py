"""Files of series that are no data, or hardly: each with the options it is read by and what must be said about it."""

from __future__ import annotations

from tests.plugins.malformed import Case, file, files
from tests.plugins.timeseries.bad_making import (
    CLASSIFY,
    FORECAST,
    TAG,
    classes,
    days,
    long,
    rows_of_series,
    steps,
    wide,
)
from tests.plugins.timeseries.bad_paths import PACKED, PATHS
from tests.plugins.timeseries.bad_tables import TABLES
from tests.plugins.timeseries.bad_ts import CASES_OF_TS, ROWS_OF_SERIES
from tests.plugins.timeseries.bad_typed import TYPED

NUMBER = {"task": "classify", "target": "value"}
HELD = {**FORECAST, "test_path": "{folder}/test.csv"}
KNOWN = {**FORECAST, "known_columns": ["price"]}
STATIC = {**FORECAST, "static_columns": ["kind"]}


def _more(column: str, cells: dict[int, str], ids: str = "ab", usual: str = "1") -> str:
    """A long table with one more column, some of its cells (from 1) others than usual."""
    head, *rows = long(ids=ids).splitlines()
    return "\n".join([f"{head},{column}", *(f"{r},{cells.get(n, usual)}" for n, r in enumerate(rows, start=1))]) + "\n"


def _constant(cell: str) -> str:
    return long({n: f"{'ab'[n > 30]},{days(30)[(n - 1) % 30]},{cell}" for n in range(1, 61)})


SIZES = {
    "one-row": Case(file("t.csv", long(ids="a", count=1)), ("1 step where at least",), "t.csv:a"),
    "one-cell": Case(file("t.csv", "7\n"), ("1 step where at least",), "t.csv:1"),
    "one-short-series": Case(file("t.csv", long() + "".join(f"c,{d},1\n" for d in days(4))),
                             ("4 steps where at least 7", "--data.short_series"), "t.csv:c"),
    "all-shorter-than-horizon": Case(file("t.csv", long(count=5)), ("5 steps", "horizon of 20"), "t.csv:a",
                                     {"task": "forecast", "horizon": 20}),
    "look-back-longer-than-series": Case(file("t.csv", long()), (), "", {**FORECAST, "look_back": 500}),
    "all-dropped": Case(file("t.csv", long(count=5)), ("no training values",),
        "the training split", {"task": "forecast", "horizon": 20,
                                                                       "short_series": "drop"}),
    "constant": Case(file("t.csv", _constant("4"))),
    "zeros": Case(file("t.csv", _constant("0"))),
    "large-constant": Case(file("t.csv", _constant("1e9"))),
    "all-missing": Case(file("t.csv", _constant("")), ("never measured",), "t.csv:a"),
    "one-series-all-missing": Case(file("t.csv", long({n: f"b,{days(30)[n - 31]}," for n in range(31, 61)})),
                                   ("never measured",), "t.csv:b"),
    "one-column-all-missing": Case(file("t.csv", wide().replace("p,q", "p,q,r").replace("\n2", ",\n2")
                                        .replace("r,\n", "r\n", 1).rstrip() + ",\n"), ("never measured",), "t.csv:r"),
    "measured-late": Case(file("t.csv", long({n: f"b,{days(30)[n - 31]}," for n in range(31, 36)}))),
    "float32-level": Case(file("t.csv", long({n: f"a,{days(30)[n - 1]},{1e9 + n / 100}" for n in range(1, 31)})),
                          ("float32 cannot tell them apart",), "t.csv:a, column 'y'"),
}  # fmt: skip

OPTIONS = {
    "column-value": Case(file("t.csv", long().replace(",y", ",sales")), ("no column 'sale'", "'sales'"), "t.csv",
                         {**FORECAST, "value_columns": ["sale"]}),
    "column-time": Case(file("t.csv", long()), ("no column 'dss'", "'ds'"), "t.csv", {**FORECAST,
        "time_column": "dss"}),
    "column-id": Case(file("t.csv", long()), ("no column 'unique_ids'",), "t.csv", {**FORECAST,
        "id_column": "unique_ids"}),
    "column-label": Case(file("t.csv", steps()), ("no column 'stat'", "'state'"), "t.csv", {**TAG,
        "label_column": "stat"}),
    "column-two-meanings": Case(file("t.csv", _more("price", {})), ("'price' has two meanings",), "",
                                {**KNOWN, "value_columns": ["y", "price"]}),
    "column-text-is-value": Case(file("t.csv", _more("kind", {}, usual="x")), ("'x' is not", "--data.value_columns"),
                                 "t.csv, line 2, column 'kind'"),
    "layout-long-without-id": Case(file("t.csv", wide()), ("no column 'unique_id'",), "t.csv", {**FORECAST,
        "layout": "long"}),
    "statics-of-wide": Case(file("t.csv", wide()), ("wide table",), "--data.static_columns",
                            {**FORECAST, "static_columns": ["q"]}),
    "known-missing-column": Case(file("t.csv", long()), ("no column 'price'",), "t.csv", KNOWN),
    "known-text": Case(file("t.csv", _more("price", {4: "dear"})), ("'dear' is not",), "t.csv, line 5, column 'price'",
        KNOWN),
    "known-missing-cell": Case(file("t.csv", _more("price", {4: ""})), (), "", KNOWN),
    "known-everywhere-missing": Case(file("t.csv", _more("price", {}, usual="")), ("the column is empty",),
        "t.csv:a, column 'price'", KNOWN),
    "static-changes": Case(file("t.csv", _more("kind", {4: "2"})), ("'1' and '2'", "never changes"), "t.csv:a", STATIC),
    "static-empty": Case(file("t.csv", _more("kind", {}, usual="")), ("empty in all",), "kind", STATIC),
    "static-many": Case(file("t.csv", "unique_id,ds,y,kind\n" + "".join(
        f"s{n},{d},{k % 3},k{n}\n" for n in range(300) for k, d in enumerate(days(8)))), ("300 categories",), "kind",
        STATIC),
}  # fmt: skip

LABELS = {
    "class-of-dates": Case(file("t.csv", steps()), ("'2024-01-01' is a timestamp",), "first row", CLASSIFY),
    "class-good": Case(file("t.tsv", classes()), (), "", CLASSIFY),
    "class-one": Case(file("t.tsv", classes(labels="a")), ("at least two labels",), "", CLASSIFY),
    "class-missing": Case(file("t.tsv", classes({5: "\t1\t2\t3"})), ("label is missing",), "t.tsv:5", CLASSIFY),
    "class-text": Case(file("t.tsv", classes({5: "0\t1\tx\t3"})), ("'x' is not",), "t.tsv, line 5, step 2", CLASSIFY),
    "class-no-values": Case(file("t.tsv", classes({5: "0\t\t\t"})), ("no values",), "t.tsv, line 5", CLASSIFY),
    "class-one-record": Case(file("t.tsv", classes(count=1)), ("at least two labels",), "", CLASSIFY),
    "class-two-in-a-series": Case(file("t.csv", _more("state", {3: "b"}, usual="a")), ("'a' and 'b' in one series",),
                                  "t.csv:a", {**TAG, "task": "classify", "layout": "long"}),
    "number-is-text": Case(file("t.ts", "@targetlabel true\n@data\n" + "1,2,3:0.5\n" * 9 + "1,2:x\n" + "1,2:3\n" * 30),
                           ("target 'x' is not a finite number",), "t.ts:10", NUMBER),
    "number-is-inf": Case(file("t.ts", "@targetlabel true\n@data\n" + "1,2,3:0.5\n" * 9 + "1,2:inf\n" + "1,2:3\n" * 30),
                          ("target 'inf'",), "t.ts:10", NUMBER),
    "tag-good": Case(file("t.csv", steps()), (), "", TAG),
    "tag-missing": Case(file("t.csv", steps({7: "2024-01-07,1,"})), ("label is missing",),
        "t.csv, line 8, column 'state'", TAG),
    "tag-one": Case(file("t.csv", steps(labels="ok")), ("at least two tags",), "", TAG),
    "tag-gap": Case(file("t.csv", steps({7: "2024-01-06,1,ok"})), ("occurs more than once",), "t.csv:t", TAG),
    "tag-number-is-text": Case(file("t.csv", steps()), ("'ok' is not a finite",), "t.csv, line 2, column 'state'",
                               {**TAG, "target": "value"}),
    "tag-unknown-positive": Case(file("t.csv", steps()), ("no step has the label 'bat'", "'bad'"), "--data.positive",
                                 {**TAG, "positive": "bat"}),
}  # fmt: skip

SPLITS = {
    "test-missing": Case(file("t.csv", long()), ("no such file",), "", HELD),
    "test-text": Case(files({"t.csv": long(), "test.csv": long({2: "a,2024-01-02,x"})}, "t.csv"), ("'x' is not",),
                      "test.csv, line 3", HELD),
    "test-is-before": Case(files({"t.csv": long(), "test.csv": long(count=9)}, "t.csv"), ("no step is later",),
                           "test.csv:a", HELD),
    "test-other-features": Case(
        files({"t.csv": long(), "test.csv": "unique_id,ds,y,z\n" + "".join(f"a,{d},1,2\n" for d in days(4,
        "2024-01-31"))},
              "t.csv"), ("cannot follow",), "test.csv:a", HELD),
    "test-other-times": Case(files({"t.csv": long(), "test.csv": "unique_id,ds,y\na,31,1\na,32,2\n"}, "t.csv"),
                             ("cannot follow",), "test.csv:a", HELD),
    "test-far-later": Case(files({"t.csv": long(), "test.csv": "unique_id,ds,y\na,2025-01-31,1\na,2025-02-01,2\n"},
                                 "t.csv"), ("steps of 1 day missing",), "t.csv:a", HELD),
    "test-no-dates": Case(files({"t.csv": long(), "test.csv": rows_of_series()}, "t.csv"), ("has no dates",),
                          "test.csv:H0", HELD),
}  # fmt: skip

CASES: dict[str, Case] = {
    **TABLES,
    **PATHS,
    **PACKED,
    **TYPED,
    **CASES_OF_TS,
    **ROWS_OF_SERIES,
    **SIZES,
    **OPTIONS,
    **LABELS,
    **SPLITS,
}
