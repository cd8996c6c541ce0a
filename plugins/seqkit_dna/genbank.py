"""GenBank through Biopython, whose warnings about cut records are errors here."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

from Bio import BiopythonParserWarning, SeqIO
from Bio.Seq import UndefinedSequenceError
from Bio.SeqRecord import SeqRecord

from seqkit import DataError, SourceFile
from seqkit_dna.fragment import Fragment, in_blocks
from seqkit_dna.letters import Ambiguous, canonical, first_refused, refused_letter

_MEANS_LOSS = ("Premature end", "Expected sequence length")


def read_genbank(source: SourceFile, ambiguous: Ambiguous = "n") -> Iterator[Fragment]:
    """Records of a GenBank flat file; the header is the version and the definition.

    Args:
        source: The file. A record is held whole while it is parsed.
        ambiguous: Policy for letters that stand for more than one base.

    Raises:
        DataError: Names file and record of what is cut short, has no sequence or holds another letter.
    """
    for number, record in _entries(source):
        at = f"{source.origin}, record {number} ({record.id!r})"
        try:
            letters = bytes(record.seq or b"")
        except UndefinedSequenceError:
            raise DataError(
                "has no bases: it only says how to join other records (CONTIG)",
                at=at,
                fix="download it with its sequence ('GenBank (full)' at NCBI)",
            ) from None
        if not letters:
            raise DataError("has no bases", at=at, fix="remove it, or get the file again")
        place = first_refused(letters, ambiguous)
        if place >= 0:
            raise refused_letter(letters[place], f"{at}, base {place + 1}")
        yield from in_blocks(f"{record.id} {record.description}", canonical(letters))


def _entries(source: SourceFile) -> Iterator[tuple[int, SeqRecord]]:
    """1-based number and entry."""
    number = 1
    with source.open() as file, io.TextIOWrapper(file, encoding="utf-8", errors="replace") as text:
        entries = SeqIO.parse(text, "genbank")  # type: ignore[no-untyped-call]
        while True:
            at = f"{source.origin}, record {number}"
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", BiopythonParserWarning)
                try:
                    entry = next(entries, None)
                except ValueError as error:
                    what = str(error).partition("\n")[0]
                    raise DataError(f"cannot be parsed: {what}", at=at, fix="get the file again") from error
            for warning in caught:
                if str(warning.message).startswith(_MEANS_LOSS):
                    raise DataError(f"is damaged: {warning.message}", at=at, fix="get the file again: it is cut short")
            if entry is None:
                return
            yield number, entry
            number += 1
