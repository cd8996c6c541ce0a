"""Sequence files as records: which reader, which origin, which label."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import cast

from seqkit import (
    TABLE_SUFFIXES,
    DataError,
    PathOption,
    Record,
    SourceFile,
    collecting,
    find_files,
    is_hub,
    observe,
    read_hub,
    read_rows,
    report,
    reporting,
    require_column,
)
from seqkit_dna.fasta import read_fasta
from seqkit_dna.fastq import read_fastq
from seqkit_dna.fragment import Fragment, in_blocks
from seqkit_dna.genbank import read_genbank
from seqkit_dna.letters import Ambiguous, accepted, canonical, refused_letter, refused_places

FASTA = (".fa", ".fasta", ".fna", ".ffn", ".fas", ".frn")
FASTQ = (".fq", ".fastq")
GENBANK = (".gb", ".gbk", ".gbff", ".genbank")
_DAMAGE = (EOFError, OSError, zlib.error)
"""What unpacking a broken archive raises."""

_FIRST_BYTES = {b">": FASTA, b"@": FASTQ, b"L": GENBANK}


@dataclass(frozen=True)
class Reading:
    """How files are read; each field is the option of `DnaData` with that name."""

    ambiguous: Ambiguous = "n"
    min_quality: int = 0
    phred_offset: int = 33
    min_length: int = 1
    label_pattern: str | None = None
    sequence_column: str = "sequence"
    label_column: str = "label"

    def records(self, path: PathOption) -> Iterator[Record]:
        """All records below a path; those longer than a block in several parts.

        Raises:
            DataError: Names file, record and position of the first thing that cannot be used.
        """
        if isinstance(path, str) and is_hub(path):
            yield from self._rows(read_hub(path, "train"), path.removeprefix("hf://"))
            return
        for source in find_files(path or [], FASTA + FASTQ + GENBANK + TABLE_SUFFIXES):
            with reporting():
                suffixes = _format(source)
                if suffixes is TABLE_SUFFIXES:
                    yield from self._rows(read_rows(source), source.origin, source.label)
                else:
                    yield from self._sequences(source, self._fragments(source, suffixes))

    def contigs(self, path: PathOption) -> Iterator[tuple[str, Fragment]]:
        """All sequences of files below a path with their origins; those longer than a block in several fragments.

        Raises:
            DataError: As `records`, and for tables.
        """
        if is_hub(path):
            raise DataError("rows have no place in a genome", at=str(path), fix="give FASTA, FASTQ or GenBank files")
        for source in find_files(path or [], FASTA + FASTQ + GENBANK):
            suffixes = _format(source)
            if suffixes is TABLE_SUFFIXES:
                raise DataError("rows have no place in a genome", at=source.origin, fix="give FASTA, FASTQ or GenBank")
            yield from self._named(source, self._fragments(source, suffixes))

    def _fragments(self, source: SourceFile, suffixes: tuple[str, ...]) -> Iterator[Fragment]:
        if suffixes is FASTA:
            return read_fasta(source, self.ambiguous)
        if suffixes is FASTQ:
            return read_fastq(source, self.ambiguous, self.min_quality, self.phred_offset)
        return read_genbank(source, self.ambiguous)

    def _sequences(self, source: SourceFile, fragments: Iterable[Fragment]) -> Iterator[Record]:
        label = source.label or PurePath(source.folder).name or None
        for origin, fragment in self._named(source, fragments):
            target = self._label_in(fragment.header) if self.label_pattern else label
            yield Record(fragment.bases, target, origin, continues=fragment.start > 0)

    def _named(self, source: SourceFile, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Fragment]]:
        """Fragments of records that are long enough, each with its record's origin."""
        origins = _Origins(source.origin)
        origin, dropped, last = source.origin, False, None
        for last in _intact(source, fragments):
            if last.start == 0:
                origin = origins.of(last.name)
                dropped = len(last.bases) < self.min_length
                if dropped:
                    observe("left_out", f"fewer than {self.min_length} bases")
            if not dropped:
                yield origin, last
        if last is None:
            what = "holds no record that can be used" if collecting() else "holds no record"
            raise DataError(what, at=source.origin, fix="get the file again, or remove it")

    def _rows(
        self, rows: Iterable[tuple[int, dict[str, object]]], origin: str, label: str | None = None
    ) -> Iterator[Record]:
        """Rows of a table; the label column is used where there is one."""
        for number, row in rows:
            at = f"{origin}:{number}"
            require_column(self.sequence_column, list(row), at, "--data.sequence_column")
            letters = b""
            with reporting():
                letters = _cell(row, self.sequence_column, at).encode("utf-8")
            for place in refused_places(letters, self.ambiguous):
                report(refused_letter(letters[place], f"{at}, base {place + 1}"))
            target = row.get(self.label_column) if label is None else label
            known = None if target is None or target == "" else str(target)
            bases = canonical(accepted(letters, self.ambiguous))
            if len(bases) < self.min_length:
                observe("left_out", f"fewer than {self.min_length} bases")
            else:
                for part in in_blocks("", bases):
                    yield Record(part.bases, known, at, continues=part.start > 0)

    def _label_in(self, header: str) -> str | None:
        found = re.search(self.label_pattern or "", header)
        return found.group(1) if found else None


