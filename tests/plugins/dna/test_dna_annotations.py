"""Readers of GFF3, GTF, BED and GenBank features: coordinates worked by hand, and what they refuse."""

import gzip
import re
from pathlib import Path

import pytest

from seqkit import ConfigError, DataError, SourceFile
from seqkit_dna.annotation import Annotation
from seqkit_dna.annotation_files import read_annotation
from seqkit_dna.bed import read_bed
from seqkit_dna.feature import Feature
from seqkit_dna.genbank import genbank_features
from seqkit_dna.gff import read_gff
from seqkit_dna.legend import Legend

CDS = Legend(("CDS",))

GFF = """##gff-version 3
##sequence-region chr%201 1 20

# a comment
chr%201\tx\tregion\t1\t20\t.\t+\t.\tID=r;Is_circular=true
chr%201\tx\tCDS\t3\t5\t.\t+\t0\tID=a
chr%201\tx\tCDS\t9\t10\t.\t-\t2\tID=b;Name=a b
##FASTA
>chr 1
ACGT
"""


def gff_line(
    kind: str, start: int | str, end: int | str, strand: str = "+", phase: str = "0", contig: str = "c"
) -> str:
    return f"{contig}\tx\t{kind}\t{start}\t{end}\t.\t{strand}\t{phase}\tID=1\n"


def read(path: Path, text: str, label: str | None = None) -> list[Feature]:
    path.write_bytes(text.encode())
    return list((read_bed if path.suffix == ".bed" else read_gff)(SourceFile(path, label=label)))


def painted(features: list[Feature], legend: Legend = CDS, length: int = 12, contig: str = "c") -> str:
    annotation = Annotation(legend)
    annotation.add(features, "file")
    return annotation.of(contig, length, "here").paint(0, length)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_gff_counts_from_one_and_includes_its_end(tmp_path: Path, end: str) -> None:
    region, circle, one, two = read(tmp_path / "a.gff3", GFF.replace("\n", end))
    assert region == Feature("chr 1", "##sequence-region", 0, 20, line=2)
    assert (circle.kind, circle.circular) == ("region", True)
    assert one == Feature("chr 1", "CDS", 2, 5, 1, 0, 6)
    assert two == Feature("chr 1", "CDS", 8, 10, -1, 2, 7)


def test_gtf_is_read_as_gff_is(tmp_path: Path) -> None:
    line = 'c\tx\texon\t4\t6\t0.5\t-\t.\tgene_id "g"; transcript_id "t";\n'
    assert read(tmp_path / "a.gtf", line) == [Feature("c", "exon", 3, 6, -1, None, 1)]


def test_bed_counts_from_zero_and_leaves_its_end_out(tmp_path: Path) -> None:
    text = "browser position c\ntrack name=x\n# note\nc\t2\t5\nc\t8\t10\trRNA\t0\t-\n"
    assert read(tmp_path / "a.bed", text) == [Feature("c", "", 2, 5, line=4), Feature("c", "rRNA", 8, 10, -1, line=5)]
    assert [f.kind for f in read(tmp_path / "a.bed", text, label="CDS")] == ["CDS", "CDS"]


def test_blocks_of_a_bed_line_are_features_of_their_own(tmp_path: Path) -> None:
    line = "c 100 200 gene 0 + 100 200 0 2 10,30, 0,70,\n"
    assert read(tmp_path / "a.bed", line) == [
        Feature("c", "gene", 100, 110, 1, line=1), Feature("c", "gene", 170, 200, 1, line=1)
    ]  # fmt: skip


def test_an_annotation_may_be_packed(tmp_path: Path) -> None:
    path = tmp_path / "a.gff.gz"
    path.write_bytes(gzip.compress(gff_line("CDS", 2, 3).encode()))
    annotation = read_annotation(str(path), CDS, lambda: [])
    assert annotation.of("c", 5, "here").paint(0, 5) == ".CC.."
    path.write_bytes(gzip.compress(gff_line("CDS", 2, 3).encode() * 100)[:-10])
    with pytest.raises(DataError, match=r"damaged or cut short(.|\n)*a.gff.gz, after line"):
        read_annotation(str(path), CDS, lambda: [])


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("a.gff", "c\tx\tCDS\t1\t5\n", "5 columns, GFF and GTF have 9"),
        ("a.gff", gff_line("CDS", 0, 5), "the start is 0, the first base is 1"),
        ("a.gff", gff_line("CDS", 7, 5), "the start 7 lies after the end 5"),
        ("a.gff", gff_line("CDS", "1e3", 5), "the start is '1e3', no whole number"),
        ("a.gff", gff_line("CDS", 1, -5), "the end is '-5', no whole number"),
        ("a.gff", gff_line("CDS", 1, 5, strand="forward"), "the strand is 'forward'"),
        ("a.gff", gff_line("CDS", 1, 5, phase="3"), "the phase is '3'"),
        ("a.gff", "##sequence-region c 1\n", "2 words after ##sequence-region"),
        ("a.bed", "c\t5\n", "2 columns, BED has 3 or more"),
        ("a.bed", "c\t5\t5\n", "the start 5 does not lie before the end 5"),
        ("a.bed", "c\t1\t5\tx\t0\t*\n", r"the strand is '\*'"),
        ("a.bed", "c 0 9 x 0 + 0 9 0 2 3 0,6\n", "2 blocks, but 1 sizes and 2 starts"),
        ("a.bed", "c 0 9 x 0 + 0 9 0 2 3,3 0,5\n", "the blocks do not reach from start to end"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, name: str, line: str, message: str) -> None:
    good = "c\t1\t2\n" if name.endswith("bed") else gff_line("CDS", 1, 2)
    with pytest.raises(DataError, match=f"{message}(.|\n)*{name}, line 2"):
        read(tmp_path / name, good + line)


