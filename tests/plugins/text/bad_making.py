"""What malformed texts are made of: good ones, a place to put something bad, and archives."""

import gzip
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.plugins.malformed import Make, file, files
from tests.plugins.spoiled import Spoil, flipped, packed

WORDS = "the cat sat on the mat and the dog saw it go\n"
TEXT = (WORDS * 60).encode()
"""Enough to train on."""

ROWS = [{"text": f"{WORDS.strip()} {n % 7}", "label": "ab"[n % 2]} for n in range(60)]
SENTENCES = "the\tD\ncat\tN\nsat\tV\n\n" * 60

CLASSIFY: dict[str, Any] = {"task": "classify"}
LINES: dict[str, Any] = {"documents": "lines"}
TAG: dict[str, Any] = {"task": "tag"}
WIDE: dict[str, Any] = {"window": 1024, "batch_size": 256}
UTF16: dict[str, Any] = {"encoding": "utf-16"}

BAD_BYTES = TEXT + b"caf\xe9 here\n" + TEXT
GOOD_CSV = "text,label\n" + "".join(f"{row['text']},{row['label']}\n" for row in ROWS)
GOOD_JSONL = "".join(json.dumps(row) + "\n" for row in ROWS)
GZ = gzip.compress(TEXT * 20)


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


def zipped(members: Mapping[str, bytes | str], change: Spoil = bytes) -> Make:
    """An archive, its bytes changed afterwards."""
    return file("a.zip", change(packed(members)))


def labelled(contents: Mapping[str, bytes | str]) -> Make:
    """Several files, each labelled by its stem."""

    def make(folder: Path) -> list[str]:
        files(contents)(folder)
        return [f"{Path(name).stem}={folder / name}" for name in contents]

    return make


def damaged(data: bytes) -> bytes:
    """A few bytes of what is packed are others."""
    return flipped(data, 60, count=4)
