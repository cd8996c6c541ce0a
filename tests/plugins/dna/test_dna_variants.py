"""Variants of a VCF file against a genome: places worked out by hand, ratios against likelihoods of whole windows."""

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqkit import ConfigError, DataError, Judge, ModelOptions, SourceFile
from seqkit.build import build_model
from seqkit_dna import DOMAIN
from seqkit_dna.genome import Genome
from seqkit_dna.variants import score_variants
from seqkit_dna.vcf import read_vcf

HEADER = "##fileformat=VCFv4.2\n##contig=<ID=one>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
#         1234567890123
ONE, TWO = "GATTACAGGCCTA", "TTGCA"


def judge(k: int = 1, **data: Any) -> Judge:
    """An untrained model of bases, in float64."""
    torch.manual_seed(3)
    module = DOMAIN.datamodule(k=k, **data)
    module.setup("fit")
    model = build_model(DOMAIN, module, ModelOptions(hidden_size=9, num_layers=2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.6)
    return Judge(model, module)


@torch.no_grad()
def offline(asked: Judge, bases: str) -> float:
    """Log-likelihood of a sequence given its first step, by one reading of the whole."""
    steps = asked.data.codec.encode(bases)[None]
    model = asked._model
    outputs, lengths, _, _ = model(steps[:, :-1], torch.tensor([steps.shape[1] - 1]))
    return float(model.task(outputs, lengths).log_softmax(-1).gather(-1, steps[:, 1:, None]).sum())


def turned(bases: str) -> str:
    return bases[::-1].translate(str.maketrans("ACGT", "TGCA"))


class Recorder:
    """Stands for a judge and notes what it is asked."""

    def __init__(self) -> None:
        self.data = DOMAIN.datamodule()
        self.notes: list[str] = []
        self.asked: list[tuple[str, str]] = []

    def alternatives(self, groups: Any) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
        for value, (other,) in groups:
            self.asked.append((value, other))
            yield np.zeros(1), [np.zeros(1)]


@pytest.fixture
def genome(tmp_path: Path) -> str:
    (tmp_path / "g.fa").write_text(f">one first\n{ONE[:6]}\n{ONE[6:].lower()}\n>two\n{TWO}\n")
    return str(tmp_path / "g.fa")


def vcf(folder: Path, *lines: str, header: str = HEADER) -> str:
    (folder / "v.vcf").write_text(header + "".join(line.replace(" ", "\t") + "\t.\t.\t.\n" for line in lines))
    return str(folder / "v.vcf")


@pytest.mark.parametrize(
    ("line", "ref", "alt"),
    [
        ("one 5 . A G", "TTACA", "TTGCA"),  # a substitution
        ("one 5 . AC GT", "TTACAG", "TTGTAG"),  # of two bases
        ("one 5 . A ATT", "TTACA", "TTATTCA"),  # an insertion after base 5
        ("one 5 . ACAG A", "TTACAGGC", "TTAGC"),  # bases 6 to 8 deleted
        ("one 1 . G C", "GAT", "CAT"),  # nothing on the left
        ("one 13 . A T", "CTA", "CTT"),  # nothing on the right
        ("two 1 . TTGCA T", "TTGCA", "T"),  # the whole contig
    ],
)
def test_windows_are_cut_where_a_hand_would_cut_them(
    line: str, ref: str, alt: str, genome: str, tmp_path: Path
) -> None:
    recorder: Any = Recorder()
    (row,) = score_variants(recorder, vcf(tmp_path, line), genome, flank=2)
    assert recorder.asked == [(ref, alt), (turned(ref), turned(alt))]
    assert [str(row[name]) for name in ("chrom", "pos", "ref", "alt")] == [line.split()[n] for n in (0, 1, 3, 4)]


@pytest.mark.parametrize("k", [1, 3])
def test_a_ratio_is_the_difference_of_two_likelihoods_on_each_strand(k: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    bases = "".join(rng.choice(list("ACGT"), 300))
    (tmp_path / "g.fa").write_text(f">one\n{bases}\n")
    lines, windows = [], []
    for place in (1, 60, 299, 300):  # 1-based
        for ref_length, alt in ((1, "A"), (1, "C"), (1, "GTC"), (3, "T")):
            ref = bases[place - 1 : place - 1 + ref_length]
            if len(ref) == ref_length and ref != alt:
                lines.append(f"one {place} . {ref} {alt}")
                left, right = bases[max(place - 41, 0) : place - 1], bases[place - 1 + ref_length :][:40]
                windows.append((left + ref + right, left + alt + right))
    asked = judge(k)
    rows = list(score_variants(asked, vcf(tmp_path, *lines), str(tmp_path / "g.fa"), flank=40))
    assert len(rows) == len(lines) >= 10
    for row, (ref, alt) in zip(rows, windows, strict=True):
        ahead = offline(asked, alt) - offline(asked, ref)
        back = offline(asked, turned(alt)) - offline(asked, turned(ref))
        assert row["llr_forward"] == pytest.approx(ahead, abs=1e-6)
        assert row["llr_reverse"] == pytest.approx(back, abs=1e-6)
        assert row["llr"] == pytest.approx((ahead + back) / 2, abs=1e-6)
    assert np.ptp([row["llr"] for row in rows]) > 0.1


def test_the_reverse_strand_is_the_reverse_complement_of_the_genome(genome: str, tmp_path: Path) -> None:
    asked = judge()
    (row,) = score_variants(asked, vcf(tmp_path, "one 5 . A G"), genome, flank=4)
    (tmp_path / "back.fa").write_text(f">one\n{turned(ONE)}\n")
    (other,) = score_variants(asked, vcf(tmp_path, "one 9 . T C"), str(tmp_path / "back.fa"), flank=4)  # 13 - 5 + 1
    assert (row["llr_forward"], row["llr_reverse"]) == (other["llr_reverse"], other["llr_forward"])
    assert row["llr_forward"] != row["llr_reverse"]


def test_each_alternative_is_a_row_and_those_without_bases_are_counted(genome: str, tmp_path: Path) -> None:
    recorder: Any = Recorder()
    lines = ["one 5 rs1 a G,t,<DEL>,*,A", "one 6 . C .", "one 7 . A A[two:3[,.A"]
    rows = list(score_variants(recorder, vcf(tmp_path, *lines), genome, flank=1))
    assert [(row["id"], row["ref"], row["alt"]) for row in rows] == [("rs1", "A", "G"), ("rs1", "A", "T")]
    assert recorder.notes == [
        "alternatives skipped: 2 breakend",
        "alternatives skipped: 1 deleted by another variant (*)",
        "alternatives skipped: 1 no alternative (.)",
        "alternatives skipped: 1 symbolic (<...>)",
        "alternatives skipped: 1 the same as REF",
    ]


def test_packed_files_and_carriage_returns_are_read(genome: str, tmp_path: Path) -> None:
    text = (HEADER + "one\t5\t.\tA\tG\t.\t.\t.\none\t6\t.\tC\tG\t.\t.\t.\n").replace("\n", "\r\n")
    half = len(text) // 2
    # bgzip writes several members, one after the other.
    packed = gzip.compress(text[:half].encode()) + gzip.compress(text[half:].encode())
    (tmp_path / "v.vcf.gz").write_bytes(packed)
    variants = list(read_vcf(SourceFile(tmp_path / "v.vcf.gz"), Counter()))
    assert [(v.contig, v.position, v.ref, v.alt, v.at) for v in variants] == [
        ("one", 5, "A", "G", "v.vcf.gz, line 4"),
        ("one", 6, "C", "G", "v.vcf.gz, line 5"),
    ]
    (tmp_path / "v.vcf.gz").write_bytes(packed[:-20])
    with pytest.raises(DataError, match=r"damaged or cut short(.|\n)*v\.vcf\.gz, after line"):
        list(read_vcf(SourceFile(tmp_path / "v.vcf.gz"), Counter()))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("one 5 . C G", r"one:5 REF is C, the genome has A(.|\n)*v\.vcf, line 4"),
        ("one 5 . ACC G", r"REF is ACC, the genome has ACA"),
        ("one 13 . AC A", r"one:13 REF AC ends beyond the contig's 13 bases"),
        ("one 14 . A C", r"ends beyond"),
        ("one 0 . A C", r"POS is '0'"),
        ("one 1e3 . A C", r"POS is '1e3'"),
        ("one -5 . A C", r"POS is '-5'"),
        ("chrone 5 . A C", r"no contig 'chrone'(.|\n)*did you mean 'one'"),
        ("one 5 . A Q", r"ALT 'Q': 'Q' is no nucleotide"),
        ("one 5 . A- G", r"REF 'A-': '-' is no nucleotide"),
        ("one 5 .  G", r"REF ''"),
        ("one 5 . A C extra", r"9 columns, where the header has 8"),
    ],
)
def test_a_line_that_does_not_fit_is_named(line: str, message: str, genome: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        list(score_variants(judge(), vcf(tmp_path, line), genome))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("one\t5\t.\tA\tG\n", "is no VCF"),
        ("##fileformat=VCFv3.3\n", r"is VCFv3\.3, not version 4"),
        ("##fileformat=VCFv4.3\n", "has no line '#CHROM'"),
        ("##fileformat=VCFv4.3\n#CHROM POS ID REF ALT\n", "the header is"),
        ("##fileformat=VCFv4.3\none\t5\t.\tA\tG\n", "a variant before the line '#CHROM'"),
    ],
)
def test_what_is_no_vcf_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "v.vcf").write_text(text)
    with pytest.raises(DataError, match=message):
        list(read_vcf(SourceFile(tmp_path / "v.vcf"), Counter()))


