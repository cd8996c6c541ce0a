"""Annotations that are none, or hardly, and variants that do not fit their genome."""

from __future__ import annotations

import gzip
from typing import Any

from tests.plugins.dna.bad_making import GENOME, PIECES, annotated
from tests.plugins.malformed import Case
from tests.plugins.spoiled import raw

GOOD = "c1\tx\tCDS\t1\t90\t.\t+\t0\tID=a\nc2\tx\tCDS\t10\t60\t.\t-\t0\tID=b\n"
COLUMNS = "columns, GFF and GTF have 9"


def gff(row: bytes | str, says: str = "", at: str = "", name: str = "a.gff", good: str = GOOD, **options: Any) -> Case:
    """Good rows, and this, the third."""
    content = raw(good) + raw(row)
    made = annotated(gzip.compress(content)[:-9] if name.endswith("cut.gff.gz") else content, name)
    return Case(made, says, at, PIECES | {"annotation": name} | options)


def row(
    start: object = 1, end: object = 9, contig: str = "c1", strand: str = "+", phase: str = "0", kind: str = "CDS"
) -> str:
    """A line of GFF."""
    return f"{contig}\tx\t{kind}\t{start}\t{end}\t.\t{strand}\t{phase}\tID=z\n"


def bed(line: str, says: str = "", at: str = "a.bed, line 2", **options: Any) -> Case:
    """A good line of BED, and this."""
    return gff(line, says, at, name="a.bed", good="c1\t0\t90\tCDS\t0\t+\n", **options)


