"""Sequence files as records: which reader, which origin, which label."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from seqkit import (
    TABLE_SUFFIXES,
    DataError,
    PathOption,
    Record,
    SourceFile,
    StructureError,
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
from seqkit_dna.formats import DAMAGE, FASTA, FASTQ, GENBANK, format_of, require_plain, sequence_files
from seqkit_dna.fragment import Fragment, in_blocks, no_record
from seqkit_dna.genbank import read_genbank
from seqkit_dna.letters import Ambiguous, canonical, count_letters, first_refused, refused_letter


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
        for source in sequence_files(path, FASTA + FASTQ + GENBANK + TABLE_SUFFIXES):
            with reporting():
                suffixes = format_of(source)
                if suffixes is TABLE_SUFFIXES:
                    yield from self._rows(read_rows(source), source.origin, source.label)
                else:
                    yield from self._sequences(source, self._fragments(source, suffixes))

    def contigs(self, path: PathOption) -> Iterator[tuple[str, Fragment]]:
        """All sequences of files below a path with their origins; those longer than a block in several fragments.

        Raises:
            DataError: As `records`, and for tables.
        """
        fix = "give FASTA, FASTQ or GenBank files"
        if is_hub(path):
            raise StructureError("rows have no place in a genome", at=str(path), fix=fix)
        for source in sequence_files(path, FASTA + FASTQ + GENBANK):
            with reporting():
                suffixes = format_of(source)
                if suffixes is TABLE_SUFFIXES:
                    raise StructureError("rows have no place in a genome", at=source.origin, fix=fix)
                yield from self._named(source, self._fragments(source, suffixes))

    def _fragments(self, source: SourceFile, suffixes: tuple[str, ...]) -> Iterator[Fragment]:
        require_plain(source, "a file of sequences")
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
        origin, dropped = source.origin, False
        for fragment in _intact(source, fragments):
            if fragment.start == 0:
                origin = origins.of(fragment.name)
                dropped = len(fragment.bases) < self.min_length
                if dropped:
                    observe("left_out", f"fewer than {self.min_length} bases")
            if not dropped:
                yield origin, fragment

    def _rows(
        self, rows: Iterable[tuple[int, dict[str, object]]], origin: str, label: str | None = None
    ) -> Iterator[Record]:
        """Rows of a table; the label column is used where there is one."""
        known: dict[str, None] = {}
        for number, row in rows:
            known |= dict.fromkeys(row)  # An object of JSON lines need not have all names.
            at = f"{origin}:{number}"
            require_column(self.sequence_column, list(known), at, "--data.sequence_column")
            letters = row.get(self.sequence_column)
            if problem := self._problem(letters, at, known):
                report(problem, repr(row))
                continue
            target = row.get(self.label_column) if label is None else label
            name = None if target is None or target == "" else str(target)
            bases = canonical(str(letters).encode())
            if len(bases) < self.min_length:
                observe("left_out", f"fewer than {self.min_length} bases")
                continue
            for part in in_blocks("", bases):
                yield Record(part.bases, name, at, continues=part.start > 0)
        if not known:
            raise no_record(origin)

    def _problem(self, letters: object, at: str, known: Iterable[str]) -> DataError | None:
        """What is wrong with a cell of bases, if anything is."""
        if not isinstance(letters, str) or (not letters.strip() and self.min_length):
            return DataError(
                f"column {self.sequence_column!r} holds {letters!r}, bases were expected",
                at=at,
                fix=f"fill the cell, remove the row, or set --data.sequence_column; columns: {', '.join(known)}",
            )
        raw = letters.encode("utf-8", "surrogatepass")
        place = first_refused(raw, self.ambiguous)
        return refused_letter(raw[place], f"{at}, base {count_letters(raw[:place]) + 1}") if place >= 0 else None

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
    except DAMAGE as error:
        where = "before the first record" if last is None else f"the last record read is {last!r}"
        # What came before a cut is as it was packed; what came before another damage may be anything.
        kind = DataError if isinstance(error, EOFError) else StructureError
        at = f"{source.origin}, {where}"
        raise kind(f"is damaged or cut short: {error}", at=at, fix="get the file again") from error
