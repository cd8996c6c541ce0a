"""Files that are no data, or hardly: each with the options it is read by and what must be said about it."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

WORDS = "the cat sat on the mat and the dog saw it go\n"
TEXT = (WORDS * 60).encode()
"""Enough to train on."""

ROWS = [{"text": f"{WORDS.strip()} {n % 7}", "label": "ab"[n % 2]} for n in range(60)]
SENTENCES = "the\tD\ncat\tN\nsat\tV\n\n" * 60

Make = Callable[[Path], "str | list[str]"]


@dataclass(frozen=True)
class Case:
    """A file or several, and what becomes of them.

    Attributes:
        make: Writes below a folder; gives `--data.path`.
        says: Words of the message; none: a model is trained.
        at: Words of the place.
        options: Of the data, without `--data.`.
        not_as_root: Root may read what others may not.
    """

    make: Make
    says: tuple[str, ...] = ()
    at: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    not_as_root: bool = False


def file(name: str, content: bytes | str) -> Make:
    """One file."""
    return files({name: content}, whole=False)


def files(contents: Mapping[str, bytes | str], whole: bool = True, labels: bool = False) -> Make:
    """Several files: the folder, or each named itself, labelled by its stem if wanted."""

    def make(folder: Path) -> str | list[str]:
        paths = []
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            paths.append(f"{path.stem}={path}" if labels else str(path))
        return str(folder) if whole else paths[0] if len(paths) == 1 else paths

    return make


def lines(*rows: object) -> str:
    """JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def jsonl(*rows: str | bytes, name: str = "t.jsonl") -> Make:
    """Good JSON lines, and these after the third."""
    good = [json.dumps(row).encode() for row in ROWS]
    bad = [row.encode() if isinstance(row, str) else row for row in rows]
    return file(name, b"\n".join([*good[:3], *bad, *good[3:]]) + b"\n")


def csv(*rows: str | bytes, header: str = "text,label", name: str = "t.csv") -> Make:
    """A good table, and these rows after the third."""
    good = [f"{row['text']},{row['label']}".encode() for row in ROWS]
    bad = [row.encode() if isinstance(row, str) else row for row in rows]
    return file(name, b"\n".join([header.encode(), *good[:3], *bad, *good[3:]]) + b"\n")


def parquet(table: pa.Table | dict[str, Any], cut: float = 1.0, name: str = "t.parquet") -> Make:
    """A parquet file, or the first part of one."""
    stream = io.BytesIO()
    pq.write_table(pa.table(table), stream)
    content = stream.getvalue()
    return file(name, content[: int(len(content) * cut)])


def zipped(members: Mapping[str, bytes | str], change: Callable[[bytes], bytes] = lambda data: data) -> Make:
    """An archive, its bytes changed afterwards."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file("a.zip", change(stream.getvalue()))


def twice(members: Mapping[str, bytes]) -> Make:
    """An archive that holds each member twice; `ZipFile` would warn."""
    renamed = {name[:-5] + f"{n}.txt": data for name, data in members.items() for n in (0, 1)}
    return zipped(renamed, lambda data: data.replace(b"1.txt", b"0.txt"))


def encrypted(data: bytes) -> bytes:
    """The flag that says so, in both of a member's headers."""
    return _patched(data, local=6, central=8, value=struct.pack("<H", 1))


def strange_method(data: bytes) -> bytes:
    """A way of packing that nobody knows."""
    return _patched(data, local=8, central=10, value=struct.pack("<H", 97))


def declared(size: int) -> Callable[[bytes], bytes]:
    """A member that says it unpacks to so many bytes."""
    return lambda data: _patched(data, local=22, central=24, value=struct.pack("<I", size))


def _patched(data: bytes, local: int, central: int, value: bytes) -> bytes:
    changed = bytearray(data)
    for sign, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        place = changed.find(sign) + offset
        changed[place : place + len(value)] = value
    return bytes(changed)


def damaged(data: bytes, place: int = 60) -> bytes:
    """A few bytes of what is packed are others."""
    return data[:place] + bytes(b ^ 0x55 for b in data[place : place + 4]) + data[place + 4 :]


def fifo(name: str, inside: bool) -> Make:
    """A pipe that nobody writes to; beside a good file or named itself."""

    def make(folder: Path) -> str:
        os.mkfifo(folder / name)
        (folder / "good.txt").write_bytes(TEXT)
        return str(folder if inside else folder / name)

    return make


