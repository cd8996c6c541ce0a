"""FASTA in blocks.

Biopython's `SimpleFastaParser` holds a record several times over and accepts any letter; here memory stays at a few
blocks and every letter is looked at. `benchmarks/reading.py` compares the two.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np

from seqkit import DataError, SourceFile, report
from seqkit_dna.fragment import BLOCK_BASES, Fragment, first_word
from seqkit_dna.letters import (
    Ambiguous,
    accepted,
    canonical,
    clean_lines,
    count_letters,
    refused_letter,
    refused_places,
)

_READ_BYTES = 1 << 18
"""What is looked at several times over stays in the cache of a core."""

_LONGEST_HEADER = 1 << 20
_LINE_FEED = 10


def read_fasta(source: SourceFile, ambiguous: Ambiguous = "n") -> Iterator[Fragment]:
    """Records of a FASTA file, long ones in several fragments.

    Args:
        source: The file; lines of any length, LF or CR LF.
        ambiguous: Policy for letters that stand for more than one base.

    Raises:
        DataError: Names file, record, line and position of what is no FASTA.
    """
    record: _OpenRecord | None = None
    for line, is_header, piece in fasta_pieces(_chunks(source), source.origin):
        if is_header:
            if record is not None:
                yield from record.last()
            record = _OpenRecord(source, piece, line, ambiguous)
        elif record is not None:
            yield from record.add(piece, line)
        elif text := piece.strip():
            shown = text[:30].decode("utf-8", "replace")
            what = f"does not begin with a '>' header but with {shown!r}"
            report(DataError(what, at=source.origin, fix="check that this is FASTA"))
    if record is not None:
        yield from record.last()


class _OpenRecord:
    """The record being read: hands on what fills a block and keeps the rest."""

    def __init__(self, source: SourceFile, header: bytes, line: int, ambiguous: Ambiguous) -> None:
        self.origin, self.line, self.ambiguous = source.origin, line, ambiguous
        self.header = header_text(header, f"{source.origin}, line {line}")
        self.name = first_word(self.header)
        self.start = self.size = 0
        self.pending: list[str] = []

    def add(self, piece: bytes, line: int) -> Iterator[Fragment]:
        """Take a piece of sequence that begins in this line of the file."""
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
            yield Fragment(self.header, bases[begin : begin + BLOCK_BASES], self.start + begin)
        self.pending, self.size, self.start = [bases[whole:]], self.size - whole, self.start + whole

    def _looked_through(self, piece: bytes, line: int) -> str:
        """The bases of a piece with other things in it, which are reported."""
        for place in refused_places(piece, self.ambiguous):
            here = line + piece.count(b"\n", 0, place)
            base = self.start + self.size + count_letters(piece[:place]) + 1
            where = f"{self.origin}, record {self.name!r}, line {here}, base {base}"
            report(refused_letter(piece[place], where))
        return canonical(accepted(piece, self.ambiguous))

    def last(self) -> Iterator[Fragment]:
        """What is left at the record's end."""
        if self.size:
            yield Fragment(self.header, "".join(self.pending), self.start)
            return
        what = f"record {self.name!r} has a header and no sequence"
        fix = "remove the header, or get the file again: it may be cut short"
        report(DataError(what, at=f"{self.origin}, line {self.line}", fix=fix))


def fasta_pieces(chunks: Iterable[bytes], origin: str) -> Iterator[tuple[int, bool, bytes]]:
    """Header lines, and what lies between them in pieces of bounded size: (1-based line, is a header, bytes).

    Args:
        chunks: The bytes of a FASTA file, cut anywhere.
        origin: Names it in errors.
    """
    line, at_line_start = 1, True
    for block in _whole_headers(chunks, origin):
        begin = 0
        while begin < len(block):
            is_header = at_line_start and block.startswith(b">", begin)
            end = (block.find(b"\n", begin) + 1 if is_header else _next_header(block, begin)) or len(block)
            piece = block[begin:end]
            yield line, is_header, piece
            line += 1 if is_header else _num_lines(piece)
            at_line_start = piece.endswith(b"\n")
            begin = end


def _num_lines(piece: bytes) -> int:
    """Line feeds; `bytes.count` looks at one byte after the other."""
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
        # read1: what a damaged archive gave before its damage is not thrown away.
        while chunk := stream.read1(_READ_BYTES):
            yield chunk


def _whole_headers(chunks: Iterable[bytes], origin: str) -> Iterator[bytes]:
    """The bytes in blocks that never end inside a header line."""
    rest, at_line_start = b"", True
    for chunk in chunks:
        block = rest + chunk
        tail = block.rfind(b"\n") + 1
        in_header = block.startswith(b">", tail) and (tail > 0 or at_line_start)
        end = tail if in_header else len(block)
        block, rest = block[:end], block[end:]
        if len(rest) > _LONGEST_HEADER:
            raise DataError("a header is longer than 1 MiB", at=origin, fix="check that this is FASTA")
        if block:
            at_line_start = block.endswith(b"\n")
            yield block
    if rest:
        yield rest


def header_text(line: bytes, at: str) -> str:
    """A header line as text, without its sign.

    Raises:
        DataError: If it holds what no header does.
    """
    text = line[1:].strip()
    if b"\0" in text or b"\r" in text:
        what = "a NUL byte in a header" if b"\0" in text else "lines end in CR alone (old Macintosh)"
        report(DataError(what, at=at, fix="write the file anew, with LF at the end of each line"))
    return text.decode("utf-8", "replace")
