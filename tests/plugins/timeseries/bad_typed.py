"""Parquet files and JSON lines of series that are malformed, degenerate or merely unusual."""

import datetime
import json

import pyarrow as pa

from tests.plugins.malformed import Case, file
from tests.plugins.timeseries.bad_making import days, jsonl, parquet

_HUGE = '{"unique_id": "a", "ds": "2024-01-04", "y": 1' + "0" * 400 + "}"

TYPED = {
    "parquet-cut": Case(file("t.parquet", parquet()[:-100]), ("cannot be read as parquet",), "t.parquet"),
    "parquet-headless": Case(file("t.parquet", parquet()[100:]), ("cannot be read as parquet",), "t.parquet"),
    "parquet-empty": Case(file("t.parquet", b""), ("holds no rows",), "t.parquet"),
    "parquet-no-rows": Case(file("t.parquet", parquet(unique_id=pa.array([], pa.string()), ds=pa.array([], pa.string()),
                                                      y=pa.array([], pa.float64()))), ("no rows",), "t.parquet"),
    "parquet-inf": Case(file("t.parquet", parquet(y=[1.0] * 4 + [float("inf")] * 26)),
                        ("'inf' is not a finite",), "t.parquet, row 5"),
    "parquet-time-null": Case(file("t.parquet", parquet(ds=[*days(9), None, *days(20, "2024-01-11")])),
                              ("timestamp is missing",), "t.parquet, row 10"),
    "parquet-id-null": Case(file("t.parquet", parquet(unique_id=["a"] * 9 + [None] * 21)), ("id is empty",), "row 10"),
    "parquet-list": Case(file("t.parquet", parquet(y=[[1.0]] * 30)), ("list", "not numbers"), "t.parquet"),
    "parquet-struct": Case(file("t.parquet", parquet(y=[{"v": 1.0}] * 30)), ("not numbers",), "t.parquet"),
    "parquet-text": Case(file("t.parquet", parquet(y=["1"] * 29 + ["x"])),
                         ("'x' is not a finite",), "t.parquet, row 30"),
    "parquet-text-numbers": Case(file("t.parquet", parquet(y=["1"] * 30))),
    "parquet-dates-as-values": Case(file("t.parquet", parquet(z=[datetime.date(2024, 1, 1)] * 30)),
                                    ("not numbers", "'z'"), "t.parquet"),
    "parquet-all-null": Case(file("t.parquet", parquet(y=pa.nulls(30))), ("never measured",), "t.parquet"),
    "jsonl-broken": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": '})),
                         ("cannot be read as JSON",), "t.jsonl, line 4"),
    "jsonl-list": Case(file("t.jsonl", jsonl({4: "[1, 2]"})), ("holds a list",), "t.jsonl, line 4"),
    "jsonl-number": Case(file("t.jsonl", jsonl({4: "12"})), ("holds a number",), "t.jsonl, line 4"),
    "jsonl-whole-array": Case(file("t.jsonl", json.dumps([{"ds": d, "y": 1} for d in days(20)])), ("holds a list",),
        "line 1"),
    "jsonl-nested-value": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": {"v": 1}}'})),
                               ("'{\"v\": 1}' is not a finite number",), "t.jsonl, row 4"),
    "jsonl-text-value": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": "x"}'})),
                             ("'x' is not a finite number",), "t.jsonl, row 4"),
    "jsonl-huge-int": Case(file("t.jsonl", jsonl({4: _HUGE})),
        ("'1000", "larger than 1e+18"), "t.jsonl, row 4"),
    "jsonl-infinity": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": Infinity}'})),
                           ("'inf' is not a finite number",), "t.jsonl, row 4"),
    "jsonl-null-value": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": null}'}))),
    "jsonl-no-value": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04"}'}))),
    "jsonl-null-time": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": null, "y": 1}'})),
                            ("timestamp is missing",), "t.jsonl, row 4"),
    "jsonl-null-id": Case(file("t.jsonl", jsonl({4: '{"unique_id": null, "ds": "2024-01-04", "y": 1}'})),
                          ("id is empty",), "t.jsonl, row 4"),
    "jsonl-name-twice": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": 1, "y": 2}'})),
                             ("'y' occurs twice",), "t.jsonl, line 4"),
    "jsonl-not-utf8": Case(file("t.jsonl", jsonl().encode() + b'{"unique_id": "\xe9"}\n'), ("not valid UTF-8",),
        "t.jsonl, line 31"),
    "jsonl-blank-lines": Case(file("t.jsonl", jsonl() + "\n\n")),
}  # fmt: skip