class _Origins:
    """`file:id`; an id that came before in the file gets ` #number`, the 1-based number of its record.

    What came before is remembered in a fixed 16 MiB, so that a file of any size can be streamed. In files of
    millions of records a few ids that came once get their number too.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.number = 0
        self._seen = bytearray(1 << 24)

    def of(self, name: str) -> str:
        self.number += 1
        slot = zlib.crc32(name.encode()) % len(self._seen)
        repeated, self._seen[slot] = self._seen[slot], 1
        return f"{self.file}:{name} #{self.number}" if repeated or not name else f"{self.file}:{name}"


def _intact(source: SourceFile, fragments: Iterable[Fragment]) -> Iterator[Fragment]:
    """The same fragments; damage to a compressed file is named with the last record before it."""
    last = None
    try:
        for fragment in fragments:
            last = fragment.name
            yield fragment
    except _DAMAGE as error:
        where = "before the first record" if last is None else f"the last record read is {last!r}"
        raise DataError(
            f"is damaged or cut short: {error}", at=f"{source.origin}, {where}", fix="get the file again"
        ) from error


def is_genbank(source: SourceFile) -> bool:
    """Whether a file is GenBank, by its ending or its first byte."""
    return _format(source) is GENBANK


def _format(source: SourceFile) -> tuple[str, ...]:
    """The suffixes of the file's format; a file of another ending is known by its first byte."""
    name = source.name.lower().removesuffix(".gz")
    for suffixes in (FASTA, FASTQ, GENBANK, TABLE_SUFFIXES):
        if name.endswith(suffixes):
            return suffixes
    try:
        with source.open() as file:
            first = cast(io.BufferedIOBase, file).read1(64).lstrip()[:1]
    except _DAMAGE as error:
        raise DataError(f"is damaged: {error}", at=source.origin, fix="get the file again") from error
    if not first:
        raise DataError("holds no record", at=source.origin, fix="get the file again, or remove it")
    if first not in _FIRST_BYTES:
        raise DataError(
            f"is no sequence file: it begins with {first!r}",
            at=source.origin,
            fix=f"give FASTA, FASTQ, GenBank or a table: {', '.join(FASTA[:4] + FASTQ + GENBANK + TABLE_SUFFIXES)}",
        )
    return _FIRST_BYTES[first]


def _cell(row: dict[str, object], column: str, at: str) -> str:
    if not isinstance(value := row[column], str):
        raise DataError(
            f"column {column!r} holds {value!r}, bases were expected",
            at=at,
            fix=f"set --data.sequence_column; columns: {', '.join(row)}",
        )
    return value
