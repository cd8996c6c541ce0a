"""FASTQ, GenBank and tables that are none, or hardly, and labels that are missing."""

from __future__ import annotations

import json

from tests.plugins.dna.bad_making import (
    CLASSIFY,
    ENTRIES,
    PIECES,
    READS,
    RECORDS,
    entry,
    feature,
    file,
    several,
)
from tests.plugins.malformed import Case

BASES = "GATGTGCAATACCTTTGTAGAGGAA"
QUALITY = "YYYYYYYYYYYYYYYYYYYWYWYYSU"[: len(BASES)]
BROKEN = "is no clean FASTQ"
ALL_SCORES = "".join(map(chr, range(33, 127)))


def fq(content: bytes | str, says: str = "", at: str = "", **options: object) -> Case:
    """A file `a.fq`."""
    return Case(file("a.fq", content), says, at and f"a.fq, {at}", options)


def read(title: str = "x", bases: str = BASES, plus: str = "+", quality: str = QUALITY) -> str:
    """One read."""
    return f"@{title}\n{bases}\n{plus}\n{quality}\n"


def third(text: str) -> str:
    """Two good reads, and this."""
    return read("one") + read("two") + text


def scores(codes: str) -> str:
    """Reads with each of these qualities, forward and backward."""
    bases = ("ACGT" * 24)[: len(codes)]
    return (read("up", bases, quality=codes) + read("down", bases, quality=codes[::-1])) * 8


FASTQ = {
    "FASTQ, empty": fq("", "holds no record"),
    "FASTQ, ids differ": fq(third(read("three", plus="+other")), BROKEN, "read 3"),
    "FASTQ, NUL for a quality": fq(third(read(quality=f"YYY\0{QUALITY[4:]}")), "byte 0x00 is no quality", "read 3"),
    "FASTQ, a quality too short": fq(third(read(quality=QUALITY[:-1])), BROKEN, "read 3"),
    "FASTQ, a quality too long": fq(third(read(quality=QUALITY + "I")), BROKEN, "read 3"),
    "FASTQ, blanks in bases": fq(third(read(bases=f"{BASES[:9]} {BASES[9:]}")), BROKEN, "read 3"),
    "FASTQ, cut in the title": fq(third("@thr"), BROKEN, "read 3"),
    "FASTQ, cut in the bases": fq(third("@three\nGATGT"), BROKEN, "read 3"),
    "FASTQ, cut after the plus": fq(third(f"@three\n{BASES}\n+"), BROKEN, "read 3"),
    "FASTQ, cut in the quality": fq(third(read()[:-9]), BROKEN, "read 3"),
    "FASTQ, no plus": fq(third(f"@three\n{BASES}\n{QUALITY}\n") + read("four"), BROKEN, "read 3"),
    "FASTQ, no title": fq(f"{BASES}\n+\n{QUALITY}\n", BROKEN, "read 1"),
    "FASTQ, a title without its sign": fq(third(read("three")[1:]), BROKEN, "read 2"),
    "FASTQ, blank lines first": fq(f"\n\n{READS}", BROKEN, "read 1"),
    "FASTQ, FASTA by another name": fq(RECORDS, BROKEN, "read 1"),
    "FASTQ, a bad letter": fq(third(read(bases=f"AC*{BASES[3:]}")), "'*' is no nucleotide", "read 3 ('x'), base 3"),
    "FASTQ, letters beyond ASCII": fq(
        third(read(bases=BASES[:-1] + "\u00c5")).encode("latin-1"), "byte 0xc5", "read 3"
    ),
    "FASTQ, a quality of 33 for 64": fq(scores(ALL_SCORES), "is no quality of offset 64", "read 1", phred_offset=64),
    "FASTQ, a control character": fq(third(read(quality=f"Y\x1f{QUALITY[2:]}")), "byte 0x1f is no quality", "base 2"),
    "FASTQ, a tilde too far": fq(third(read(quality=f"\x7f{QUALITY[1:]}")), "byte 0x7f is no quality", "read 3"),
    "FASTQ, all of zero length": fq(read("a", "", quality="") * 9, "the train split is empty"),
    "FASTQ, all trimmed away": fq(READS.replace("I", "#"), "the train split is empty", min_quality=20),
    "FASTQ, UTF-16": fq(READS.encode("utf-16"), "is UTF-16"),
    "FASTQ, HTML": fq("<html><body>404</body></html>\n", "is a web page (HTML)"),
    "FASTQ, some of zero length": fq(READS + read("a", "", quality="")),
    "FASTQ, CR LF": fq(READS.replace("\n", "\r\n")),
    "FASTQ, CR": fq(READS.replace("\n", "\r")),
    "FASTQ, all scores": fq(scores(ALL_SCORES)),
    "FASTQ, all scores of Illumina": fq(scores(ALL_SCORES[31:]), phred_offset=64),
    "FASTQ, all scores of Solexa": fq(scores(ALL_SCORES[26:]), phred_offset=64),
    "FASTQ, signs in qualities": fq(
        read("a", quality="@" + QUALITY[1:]) * 9 + read("b", quality="+" + QUALITY[1:]) * 9
    ),
    "FASTQ, wrapped": fq(read("a", f"{BASES}\n{BASES}", quality=f"{QUALITY}\n@{QUALITY[1:]}") * 12),
    "FASTQ, lower case": fq(READS.lower().replace("i", "I")),
}