BLOCKS = "c1\t0\t90\tCDS\t0\t+\t0\t90\t0\t2\t"
THIRD = "a.gff, line 3"
ANNOTATIONS = {
    "GFF, end before start": gff(row(9, 3), "the start 9 lies after the end 3", THIRD),
    "GFF, beyond the end": gff(row(1, 361), "ends at base 361, but contig 'c1' has 360", THIRD),
    "GFF, far beyond the end": gff(row(1, "9" * 15), "but contig 'c1' has 360", THIRD),
    "GFF, a number of many digits": gff(row(1, "9" * 40), "no whole number", THIRD),
    "GFF, start at 0": gff(row(0), "the first base is 1", THIRD),
    "GFF, a negative start": gff(row(-3), "the start is '-3'", THIRD),
    "GFF, no number": gff(row("one"), "the start is 'one'", THIRD),
    "GFF, half a base": gff(row(1.5), "the start is '1.5'", THIRD),
    "GFF, another strand": gff(row(strand="forward"), "the strand is 'forward'", THIRD),
    "GFF, another phase": gff(row(phase="3"), "the phase is '3'", THIRD),
    "GFF, few columns": gff("c1\tx\tCDS\t1\t9\n", f"5 {COLUMNS}", THIRD),
    "GFF, blanks for tabs": gff(row().replace("\t", " "), "1 column, GFF and GTF have 9", THIRD),
    "GFF, a cut line": gff(row()[:12], COLUMNS, THIRD),
    "GFF, UTF-16": gff((GOOD + row()).encode("utf-16"), "is UTF-16, not an annotation", "a.gff", good=""),
    "GFF, HTML": gff("\n<!doctype html>\n", "is a web page (HTML)", "a.gff", good=""),
    "GFF, a region of one word": gff("##sequence-region c1\n", "1 word after ##sequence-region", THIRD),
    "GFF, contigs called otherwise": gff(
        "", "contig 'c1' is not in the annotation", "path", good=GOOD.replace("c1", "chr1").replace("c2", "chr2")
    ),
    "GFF, empty": gff("", "the annotation holds no feature", "a.gff", good=""),
    "GFF, comments alone": gff("##gff-version 3\n#x\n", "the annotation holds no feature", "a.gff", good=""),
    "GFF, other kinds alone": gff(row(kind="gene"), "no feature CDS in the annotation", "a.gff", good=""),
    "GFF, BED by another name": gff("c1\t0\t90\tCDS\t0\t+\n", f"6 {COLUMNS}", "a.gff, line 1", good=""),
    "GFF, no strand where one is asked": gff(row(strand="."), "has no strand", THIRD, strand="separate"),
    "GFF, no phase where one is asked": gff(row(phase="."), "has no phase", THIRD, strand="frame"),
    "GFF, packed and cut": gff("", "is damaged or cut short", "cut.gff.gz, after line", name="cut.gff.gz"),
    "GFF, named CDS=": gff("", "names all lines of a BED file", "--data.annotation", annotation="CDS=a.gff"),
    "GFF, another ending": gff("", "no annotation by its ending", "a.csv", name="a.csv"),
    "GFF, missing": gff("", "no such file", "", annotation="gone.gff"),
    "GFF, not given": Case(annotated(GOOD), "needs to know where the features lie", "--data.annotation", PIECES),
    "contigs of one name": Case(
        annotated(GOOD, sequences=GENOME + GENOME),
        "two contigs are called 'c1'",
        "g.fa:c1",
        PIECES | {"annotation": "a.gff"},
    ),
    "BED, end before start": bed("c1\t9\t3\tCDS\n", "the start 9 does not lie before the end 3"),
    "BED, empty": bed("c1\t9\t9\tCDS\n", "does not lie before"),
    "BED, UTF-16": gff("c1\t0\t9\n".encode("utf-16"), "is UTF-16", "a.bed", name="a.bed", good=""),
    "BED, HTML": gff("<html>\n", "is a web page (HTML)", "a.bed", name="a.bed", good=""),
    "BED, two columns": bed("c1\t9\n", "2 columns, BED has 3 or more"),
    "BED, no number": bed("c1\tx\t9\n", "the start is 'x'"),
    "BED, another strand": bed("c1\t0\t9\tCDS\t0\t1\n", "the strand is '1'"),
    "BED, beyond the end": bed("c1\t0\t361\tCDS\n", "but contig 'c1' has 360"),
    "BED, blocks that are too few": bed(BLOCKS + "40\t0\n", "2 blocks, but 1 sizes"),
    "BED, blocks beside each other": bed(BLOCKS + "40,40\t0,40\n", "do not reach from start to end"),
    "BED, a contig called track": bed("track_1\t9\n", "2 columns, BED has 3 or more"),
    "BED, GFF by another name": bed(row(), "the start is 'x'"),
    "GFF, overlaps": gff(row(5, 70) + row(20, 80, strand="-"), strand="frame"),
    "GFF, features of other contigs too": gff(row(contig="c9")),
    "GFF, CR LF": gff("", good=GOOD.replace("\n", "\r\n")),
    "BED, three columns": Case(
        annotated("c1\t0\t90\nc2\t3\t9\n", "a.bed"), "", "", PIECES | {"annotation": "CDS=a.bed"}
    ),
    "pieces longer than the contigs": gff("", piece=9999, valid_fraction=0.4),
}

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n"
VARIANTS: dict[str, tuple[bytes | str, str, str]] = {
    "another base in the genome": (HEAD + "c1\t1\t.\tC\tG\n", "REF is C, the genome has A", "a.vcf, line 3"),
    "another contig": (HEAD + "chr1\t1\t.\tA\tG\n", "no contig 'chr1'", "a.vcf, line 3"),
    "position 0": (HEAD + "c1\t0\t.\tA\tG\n", "POS is '0'", "a.vcf, line 3"),
    "a position of letters": (HEAD + "c1\tx\t.\tA\tG\n", "POS is 'x', no whole number", "a.vcf, line 3"),
    "a position of many digits": (HEAD + f"c1\t{'9' * 5000}\t.\tA\tG\n", "POS is '999", "a.vcf, line 3"),
    "beyond the end": (HEAD + "c1\t360\t.\tAA\tG\n", "ends beyond the contig's 360 bases", "a.vcf, line 3"),
    "no bases": (HEAD + "c1\t1\t.\t\tG\n", "REF ''", "a.vcf, line 3"),
    "a letter that is none": (HEAD + "c1\t1\t.\tA\tQ\n", "'Q' is no nucleotide", "a.vcf, line 3"),
    "few columns": (HEAD + "c1\t1\t.\tA\n", "4 columns, where the header has 5", "a.vcf, line 3"),
    "no columns named": ("##fileformat=VCFv4.2\nc1\t1\t.\tA\tG\n", "before the line '#CHROM'", "a.vcf, line 2"),
    "no version": ("c1\t1\t.\tA\tG\n", "", "a.vcf"),
    "cut before its header": ("##fileformat=VCFv4.2\n", "has no line '#CHROM'", "a.vcf"),
    "empty": ("", "is empty", "a.vcf"),
    "UTF-16": (HEAD.encode("utf-16"), "is UTF-16, not VCF", "a.vcf"),
    "HTML": ("<html>", "is a web page (HTML), not VCF", "a.vcf"),
}
