"""GFF3 and GTF: nine columns, 1-based, both ends included."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from seqkit import DataError, SourceFile, plural, quoted, report
from seqkit_dna.feature import Feature, strand_of, text_lines, whole_number

_NUM_COLUMNS = 9
_PHASES = {".": None, "0": 0, "1": 1, "2": 2}
SEQUENCE_REGION = "##sequence-region"
"""Kind of the directive that only says that a contig is there."""


def read_gff(source: SourceFile) -> Iterator[Feature]:
    """Lines of a GFF3 or GTF file; bases after `##FASTA` are not read.

    Args:
        source: The file; LF or CR LF.

    Raises:
        DataError: Names file, line and value of what is no feature.
    """
    for number, line in text_lines(source):
        if line.startswith(("##FASTA", ">")):
            return
        at = f"{source.origin}, line {number}"
        try:
            if line.startswith(SEQUENCE_REGION):
                yield _region(line, number, at)
            elif not line.startswith("#"):
                yield _feature(line, number, at)
        except DataError as error:
            report(error, line)


def _feature(line: str, number: int, at: str) -> Feature:
    columns = line.split("\t")
    if len(columns) != _NUM_COLUMNS:
        raise DataError(
            f"{plural(len(columns), 'column')}, GFF and GTF have {_NUM_COLUMNS}",
            at=at,
            fix="divide columns by tabs; a file of another format needs its own ending (.bed)",
        )
    contig, _, kind, first, last, _, sign, phase, attributes = columns
    start, end = whole_number(first, "the start", at), whole_number(last, "the end", at)
    _require_order(start, end, at)
    if phase not in _PHASES:
        raise DataError(f"the phase is {quoted(phase, 30)}", at=at, fix="write 0, 1, 2, or . where there is none")
    circular = "Is_circular=true" in attributes.split(";")
    return Feature(_plain(contig), kind, start - 1, end, strand_of(sign, at), _PHASES[phase], number, circular)


def _region(line: str, number: int, at: str) -> Feature:
    words = line.split()
    if len(words) != 4:
        raise DataError(
            f"{plural(len(words) - 1, 'word')} after {SEQUENCE_REGION}", at=at, fix="write contig, start and end"
        )
    start, end = whole_number(words[2], "the start", at), whole_number(words[3], "the end", at)
    _require_order(start, end, at)
    return Feature(_plain(words[1]), SEQUENCE_REGION, start - 1, end, line=number)


def _require_order(start: int, end: int, at: str) -> None:
    if start < 1:
        raise DataError(f"the start is {start}, the first base is 1", at=at, fix="is it BED? Name it .bed then")
    if start > end:
        raise DataError(
            f"the start {start} lies after the end {end}",
            at=at,
            fix="give the smaller one first; across the origin of a circle add the contig's length to the end",
        )


def _plain(contig: str) -> str:
    """A contig's id, as GFF3 escapes it."""
    return unquote(contig) if "%" in contig else contig
