"""Paths at which no series lie, packed files that are damaged, and files of one format with the name of another."""

import gzip
import os
import socket
import zipfile
import zlib
from pathlib import Path

from tests.plugins.malformed import Case, Make, file, files
from tests.plugins.spoiled import declared, encrypted, packed
from tests.plugins.timeseries.bad_making import days, jsonl, long, parquet, wide
from tests.plugins.timeseries.bad_making import ts as cases_of

GZ = gzip.compress(long().encode(), mtime=0)


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
    "path-fifo": Case(_special("fifo"), ("but a pipe, a socket",), "t.csv"),
    "path-socket": Case(_special("socket"), ("but a pipe, a socket",), "t.csv"),
    "path-link-to-itself": Case(_special("loop"), ("is a link to nothing",), "t.csv"),
    "path-link-to-nothing": Case(_special("dangling"), ("link to nothing",), "t.csv"),
    "path-secret": Case(_special("secret"), ("cannot be read",), "t.csv", not_as_root=True),
    "path-folder-named-csv": Case(_special("folder"), ("no file to read",), "t.csv"),
    "path-loop-of-folders": Case(_special("loop-of-folders")),
    "path-fifo-in-folder": Case(_special("fifo-inside"), ("but a pipe, a socket",), "t.csv"),
    "path-hub": Case(lambda folder: "hf://some/series", ("not read from the hub",), "--data.path"),
    "folder-one-is-broken": Case(files({"a.csv": wide(), "b.csv": wide({3: "2024-01-03,x,1"})}),
                                 ("'x' is not",), "b.csv, line 4"),
    "folder-other-columns": Case(files({"a.csv": long(), "b.csv": long(ids="c").replace(",y\n", ",y,z\n")
                                        .replace("-0", "-0", 1)}), ("cells where 4",), "b.csv, line 2"),
    "folder-more-features": Case(
        files({"a.csv": long(), "b.csv": "unique_id,ds,y,z\n" + "".join(f"c,{d},1,2\n" for d in days(30))}),
        ("2 columns where a.csv:a has 1",), "b.csv:c"),
    "folder-mixed-formats": Case(files({"a.csv": wide(), "b.parquet": parquet(), "c.jsonl": jsonl(), "d.txt": "no"})),
    "folder-table-and-ts": Case(files({"a.csv": wide(), "b.ts": cases_of()}), ("at least 7 are needed",), "b.ts:1"),
}  # fmt: skip

PACKED = {
    "gz-cut": Case(file("t.csv.gz", GZ[:-20]), ("cannot be read",), "t.csv.gz"),
    "gz-head-only": Case(file("t.csv.gz", GZ[:8]), ("cannot be read",), "t.csv.gz"),
    "gz-empty": Case(file("t.csv.gz", b""), ("no rows",), "t.csv.gz"),
    "gz-is-text": Case(file("t.csv.gz", long()), ("Not a gzipped file",), "t.csv.gz"),
    "gz-wrong-sum": Case(file("t.csv.gz", GZ[:-8] + bytes(4) + GZ[-4:]), ("CRC check failed",), "t.csv.gz"),
    "gz-wrong-byte": Case(file("t.csv.gz", GZ[:60] + bytes([GZ[60] ^ 255]) + GZ[61:]), ("cannot be read",), "t.csv.gz"),
    "gz-twice": Case(file("t.csv.gz", gzip.compress(GZ)), ("is packed twice", "gunzip"), "t.csv.gz"),
    "gz-bomb": Case(file("t.csv.gz", gzip.compress(b"ds,y\n" + b" " * 300_000_000, 1)),
                    ("a line is longer than 16,777,216 bytes",), "t.csv.gz, line 2"),
    "zip-good": Case(file("t.zip", packed({"t.csv": wide()}))),
    "zip-cut": Case(file("t.zip", packed({"t.csv": wide()})[:-30]), ("zip archive",), "t.zip"),
    "zip-empty": Case(file("t.zip", packed({})), ("no file to read",), "t.zip"),
    "zip-no-tables": Case(file("t.zip", packed({"a.txt": "x"})), ("no file to read",), "t.zip"),
    "zip-encrypted": Case(file("t.zip", encrypted(packed({"t.csv": wide()}))), ("encrypted",), "t.zip"),
    "zip-wrong-sum": Case(file("t.zip", wrong_sum()), ("Bad CRC-32",), "t.zip"),
    "zip-bomb": Case(file("t.zip", declared(0xF0000000)(packed({"t.csv": wide()}))), ("4,026,531,840 bytes",), "t.zip"),
    "zip-parquet": Case(file("t.zip", packed({"t.parquet": parquet()})),
                        ("inside an archive is not read",), "t.zip:t.parquet"),
    "zlib-as-csv": Case(file("t.csv", zlib.compress(long().encode())), ("not valid UTF-8",), "t.csv, line 1"),
    "png-as-csv": Case(file("t.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))), ("a picture",), "t.csv"),
    "zip-as-csv": Case(file("t.csv", packed({"t.csv": wide()})), ("is a zip archive",), "t.csv"),
    "gzip-as-csv": Case(file("t.csv", GZ), ("is gzip, not",), "t.csv"),
    "parquet-as-csv": Case(file("t.csv", parquet()), ("is parquet, not",), "t.csv"),
    "json-as-csv": Case(file("t.csv", jsonl()), ("is JSON, not",), "t.csv"),
    "html-as-csv": Case(file("t.csv", "<!DOCTYPE html>\n<html>\n<body>Not found</body>\n"),
                        ("is a web page (HTML), not", "the download failed"), "t.csv"),
    "html-after-a-mark": Case(file("t.csv", b"\xef\xbb\xbf\r\n  <hTmL><head>,\n1,2\n"), ("is a web page",), "t.csv"),
    "html-as-jsonl": Case(file("t.jsonl", "<!doctype HTML>\n<p>\n"), ("is a web page",), "t.jsonl, line 1"),
    "csv-as-parquet": Case(file("t.parquet", wide()), ("cannot be read as parquet",), "t.parquet"),
    "csv-as-jsonl": Case(file("t.jsonl", wide()), ("cannot be read as JSON",), "t.jsonl, line 1"),
    "csv-as-ts": Case(file("t.ts", wide()), ("before @data",), "t.ts, line 1"),
}  # fmt: skip