def test_a_file_without_a_variant_is_noted(genome: str, tmp_path: Path) -> None:
    recorder: Any = Recorder()
    assert list(score_variants(recorder, vcf(tmp_path), genome)) == []
    (note,) = recorder.notes
    assert "holds no variant" in note
    other: Any = Recorder()
    list(score_variants(other, vcf(tmp_path, "one 5 . A <DEL>"), genome))
    assert not any("holds no variant" in note for note in other.notes) and len(other.notes) == 1


def test_a_letter_for_several_bases_in_the_genome_fits_any_reference(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(">one\nACRGT\n")
    recorder: Any = Recorder()
    list(score_variants(recorder, vcf(tmp_path, "one 3 . A T"), str(tmp_path / "g.fa"), flank=1))
    assert recorder.asked[0] == ("CNG", "CTG")
    with pytest.raises(DataError, match=r"ambiguous base within the flank(.|\n)*line 4"):
        list(score_variants(judge(ambiguous="skip"), vcf(tmp_path, "one 2 . C T"), str(tmp_path / "g.fa")))


def test_options_that_make_no_sense_are_refused(genome: str, tmp_path: Path) -> None:
    path = vcf(tmp_path, "one 5 . A G")
    with pytest.raises(ConfigError, match="add --reference"):
        list(score_variants(judge(), path))
    with pytest.raises(ConfigError, match="flank is 0"):
        list(score_variants(judge(), path, genome, flank=0))
    with pytest.raises(ConfigError, match="trained on next_step, not on classify"):
        module = DOMAIN.datamodule(task="classify")
        module.setup("fit")
        list(score_variants(Judge(build_model(DOMAIN, module, ModelOptions(hidden_size=4)), module), path, genome))


def test_a_genome_gives_any_stretch_of_any_contig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqkit_dna.fasta.BLOCK_BASES", 4)  # each contig comes in several fragments
    (tmp_path / "g.fa").write_text(f">1\n{ONE}\n>2 x\n{TWO}\n")
    genome = Genome(str(tmp_path / "g.fa"))
    assert (genome.length("1", ""), genome.length("2", "")) == (13, 5)
    assert genome.bases("1", 0, 13) == ONE and genome.bases("2", 0, 5) == TWO
    assert genome.bases("1", -3, 2) == "GA" and genome.bases("1", 11, 20) == "TA" and genome.bases("2", -1, 9) == TWO
    with pytest.raises(DataError, match="did you mean '1'"):
        genome.length("chr1", "v.vcf, line 9")
    (tmp_path / "g.fa").write_text(">1\nAC\n>1\nGT\n")
    with pytest.raises(DataError, match="two contigs are called '1'"):
        Genome(str(tmp_path / "g.fa"))
