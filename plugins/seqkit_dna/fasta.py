"""FASTA in blocks.

Biopython's `SimpleFastaParser` holds a record several times over and accepts any letter; here memory stays at a few
blocks and every letter is looked at. `benchmarks/reading.py` compares the two.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np

from seqkit import DataError, SourceFile, collecting, report
from seqkit_dna.formats import FASTA, hint
from seqkit_dna.fragment import BLOCK_BASES, Fragment, first_word, no_record
from seqkit_dna.held import HeldRecord
from seqkit_dna.letters import Ambiguous, canonical, clean_lines, count_letters, first_refused, refused_letter

_READ_BYTES = 1 << 18
"""What is looked at several times over stays in the cache of a core."""

_LONGEST_HEADER = 1 << 20
_LINE_FEED = 10
_SHORT = 1 << 12


def read_fasta(source: SourceFile, ambiguous: Ambiguous = "n") -> Iterator[Fragment]:
    """Records of a FASTA file, long ones in several fragments.

    Args:
        source: The file; lines of any length, LF or CR LF, with or without a byte order mark of UTF-8.
        ambiguous: Policy for letters that stand for more than one base.

    Raises:
        DataError: Names file, record, line and position of what is no FASTA.
    """
    record: _OpenRecord | None = None
    strange = False
    try:
        for line, is_header, piece in fasta_pieces(_chunks(source), source.origin):
            if is_header:
                if record is not None:
                    yield from record.last()
                record = _OpenRecord(source, piece, line, ambiguous)
            elif record is not None:
                yield from record.add(piece, line)
            elif not strange and (text := piece.strip()):
                report(_no_header(text, f"{source.origin}, line {line}"), piece)
                strange = True
        if record is not None:
            yield from record.last()
        elif not strange:
            raise no_record(source.origin)
    finally:
        if record is not None:
            record.drop()


def _no_header(text: bytes, at: str) -> DataError:
    shown = text[:30].decode("utf-8", "replace")
    fix = hint(text, FASTA) or "check that this is FASTA"
    return DataError(f"does not begin with a '>' header but with {shown!r}", at=at, fix=fix)


class _OpenRecord:
    """The record being read: hands on what fills a block and keeps the rest.

    While problems are collected all of it is held back until its end, so that nothing of a bad record gets through.
    """

    def __init__(self, source: SourceFile, header: bytes, line: int, ambiguous: Ambiguous) -> None:
        self.origin, self.line, self.ambiguous = source.origin, line, ambiguous
        self.header = header_text(header)
        self.name = first_word(self.header)
        self.start = self.size = 0
        self.pending: list[str] = []
        self.held = HeldRecord(header) if collecting() else None
        self.problem: DataError | None = None
        if problem := header_problem(header, f"{source.origin}, line {line}"):
            self._refuse(problem)

    def add(self, piece: bytes, line: int) -> Iterator[Fragment]:
        """Take a piece of sequence that begins in this line of the file."""
        if self.held is not None:
            self.held.note(piece)
        if self.problem is not None:
            return
        bases = clean_lines(piece, self.ambiguous)
        if bases is None:
            bases = self._looked_through(piece, line)
        self.pending.append(bases)
        self.size += len(bases)
        if self.size <= BLOCK_BASES:
            return
        bases = "".join(self.pending)
        whole = (self.size - 1) // BLOCK_BASES * BLOCK_BASES  # At least one base stays for `last`.
        for begin in range(0, whole, BLOCK_BASES):
            block = bases[begin : begin + BLOCK_BASES]
            if self.held is None:
                yield Fragment(self.header, block, self.start + begin)
            else:
                self.held.add(block)
        self.pending, self.size, self.start = [bases[whole:]], self.size - whole, self.start + whole

    def _looked_through(self, piece: bytes, line: int) -> str:
        """The bases of a piece with other things in it."""
        place = first_refused(piece, self.ambiguous)
        if place < 0:
            return canonical(piece)
        here = line + piece.count(b"\n", 0, place)
        base = self.start + self.size + count_letters(piece[:place]) + 1
        self._refuse(refused_letter(piece[place], f"{self.origin}, record {self.name!r}, line {here}, base {base}"))
        return ""

    def _refuse(self, error: DataError) -> None:
        """Raise the error; while problems are collected, wait for the end of the record."""
        if self.held is None:
            raise error
        self.problem = error
        self.drop()

    def drop(self) -> None:
        """Let go of what is held back."""
        if self.held is not None:
            self.held.drop()

    def last(self) -> Iterator[Fragment]:
        """What is left at the record's end."""
        raw = None if self.held is None else self.held.raw
        if self.problem is not None:
            report(self.problem, raw)
        elif not self.size:
            what = f"record {self.name!r} has a header and no sequence"
            fix = "remove the header, or get the file again: it may be cut short"
            report(DataError(what, at=f"{self.origin}, line {self.line}", fix=fix), raw)
        else:
            if self.held is not None:
                yield from self.held.fragments(self.header)
            yield Fragment(self.header, "".join(self.pending), self.start)