OUTSIDE = feature("join(1..6,X1.1:3..9)") + feature("10..21")


def gb(content: bytes | str, says: str = "", at: str = "", **options: object) -> Case:
    """A file `a.gb`."""
    return Case(file("a.gb", content), says, at and f"a.gb, {at}", options)


def tagged(features: str, says: str = "", at: str = "", **options: object) -> Case:
    """A GenBank entry of 600 bases with features."""
    return gb(entry("acgtacgtac" * 60, features=features), says, at, **PIECES, **options)


GENBANK = {
    "GenBank, empty": gb("", "holds no record"),
    "GenBank, UTF-16": gb(ENTRIES.encode("utf-16"), "is UTF-16"),
    "GenBank, HTML": gb("<?xml version='1.0'?>\n<!DOCTYPE html>\n", "is a web page (HTML)"),
    "GenBank, text": gb("hello\n", "begins with 'hello' and not with LOCUS", "record 1"),
    "GenBank, no ORIGIN": gb(ENTRIES + entry("", length=60, origin=""), "cannot be parsed", "record 9"),
    "GenBank, only how to join": gb(
        ENTRIES + entry("", length=60, origin="CONTIG      join(X1.1:1..60)\n"), "CONTIG", "record 9 ('E1.1')"
    ),
    "GenBank, cut": gb(ENTRIES.rpartition("//")[0], "Premature end", "record 8"),
    "GenBank, cut in the head": gb(ENTRIES + entry()[:90], "cannot be parsed", "record 9"),
    "GenBank, a line of bases lost": gb(ENTRIES + entry(length=120), "Expected sequence length 120", "record 9"),
    "GenBank, a bad letter": gb(ENTRIES + entry("acgt!acgta"), "'!' is no nucleotide", "record 9 ('E1.1'), base 5"),
    "GenBank, LOCUS misspelt": gb(ENTRIES + entry().replace("LOCUS", "LOCUZ"), "not with LOCUS", "record 9"),
    "GenBank, junk between": gb(f"{ENTRIES}junk\n{entry()}", "begins with 'junk'", "record 9"),
    "GenBank, FASTA by another name": gb(RECORDS, "not with LOCUS", "record 1"),
    "GenBank, a location of letters": tagged(feature("abc..x"), "location that cannot be read", "feature 1"),
    "GenBank, end before start": tagged(feature("9..3"), "location that cannot be read", "feature 1"),
    "GenBank, beyond the end": tagged(
        feature("1..601"), "ends at base 601, but contig 'E1.1' has 600", "feature 1; a.gb:E1.1"
    ),
    "GenBank, codon_start": tagged(
        feature("1..9", more="                     /codon_start=7\n"), "codon_start '7'", "feature 1"
    ),
    "GenBank, no such feature": tagged(feature("1..9", "gene"), "no feature CDS in the annotation"),
    "GenBank, parts elsewhere": tagged(OUTSIDE),
    "GenBank, with NCBI's head": gb("GBBCT1.SEQ     Genetic Sequence Data Bank\n\n  8 loci\n\n" + ENTRIES),
    "GenBank, CR LF": gb(ENTRIES.replace("\n", "\r\n")),
}

