"""Variants from VCF files: the five columns that say what becomes of which bases.

Own code, because Biopython has no reader, and those built on htslib are compiled and pass over what is wrong.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from seqkit import DataError, SourceFile, plural, quoted
from seqkit_dna.feature import whole_number
from seqkit_dna.formats import require_plain
from seqkit_dna.letters import canonical, first_refused, refused_letter

_COLUMNS = ["#CHROM", "POS", "ID", "REF", "ALT"]
_DAMAGE = (EOFError, OSError, zlib.error)
"""What unpacking a broken archive raises."""


@dataclass(frozen=True)
class Variant:
    """One alternative of one line.

    Attributes:
        contig: Name of the sequence.
        position: 1-based place of the first base of `ref`.
        name: The line's ID; empty for none.
        ref: Bases that are replaced, upper case, letters for several bases as N.
        alt: Bases that replace them.
        at: File and line, for errors.
    """

    contig: str
    position: int
    name: str
    ref: str
    alt: str
    at: str


def read_vcf(source: SourceFile, skipped: Counter[str]) -> Iterator[Variant]:
    """Variants of a file of VCF 4.x, one for each alternative.

    Args:
        source: The file, plain or `.gz` (bgzip's too); lines end in LF or CR LF.
        skipped: Counts the alternatives that name no bases, by their kind.

    Raises:
        DataError: Names file and line of what is no VCF.
    """
    require_plain(source, "VCF")
    num_columns = 0
    for number, line in _lines(source):
        at = f"{source.origin}, line {number}"
        if number == 1:
            _require_version(line, source.origin)
        elif line.startswith("##") or not line.strip():
            continue
        elif line.startswith("#"):
            num_columns = _require_header(line, at)
        else:
            fields = line.split("\t")
            if not num_columns:
                raise DataError("a variant before the line '#CHROM'", at=at, fix="get the file again: it is cut")
            if len(fields) != num_columns:
                what = f"{plural(len(fields), 'column')}, where the header has {num_columns}"
                raise DataError(what, at=at, fix="separate columns by one tab each")
            yield from _variants(fields, at, skipped)
    if not num_columns:
        raise DataError("has no line '#CHROM'", at=source.origin, fix="get the file again: it is cut short")


def _lines(source: SourceFile) -> Iterator[tuple[int, str]]:
    """Lines with their 1-based numbers, without their ends."""
    number = 0
    try:
        with source.open() as file:
            for number, line in enumerate(file, start=1):
                yield number, line.rstrip(b"\r\n").decode("utf-8", "replace")
    except _DAMAGE as error:
        where = f"{source.origin}, after line {number}"
        raise DataError(f"is damaged or cut short: {error}", at=where, fix="get the file again") from error
    if not number:
        raise DataError("is empty", at=source.origin, fix="get the file again")


def _require_version(line: str, at: str) -> None:
    version = line.removeprefix("##fileformat=")
    if version == line:
        raise DataError(
            f"is no VCF: it begins with {quoted(line, 30)}",
            at=at,
            fix="a VCF begins with '##fileformat=VCFv4'; BCF becomes VCF by 'bcftools view', packed files end in .gz",
        )
    if not version.startswith("VCFv4"):
        raise DataError(f"is {version}, not version 4", at=at, fix="write it anew as VCFv4")


def _require_header(line: str, at: str) -> int:
    """The number of columns."""
    columns = line.split("\t")
    if columns[: len(_COLUMNS)] != _COLUMNS:
        raise DataError(
            f"the header is {quoted(line, 60)}", at=at, fix=f"it begins with {' '.join(_COLUMNS)}, separated by tabs"
        )
    return len(columns)


def _variants(fields: list[str], at: str, skipped: Counter[str]) -> Iterator[Variant]:
    contig, place, name, ref, alternatives = fields[: len(_COLUMNS)]
    if whole_number(place, "POS", at) < 1:
        raise DataError(f"POS is {place!r}", at=at, fix="give a whole number; the first base is 1")
    before = _bases(ref, "REF", at)
    for alternative in alternatives.split(","):
        kind = _kind_without_bases(alternative)
        after = "" if kind else _bases(alternative, "ALT", at)
        if kind or after == before:
            skipped[kind or "the same as REF"] += 1
        else:
            yield Variant(contig, int(place), "" if name == "." else name, before, after, at)


def _kind_without_bases(alternative: str) -> str:
    """What an alternative is that names no bases; empty if it names some."""
    if alternative == ".":
        return "no alternative (.)"
    if alternative == "*":
        return "deleted by another variant (*)"
    if alternative.startswith("<"):
        return "symbolic (<...>)"
    return "breakend" if "[" in alternative or "]" in alternative or "." in alternative else ""


def _bases(letters: str, column: str, at: str) -> str:
    raw = letters.encode()
    place = first_refused(raw, "n")
    if place >= 0 or not letters.strip():
        error = refused_letter(raw[place]) if letters.strip() else DataError("no bases", fix="name at least one base")
        raise DataError(f"{column} {quoted(letters, 30)}: {error.what}", at=at, fix=error.fix)
    return canonical(raw)
