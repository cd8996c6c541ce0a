"""Real files, where they are at hand: their known lengths, counts and refusals."""

from collections import Counter
from pathlib import Path

import pytest

from seqkit import DataError, Record
from seqkit_dna.reading import Reading


@pytest.fixture(scope="module")
def genomics(shared_data: Path) -> Path:
    folder = shared_data / "genomics"
    if not folder.is_dir():
        pytest.skip("the genomic data sets are not beside this checkout (../shared/data/genomics)")
    return folder


def read(path: Path, **options: object) -> list[Record]:
    return list(Reading(**options).records(str(path)))  # type: ignore[arg-type]


def test_the_genome_of_e_coli_has_its_known_length_and_bases(genomics: Path) -> None:
    parts = read(genomics / "ecoli-k12" / "GCF_000005845.2_ASM584v2_genomic.fna.gz")
    assert [part.continues for part in parts] == [False] + [True] * 4
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update({base: part.sequence.count(base) for base in "ACGTN"})
    assert sum(len(part.sequence) for part in parts) == 4_641_652
    assert dict(counts) == {"A": 1_142_742, "C": 1_180_091, "G": 1_177_437, "T": 1_141_382, "N": 0}
    assert parts[0].origin == "GCF_000005845.2_ASM584v2_genomic.fna.gz:NC_000913.3"


def test_genbank_and_fasta_of_a_plasmid_hold_the_same_bases(genomics: Path) -> None:
    (one,), (other,) = (read(genomics / "small-genomes" / name) for name in ("NC_005816.gb", "NC_005816.fna"))
    assert one.sequence == other.sequence
    assert len(one.sequence) == 9_609


def test_small_genomes_have_their_known_lengths(genomics: Path) -> None:
    lengths = [len(record.sequence) for record in read(genomics / "small-genomes" / "cor6_6.gb")]
    assert len(lengths) == 6
    assert (min(lengths), max(lengths)) == (206, 880)
    (phix,) = read(genomics / "small-genomes" / "phix_genome.fa")
    assert len(phix.sequence) == 5_386


@pytest.mark.parametrize(
    ("name", "num_reads", "phred_offset"),
    [
        ("example", 3, 33),
        ("example_dos", 3, 33),
        ("longreads_original_sanger", 10, 33),
        ("wrapping_original_sanger", 3, 33),
        ("tricky", 4, 33),
        ("zero_length", 5, 33),
        ("sanger_full_range_original_sanger", 2, 33),
        ("illumina_full_range_original_illumina", 2, 64),
        ("solexa_full_range_original_solexa", 2, 64),
    ],
)
def test_unusual_fastq_files_are_read(genomics: Path, name: str, num_reads: int, phred_offset: int) -> None:
    path = genomics / "fastq" / "parser-cases" / f"{name}.fastq"
    assert len(read(path, phred_offset=phred_offset, min_length=0)) == num_reads


@pytest.mark.parametrize("name", ["diff_ids", "short_qual", "spaces", "trunc_in_seq", "qual_null"])
def test_broken_fastq_files_are_refused(genomics: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"error_{name}.fastq, read"):
        read(genomics / "fastq" / "parser-cases" / f"error_{name}.fastq")


def test_both_mates_of_a_sample_are_read(genomics: Path) -> None:
    for name in ("sam1F", "sam1R"):
        reads = read(genomics / "fastq" / f"{name}.fastq.gz")
        assert len(reads) == 1_500
        assert {len(record.sequence) for record in reads} == {250}
        trimmed = read(genomics / "fastq" / f"{name}.fastq.gz", min_quality=20)
        assert 200 < sum(len(record.sequence) for record in trimmed) / len(trimmed) < 250


def test_promoters_whose_ids_repeat_have_origins_of_their_own(genomics: Path) -> None:
    folder = genomics / "cnnprom-promoters"
    for name, size in (("Ecoli_prom", 839), ("Ecoli_non_prom", 3_000)):
        records = read(folder / f"{name}.fa.gz")
        assert len(records) == size
        assert len({record.origin for record in records}) == size
        assert {len(record.sequence) for record in records} == {81}
