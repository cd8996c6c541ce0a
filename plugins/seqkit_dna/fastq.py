"""FASTQ through Biopython, which checks its structure; letters and qualities are checked here."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from Bio.SeqIO.QualityIO import FastqGeneralIterator

from seqkit import DataError, SourceFile, collecting, report
from seqkit_dna.fragment import Fragment, first_word
from seqkit_dna.letters import Ambiguous, accepted, canonical, refused_letter, refused_places
from seqkit_dna.recovery import Lines

_LAST_QUALITY = 126
_FIRST_QUALITY = {33: 33, 64: 59}  # Solexa scores, written from 64, go down to -5.


def read_fastq(
    source: SourceFile, ambiguous: Ambiguous = "n", min_quality: int = 0, phred_offset: int = 33
) -> Iterator[Fragment]:
    """Reads of a FASTQ file; a read may be empty.

    Args:
        source: The file; wrapped lines are understood.
        ambiguous: Policy for letters that stand for more than one base.
        min_quality: Trim the 3' end, see `trimmed_length`; 0 does not.
        phred_offset: Code of quality 0: 33 (Sanger, Illumina since 1.8) or 64 (older Illumina, Solexa).

    Raises:
        DataError: Names file and read.
    """
    scores = bytes(range(_FIRST_QUALITY[phred_offset], _LAST_QUALITY + 1))
    for number, (title, letters, quality) in _reads(source):
        at = f"{source.origin}, read {number} ({first_word(title)!r})"
        bases, codes = letters.encode("latin-1"), quality.encode("latin-1")
        for place in refused_places(bases, ambiguous):
            report(refused_letter(bases[place], f"{at}, base {place + 1}"))
        if foreign := codes.translate(None, scores):
            what = f"byte 0x{foreign[0]:02x} is no quality of offset {phred_offset}"
            fix = "set --data.phred_offset 33" if phred_offset == 64 else "get the file again: it is damaged"
            report(DataError(what, at=f"{at}, base {codes.index(foreign[:1]) + 1}", fix=fix))
        kept = trimmed_length(codes, min_quality + phred_offset) if min_quality else len(bases)
        header = title.encode("latin-1").decode("utf-8", "replace")
        yield Fragment(header, canonical(accepted(bases[:kept], ambiguous)))


def trimmed_length(codes: bytes, threshold: int) -> int:
    """Bases left when the 3' end is trimmed where the running sum of (threshold - quality) is greatest.

    From the 3' end; a sum below zero ends the search. Source: BWA's `-q`, Li and Durbin 2009 [li2009].

    Example:
        >>> trimmed_length(bytes([42, 40, 26, 27, 8, 7, 11, 4, 2, 3]), 10)
        4
    """
    lacking = np.cumsum(threshold - np.frombuffer(codes, np.uint8)[::-1].astype(np.int64))
    if (lacking < 0).any():
        lacking = lacking[: np.argmax(lacking < 0)]
    if not lacking.any():
        return len(codes)
    return len(codes) - int(np.argmax(lacking)) - 1


def _reads(source: SourceFile) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """1-based number and (title, bases, quality) of each read."""
    number = 1
    with source.open() as file, io.TextIOWrapper(file, encoding="latin-1") as text:
        lines = Lines(text) if collecting() else None
        reads = FastqGeneralIterator(lines or text)  # type: ignore[arg-type]
        while True:
            try:
                read = next(reads, None)
            except ValueError as error:
                at, fix = f"{source.origin}, read {number}", "get the file again: it may be cut short"
                problem = DataError(f"is no clean FASTQ: {error}", at=at, fix=fix)
                if lines is None:
                    raise problem from error
                report(problem)
                reads = FastqGeneralIterator(lines) if lines.find_read() else iter(())  # type: ignore[arg-type]
            else:
                if read is None:
                    return
                yield number, read
            number += 1