def test_joins_and_overlaps_of_one_kind_are_painted_together() -> None:
    exons = [Feature("c", "CDS", 1, 3, 1), Feature("c", "CDS", 6, 9, 1), Feature("c", "CDS", 8, 10, -1)]
    assert painted([*exons, Feature("c", "gene", 0, 12, 1), Feature("d", "CDS", 0, 12)]) == ".CC...CCCC.."


def test_the_first_kind_asked_for_counts_where_kinds_overlap() -> None:
    features = [Feature("c", "tRNA", 0, 6, 1), Feature("c", "CDS", 4, 8, -1), Feature("c", "rRNA", 7, 9)]
    assert painted(features, Legend(("CDS", ".RNA"))) == "RRRRCCCCR..."
    assert painted(features, Legend((".RNA", "CDS"))) == "RRRRRRCRR..."
    assert painted(features, Legend(("CDS", "noncoding=.*RNA"))) == "NNNNCCCCN..."


def test_strands_may_have_tags_of_their_own_and_the_forward_one_counts_first() -> None:
    features = [Feature("c", "CDS", 4, 8, -1), Feature("c", "CDS", 2, 6, 1)]
    legend = Legend(("CDS",), "separate")
    assert painted(features, legend) == "..CCCCcc...."
    assert legend.letters == ".Cc"
    assert "..CCCCcc"[::-1].translate(legend.opposite()) == "CCcccc.."
    with pytest.raises(DataError, match=r"feature 'CDS' has no strand(.|\n)*file, line 3"):
        painted([Feature("c", "CDS", 4, 8, 0, line=3)], legend)


def test_tags_may_say_which_base_of_its_codon_each_base_is() -> None:
    legend = Legend(("CDS",), "frame")
    assert legend.letters == ".CDScds"
    # Forward from base 1 with one base of the codon before; on the other strand from base 9 down to base 6.
    features = [Feature("c", "CDS", 1, 5, 1, 1), Feature("c", "CDS", 6, 10, -1)]
    assert painted(features, legend) == ".SCDS.csdc.."
    annotation = Annotation(legend)
    annotation.add(features, "file")
    found = annotation.of("c", 12, "here")
    assert found.paint(3, 8) == "DS.cs"
    assert ".SCDS.csdc"[::-1].translate(legend.opposite()) == "CDSC.sdcs."


def test_a_part_of_a_contig_is_painted_as_the_whole_is() -> None:
    annotation = Annotation(CDS)
    annotation.add([Feature("c", "CDS", 3, 7), Feature("c", "CDS", 10, 11)], "file")
    found = annotation.of("c", 12, "here")
    whole = found.paint(0, 12)
    assert all(found.paint(low, high) == whole[low:high] for low in range(12) for high in range(low, 13))


def test_what_runs_past_the_end_of_a_circle_goes_on_at_its_beginning() -> None:
    circle = Feature("c", "region", 0, 12, circular=True)
    assert painted([circle, Feature("c", "CDS", 9, 16)]) == "CCCC.....CCC"
    with pytest.raises(DataError, match=r"ends at base 25, but contig 'c' has 12(.|\n)*line 4"):
        painted([circle, Feature("c", "CDS", 9, 25, line=4)])


@pytest.mark.parametrize(("strand", "phases"), [(1, [1, 0]), (-1, [1, 1])])
def test_a_gene_across_the_origin_keeps_its_frame(strand: int, phases: list[int]) -> None:
    # 12 bases, the gene takes 8..11 and 0..2; one base of its 5' end belongs to the codon before.
    # Forward its codons are (9, 10, 11) and (0, 1, 2); on the other strand (1, 0, 11) and (10, 9, 8).
    annotation = Annotation(CDS)
    annotation.add([Feature("c", "region", 0, 12, circular=True), Feature("c", "CDS", 8, 15, strand, 1)], "file")
    found = annotation.of("c", 12, "here")
    assert list(zip(found.start, found.end, strict=True)) == [(8, 12), (0, 3)]
    assert found.phase.tolist() == phases


