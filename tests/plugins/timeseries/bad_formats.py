"""Other formats of series, malformed: packed files, parquet, JSON lines, `.ts`, rows of series, paths of all kinds."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.plugins.timeseries.bad_making import (
    CLASSIFY,
    FORECAST,
    Case,
    Make,
    days,
    file,
    files,
    long,
    rows_of_series,
    wide,
)
from tests.plugins.timeseries.bad_making import ts as cases_of

GZ = gzip.compress(long().encode() * 1, mtime=0)


def parquet(**columns: object) -> bytes:
    """A table with these columns beside, or instead of, those of one series of 30 days."""
    given: dict[str, object] = {"unique_id": ["a"] * 30, "ds": days(30), "y": [float(n % 7) for n in range(30)]}
    table = pa.table({name: column for name, column in (given | columns).items() if column is not None})
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def jsonl(rows: dict[int, str] | None = None) -> str:
    """JSON lines of one series, some (from 1) exchanged."""
    good = [json.dumps({"unique_id": "a", "ds": day, "y": n % 7}) for n, day in enumerate(days(30))]
    for number, row in (rows or {}).items():
        good[number - 1] = row
    return "\n".join(good) + "\n"


def packed(contents: dict[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


def encrypted() -> bytes:
    """A zip archive whose only member claims to be encrypted."""
    raw = bytearray(packed({"t.csv": wide()}))
    raw[6] |= 1
    raw[raw.index(b"PK\1\2") + 8] |= 1
    return bytes(raw)


def bomb() -> bytes:
    """A zip archive whose only member says that it unpacks to almost 4 GB."""
    raw = packed({"t.csv": wide()})
    size = raw.index(b"PK\1\2") + 24
    return raw[:size] + (0xF0000000).to_bytes(4, "little") + raw[size + 4 :]


def wrong_sum() -> bytes:
    """A zip archive with a member whose bytes have changed since."""
    raw = packed({"t.csv": wide()}, zipfile.ZIP_STORED)
    return raw.replace(b"2024-01-07,", b"2024-01-07;")


def _special(kind: str) -> Make:
    def make(folder: Path) -> str:
        path = folder / "t.csv"
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "socket":
            os.chdir(folder)  # A socket's path may only be short.
            with socket.socket(socket.AF_UNIX) as end:
                end.bind("t.csv")
        elif kind == "loop":
            path.symlink_to(path)
        elif kind == "dangling":
            path.symlink_to(folder / "gone.csv")
        elif kind == "secret":
            path.write_text(wide())
            path.chmod(0)
        elif kind == "folder":
            path.mkdir()
        elif kind == "loop-of-folders":
            (folder / "good.csv").write_text(wide())
            (folder / "again").symlink_to(folder)
            return str(folder)
        elif kind == "fifo-inside":
            (folder / "good.csv").write_text(wide())
            os.mkfifo(path)
            return str(folder)
        return str(path)

    return make


PATHS = {
    "path-missing": Case(lambda folder: str(folder / "t.csv"), ("no such file",)),
    "path-device": Case(lambda folder: "/dev/zero", ("neither a file",), "/dev/zero"),
    "path-null": Case(lambda folder: "/dev/null", ("neither a file",), "/dev/null"),
    "path-empty-folder": Case(lambda folder: str(folder), ("no file to read", ".csv")),
    "path-fifo": Case(_special("fifo"), ("pipe",), "t.csv"),
    "path-socket": Case(_special("socket"), ("socket",), "t.csv"),
    "path-link-to-itself": Case(_special("loop"), ("link",), "t.csv"),
    "path-link-to-nothing": Case(_special("dangling"), ("link to nothing",), "t.csv"),
    "path-secret": Case(_special("secret"), ("cannot be read",), "t.csv", not_as_root=True),
    "path-folder-named-csv": Case(_special("folder"), ("no file to read",), "t.csv"),
    "path-loop-of-folders": Case(_special("loop-of-folders")),
    "path-fifo-in-folder": Case(_special("fifo-inside"), ("pipe",), "t.csv"),
    "path-hub": Case(lambda folder: "hf://some/series", ("hub",), "--data.path"),
    "folder-one-is-broken": Case(files({"a.csv": wide(), "b.csv": wide({3: "2024-01-03,x,1"})}),
                                 ("'x' is not",), "b.csv, row 3"),
    "folder-other-columns": Case(files({"a.csv": long(), "b.csv": long(ids="c").replace(",y\n", ",y,z\n")
                                        .replace("-0", "-0", 1)}), ("cells where 4",), "b.csv, line 2"),
    "folder-more-features": Case(
        files({"a.csv": long(), "b.csv": "unique_id,ds,y,z\n" + "".join(f"c,{d},1,2\n" for d in days(30))}),
        ("2", "1", "columns"), "b.csv:c"),
    "folder-mixed-formats": Case(files({"a.csv": wide(), "b.parquet": parquet(), "c.jsonl": jsonl(), "d.txt": "no"})),
    "folder-table-and-ts": Case(files({"a.csv": wide(), "b.ts": cases_of()}), ("needed",), "b.ts:1"),
}  # fmt: skip

PACKED = {
    "gz-cut": Case(file("t.csv.gz", GZ[:-20]), ("cannot be read",), "t.csv.gz"),
    "gz-head-only": Case(file("t.csv.gz", GZ[:8]), ("cannot be read",), "t.csv.gz"),
    "gz-empty": Case(file("t.csv.gz", b""), ("no rows",), "t.csv.gz"),
    "gz-is-text": Case(file("t.csv.gz", long()), ("gzip",), "t.csv.gz"),
    "gz-wrong-sum": Case(file("t.csv.gz", GZ[:-8] + bytes(4) + GZ[-4:]), ("CRC",), "t.csv.gz"),
    "gz-wrong-byte": Case(file("t.csv.gz", GZ[:60] + bytes([GZ[60] ^ 255]) + GZ[61:]), ("cannot be read",), "t.csv.gz"),
    "gz-twice": Case(file("t.csv.gz", gzip.compress(GZ)), ("t.csv.gz",), "t.csv.gz"),
    "gz-bomb": Case(file("t.csv.gz", gzip.compress(b"ds,y\n" + b" " * 300_000_000, 1)), ("t.csv.gz",), "t.csv.gz"),
    "zip-good": Case(file("t.zip", packed({"t.csv": wide()}))),
    "zip-cut": Case(file("t.zip", packed({"t.csv": wide()})[:-30]), ("zip archive",), "t.zip"),
    "zip-empty": Case(file("t.zip", packed({})), ("no file to read",), "t.zip"),
    "zip-no-tables": Case(file("t.zip", packed({"a.txt": "x"})), ("no file to read",), "t.zip"),
    "zip-encrypted": Case(file("t.zip", encrypted()), ("encrypted",), "t.zip"),
    "zip-wrong-sum": Case(file("t.zip", wrong_sum()), ("CRC",), "t.zip"),
    "zip-bomb": Case(file("t.zip", bomb()), ("4,026,531,840 bytes",), "t.zip"),
    "zip-parquet": Case(file("t.zip", packed({"t.parquet": parquet()})), ("unpack",), "t.zip:t.parquet"),
    "zlib-as-csv": Case(file("t.csv", zlib.compress(long().encode())), ("t.csv",), "t.csv"),
    "png-as-csv": Case(file("t.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))), ("a picture",), "t.csv"),
    "zip-as-csv": Case(file("t.csv", packed({"t.csv": wide()})), ("zip",), "t.csv"),
    "gzip-as-csv": Case(file("t.csv", GZ), ("gz",), "t.csv"),
    "parquet-as-csv": Case(file("t.csv", parquet()), ("parquet",), "t.csv"),
    "json-as-csv": Case(file("t.csv", jsonl()), ("JSON",), "t.csv"),
    "html-as-csv": Case(file("t.csv", "<!DOCTYPE html>\n<html>\n<body>Not found</body>\n"), ("t.csv",), "t.csv"),
    "csv-as-parquet": Case(file("t.parquet", wide()), ("parquet",), "t.parquet"),
    "csv-as-jsonl": Case(file("t.jsonl", wide()), ("JSON",), "t.jsonl, line 1"),
    "csv-as-ts": Case(file("t.ts", wide()), ("before @data",), "t.ts, line 1"),
}  # fmt: skip

_HUGE = '{"unique_id": "a", "ds": "2024-01-04", "y": 1' + "0" * 400 + "}"

TYPED = {
    "parquet-cut": Case(file("t.parquet", parquet()[:-100]), ("t.parquet",), "t.parquet"),
    "parquet-headless": Case(file("t.parquet", parquet()[100:]), ("t.parquet",), "t.parquet"),
    "parquet-empty": Case(file("t.parquet", b""), ("t.parquet",), "t.parquet"),
    "parquet-no-rows": Case(file("t.parquet", parquet(unique_id=pa.array([], pa.string()), ds=pa.array([], pa.string()),
                                                      y=pa.array([], pa.float64()))), ("no rows",), "t.parquet"),
    "parquet-inf": Case(file("t.parquet", parquet(y=[1.0] * 4 + [float("inf")] * 26)), ("inf",), "t.parquet, row 5"),
    "parquet-time-null": Case(file("t.parquet", parquet(ds=[*days(9), None, *days(20, "2024-01-11")])),
                              ("timestamp is missing",), "t.parquet, row 10"),
    "parquet-id-null": Case(file("t.parquet", parquet(unique_id=["a"] * 9 + [None] * 21)), ("id is empty",), "row 10"),
    "parquet-list": Case(file("t.parquet", parquet(y=[[1.0]] * 30)), ("list", "not numbers"), "t.parquet"),
    "parquet-struct": Case(file("t.parquet", parquet(y=[{"v": 1.0}] * 30)), ("not numbers",), "t.parquet"),
    "parquet-text": Case(file("t.parquet", parquet(y=["1"] * 29 + ["x"])), ("'x'",), "t.parquet, row 30"),
    "parquet-text-numbers": Case(file("t.parquet", parquet(y=["1"] * 30))),
    "parquet-dates-as-values": Case(file("t.parquet", parquet(z=[__import__("datetime").date(2024, 1, 1)] * 30)),
                                    ("not numbers", "'z'"), "t.parquet"),
    "parquet-all-null": Case(file("t.parquet", parquet(y=pa.nulls(30))), ("never measured",), "t.parquet"),
    "jsonl-broken": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": '})), ("JSON",), "t.jsonl, line 4"),
    "jsonl-list": Case(file("t.jsonl", jsonl({4: "[1, 2]"})), ("object",), "t.jsonl, line 4"),
    "jsonl-number": Case(file("t.jsonl", jsonl({4: "12"})), ("object",), "t.jsonl, line 4"),
    "jsonl-whole-array": Case(file("t.jsonl", json.dumps([{"ds": d, "y": 1} for d in days(20)])), ("t.jsonl",),
        "line 1"),
    "jsonl-nested-value": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": {"v": 1}}'})),
                               ("t.jsonl",), "t.jsonl"),
    "jsonl-text-value": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": "x"}'})),
                             ("x",), "t.jsonl"),
    "jsonl-huge-int": Case(file("t.jsonl", jsonl({4: _HUGE})),
        ("'1000", "larger than 1e+18"), "t.jsonl, row 4"),
    "jsonl-infinity": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": Infinity}'})),
                           ("t.jsonl",), "t.jsonl"),
    "jsonl-null-value": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": null}'}))),
    "jsonl-no-value": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04"}'}))),
    "jsonl-null-time": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": null, "y": 1}'})),
                            ("timestamp is missing",), "t.jsonl, row 4"),
    "jsonl-null-id": Case(file("t.jsonl", jsonl({4: '{"unique_id": null, "ds": "2024-01-04", "y": 1}'})),
                          ("id is empty",), "t.jsonl, row 4"),
    "jsonl-name-twice": Case(file("t.jsonl", jsonl({4: '{"unique_id": "a", "ds": "2024-01-04", "y": 1, "y": 2}'})),
                             ("y",), "t.jsonl, line 4"),
    "jsonl-not-utf8": Case(file("t.jsonl", jsonl().encode() + b'{"unique_id": "\xe9"}\n'), ("UTF-8",),
        "t.jsonl, line 31"),
    "jsonl-blank-lines": Case(file("t.jsonl", jsonl() + "\n\n")),
}  # fmt: skip

_HEAD = "@problemName p\n@univariate true\n@classLabel true a b\n"


def _ts(
    *says: str, at: str = "", header: str = "", cases: dict[int, str] | None = None, raw: str | None = None
) -> Case:
    content = cases_of(cases, header) if raw is None else raw
    return Case(file("t.ts", content), says, at, CLASSIFY)


CASES_OF_TS = {
    "ts-good": _ts(),
    "ts-no-cases": _ts("no cases", at="t.ts", raw=_HEAD + "@data\n"),
    "ts-no-data-line": _ts("before @data", at="t.ts, line 4", header=_HEAD),
    "ts-header-only": _ts("no @data line", at="t.ts", raw=_HEAD),
    "ts-two-dimensions": _ts("2 dimensions where 1", at="t.ts, line 9", cases={5: "1,2:3,4:a"}),
    "ts-dimensions-differ": _ts("2", at="t.ts", header="@classLabel true a b\n@data\n", cases={5: "1,2:3,4:a"}),
    "ts-lengths-differ": _ts("unequal length", at="t.ts, line 7", cases={5: "1,2:3:a"},
                             header="@classLabel true a b\n@data\n"),
    "ts-class-unknown": _ts("class 'c' is not in @classLabel", at="t.ts, line 9", cases={5: "1,2,3,4:c"}),
    "ts-class-missing": _ts("is not in @classLabel", at="t.ts, line 9", cases={5: "1,2,3,4"}),
    "ts-class-empty": _ts("the class is missing", at="t.ts, line 7", cases={5: "1,2,3,4:"},
        header="@targetlabel true\n@data\n"),
    "ts-no-values": _ts("no values", at="t.ts, line 9", cases={5: ":a"}),
    "ts-text": _ts("'x' is not a finite number (dimension 1, step 2)", at="t.ts, line 9", cases={5: "1,x,3,4:a"}),
    "ts-inf": _ts("'inf' is not a finite", at="t.ts, line 9", cases={5: "1,inf,3,4:a"}),
    "ts-missing-though-not": _ts("@missing false", at="t.ts", cases={5: "1,?,3,4:a"},
                                 header="@missing false\n@classLabel true a b\n@data\n"),
    "ts-missing": _ts(cases={5: "1,?,3,4:a"}),
    "ts-all-missing": _ts(cases={5: "?,?,?,?:a"}),
    "ts-length-broken": _ts("3 steps where @seriesLength is 4", at="t.ts, line 9", cases={5: "1,2,3:a"},
                            header="@equalLength true\n@seriesLength 4\n@classLabel true a b\n@data\n"),
    "ts-unknown-header": _ts("unknown header @univariat", "univariate", at="t.ts, line 1",
                             header="@univariat true\n@data\n"),
    "ts-bad-flag": _ts("@univariate must be true or false", at="t.ts, line 1", header="@univariate yes\n@data\n"),
    "ts-bad-count": _ts("positive number", at="t.ts, line 1", header="@dimensions two\n@data\n"),
    "ts-timestamps": _ts("timestamps of their own", at="t.ts, line 1", header="@timeStamps true\n@data\n"),
    "ts-not-utf8": Case(file("t.ts", cases_of({5: "1,2,3,4:é"}).encode("latin1")), ("UTF-8",), "t.ts, line 9",
        CLASSIFY),
    "ts-header-not-utf8": Case(file("t.ts", b"# \xe9\n" + cases_of().encode()), (), "", CLASSIFY),
    "ts-utf16": Case(file("t.ts", cases_of().encode("utf-16")), ("UTF-8",), "t.ts, line 1", CLASSIFY),
    "ts-nul": _ts("'\\x00' is not", at="t.ts, line 9", cases={5: "1,2,\0,4:a"}),
    "ts-cr": _ts("t.ts", at="t.ts", raw=cases_of().replace("\n", "\r")),
    "ts-data-twice": _ts("t.ts", at="t.ts, line 9", cases={5: "@data"}),
    "ts-gz-cut": Case(file("t.ts.gz", gzip.compress(cases_of().encode())[:-20]), ("cannot be read",), "t.ts.gz",
        CLASSIFY),
    "ts-empty": _ts("no @data", at="t.ts", raw=""),
}  # fmt: skip


def _rows(*says: str, at: str = "", rows: dict[int, str] | None = None, raw: str | None = None) -> Case:
    return Case(file("t.csv", rows_of_series(rows) if raw is None else raw), says, at, {**FORECAST, "layout": "rows"})


ROWS_OF_SERIES = {
    "rows-good": _rows(),
    "rows-id-twice": _rows("'H1' occurs twice", at="t.csv, line 4", rows={3: "H1,1,2,3,4,5,6,7,8,9"}),
    "rows-id-empty": _rows("id is empty", at="t.csv, line 4", rows={3: ",1,2,3,4,5,6,7,8,9"}),
    "rows-text": _rows("'x' is not a finite number", at="t.csv, line 4, step 2", rows={3: "H9,1,x,3,4,5,6,7,8,9"}),
    "rows-inf": _rows("'inf' is not a finite", at="t.csv, line 4, step 2", rows={3: "H9,1,inf,3,4,5,6,7,8,9"}),
    "rows-too-long": _rows("22 cells where the header has 21", at="t.csv, line 4", rows={3: "H9" + ",1" * 21}),
    "rows-no-values": _rows("no values", at="t.csv, line 4", rows={3: "H9,,,"}),
    "rows-header-only": _rows("no rows", at="t.csv", raw="V1,V2,V3\n"),
    "rows-ids-only": _rows("no values", at="t.csv, line 2", raw="V1\nH1\nH2\n"),
    "rows-quote": _rows("quote", at="t.csv, line 4", rows={3: '"H9,1,2,3,4'}),
    "rows-not-utf8": Case(file("t.csv", rows_of_series({3: "é,1,2,3,4,5,6,7"}).encode("latin1")), ("UTF-8",),
                          "t.csv, line 4", {**FORECAST, "layout": "rows"}),
    "rows-nul": _rows("'\\x00' is not", at="t.csv, line 4", rows={3: "H9,1,\0,3,4,5,6,7,8,9"}),
}  # fmt: skip

FORMATS = {**PATHS, **PACKED, **TYPED, **CASES_OF_TS, **ROWS_OF_SERIES}
