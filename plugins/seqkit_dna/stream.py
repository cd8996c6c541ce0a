"""Nucleotides as they come: FASTA, or letters alone; each is handed on as soon as it is read."""

from __future__ import annotations

from collections.abc import Iterator

from seqkit import DataError, Record
from seqkit_dna.fasta import fasta_pieces, header_problem, header_text
from seqkit_dna.fragment import first_word
from seqkit_dna.letters import Ambiguous, canonical, count_letters, first_refused, refused_letter

ORIGIN = "stdin"


def read_letters(blocks: Iterator[bytes], ambiguous: Ambiguous = "n") -> Iterator[Record]:
    """A stream of bytes as records in parts: each FASTA header begins one; letters before the first are one, too.

    Args:
        blocks: The bytes, cut anywhere.
        ambiguous: Policy for letters that stand for more than one base.

    Raises:
        DataError: Names record, line and position of what is no nucleotide, or a header without a sequence.
    """
    origin, header_line, num_bases = ORIGIN, 0, 0
    for line, is_header, piece in fasta_pieces(blocks, ORIGIN):
        if is_header:
            _require_bases(origin, header_line, num_bases)
            if problem := header_problem(piece, f"{ORIGIN}, line {line}"):
                raise problem
            origin, header_line, num_bases = f"{ORIGIN}:{first_word(header_text(piece))}", line, 0
            continue
        place = first_refused(piece, ambiguous)
        if place >= 0:
            where = f"line {line + piece.count(10, 0, place)}, base {num_bases + count_letters(piece[:place]) + 1}"
            raise refused_letter(piece[place], f"{origin}, {where}")
        bases = canonical(piece)
        if bases:
            yield Record(bases, origin=origin, continues=num_bases > 0)
            num_bases += len(bases)
    _require_bases(origin, header_line, num_bases)


def _require_bases(origin: str, header_line: int, num_bases: int) -> None:
    if header_line and not num_bases:
        raise DataError(
            "the record has a header and no sequence", at=f"{origin}, line {header_line}", fix="remove the header"
        )