def a_socket(folder: Path) -> str:
    """A socket in a folder, named like a text."""
    (folder / "good.txt").write_bytes(TEXT)
    here = os.getcwd()
    os.chdir(folder)  # the name of a socket has at most 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s.txt")
    finally:
        os.chdir(here)
    return str(folder)


def link(name: str, target: str, whole: bool) -> Make:
    """A link beside a good file."""

    def make(folder: Path) -> str:
        (folder / "good.txt").write_bytes(TEXT)
        (folder / name).symlink_to(target)
        return str(folder if whole else folder / name)

    return make


def unreadable(folder: Path) -> str:
    """A file that may not be read."""
    (folder / "x.txt").write_bytes(TEXT)
    (folder / "x.txt").chmod(0)
    return str(folder / "x.txt")


def closed_folder(folder: Path) -> str:
    """A folder whose files may not be listed."""
    (folder / "good.txt").write_bytes(TEXT)
    (folder / "closed").mkdir()
    (folder / "closed/x.txt").write_bytes(TEXT)
    (folder / "closed").chmod(0)
    return str(folder)


def same_file_twice(folder: Path) -> list[str]:
    """One file under two spellings."""
    (folder / "x.txt").write_bytes(TEXT)
    return [str(folder / "x.txt"), f"{folder}/./x.txt"]


CLASSIFY: dict[str, Any] = {"task": "classify"}
LINES: dict[str, Any] = {"documents": "lines"}
TAG: dict[str, Any] = {"task": "tag"}
WIDE: dict[str, Any] = {"window": 1024, "batch_size": 256}
UTF16: dict[str, Any] = {"encoding": "utf-16"}
BAD_BYTES = TEXT + b"caf\xe9 here\n" + TEXT
GOOD_CSV = "text,label\n" + "".join(f"{row['text']},{row['label']}\n" for row in ROWS)
GOOD_JSONL = lines(*ROWS)
GZ = gzip.compress(TEXT * 20)

