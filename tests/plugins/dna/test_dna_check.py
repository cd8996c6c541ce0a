"""seqkit check over nucleotides: facts by hand, and every bad letter, read, record and row."""

from pathlib import Path
from typing import Any

import pytest

from seqkit import Record, check
from seqkit_dna.check import DnaInspector

DATA = Path(__file__).parents[3] / ".." / "shared" / "data" / "genomics"


def places(report: dict[str, Any]) -> list[str]:
    return [problem["at"] for problem in report["problems"] if "path" not in problem["at"]]


def inspected(*records: tuple[str, bool]) -> DnaInspector:
    inspector = DnaInspector()
    for bases, continues in records:
        inspector.add(Record(bases, continues=continues))
    return inspector


def test_letters_runs_of_n_and_strands_are_counted() -> None:
    # AAC and GTT are each other's reverse complement; the run NN goes over two parts of one record.
    facts = inspected(("AAC", False), ("GTT", False), ("GGN", False), ("NCN", True), ("AAC", False)).facts()
    assert facts["letters"] == {"A": 4, "C": 3, "G": 3, "T": 2, "N": 3}
    assert facts["gc_share"] == 0.5 and facts["n_share"] == 0.2
    assert (facts["runs_of_n"], facts["longest_run_of_n"], facts["reverse_complements"]) == (2, 2, 1)


def test_every_bad_record_is_named_by_its_first_letter(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_text(f">one\nACGT\nACEG\nQA\n>empty\n>two\nAC-GT\n>three\n{'ACGT' * 9}\n")
    found = check("dna", path=str(tmp_path / "a.fa"))
    assert places(found) == [
        "a.fa, record 'one', line 3, base 7", "a.fa, line 5", "a.fa, record 'two', line 7, base 3",
    ]  # fmt: skip
    assert found["num_records"] == 1 and found["num_steps"] == 36


def test_text_before_the_first_header_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_text(f"hello\n>one\n{'ACGT' * 9}\n")
    assert [p["message"] for p in check("dna", path=str(tmp_path / "a.fa"))["problems"]] == [
        "does not begin with a '>' header but with 'hello'"
    ]


def test_reads_after_a_broken_one_are_read(tmp_path: Path) -> None:
    good = "@{}\nACGTACGTAC\n+\nIIIIIIIIII\n"
    broken = "@b1\nACGTACGTAC\n+other\nIIIIIIIIII\n"
    spaces = "@b2\nACGT CGTAC\n+\nIIIIIIIIII\n"
    letters = "@b3\nACGTACGTAE\n+\nIIIIII\x7fIII\n"
    (tmp_path / "a.fq").write_text(good.format(1) + broken + good.format(3) + spaces + letters + good.format(6))
    found = check("dna", path=str(tmp_path / "a.fq"))
    assert places(found) == ["a.fq, read 2", "a.fq, read 4", "a.fq, read 5 ('b3'), base 10"]
    assert found["num_records"] == 3


def test_genbank_entries_after_a_broken_one_are_read(tmp_path: Path) -> None:
    def entry(name: str, length: int, bases: str) -> str:
        head = f"LOCUS       {name:<16} {length} bp    DNA     linear   UNK 01-JAN-2000\nACCESSION   {name}\n"
        return f"{head}ORIGIN\n        1 {bases}\n//\n"

    text = entry("one", 10, "acgtacgtac") + entry("two", 99, "acgt") + entry("three", 10, "acgtacgtax")
    (tmp_path / "a.gb").write_text(text + entry("four", 10, "acgtacgtac"))
    found = check("dna", path=str(tmp_path / "a.gb"))
    assert len(places(found)) == 2 and places(found)[0].startswith("a.gb, record 2")
    assert "base 10" in places(found)[1] and found["num_records"] == 2


def test_rows_of_a_table_are_each_looked_at(tmp_path: Path) -> None:
    rows = ["sequence,label", "ACGT,x", "ACJT,y", "GGTT,", *[f"{'ACGT' * (n + 1)},{'xy'[n % 2]}" for n in range(40)]]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    found = check("dna", path=str(tmp_path / "a.csv"), task="classify")
    assert places(found) == ["a.csv:2, base 3", "a.csv:3"]
    assert found["num_records"] == 41


def test_letters_for_several_bases_and_records_left_out_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_text(f">one\nACRYN{'ACGT' * 9}\n>short\nAC\n")
    found = check("dna", path=str(tmp_path / "a.fa"), min_length=3)
    assert found["facts"]["iupac_letters"] == {"R": 1, "Y": 1} and found["facts"]["letters"]["N"] == 3
    assert found["facts"]["left_out"] == {"fewer than 3 bases": 1} and found["num_problems"] == 0


def test_the_other_strand_of_training_records_is_not_counted() -> None:
    found = check("dna", task="tag", reverse_complement=True)
    assert found["facts"].get("reverse_complements", 0) == 0
    assert set(found["targets"]["classes"]) == {".", "C"} and found["targets"]["unit"] == "steps"
    assert sum(row["count"] for row in found["targets"]["classes"].values()) == found["num_steps"]


@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_demo_data_are_clean(task: str) -> None:
    assert check("dna", task=task)["num_problems"] == 0


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_parser_cases_are_refused_or_read_as_biopython_says() -> None:
    for file in sorted((DATA / "fastq" / "parser-cases").iterdir()):
        offset = 64 if file.name.startswith(("illumina", "solexa")) else 33
        found = check("dna", path=str(file), phred_offset=offset)
        assert (found["num_problems"] > 0) == file.name.startswith("error"), file.name


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_the_genome_has_the_counts_of_its_readme() -> None:
    found = check("dna", path=str(DATA / "ecoli-k12" / "GCF_000005845.2_ASM584v2_genomic.fna.gz"))
    assert found["facts"]["letters"] == {"A": 1142742, "C": 1180091, "G": 1177437, "T": 1141382}
    assert found["baselines"]["unigram"]["bits_per_step"] == pytest.approx(1.9998, abs=5e-5)