ROWS = [(("ACGGTTCA" * 4)[n % 7 : n % 7 + 20], "xy"[n % 2]) for n in range(40)]
TABLE = "".join(f"{bases},{label}\n" for bases, label in ROWS)
OBJECTS = "".join(json.dumps({"sequence": bases, "label": label}) + "\n" for bases, label in ROWS)


def csv(row: str, says: str = "", at: str = "", header: str = "sequence,label", **options: object) -> Case:
    """A good table with one more row, the 41st."""
    return Case(file("t.csv", f"{header}\n{TABLE}{row}"), says, at, CLASSIFY | options)


def jsonl(row: object, says: str = "", at: str = "") -> Case:
    """The same as JSON lines."""
    return Case(file("t.jsonl", OBJECTS + json.dumps(row) + "\n"), says, at, CLASSIFY)


TABLES = {
    "table, empty": Case(file("t.csv", ""), "holds no rows", "t.csv"),
    "table, header alone": Case(file("t.csv", "sequence,label\n"), "holds no record", "t.csv"),
    "table, no such column": csv("", "no column 'sequence'", "t.csv", header="bases,label"),
    "table, an empty cell": csv(",x\n", "holds ''", "t.csv:41"),
    "table, a blank cell": csv('" ",x\n', "holds ' '", "t.csv:41"),
    "table, a bad letter": csv("AC?T,x\n", "'?' is no nucleotide", "t.csv:41, base 3"),
    "table, no label": csv("ACGT,\n", "has no label", "t.csv:41"),
    "table, too few columns": csv("ACGT\n", "1 cell where 2 are expected", "t.csv, line 42"),
    "table, shorter than a k-mer": csv("AC,x\n", "2 bases hold no 3-mer", "t.csv:41", k=3),
    "table, no label column": Case(file("t.csv", "sequence\nACGT\n"), "has no label", "t.csv:1", CLASSIFY),
    "JSON lines, null": jsonl({"sequence": None, "label": "x"}, "holds None", "t.jsonl:41"),
    "JSON lines, a number": jsonl({"sequence": 17, "label": "x"}, "holds 17", "t.jsonl:41"),
    "JSON lines, no such name": jsonl({"label": "x"}, "holds None", "t.jsonl:41"),
    "JSON lines, a list": jsonl(["ACGT", "x"], "holds a list", "t.jsonl"),
    "table, good": csv(""),
}

TWO = {"a.fa": RECORDS, "b.fa": RECORDS.replace("GG", "CC")}
SPLIT = CLASSIFY | {"valid_fraction": 0.2}
LABELS = {
    "labels, one class": Case(several(TWO, "x={}/a.fa", "x={}/b.fa"), "class", "", SPLIT),
    "labels, none": Case(several(TWO, "{}/a.fa"), "has no label", "a.fa:r", SPLIT),
    "labels, no match": Case(
        several(TWO, "{}"), "does not match the record's header", "a.fa:r", SPLIT | {"label_pattern": r"class=(\w+)"}
    ),
    "labels, no group": Case(
        several(TWO, "{}"), "has no group", "--data.label_pattern", SPLIT | {"label_pattern": "r"}
    ),
    "labels, one file under both": Case(several(TWO, "x={}/a.fa", "y={}/a.fa"), "given twice", "a.fa", SPLIT),
    "labels, a file and its folder": Case(several(TWO, "x={}/a.fa", "y={}"), "is read twice", "a.fa", SPLIT),
    "labels, files of one name": Case(
        several({"1/s.fa": RECORDS, "2/s.fa": RECORDS}, "x={}/1/s.fa", "y={}/2/s.fa"),
        "two files are called s.fa",
        "s.fa",
    ),
    "labels, shorter than a k-mer": Case(
        several(TWO | {"b.fa": ">s\nAC\n" * 9}, "x={}/a.fa", "y={}/b.fa"),
        "2 bases hold no 6-mer",
        "b.fa:s",
        SPLIT | {"k": 6},
    ),
    "labels, several files each": Case(
        several(TWO | {"c.fa": RECORDS.replace("GG", "TT")}, "x={}/a.fa", "y={}/b.fa", "x={}/c.fa"), "", "", SPLIT
    ),
    "labels, by folder": Case(several({"x/1.fa": RECORDS, "y/2.fa": RECORDS}, "{}"), "", "", SPLIT),
}
