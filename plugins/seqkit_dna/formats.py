"""Which files hold sequences, and in which format: by the ending, or by the first byte."""

from __future__ import annotations

import codecs
import io
import zlib
from typing import cast

from seqkit import TABLE_SUFFIXES, DataError, PathOption, SourceFile, StructureError, find_files, foreign_format
from seqkit_dna.fragment import no_record

FASTA = (".fa", ".fasta", ".fna", ".ffn", ".fas", ".frn")
FASTQ = (".fq", ".fastq")
GENBANK = (".gb", ".gbk", ".gbff", ".genbank")
DAMAGE = (EOFError, OSError, zlib.error)
"""What unpacking a broken archive raises."""

_FIRST_BYTES = {b">": FASTA, b"@": FASTQ, b"L": GENBANK}
_LOOKED_AT = 1 << 9


def sequence_files(path: PathOption, suffixes: tuple[str, ...]) -> list[SourceFile]:
    """All files below a path that end so.

    Raises:
        StructureError: If a file is found twice, or two cannot be told from each other by their names.
    """
    sources = find_files(path or [], suffixes)
    by_origin: dict[str, SourceFile] = {}
    for source in sources:
        before = by_origin.setdefault(source.origin, source)
        if before is source:
            continue
        if _same(before, source):
            fix = "name it once: its records would count twice, and stand on both sides of a split"
            raise StructureError(f"{source.origin} is read twice", at=str(source.path), fix=fix)
        raise StructureError(
            f"two files are called {source.origin}, and records are told by the names of their files",
            at=f"{before.path} and {source.path}",
            fix="rename one, or give the folder that holds both",
        )
    return sources


def _same(one: SourceFile, other: SourceFile) -> bool:
    return (one.path.resolve(), one.member) == (other.path.resolve(), other.member)


def format_of(source: SourceFile) -> tuple[str, ...]:
    """The suffixes of a file's format; a file of another ending is known by its first byte.

    Raises:
        DataError: If it is none that is read.
    """
    name = source.name.lower().removesuffix(".gz")
    for suffixes in (FASTA, FASTQ, GENBANK, TABLE_SUFFIXES):
        if name.endswith(suffixes):
            return suffixes
    first = _beginning(source)
    if not first:
        raise no_record(source.origin)
    if first[:1] not in _FIRST_BYTES:
        fix = f"give FASTA, FASTQ, GenBank or a table: {', '.join(FASTA[:4] + FASTQ + GENBANK + TABLE_SUFFIXES)}"
        what = f"is no sequence file: it begins with {first[:1]!r}"
        raise DataError(what, at=source.origin, fix=hint(first) or fix)
    return _FIRST_BYTES[first[:1]]


def hint(first: bytes, wanted: tuple[str, ...] | None = None) -> str | None:
    """What a file may be that is not what its name says, as a `fix`; None if that cannot be told.

    Args:
        first: Its first bytes.
        wanted: The suffixes of the format that its name promises.
    """
    if known := foreign_format(first):
        return f"it is {known[0]}: {known[1]}"
    suffixes = _FIRST_BYTES.get(first.removeprefix(codecs.BOM_UTF8).lstrip()[:1])
    if suffixes is None or suffixes is wanted:
        return None
    return f"it may be of another format: name it {suffixes[0]}"


def require_plain(source: SourceFile, wanted: str, error: type[DataError] = DataError) -> None:
    """Refuse a file that is no plain text at all.

    Args:
        source: The file.
        wanted: The format that its name promises.
        error: What kind of error it is.

    Raises:
        DataError: Says what it is.
    """
    try:
        with source.open() as file:
            beginning = cast(io.BufferedIOBase, file).read1(_LOOKED_AT)
    except DAMAGE:
        return  # Its reader names the place.
    if found := foreign_format(beginning):
        raise error(f"is {found[0]}, not {wanted}", at=source.origin, fix=found[1])


def _beginning(source: SourceFile) -> bytes:
    try:
        with source.open() as file:
            first = cast(io.BufferedIOBase, file).read1(_LOOKED_AT)
    except DAMAGE as error:
        raise DataError(f"is damaged: {error}", at=source.origin, fix="get the file again") from error
    return first.removeprefix(codecs.BOM_UTF8).lstrip()


def is_genbank(source: SourceFile) -> bool:
    """Whether a file is GenBank."""
    return format_of(source) is GENBANK
