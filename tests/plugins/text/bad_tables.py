"""Tables, JSON lines and parquet files that are malformed, degenerate or merely unusual."""

import gzip
import json

import pyarrow as pa

from tests.plugins.malformed import Case, file
from tests.plugins.text.bad_making import (
    CLASSIFY,
    GOOD_CSV,
    GOOD_JSONL,
    ROWS,
    TEXT,
    WIDE,
    WORDS,
    csv,
    jsonl,
    parquet,
    zipped,
)

TABLES = {
    "csv-empty": Case(file("t.csv", b""), ("holds no rows",), "t.csv"),
    "csv-header-only": Case(file("t.csv", "text,label\n"), ("holds no text",), "t.csv"),
    "csv-ragged": Case(csv("one,two,three"), ("3 cells where 2",), "t.csv, line 5"),
    "csv-short-row": Case(csv("alone"), ("1 cell where 2",), "t.csv, line 5"),
    "csv-column-twice": Case(csv(header="text,text"), ("'text' occurs twice",), "t.csv"),
    "csv-no-such-column": Case(csv(header="txt,label"), ("no column 'text'", "txt"), "t.csv"),
    "csv-column-without-name": Case(csv(header="text,")),
    "csv-label-missing": Case(csv("some text,"), ("label", "missing"), "t.csv:4", CLASSIFY),
    "csv-text-missing": Case(csv(",a"), ("text", "empty"), "t.csv:4", CLASSIFY),
    "csv-latin1": Case(csv(b"caf\xe9,a"), ("not valid UTF-8",), "t.csv, line 5"),
    "csv-utf16": Case(file("t.csv", GOOD_CSV.encode("utf-16")), ("is UTF-16",), "t.csv"),
    "csv-other-encoding": Case(csv(), ("not latin-1",), "t.csv", {"encoding": "latin-1"}),
    "csv-mark": Case(file("t.csv", b"\xef\xbb\xbf" + GOOD_CSV.encode())),
    "csv-nul": Case(csv("a\0b,a"), ("holds a NUL",), "t.csv:4"),
    "csv-quote-never-closed": Case(csv('"never closed,a'), ("is a quote never closed",), "t.csv, line 5"),
    "csv-quote-inside": Case(csv('5" of rain,a')),
    "csv-semicolons": Case(file("t.csv", GOOD_CSV.replace(",", ";")), ("no column 'text'", "';'"), "t.csv"),
    "csv-crlf": Case(file("t.csv", GOOD_CSV.replace("\n", "\r\n"))),
    "csv-cr-only": Case(file("t.csv", GOOD_CSV.replace("\n", "\r"))),
    "csv-cell-of-megabytes": Case(csv("word " * 1_200_000 + ",a"), options=WIDE),
    "csv-row-longer-than-a-block": Case(csv("x" * 9_000_000 + ",a"), ("longer than 4,194,304 bytes",), "t.csv, line 5"),
    "csv-quote-never-closed-in-one-column": Case(
        file("t.csv", "text\n" + WORDS * 3 + '"never closed\n' + WORDS * 60),
        ("a quote is never closed",),
        "t.csv, line 5",
    ),
    "csv-gz-cut": Case(
        file("t.csv.gz", gzip.compress(GOOD_CSV.encode())[:-20]), ("to its end",), "t.csv.gz, after line"
    ),
    "csv-that-is-parquet": Case(parquet({"text": ["a"] * 60}, name="t.csv"), ("is parquet, not",), "t.csv"),
    "csv-that-is-html": Case(file("t.csv", "<!DOCTYPE html>\n" + GOOD_CSV), ("is a web page",), "t.csv"),
    "csv-that-is-json": Case(file("t.csv", GOOD_JSONL), ("is JSON lines",), "t.csv"),
    "csv-that-is-a-workbook": Case(zipped({"xl/workbook.xml": b"<x/>"}), ("holds no file to read",), "a.zip"),
    "jsonl-empty": Case(file("t.jsonl", b""), ("holds no rows",), "t.jsonl"),
    "jsonl-blank-lines": Case(file("t.jsonl", b"\n  \n"), ("holds no rows",), "t.jsonl"),
    "jsonl-blank-lines-between": Case(jsonl("", "  ")),
    "jsonl-cut": Case(file("t.jsonl", GOOD_JSONL[:-20]), ("cannot be read as JSON",), "t.jsonl, line 60"),
    "jsonl-broken-line": Case(jsonl('{"text": "a", '), ("cannot be read as JSON",), "t.jsonl, line 4"),
    "jsonl-two-on-a-line": Case(jsonl('{"text": "a"} {"text": "b"}'), ("as JSON",), "t.jsonl, line 4"),
    "jsonl-array-line": Case(jsonl('["a", "b"]'), ("holds a list",), "t.jsonl, line 4"),
    "jsonl-number-line": Case(jsonl("17"), ("holds a number",), "t.jsonl, line 4"),
    "jsonl-null-line": Case(jsonl("null"), ("holds null",), "t.jsonl, line 4"),
    "jsonl-one-array": Case(file("t.jsonl", json.dumps(ROWS)), ("list", "a line"), "t.jsonl, line 1"),
    "jsonl-pretty": Case(file("t.jsonl", json.dumps(ROWS[0], indent=2)), ("as JSON",), "t.jsonl, line 1"),
    "jsonl-text-is-null": Case(jsonl('{"text": null}'), ("is missing",), "t.jsonl:4"),
    "jsonl-text-not-there": Case(jsonl('{"words": "a"}'), ("is missing",), "t.jsonl:4"),
    "jsonl-text-is-a-number": Case(jsonl('{"text": 5}'), ("is 5, a int",), "t.jsonl:4"),
    "jsonl-text-is-nested": Case(jsonl('{"text": {"en": "a"}}'), ("a dict",), "t.jsonl:4"),
    "jsonl-no-such-column": Case(file("t.jsonl", '{"txt": "a"}\n' * 60), ("no column 'text'", "txt"), "t.jsonl"),
    "jsonl-key-twice": Case(jsonl('{"text": "a", "text": "b"}'), ("'text' occurs twice",), "t.jsonl, line 4"),
    "jsonl-label-is-a-list": Case(jsonl('{"text": "a", "label": ["a"]}'), ("a list",), "t.jsonl:4", CLASSIFY),
    "jsonl-label-is-a-fraction": Case(jsonl('{"text": "a", "label": 0.5}'), ("a float",), "t.jsonl:4", CLASSIFY),
    "jsonl-latin1": Case(jsonl(b'{"text": "caf\xe9"}'), ("not valid UTF-8",), "t.jsonl, line 4"),
    "jsonl-half-a-character": Case(jsonl('{"text": "a\\ud800b"}'), ("surrogate",), "t.jsonl:4"),
    "jsonl-nul": Case(jsonl('{"text": "a\\u0000b"}'), ("holds a NUL",), "t.jsonl:4"),
    "jsonl-mark": Case(file("t.jsonl", b"\xef\xbb\xbf" + GOOD_JSONL.encode())),
    "jsonl-utf16": Case(file("t.jsonl", GOOD_JSONL.encode("utf-16")), ("is UTF-16",), "t.jsonl, line 1"),
    "jsonl-crlf": Case(file("t.jsonl", GOOD_JSONL.replace("\n", "\r\n"))),
    "jsonl-dates-stay-text": Case(file("t.jsonl", '{"text": "2020-01-01"}\n' * 60)),
    "jsonl-nested-without-end": Case(jsonl('{"text": ' + "[" * 100_000), ("nested too deeply",), "t.jsonl, line 4"),
    "jsonl-number-without-end": Case(jsonl('{"text": ' + "9" * 5000 + "}"), ("as JSON",), "t.jsonl, line 4"),
    "jsonl-gz-cut": Case(
        file("t.jsonl.gz", gzip.compress(GOOD_JSONL.encode())[:-20]), ("to its end",), "t.jsonl.gz, after line"
    ),
    "jsonl-that-is-csv": Case(file("t.jsonl", GOOD_CSV), ("as JSON",), "t.jsonl, line 1"),
    "parquet-empty": Case(file("t.parquet", b""), ("holds no rows",), "t.parquet"),
    "parquet-no-rows": Case(parquet({"text": pa.array([], pa.string())}), ("holds no text",), "t.parquet"),
    "parquet-cut": Case(parquet({"text": ["a"] * 60}, cut=0.6), ("cannot be read as parquet",), "t.parquet"),
    "parquet-that-is-text": Case(file("t.parquet", TEXT), ("cannot be read as parquet",), "t.parquet"),
    "parquet-text-is-null": Case(parquet({"text": ["a", None] * 30}), ("is missing",), "t.parquet:2"),
    "parquet-text-is-a-list": Case(parquet({"text": [["a"]] * 60}), ("a list",), "t.parquet:1"),
    "parquet-no-such-column": Case(parquet({"txt": ["a"] * 60}), ("no column 'text'", "txt"), "t.parquet"),
    "parquet-column-twice": Case(
        parquet(pa.Table.from_arrays([pa.array(["a"] * 60)] * 2, ["text", "text"])), ("occurs twice",), "t.parquet"
    ),
    "parquet-bad-bytes": Case(
        parquet({"text": pa.array([b"fine", b"caf\xe9"] * 30).view(pa.string())}), ("not valid UTF-8",), "t.parquet:2"
    ),
    "parquet-dictionary": Case(parquet({"text": pa.array(["some words"] * 60).dictionary_encode()})),
}
