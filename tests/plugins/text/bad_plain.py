"""Plain texts that are empty, in other encodings or no text at all, and packed ones that are damaged."""

import gzip
from collections.abc import Mapping

from tests.plugins.malformed import Case, Make, file
from tests.plugins.spoiled import declared, encrypted, strange_method
from tests.plugins.text.bad_making import BAD_BYTES, GOOD_JSONL, GZ, LINES, TEXT, UTF16, WIDE, WORDS, damaged, zipped


def twice(members: Mapping[str, bytes]) -> Make:
    """An archive that holds each member twice; `ZipFile` would warn."""
    renamed = {name[:-5] + f"{n}.txt": data for name, data in members.items() for n in (0, 1)}
    return zipped(renamed, lambda data: data.replace(b"1.txt", b"0.txt"))


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
    "html": Case(file("x.txt", b"<!DOCTYPE html>\n<html>\n" + TEXT)),
    "utf16-unsaid": Case(file("x.txt", WORDS.encode("utf-16") * 9), ("not valid utf-8", "utf-16"), "x.txt, line 1"),
    "utf16-said": Case(file("x.txt", (WORDS * 60).encode("utf-16")), options=UTF16),
    "utf16-without-mark": Case(file("x.txt", WORDS.encode("utf-16-le") * 9), ("NUL", "utf-16-le"), "x.txt, line 1"),
    "utf16-cut": Case(file("x.txt", (WORDS * 9).encode("utf-16")[:-1]), ("not valid utf-16",), "line", options=UTF16),
    "utf32-unsaid": Case(file("x.txt", (WORDS * 9).encode("utf-32")), ("the mark of utf-32",), "x.txt, line 1"),
    "utf8-as-utf16": Case(file("x.txt", b"odd" * 21), ("utf-16",), "x.txt, line 1", options=UTF16),
    "nul": Case(file("x.txt", TEXT + b"a\0b\n" + TEXT), ("holds a NUL",), "x.txt, line 61"),
    "nul-only": Case(file("x.txt", b"\0" * 5000), ("holds a NUL",), "x.txt, line 1"),
    "latin1": Case(file("x.txt", BAD_BYTES), ("0xe9", "not valid utf-8", "latin-1"), "x.txt, line 61"),
    "cut-in-a-character": Case(file("x.txt", TEXT + "é".encode()[:1]), ("0xc3", "not valid utf-8"), "x.txt, line 61"),
    "surrogate-in-utf8": Case(file("x.txt", TEXT + b"\xed\xa0\x80\n"), ("0xed", "utf-8"), "x.txt, line 61"),
    "overlong": Case(file("x.txt", TEXT + b"\xc0\xaf\n"), ("0xc0", "utf-8"), "x.txt, line 61"),
    "picture": Case(file("x.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9), ("picture",), "x.txt"),
    "gzip-without-suffix": Case(file("x.txt", GZ), ("gzip", ".gz"), "x.txt"),
    "zip-without-suffix": Case(file("x.txt", b"PK\x03\x04\x14\0\0\0" + TEXT), ("is a zip archive",), "x.txt"),
    "unknown-encoding": Case(
        file("x.txt", TEXT), ("no text encoding is named 'utf-99'",), "encoding", options={"encoding": "utf-99"}
    ),
    "no-text-encoding": Case(
        file("x.txt", TEXT), ("no text encoding is named 'hex'",), "encoding", options={"encoding": "hex"}
    ),
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
    "gz-twice": Case(file("x.txt.gz", gzip.compress(GZ)), ("is packed twice", "gunzip"), "x.txt.gz"),
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
    "zip-names-twice": Case(twice({"x0.txt": TEXT}), ("holds this name twice",), "a.zip"),
    "zip-of-empty-files": Case(zipped({"x.txt": b"", "y.txt": TEXT}), ("holds no text",), "a.zip:x.txt"),
    "zip-of-bad-bytes": Case(zipped({"x.txt": BAD_BYTES}), ("byte 0xe9 is not valid",), "a.zip:x.txt, line 61"),
    "zip-of-json-lines": Case(zipped({"t.jsonl": GOOD_JSONL})),
}