def fasta_pieces(chunks: Iterable[bytes], origin: str) -> Iterator[tuple[int, bool, bytes]]:
    """Header lines, and what lies between them in pieces of bounded size: (1-based line, is a header, bytes).

    Args:
        chunks: The bytes of a FASTA file, cut anywhere.
        origin: Names it in errors.
    """
    line, at_line_start = 1, True
    for block in _whole_headers(chunks):
        begin = 0
        while begin < len(block):
            is_header = at_line_start and block.startswith(b">", begin)
            end = (block.find(b"\n", begin) + 1 if is_header else _next_header(block, begin)) or len(block)
            piece = block[begin:end]
            if (
                is_header
                and len(piece) > _LONGEST_HEADER
                and (problem := header_problem(piece, f"{origin}, line {line}"))
            ):
                raise problem
            yield line, is_header, piece
            line += 1 if is_header else _num_lines(piece)
            at_line_start = piece.endswith(b"\n")
            begin = end


def _num_lines(piece: bytes) -> int:
    """Line feeds; `bytes.count` looks at one byte after the other, which takes no less time only for short ones."""
    if len(piece) < _SHORT:
        return piece.count(b"\n")
    return int(np.count_nonzero(np.frombuffer(piece, np.uint8) == _LINE_FEED))


def _next_header(block: bytes, begin: int) -> int:
    """Place of the first sign after this one that stands at the beginning of a line; 0 if there is none."""
    place = block.find(b">", begin + 1)  # One byte is found faster than two.
    while place > 0 and block[place - 1] != _LINE_FEED:
        place = block.find(b">", place + 1)
    return max(place, 0)


def _chunks(source: SourceFile) -> Iterator[bytes]:
    with source.open() as file:
        stream = cast(io.BufferedIOBase, file)
        if start := stream.read1(_READ_BYTES).removeprefix(codecs.BOM_UTF8):
            yield start
        # read1: what a damaged archive gave before its damage is not thrown away.
        while chunk := stream.read1(_READ_BYTES):
            yield chunk


def _whole_headers(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes in blocks that do not end inside a header line, unless it is longer than any header."""
    rest, at_line_start = b"", True
    for chunk in chunks:
        block = rest + chunk
        tail = block.rfind(b"\n") + 1
        in_header = block.startswith(b">", tail) and (tail > 0 or at_line_start)
        end = tail if in_header and len(block) - tail <= _LONGEST_HEADER + 2 else len(block)
        block, rest = block[:end], block[end:]
        if block:
            at_line_start = block.endswith(b"\n")
            yield block
    if rest:
        yield rest


def header_text(line: bytes) -> str:
    """A header line as text, without its sign; bytes that are no UTF-8 become U+FFFD."""
    return line[1:].strip().decode("utf-8", "replace")


def header_problem(line: bytes, at: str) -> DataError | None:
    """What is wrong with a header line, if anything is."""
    text = line[1:].strip()
    fix = "write the file anew, with LF at the end of each line"
    if b"\r" in text:
        return DataError("lines end in CR alone (old Macintosh)", at=at, fix=fix)
    if b"\0" in text:
        return DataError("a NUL byte in a header", at=at, fix=fix)
    if len(text) > _LONGEST_HEADER:
        return DataError("a header is longer than 1 MiB", at=at, fix="check that this is FASTA")
    return None
