"""FASTQ through Biopython, which checks its structure; letters and qualities are checked here."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from Bio.SeqIO.QualityIO import FastqGeneralIterator

from seqkit import DataError, SourceFile, collecting, report
from seqkit_dna.fragment import Fragment, first_word, no_record
from seqkit_dna.letters import Ambiguous, canonical, first_refused, refused_letter
from seqkit_dna.recovery import Lines

_SCORES = {33: bytes(range(33, 127)), 64: bytes(range(59, 127))}
"""Codes of qualities by that of quality 0; Solexa scores, written from 64, go down to -5."""


_FEWEST_LINES = 4


class _Broken(NamedTuple):
    """Lines that are no read."""

    error: DataError
    raw: str


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
    number = 0
    for number, read in _reads(source):
        if isinstance(read, _Broken):
            report(read.error, read.raw)
            continue
        title, letters, quality = read
        bases, codes = letters.encode("latin-1"), quality.encode("latin-1")
        at = f"{source.origin}, read {number} ({first_word(title)!r})"
        if problem := _problem(bases, codes, ambiguous, phred_offset, at):
            report(problem, f"@{title}\n{letters}\n+\n{quality}\n")
            continue
        kept = trimmed_length(codes, min_quality + phred_offset) if min_quality else len(bases)
        header = title.encode("latin-1").decode("utf-8", "replace")
        yield Fragment(header, canonical(bases[:kept]))
    if not number:
        raise no_record(source.origin)


def _problem(bases: bytes, codes: bytes, ambiguous: Ambiguous, phred_offset: int, at: str) -> DataError | None:
    """The first thing in a read that cannot be used."""
    place = first_refused(bases, ambiguous)
    if place >= 0:
        return refused_letter(bases[place], f"{at}, base {place + 1}")
    if foreign := codes.translate(None, _SCORES[phred_offset]):
        what = f"byte 0x{foreign[0]:02x} is no quality of offset {phred_offset}"
        fix = "set --data.phred_offset 33" if phred_offset == 64 else "get the file again: it is damaged"
        return DataError(what, at=f"{at}, base {codes.index(foreign[:1]) + 1}", fix=fix)
    return None


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


def _reads(source: SourceFile) -> Iterator[tuple[int, tuple[str, str, str] | _Broken]]:
    """1-based number and (title, bases, quality) of each read; broken ones while problems are collected."""
    with source.open() as file, io.TextIOWrapper(file, encoding="latin-1") as text:
        if collecting():
            yield from enumerate(_reads_and_broken(Lines(text), source.origin), start=1)
            return
        number = 0
        try:
            for number, read in enumerate(FastqGeneralIterator(text), start=1):
                yield number, read
        except ValueError as error:
            raise _no_read(error, f"{source.origin}, read {number + 1}") from error


def _reads_and_broken(lines: Lines, origin: str) -> Iterator[tuple[str, str, str] | _Broken]:
    """Reads, and what lies between them."""
    number, found = 1, True
    while found:
        found = False
        try:
            for read in FastqGeneralIterator(lines):  # type: ignore[arg-type]
                lines.mark(num_ahead=int(lines.record[-1].startswith("@") and len(lines.record) > _FEWEST_LINES))
                yield read
                number += 1
        except ValueError as error:
            if read_before := _complete(lines.record):  # What broke it comes after it.
                yield read_before
                number += 1
                lines.take_back(_FEWEST_LINES)
                lines.mark()
                lines.readline()
            raw, found = lines.find_read()
            yield _Broken(_no_read(error, f"{origin}, read {number}"), raw)
            number += 1


def _complete(record: list[str]) -> tuple[str, str, str] | None:
    """The read in the first four lines, if they are one, and there are more."""
    lines = [line.rstrip() for line in record[:_FEWEST_LINES]]
    if len(record) <= _FEWEST_LINES or lines[0][:1] != "@" or lines[2] not in ("+", f"+{lines[0][1:]}"):
        return None
    return (lines[0][1:], lines[1], lines[3]) if len(lines[1]) == len(lines[3]) else None


def _no_read(error: ValueError, at: str) -> DataError:
    said = str(error)
    if "captions differ" in said or "Whitespace" in said:
        fix = "mend the read, or get the file again: a cut would not do this"
    else:
        fix = "get the file again: it may be cut short"
    return DataError(f"is no clean FASTQ: {said}", at=at, fix=fix)
