"""Feature: what each reader of annotations yields, one stretch of one contig; and what such readers share."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from seqkit import DataError, SourceFile, StructureError, quoted
from seqkit_dna.formats import require_plain

_MOST_DIGITS = 15
GFF, BED = (".gff", ".gff3", ".gtf"), (".bed",)
"""Endings of annotations."""

STRANDS = {"+": 1, "-": -1, ".": 0, "?": 0}


class Feature(NamedTuple):
    """A stretch of a contig that has a name; the exons of one gene are several.

    Attributes:
        contig: The contig's id.
        kind: What it is: `CDS`, `tRNA` ...
        start: Its first base, 0-based.
        end: One past its last base.
        strand: 1, -1, or 0 where there is none.
        phase: Bases at its 5' end that belong to the codon before; None where that is not known.
        line: 1-based line of the file, or number of the feature where each takes many lines.
        circular: The contig is a circle: what runs past its end goes on at its beginning.
    """

    contig: str
    kind: str
    start: int
    end: int
    strand: int = 0
    phase: int | None = 0
    line: int = 0
    circular: bool = False


def text_lines(source: SourceFile) -> Iterator[tuple[int, str]]:
    """1-based number and text of each line that is not empty, without its end.

    Raises:
        StructureError: If the file is no text, cut short or damaged: what is missing would seem to be no feature.
    """
    require_plain(source, "an annotation", StructureError)
    number = 0
    try:
        with source.open() as file, io.TextIOWrapper(file, encoding="utf-8", errors="replace") as text:
            for number, line in enumerate(text, start=1):
                if not line.endswith("\n"):
                    text.readline()  # A cut archive gives half a line before it tells that it is cut.
                if stripped := line.rstrip("\r\n"):
                    yield number, stripped
    except (EOFError, OSError, zlib.error) as error:
        at = f"{source.origin}, after line {number}"
        raise StructureError(f"is damaged or cut short: {error}", at=at, fix="get the file again") from error


def whole_number(text: str, what: str, at: str) -> int:
    """A coordinate.

    Raises:
        DataError: If it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        named = f"{what} is {quoted(text, 30)}, no whole number of up to {_MOST_DIGITS} digits"
        raise DataError(named, at=at, fix="check the columns: tabs divide them")
    return int(text)


def strand_of(sign: str, at: str) -> int:
    """1, -1 or 0.

    Raises:
        DataError: If it is no strand.
    """
    if sign not in STRANDS:
        raise DataError(f"the strand is {quoted(sign, 30)}", at=at, fix="write +, -, or . where there is none")
    return STRANDS[sign]
