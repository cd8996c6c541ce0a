"""BED: 0-based, the end not included. Reading of annotations, writing of predicted tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from seqkit import DataError, SourceFile, plural, report
from seqkit_dna.feature import Feature, strand_of, text_lines, whole_number
from seqkit_dna.legend import Legend

_FEWEST_COLUMNS, _WITH_BLOCKS = 3, 12
UNNAMED = ""
"""Kind of a line without a name."""

_CLOSED_GAP = 2


class Run(NamedTuple):
    """Bases that are predicted alike: 0-based start and end, and the feature with its strand."""

    contig: str
    start: int
    end: int
    kind: tuple[str, str]


def read_bed(source: SourceFile) -> Iterator[Feature]:
    """Lines of a BED file: 3 to 12 columns and any number after them; the name says what kind it is.

    Of a line with blocks each block is a feature. The thick part is not looked at.

    Args:
        source: The file; LF or CR LF. A label in front of its path is the kind of all lines.

    Raises:
        DataError: Names file, line and value of what is no feature.
    """
    for number, line in text_lines(source):
        if line.startswith("#") or line.split(maxsplit=1)[:1] in (["track"], ["browser"]):
            continue
        try:
            yield from _features(line, number, f"{source.origin}, line {number}", source.label)
        except DataError as error:
            report(error, line)


def _features(line: str, number: int, at: str, label: str | None) -> Iterator[Feature]:
    columns = line.split("\t") if "\t" in line else line.split()
    if len(columns) < _FEWEST_COLUMNS:
        raise DataError(
            f"{plural(len(columns), 'column')}, BED has {_FEWEST_COLUMNS} or more",
            at=at,
            fix="write contig, start and end",
        )
    contig = columns[0]
    start, end = whole_number(columns[1], "the start", at), whole_number(columns[2], "the end", at)
    if start >= end:
        raise DataError(
            f"the start {start} does not lie before the end {end}",
            at=at,
            fix="BED counts from 0 and leaves the end out: the first base is 0 to 1",
        )
    kind = label or (columns[3] if len(columns) > 3 else UNNAMED)
    strand = strand_of(columns[5], at) if len(columns) > 5 else 0
    for begin, stop in _blocks(columns, start, end, at) if len(columns) >= _WITH_BLOCKS else [(start, end)]:
        yield Feature(contig, kind, begin, stop, strand, 0, number)


def _blocks(columns: list[str], start: int, end: int, at: str) -> list[tuple[int, int]]:
    """Exons of a line of twelve columns."""
    count = whole_number(columns[9], "the number of blocks", at)
    sizes, starts = (
        [whole_number(word, "a block", at) for word in columns[place].strip(",").split(",")] for place in (10, 11)
    )
    if len(sizes) != count or len(starts) != count:
        raise DataError(
            f"{count} blocks, but {len(sizes)} sizes and {len(starts)} starts", at=at, fix="give one of each a block"
        )
    blocks = [(start + first, start + first + size) for first, size in zip(starts, sizes, strict=True)]
    if blocks[0][0] != start or max(stop for _, stop in blocks) != end or min(sizes) < 1:
        raise DataError("the blocks do not reach from start to end", at=at, fix="see the description of BED")
    return blocks


def write_bed(rows: Iterable[dict[str, Any]], path: Path, legend: Legend) -> None:
    """Predicted tags as intervals of six columns; what goes on in the next piece of a contig is one interval.

    Gaps shorter than a codon are closed: they are doubts about a base, not ends of a feature.

    Args:
        rows: Of `seqkit predict`: origins `FILE:CONTIG:FIRST-LAST`, and a letter a base.
        path: Where to.
        legend: What each letter stands for.
    """
    with path.open("w", encoding="utf-8") as file:
        begun: Run | None = None
        for run in _runs(rows, legend.kinds):
            if begun is not None and _goes_on(begun, run):
                begun = begun._replace(end=run.end)
                continue
            _write_line(file, begun)
            begun = run
        _write_line(file, begun)


def _goes_on(begun: Run, run: Run) -> bool:
    return (begun.contig, begun.kind) == (run.contig, run.kind) and 0 <= run.start - begun.end <= _CLOSED_GAP


def _runs(rows: Iterable[dict[str, Any]], kinds: dict[str, tuple[str, str]]) -> Iterator[Run]:
    """Runs of one feature in each row, without what lies between."""
    for row in rows:
        record, _, place = row["origin"].rpartition(":")
        contig, start = _contig(record), int(place.partition("-")[0]) - 1
        for kind, run in groupby(row["prediction"], kinds.get):
            end = start + sum(1 for _ in run)
            if kind is not None:
                yield Run(contig, start, end, kind)
            start = end


def _contig(record: str) -> str:
    """The contig's id in `FILE:CONTIG` or `ARCHIVE.zip:FILE:CONTIG`; an id may hold colons."""
    archive, _, rest = record.partition(":")
    return (rest if archive.endswith(".zip") else record).partition(":")[2]


def _write_line(file: TextIO, run: Run | None) -> None:
    if run is not None:
        file.write(f"{run.contig}\t{run.start}\t{run.end}\t{run.kind[0]}\t0\t{run.kind[1]}\n")
