"""GenBank through Biopython, whose warnings about cut records are errors here."""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Iterator
from itertools import count

from Bio import BiopythonParserWarning, SeqIO
from Bio.Seq import UndefinedSequenceError
from Bio.SeqFeature import SeqFeature
from Bio.SeqRecord import SeqRecord

from seqkit import DataError, SourceFile, collecting, report
from seqkit_dna.feature import Feature
from seqkit_dna.formats import GENBANK, hint
from seqkit_dna.fragment import Fragment, in_blocks, no_record
from seqkit_dna.letters import Ambiguous, canonical, first_refused, refused_letter
from seqkit_dna.recovery import ENTRY_START, Lines

_MEANS_LOSS = ("Premature end", "Expected sequence length")
_NOT_OF_THE_PARSER = (EOFError, OSError, zlib.error, MemoryError, DataError)
"""What the file itself raises: a broken archive, for one."""


def read_genbank(source: SourceFile, ambiguous: Ambiguous = "n") -> Iterator[Fragment]:
    """Records of a GenBank flat file; the header is the version and the definition.

    Args:
        source: The file. A record is held whole while it is parsed.
        ambiguous: Policy for letters that stand for more than one base.

    Raises:
        DataError: Names file and record of what is cut short, has no sequence or holds another letter.
    """
    number = 0
    for number, entry, raw in _entries(source):
        if isinstance(entry, DataError):
            continue
        at = f"{source.origin}, record {number} ({entry.id!r})"
        letters = _letters(entry)
        if not letters:
            report(_no_bases(entry, at), raw)
        elif (place := first_refused(letters, ambiguous)) >= 0:
            report(refused_letter(letters[place], f"{at}, base {place + 1}"), raw)
        else:
            yield from in_blocks(f"{entry.id} {entry.description}", canonical(letters))
    if not number:
        raise no_record(source.origin)


def _letters(entry: SeqRecord) -> bytes:
    try:
        return bytes(entry.seq or b"")
    except UndefinedSequenceError:
        return b""


def _no_bases(entry: SeqRecord, at: str) -> DataError:
    if "contig" in entry.annotations:
        what = "has no bases: it only says how to join other records (CONTIG)"
        return DataError(what, at=at, fix="download it with its sequence ('GenBank (full)' at NCBI)")
    return DataError("has no bases", at=at, fix="remove it, or get the file again")


def genbank_features(source: SourceFile) -> Iterator[Feature]:
    """The features of a GenBank flat file; of a join each part is one. Parts that lie in other records are left out.

    Args:
        source: The file.

    Raises:
        DataError: Names file, record and feature of a location that cannot be read.
    """
    for number, entry, _ in _entries(source):
        if isinstance(entry, DataError):
            continue
        circular = entry.annotations.get("topology") == "circular"
        for place, feature in enumerate(entry.features, start=1):
            at = f"{source.origin}, record {number} ({entry.id!r}), feature {place}"
            if problem := _problem(feature, at):
                report(problem, str(feature))
                continue
            yield from _parts(feature, place, entry.id or "", circular)


def _problem(feature: SeqFeature, at: str) -> DataError | None:
    """What is wrong with a feature, if anything is."""
    if feature.location is None:
        what = f"a {feature.type!r} has a location that cannot be read"
        return DataError(what, at=at, fix="mend it, or remove the feature")
    start = feature.qualifiers.get("codon_start", ["1"])[0]
    if start not in ("1", "2", "3"):
        return DataError(f"a {feature.type!r} has the codon_start {start!r}", at=at, fix="write 1, 2 or 3")
    return None


def _parts(feature: SeqFeature, number: int, contig: str, circular: bool) -> Iterator[Feature]:
    """The parts of a feature in the order in which it is read, each with its phase."""
    phase = int(feature.qualifiers.get("codon_start", ["1"])[0]) - 1
    assert feature.location is not None
    for part in feature.location.parts:
        start, end = int(part.start), int(part.end)
        if part.ref is None:
            yield Feature(contig, feature.type, start, end, part.strand or 0, phase, number, circular)
        phase = (phase - (end - start)) % 3


def _entries(source: SourceFile) -> Iterator[tuple[int, SeqRecord | DataError, str | None]]:
    """1-based number; entry, or what was wrong with it, which is reported; its lines while problems are collected."""
    with source.open() as file, io.TextIOWrapper(file, encoding="utf-8", errors="replace") as text:
        lines = Lines(text)
        for number in count(1):
            at = f"{source.origin}, record {number}"
            first = lines.begin_entry(skip_preamble=number == 1)
            if not first:
                return
            entry: SeqRecord | DataError
            if first.startswith(ENTRY_START):
                entry = _next_entry(lines, at)
            else:
                what = f"an entry begins with {first[:30].rstrip()!r} and not with LOCUS in twelve columns"
                fix = hint(first.encode("utf-8", "surrogatepass"), GENBANK) or "check that this is GenBank, and whole"
                entry = DataError(what, at=at, fix=fix)
            if isinstance(entry, DataError):
                report(entry, lines.find_entry())
            yield number, entry, "".join(lines.record) if collecting() else None


def _next_entry(lines: Lines, at: str) -> SeqRecord | DataError:
    """The entry that begins in the next line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", BiopythonParserWarning)
        try:
            entry: SeqRecord = next(SeqIO.parse(lines, "genbank"))  # type: ignore[no-untyped-call]
        except _NOT_OF_THE_PARSER:
            raise
        except Exception as error:  # Whatever its code meets in lines that it did not expect.
            what = str(error).partition("\n")[0] or type(error).__name__
            return DataError(f"cannot be parsed: {what}", at=at, fix="get the file again")
    for message in (str(warning.message) for warning in caught):
        if message.startswith(_MEANS_LOSS):
            return DataError(f"is damaged: {message}", at=at, fix="get the file again: it is cut short")
    return entry
