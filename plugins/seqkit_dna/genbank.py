"""GenBank through Biopython, whose warnings about cut records are errors here."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

from Bio import BiopythonParserWarning, SeqIO
from Bio.Seq import UndefinedSequenceError
from Bio.SeqFeature import SeqFeature
from Bio.SeqRecord import SeqRecord

from seqkit import DataError, SourceFile, collecting, report
from seqkit_dna.feature import Feature
from seqkit_dna.fragment import Fragment, in_blocks
from seqkit_dna.letters import Ambiguous, accepted, canonical, refused_letter, refused_places
from seqkit_dna.recovery import Lines

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
            what = "has no bases: it only says how to join other records (CONTIG)"
            report(DataError(what, at=at, fix="download it with its sequence ('GenBank (full)' at NCBI)"))
            continue
        if not letters:
            report(DataError("has no bases", at=at, fix="remove it, or get the file again"))
            continue
        for place in refused_places(letters, ambiguous):
            report(refused_letter(letters[place], f"{at}, base {place + 1}"))
        yield from in_blocks(f"{record.id} {record.description}", canonical(accepted(letters, ambiguous)))


def genbank_features(source: SourceFile) -> Iterator[Feature]:
    """The features of a GenBank flat file; of a join each part is one. Parts that lie in other records are left out.

    Args:
        source: The file.

    Raises:
        DataError: Names file, record and feature of a location that cannot be read.
    """
    for number, record in _entries(source):
        circular = record.annotations.get("topology") == "circular"
        for feature in record.features:
            if feature.location is None:
                at = f"{source.origin}, record {number} ({record.id!r})"
                report(DataError(f"a {feature.type!r} has a location that cannot be read", at=at, fix="mend it"))
                continue
            yield from _parts(feature, record.id or "", circular)


def _parts(feature: SeqFeature, contig: str, circular: bool) -> Iterator[Feature]:
    """The parts of a feature in the order in which it is read, each with its phase."""
    phase = int(feature.qualifiers.get("codon_start", ["1"])[0]) - 1
    assert feature.location is not None
    for part in feature.location.parts:
        start, end = int(part.start), int(part.end)
        if part.ref is None:
            yield Feature(contig, feature.type, start, end, part.strand or 0, phase, circular=circular)
        phase = (phase - (end - start)) % 3


def _entries(source: SourceFile) -> Iterator[tuple[int, SeqRecord]]:
    """1-based number and entry."""
    number = 1
    with source.open() as file, io.TextIOWrapper(file, encoding="utf-8", errors="replace") as text:
        lines = Lines(text) if collecting() else None
        entries = SeqIO.parse(lines or text, "genbank")  # type: ignore[no-untyped-call]
        while True:
            at = f"{source.origin}, record {number}"
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", BiopythonParserWarning)
                try:
                    entry = next(entries, None)
                except ValueError as error:
                    what = str(error).partition("\n")[0]
                    problem = DataError(f"cannot be parsed: {what}", at=at, fix="get the file again")
                    if lines is None:
                        raise problem from error
                    report(problem)
                    lines.end_entry()
                    entries = SeqIO.parse(lines, "genbank")  # type: ignore[no-untyped-call]
                    number += 1
                    continue
            lost = [str(warning.message) for warning in caught if str(warning.message).startswith(_MEANS_LOSS)]
            for message in lost:
                report(DataError(f"is damaged: {message}", at=at, fix="get the file again: it is cut short"))
            if entry is None:
                return
            if not lost:
                yield number, entry
            number += 1