def test_coordinates_beyond_the_contig_are_named_with_their_line() -> None:
    with pytest.raises(DataError, match=r"ends at base 13, but contig 'c' has 12(.|\n)*file, line 7; here"):
        painted([Feature("c", "gene", 0, 13, line=7)])


def test_contigs_that_are_called_otherwise_are_refused() -> None:
    annotation = Annotation(CDS)
    annotation.add([Feature("chr1", "CDS", 0, 3), Feature("chr2", "CDS", 0, 3)], "file")
    annotation.require_contigs(["chr1"], "here")  # A part of the genome is read.
    annotation.require_contigs(["chr1", "chr2", "scaffold"], "here")  # One without features.
    with pytest.raises(
        DataError, match=r"'chr_2' is not in the annotation, which names chr2(.|\n)*did you mean 'chr2'"
    ):
        annotation.require_contigs(["chr1", "chr_2"], "here")


def test_an_annotation_without_what_is_asked_for_names_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a.gff").write_text(gff_line("exon", 1, 2) + gff_line("cds", 1, 2))
    with pytest.raises(DataError, match=r"no feature CDS(.|\n)*a.gff(.|\n)*cds"):
        read_annotation(str(tmp_path / "a.gff"), CDS, lambda: [])
    (tmp_path / "a.bed").write_text("c\t1\t2\tthrA\n")
    with pytest.raises(DataError, match=r"no feature CDS(.|\n)*CDS=FILE.bed"):
        read_annotation(str(tmp_path / "a.bed"), CDS, lambda: [])
    assert read_annotation(f"CDS={tmp_path / 'a.bed'}", CDS, lambda: []).of("c", 3, "here").paint(0, 3) == ".C."
    with pytest.raises(ConfigError, match="task 'tag' needs to know where the features lie"):
        read_annotation(None, CDS, lambda: [])
    with pytest.raises(ConfigError, match="names all lines of a BED file"):
        read_annotation(f"CDS={tmp_path / 'a.gff'}", CDS, lambda: [])


@pytest.mark.parametrize(
    ("features", "message"),
    [((), "features none"), (("CDS", "CDS"), "each once"), (("CDS", "x="), ""), (("(",), "no regular expression")],
)
def test_features_that_cannot_be_asked_for_are_refused(features: tuple[str, ...], message: str) -> None:
    legend = Legend(features)
    if not message:
        legend.check()
        return
    with pytest.raises(ConfigError, match=re.escape(message)):
        legend.check()


def test_letters_of_tags_are_initials_where_they_are_free() -> None:
    assert Legend(("CDS", "cRNA", "tRNA", "3'UTR")).names == {
        ".": "none", "C": "CDS", "R": "cRNA", "T": "tRNA", "U": "3'UTR"
    }  # fmt: skip


def test_genbank_joins_give_parts_with_their_phases(shared_data: Path) -> None:
    path = shared_data / "genomics" / "small-genomes" / "cor6_6.gb"
    if not path.exists():
        pytest.skip("the small genomes are not beside this checkout (../shared/data/genomics)")
    features = [f for f in genbank_features(SourceFile(path)) if f.kind == "CDS"]
    # join(104..160,320..390,504..579): 57 bases are 19 codons; 71 are 23 and two bases, the third opens the next part.
    parts = [(f.start, f.end, f.strand, f.phase) for f in features if f.contig == "X62281.1"]
    assert parts == [(103, 160, 1, 0), (319, 390, 1, 0), (503, 579, 1, 1)]
    # join(<1..48,143..>206) with codon_start 2: 47 bases after the first are 15 codons and two.
    assert [(f.start, f.end, f.phase) for f in features if f.contig == "AJ237582.1"] == [(0, 48, 1), (142, 206, 1)]


def test_genbank_and_its_location_across_the_origin(tmp_path: Path) -> None:
    lines = [
        "LOCUS       TEST                      12 bp    DNA     circular BCT 01-JAN-2020",
        "ACCESSION   TEST",
        "VERSION     TEST.1",
        "FEATURES             Location/Qualifiers",
        "     source          1..12",
        "     CDS             complement(join(10..12,1..3))",
        "     CDS             join(J00194.1:100..202,6..7)",
        "ORIGIN",
        "        1 acgtacgtac gt",
        "//",
    ]
    path = tmp_path / "t.gb"
    path.write_text("\n".join(lines) + "\n")
    features = list(genbank_features(SourceFile(path)))
    assert painted(features, Legend(("CDS",), "separate"), contig="TEST.1") == "ccc..CC..ccc"
