"""How files that are no data are made: each by code, below a folder of the test."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.plugins.malformed import Make
from tests.plugins.spoiled import Spoil, packed, raw

RECORDS = "".join(f">r{n} made\n{('ACGGTTCA' * 9)[n % 7 : n % 7 + 60]}\n" for n in range(24))
"""FASTA, enough to train on."""

READS = "".join(f"@r{n}\n{('ACGGTTCA' * 9)[n % 7 : n % 7 + 40]}\n+\n{'I' * 40}\n" for n in range(24))
GENOME = f">c1\n{'ATGGCGTAA' * 40}\n>c2\n{'TTGACA' * 50}\n"
"""Two contigs of 360 and 300 bases."""

PIECES: dict[str, Any] = {"task": "tag", "piece": 30}
CLASSIFY: dict[str, Any] = {"task": "classify"}


def file(name: str, content: bytes | str) -> Make:
    """One file; packed if its name says so."""

    def make(folder: Path) -> str:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(raw(content), mtime=0) if name.endswith(".gz") else raw(content))
        return str(path)

    return make


def exact(name: str, content: bytes) -> Make:
    """One file with just these bytes."""

    def make(folder: Path) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    return make


def folder_of(contents: Mapping[str, bytes | str]) -> Make:
    """A folder with several files."""

    def make(folder: Path) -> str:
        for name, content in contents.items():
            file(name, content)(folder)
        return str(folder)

    return make


def several(contents: Mapping[str, bytes | str], *words: str) -> Make:
    """Several files, and each word of `path` with the folder in place of `{}`."""

    def make(folder: Path) -> list[str]:
        folder_of(contents)(folder)
        return [word.format(folder) for word in words]

    return make


def zipped(members: Mapping[str, bytes | str], change: Spoil = bytes) -> Make:
    """An archive, its bytes changed afterwards."""
    return exact("a.zip", change(packed(members)))


def fifo(folder: Path) -> str:
    """A pipe that nobody writes to."""
    os.mkfifo(folder / "pipe.fa")
    return str(folder / "pipe.fa")


def fifo_inside(folder: Path) -> str:
    """The same beside a good file."""
    fifo(folder)
    file("good.fa", RECORDS)(folder)
    return str(folder)


def link(name: str, target: str) -> Make:
    """A link that is named itself."""

    def make(folder: Path) -> str:
        (folder / name).symlink_to(target)
        return str(folder / name)

    return make


def loop_inside(folder: Path) -> str:
    """A folder that holds a link to itself."""
    file("good.fa", RECORDS)(folder)
    (folder / "again").symlink_to(folder)
    return str(folder)


def unreadable(folder: Path) -> str:
    """A file that may not be read."""
    path = Path(str(file("x.fa", RECORDS)(folder)))
    path.chmod(0)
    return str(path)


def annotated(rows: bytes | str, name: str = "a.gff", sequences: str = GENOME) -> Make:
    """A genome, and its annotation as `annotation`."""

    def make(folder: Path) -> str:
        (folder / name).write_bytes(raw(rows))
        return str(file("g.fa", sequences)(folder))

    return make


def entry(
    bases: str = "acgtacgtac" * 6,
    name: str = "E1",
    length: int | None = None,
    features: str = "",
    origin: str = "ORIGIN\n",
    end: str = "//\n",
) -> str:
    """A GenBank entry."""
    lines = "".join(
        f"{place + 1:>9} {' '.join(bases[place : place + 60][i : i + 10] for i in range(0, 60, 10)).strip()}\n"
        for place in range(0, len(bases), 60)
    )
    count = len(bases) if length is None else length
    table = f"FEATURES             Location/Qualifiers\n{features}" if features else ""
    head = f"LOCUS       {name:<16} {count} bp    DNA     linear   UNK 01-JAN-2000\nDEFINITION  made\n"
    return f"{head}ACCESSION   {name}\nVERSION     {name}.1\n{table}{origin}{lines}{end}"


def feature(location: str, kind: str = "CDS", more: str = "") -> str:
    """A line of a GenBank feature table."""
    return f"     {kind:<16}{location}\n{more}"


ENTRIES = "".join(entry(name=f"E{n}") for n in range(8))