PLAIN = {
    "empty": Case(file("x.txt", b""), ("holds no text",), "x.txt"),
    "blank": Case(file("x.txt", b" \n\t\n \r\n" * 50), ("holds no text",), "x.txt"),
    "mark-only": Case(file("x.txt", b"\xef\xbb\xbf"), ("holds no text",), "x.txt"),
    "one-character": Case(file("x.txt", b"a"), ("split is empty",), "x.txt"),
    "one-character-over-and-over": Case(file("x.txt", b"a" * 3000)),
    "mark-before-text": Case(file("x.txt", b"\xef\xbb\xbf" + TEXT)),
    "line-ends-mixed": Case(file("x.txt", (WORDS * 20 + WORDS.replace("\n", "\r\n") * 20 + "a\rb\r" * 9).encode())),
    "one-line": Case(file("x.txt", TEXT.replace(b"\n", b" "))),
    "no-white-space": Case(file("x.txt", b"abc" * 900_000), options=WIDE),
    "no-last-line-end": Case(file("x.txt", TEXT[:-1])),
    "utf16-unsaid": Case(file("x.txt", WORDS.encode("utf-16") * 9), ("not valid utf-8", "utf-16"), "x.txt, line 1"),
    "utf16-said": Case(file("x.txt", (WORDS * 60).encode("utf-16")), options=UTF16),
    "utf16-without-mark": Case(file("x.txt", WORDS.encode("utf-16-le") * 9), ("NUL", "utf-16-le"), "x.txt, line 1"),
    "utf16-cut": Case(file("x.txt", (WORDS * 9).encode("utf-16")[:-1]), ("not valid utf-16",), "line", options=UTF16),
    "utf32-unsaid": Case(file("x.txt", (WORDS * 9).encode("utf-32")), ("utf-32",), "x.txt, line 1"),
    "utf8-as-utf16": Case(file("x.txt", b"odd" * 21), ("utf-16",), "x.txt, line 1", options=UTF16),
    "nul": Case(file("x.txt", TEXT + b"a\0b\n" + TEXT), ("NUL",), "x.txt, line 61"),
    "nul-only": Case(file("x.txt", b"\0" * 5000), ("NUL",), "x.txt, line 1"),
    "latin1": Case(file("x.txt", BAD_BYTES), ("0xe9", "not valid utf-8", "latin-1"), "x.txt, line 61"),
    "cut-in-a-character": Case(file("x.txt", TEXT + "é".encode()[:1]), ("0xc3", "not valid utf-8"), "x.txt, line 61"),
    "surrogate-in-utf8": Case(file("x.txt", TEXT + b"\xed\xa0\x80\n"), ("0xed", "utf-8"), "x.txt, line 61"),
    "overlong": Case(file("x.txt", TEXT + b"\xc0\xaf\n"), ("0xc0", "utf-8"), "x.txt, line 61"),
    "picture": Case(file("x.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9), ("picture",), "x.txt"),
    "gzip-without-suffix": Case(file("x.txt", GZ), ("gzip", ".gz"), "x.txt"),
    "zip-without-suffix": Case(file("x.txt", b"PK\x03\x04\x14\0\0\0" + TEXT), ("zip",), "x.txt"),
    "unknown-encoding": Case(file("x.txt", TEXT), ("utf-99",), "encoding", options={"encoding": "utf-99"}),
    "no-text-encoding": Case(file("x.txt", TEXT), ("hex",), "encoding", options={"encoding": "hex"}),
    "encoding-of-nothing": Case(file("x.txt", TEXT), ("undefined",), "encoding", options={"encoding": "undefined"}),
    "shorter-than-a-window": Case(file("x.txt", TEXT[:300]), options={"window": 4096}),
    "blank-lines-as-records": Case(file("x.txt", b"\n \n\t\n" * 50), ("holds no text",), "x.txt", options=LINES),
    "lines-of-one-character": Case(file("x.txt", b"a\nb\n" * 300), options=LINES),
    "line-of-megabytes": Case(file("x.txt", b"ab " * 800_000 + b"\n" + TEXT), options=LINES | WIDE),
    "words-without-end": Case(
        file("x.txt", b"ab" * 9_000_000), ("without white space",), "x.txt, line 1", options={"tokens": "words"}
    ),
}

PACKED = {
    "gz-empty": Case(file("x.txt.gz", b""), ("holds no text",), "x.txt.gz"),
    "gz-of-nothing": Case(file("x.txt.gz", gzip.compress(b"")), ("holds no text",), "x.txt.gz"),
    "gz-that-is-none": Case(file("x.txt.gz", TEXT), ("Not a gzipped file",), "x.txt.gz"),
    "gz-cut": Case(file("x.txt.gz", GZ[: len(GZ) // 2]), ("to its end",), "x.txt.gz, after line"),
    "gz-damaged": Case(file("x.txt.gz", damaged(GZ)), ("to its end",), "x.txt.gz, after line"),
    "gz-wrong-sum": Case(file("x.txt.gz", GZ[:-8] + b"\0" * 8), ("to its end",), "x.txt.gz, after line"),
    "gz-with-more-behind": Case(file("x.txt.gz", GZ + b"more"), ("to its end",), "x.txt.gz, after line"),
    "gz-twice": Case(file("x.txt.gz", gzip.compress(GZ)), ("gzip",), "x.txt.gz"),
    "gz-in-two-parts": Case(file("x.txt.gz", gzip.compress(TEXT) * 2)),
    "zip-that-is-none": Case(file("a.zip", TEXT), ("no zip archive",), "a.zip"),
    "zip-empty-file": Case(file("a.zip", b""), ("no zip archive",), "a.zip"),
    "zip-cut": Case(zipped({"x.txt": TEXT}, lambda data: data[:-30]), ("no whole zip archive", "cut short"), "a.zip"),
    "zip-of-nothing": Case(zipped({}), ("holds no file to read",), "a.zip"),
    "zip-of-other-files": Case(zipped({"x.png": b"\x89PNG"}), ("holds no file to read", ".txt"), "a.zip"),
    "zip-encrypted": Case(zipped({"x.txt": TEXT}, encrypted), ("encrypted",), "a.zip:x.txt"),
    "zip-strange-method": Case(zipped({"x.txt": TEXT}, strange_method), ("cannot be read",), "a.zip:x.txt"),
    "zip-damaged": Case(zipped({"x.txt": TEXT}, damaged), ("cannot be read",), "a.zip:x.txt"),
    "zip-bomb": Case(zipped({"x.txt": TEXT}, declared(0xF0000000)), ("4,026,531,840 bytes",), "a.zip"),
    "zip-declares-too-little": Case(zipped({"x.txt": TEXT}, declared(100)), ("cannot be read",), "a.zip:x.txt"),
    "zip-leads-out": Case(zipped({"../x.txt": TEXT}), ("outside the archive",), "a.zip:../x.txt"),
    "zip-absolute": Case(zipped({"/etc/x.txt": TEXT}), ("outside the archive",), "a.zip:/etc/x.txt"),
    "zip-names-twice": Case(twice({"x0.txt": TEXT}), ("twice",), "a.zip"),
    "zip-of-empty-files": Case(zipped({"x.txt": b"", "y.txt": TEXT}), ("holds no text",), "a.zip:x.txt"),
    "zip-of-bad-bytes": Case(zipped({"x.txt": BAD_BYTES}), ("0xe9",), "a.zip:x.txt, line 61"),
    "zip-of-json-lines": Case(zipped({"t.jsonl": GOOD_JSONL})),
}

PLACES = {
    "nothing-there": Case(lambda folder: str(folder / "x.txt"), ("no such file or folder",), ""),
    "no-name": Case(lambda _: "", ("is empty",), "path"),
    "label-without-path": Case(lambda _: "pos=", ("is empty",), "path", CLASSIFY),
    "nul-in-the-name": Case(lambda folder: f"{folder}/a\0b.txt", ("no such file or folder",), ""),
    "name-too-long": Case(lambda folder: f"{folder}/{'a' * 4000}.txt", ("cannot be looked up",), ""),
    "nobodys-home": Case(lambda _: "~nobody-of-this-name/x.txt", ("home",), "~nobody-of-this-name"),
    "web-address": Case(lambda _: "https://example.org/x.txt", ("download",), "https://example.org/x.txt"),
    "folder-of-nothing": Case(files({}), ("holds no file to read", ".txt"), ""),
    "folder-of-other-files": Case(files({"x.docx": b"PK"}), ("holds no file to read", ".txt"), ""),
    "folder-named-like-a-file": Case(files({"x.txt/y.txt": TEXT})),
    "folder-with-an-empty-file": Case(files({"a.txt": TEXT, "b.txt": b""}), ("holds no text",), ":b.txt"),
    "folder-with-bad-bytes": Case(files({"a.txt": TEXT, "s/b.txt": BAD_BYTES}), ("0xe9",), ":s/b.txt, line 61"),
    "folder-of-several-formats": Case(files({"a.txt": TEXT, "b.csv": GOOD_CSV, "c.jsonl": GOOD_JSONL})),
    "folder-of-other-tables": Case(files({"a.txt": TEXT, "b.csv": "x,y\n1,2\n"}), ("no column 'text'",), "b.csv"),
    "fifo": Case(fifo("p.txt", inside=False), ("neither a file nor a folder",), "p.txt"),
    "fifo-in-a-folder": Case(fifo("p.txt", inside=True), ("neither a file nor a folder",), "p.txt"),
    "device": Case(lambda _: "/dev/zero", ("neither a file nor a folder",), "/dev/zero"),
    "link-to-a-device": Case(link("d.txt", "/dev/zero", whole=True), ("neither a file nor a folder",), "d.txt"),
    "socket": Case(a_socket, ("neither a file nor a folder",), "s.txt"),
    "link-to-nothing": Case(link("l.txt", "gone.txt", whole=False), ("link to nothing",), "l.txt"),
    "link-to-nothing-in-a-folder": Case(link("l.txt", "gone.txt", whole=True), ("link to nothing",), "l.txt"),
    "link-to-itself": Case(link("l.txt", "l.txt", whole=False), ("link to nothing",), "l.txt"),
    "links-in-a-circle": Case(link("loop", ".", whole=True)),
    "link-to-a-folder-elsewhere": Case(link("away", "/usr", whole=True), ("link to a folder elsewhere",), "away"),
    "no-permission": Case(unreadable, ("Permission denied",), "x.txt", not_as_root=True),
    "no-permission-for-a-folder": Case(closed_folder, ("Permission denied",), "closed", not_as_root=True),
    "same-file-twice": Case(same_file_twice, ("twice",), "x.txt"),
}

TABLES = {
    "csv-empty": Case(file("t.csv", b""), ("holds no rows",), "t.csv"),
    "csv-header-only": Case(file("t.csv", "text,label\n"), ("holds no text",), "t.csv"),
    "csv-ragged": Case(csv("one,two,three"), ("3 cells where 2",), "t.csv, line 5"),
    "csv-short-row": Case(csv("alone"), ("1 cells where 2",), "t.csv, line 5"),
    "csv-column-twice": Case(csv(header="text,text"), ("'text' occurs twice",), "t.csv"),
    "csv-no-such-column": Case(csv(header="txt,label"), ("no column 'text'", "txt"), "t.csv"),
    "csv-column-without-name": Case(csv(header="text,")),
    "csv-label-missing": Case(csv("some text,"), ("label", "missing"), "t.csv:4", CLASSIFY),
    "csv-text-missing": Case(csv(",a"), ("text", "empty"), "t.csv:4", CLASSIFY),
    "csv-latin1": Case(csv(b"caf\xe9,a"), ("not valid UTF-8",), "t.csv, line 5"),
    "csv-utf16": Case(file("t.csv", GOOD_CSV.encode("utf-16")), ("UTF-16",), "t.csv"),
    "csv-other-encoding": Case(csv(), ("UTF-8",), "t.csv", {"encoding": "latin-1"}),
    "csv-mark": Case(file("t.csv", b"\xef\xbb\xbf" + GOOD_CSV.encode())),
    "csv-nul": Case(csv("a\0b,a"), ("NUL",), "t.csv:4"),
    "csv-quote-never-closed": Case(csv('"never closed,a'), ("quote",), "t.csv, line 5"),
    "csv-quote-inside": Case(csv('5" of rain,a')),
    "csv-semicolons": Case(file("t.csv", GOOD_CSV.replace(",", ";")), ("no column 'text'", "';'"), "t.csv"),
    "csv-crlf": Case(file("t.csv", GOOD_CSV.replace("\n", "\r\n"))),
    "csv-cr-only": Case(file("t.csv", GOOD_CSV.replace("\n", "\r"))),
    "csv-cell-of-megabytes": Case(csv("word " * 1_200_000 + ",a"), options=WIDE),
    "csv-row-longer-than-a-block": Case(csv("x" * 9_000_000 + ",a"), ("longer than 4,194,304 bytes",), "t.csv, line 5"),
    "csv-quote-never-closed-in-one-column": Case(
        file("t.csv", "text\n" + WORDS * 3 + '"never closed\n' + WORDS * 60), ("quote",), "t.csv, line 5"
    ),
    "csv-gz-cut": Case(
        file("t.csv.gz", gzip.compress(GOOD_CSV.encode())[:-20]), ("to its end",), "t.csv.gz, after line"
    ),
    "csv-that-is-parquet": Case(parquet({"text": ["a"] * 60}, name="t.csv"), ("parquet",), "t.csv"),
    "csv-that-is-json": Case(file("t.csv", GOOD_JSONL), ("JSON",), "t.csv"),
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
    "jsonl-latin1": Case(jsonl(b'{"text": "caf\xe9"}'), ("UTF-8",), "t.jsonl, line 4"),
    "jsonl-half-a-character": Case(jsonl('{"text": "a\\ud800b"}'), ("surrogate",), "t.jsonl:4"),
    "jsonl-nul": Case(jsonl('{"text": "a\\u0000b"}'), ("NUL",), "t.jsonl:4"),
    "jsonl-mark": Case(file("t.jsonl", b"\xef\xbb\xbf" + GOOD_JSONL.encode())),
    "jsonl-utf16": Case(file("t.jsonl", GOOD_JSONL.encode("utf-16")), ("UTF-16",), "t.jsonl, line 1"),
    "jsonl-crlf": Case(file("t.jsonl", GOOD_JSONL.replace("\n", "\r\n"))),
    "jsonl-dates-stay-text": Case(file("t.jsonl", '{"text": "2020-01-01"}\n' * 60)),
    "jsonl-nested-without-end": Case(jsonl('{"text": ' + "[" * 100_000), ("nested",), "t.jsonl, line 4"),
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
        parquet({"text": pa.array([b"fine", b"caf\xe9"] * 30).view(pa.string())}), ("UTF-8",), "t.parquet:2"
    ),
    "parquet-dictionary": Case(parquet({"text": pa.array(["some words"] * 60).dictionary_encode()})),
}

LABELS = {
    "file-without-label": Case(file("x.txt", TEXT), ("no label",), "x.txt", CLASSIFY),
    "loose-file-beside-classes": Case(
        files({"a/1.txt": TEXT, "b/1.txt": TEXT, "c.txt": TEXT}), ("no label",), ":c.txt", CLASSIFY
    ),
    "one-class": Case(files({"a.txt": TEXT}, whole=False, labels=True), ("at least two labels",), "", CLASSIFY),
    "two-classes": Case(files({"a.txt": TEXT, "b.txt": TEXT}, whole=False, labels=True), options=CLASSIFY),
    "class-without-text": Case(
        files({"a.txt": TEXT, "b.txt": b"\n"}, whole=False, labels=True), ("holds no text",), "b.txt", CLASSIFY
    ),
    "class-that-is-not-there": Case(lambda folder: [f"a={folder}/a.txt"], ("no such file",), "", CLASSIFY),
    "hub-id-with-a-label": Case(lambda _: ["a=hf://owner/name"], ("must be the only path",), "hf://", CLASSIFY),
}

TAGGED = {
    "conll-empty": Case(file("t.conll", b""), ("holds no text",), "t.conll", TAG),
    "conll-comments-only": Case(file("t.conllu", "# a\n\n# b\n"), ("holds no sentence",), "t.conllu", TAG),
    "conll-documents-only": Case(
        file("t.conll", "-DOCSTART- O\n\n-DOCSTART- O\n"), ("holds no sentence",), "t.conll", TAG
    ),
    "conll-short-line": Case(
        file("t.conll", SENTENCES + "the\tD\ncat\n\n" + SENTENCES), ("1 columns",), "t.conll, line 242", TAG
    ),
    "conll-long-line": Case(
        file("t.conll", SENTENCES + "a\tb\tc\n\n" + SENTENCES), ("3 columns",), "t.conll, line 241", TAG
    ),
    "conll-empty-tag": Case(
        file("t.conll", SENTENCES + "the\t\ncat\tN\n\n" + SENTENCES), ("tag is empty",), "t.conll, line 241", TAG
    ),
    "conll-empty-token": Case(file("t.conll", SENTENCES + "\tD\n"), ("token is empty",), "t.conll, line 241", TAG),
    "conll-one-column": Case(file("t.conll", "the\ncat\n\n" * 9), ("same column",), "t.conll, line 1", TAG),
    "conll-no-such-column": Case(
        file("t.conll", SENTENCES), ("no column 7",), "t.conll, line 1", TAG | {"tag_column": "7"}
    ),
    "conll-one-tag": Case(file("t.conll", "the\tD\ncat\tD\n\n" * 40), ("at least two tags",), "", TAG),
    "conll-nul": Case(file("t.conll", SENTENCES + "a\0\tD\n\n" + SENTENCES), ("NUL",), "t.conll, line 241", TAG),
    "conll-latin1": Case(file("t.conll", SENTENCES.encode() + b"caf\xe9\tN\n\n"), ("0xe9",), "t.conll, line 241", TAG),
    "conll-crlf": Case(file("t.conll", SENTENCES.replace("\n", "\r\n")), options=TAG),
    "conll-no-blank-line": Case(file("t.conll", SENTENCES.replace("\n\n", "\n")), ("split is empty",), "", TAG),
    "conllu-nine-columns": Case(
        file("t.conllu", "\t".join("123456789") + "\n"), ("9 columns, not 10",), "t.conllu, line 1", TAG
    ),
    "rows-of-text": Case(file("t.jsonl", lines({"tokens": "a b", "tags": "X Y"})), ("no list",), "t.jsonl:1", TAG),
    "rows-of-other-lengths": Case(
        file("t.jsonl", lines({"tokens": ["a", "b"], "tags": ["X"]})), ("1 tags for 2 tokens",), "t.jsonl:1", TAG
    ),
    "rows-with-null": Case(
        file("t.jsonl", lines({"tokens": ["a", None], "tags": ["X", "Y"]})), ("entry 2",), "t.jsonl:1", TAG
    ),
    "rows-of-nothing": Case(file("t.jsonl", lines({"tokens": [], "tags": []})), ("no token",), "t.jsonl:1", TAG),
    "tags-of-bytes": Case(file("t.conll", SENTENCES), ("bytes",), "tokens", TAG | {"tokens": "bytes"}),
}

CASES: dict[str, Case] = PLAIN | PACKED | PLACES | TABLES | LABELS | TAGGED
