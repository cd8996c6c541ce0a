"""Splits, strands, policies for N, prompts and written files of the data module."""

from pathlib import Path
from typing import Any

import pytest
from Bio import SeqIO
from Bio.Seq import Seq

from seqkit import ConfigError, DataError, Generation, Record, Split
from seqkit_dna.codec import BaseCodec
from seqkit_dna.data import DnaData

SPLITS: tuple[Split, ...] = ("train", "valid", "test")


def fasta(path: Path, *bases: str) -> str:
    path.write_text("".join(f">r{number}\n{each}\n" for number, each in enumerate(bases)))
    return str(path)


def sequences(data: DnaData, split: Split) -> list[str]:
    return [record.sequence for record in data.records(split)]


def test_the_other_strand_is_read_of_the_training_part_only_and_after_the_cut(tmp_path: Path) -> None:
    genome = "AAAACCCCGG" * 8 + "GATTACAGAT" + "TTGACATATA"
    data = DnaData(fasta(tmp_path / "g.fa", genome))
    other_strand = str(Seq(genome[:80]).reverse_complement())  # type: ignore[no-untyped-call]
    assert sequences(data, "train") == [genome[:80], other_strand]
    assert sequences(data, "valid") == [genome[80:90]]
    assert sequences(data, "test") == [genome[90:]]
    assert sequences(data, "predict") == [genome]
    origins = [record.origin for record in data.records("train")]
    assert origins == ["g.fa:r0", "g.fa:r0 (reverse complement)"]


def test_one_strand_is_read_where_asked(tmp_path: Path) -> None:
    data = DnaData(fasta(tmp_path / "g.fa", "ACGTT" * 20), reverse_complement=False)
    assert sequences(data, "train") == ["ACGTT" * 16]


def test_only_next_step_reads_both_strands_by_itself() -> None:
    assert DnaData().codec.both_strands
    assert not DnaData(task="classify").codec.both_strands
    assert DnaData(task="classify", reverse_complement=True).codec.both_strands


def test_a_classified_record_is_not_doubled_by_its_other_strand(tmp_path: Path) -> None:
    path = fasta(tmp_path / "a.fa", "ACG", "GGT")
    data = DnaData([f"x={path}"], task="classify", reverse_complement=True, valid_fraction=0.0, test_fraction=0.0)
    assert sequences(data, "train") == ["ACG", "GGT"]


def test_a_test_rule_takes_each_nth_record_of_each_file(tmp_path: Path) -> None:
    one = fasta(tmp_path / "1.fa", *["AC"] * 6)
    two = fasta(tmp_path / "2.fa", *["GT"] * 4)
    data = DnaData([f"x={one}", f"y={two}"], task="classify", test_every=3, valid_fraction=0.0)
    assert [r.origin for r in data.records("test")] == ["1.fa:r0", "1.fa:r3", "2.fa:r0", "2.fa:r3"]
    assert len(list(data.records("train"))) == 6


@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_no_record_is_in_two_splits(task: str) -> None:
    data = DnaData(task=task, reverse_complement=False)
    bases = {split: sum(len(r.sequence) for r in data.records(split)) for split in SPLITS}
    assert sum(bases.values()) == sum(len(r.sequence) for r in data.records("predict"))
    assert bases["train"] > 0.7 * sum(bases.values())
    if task == "classify":
        origins = [{record.origin for record in data.records(split)} for split in SPLITS]
        assert not (origins[0] & origins[1] or origins[0] & origins[2] or origins[1] & origins[2])


def test_kmers_stay_in_frame_within_a_record_and_start_anew_in_the_next(tmp_path: Path) -> None:
    data = DnaData(fasta(tmp_path / "g.fa", "AACCGGTT", "AC", "TTTGGGA"), k=3)
    assert sequences(data, "predict") == ["AACCGG", "TTTGGG"]
    store = data.store("predict")
    assert [BaseCodec(k=3).decode(store.sequence(number)) for number in range(len(store))] == ["AACCGG", "TTTGGG"]


def test_parts_of_a_long_record_stay_in_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqkit_dna.fasta.BLOCK_BASES", 10)
    genome = "ACGGT" * 7
    parts = list(DnaData(fasta(tmp_path / "g.fa", genome), k=4).records("predict"))
    assert [len(part.sequence) % 4 for part in parts] == [0] * len(parts)
    assert "".join(part.sequence for part in parts) == genome[:32]
    assert [part.continues for part in parts] == [False] + [True] * (len(parts) - 1)


def test_skip_cuts_the_stream_at_n_and_leaves_labelled_records_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqkit_dna.fasta.BLOCK_BASES", 4)
    path = fasta(tmp_path / "g.fa", "ACGTACNNGTTACCRA", "GGG")
    parts = list(DnaData(path, ambiguous="skip").records("predict"))
    assert [(part.sequence, part.continues) for part in parts] == [
        ("ACGT", False), ("AC", True), ("GTTA", False), ("CC", True), ("A", False), ("GGG", False),
    ]  # fmt: skip
    labelled = DnaData([f"x={path}"], task="classify", ambiguous="skip")
    assert sequences(labelled, "predict") == ["GGG"]
    assert labelled.codec.spec.num_classes == 4


def test_a_missing_label_is_named_in_training_and_not_in_prediction(tmp_path: Path) -> None:
    path = fasta(tmp_path / "a.fa", "ACG")
    data = DnaData(path, task="classify", valid_fraction=0.0, test_fraction=0.0)
    with pytest.raises(DataError, match=r"the record has no label(.|\n)*a.fa:r0(.|\n)*label_column"):
        sequences(data, "train")
    assert sequences(data, "predict") == ["ACG"]
    data = DnaData(path, task="classify", label_pattern="type=(.)", valid_fraction=0.0, test_fraction=0.0)
    with pytest.raises(DataError, match="does not match the record's header"):
        sequences(data, "train")


def test_a_record_shorter_than_a_kmer_is_named(tmp_path: Path) -> None:
    data = DnaData(fasta(tmp_path / "a.fa", "ACGT", "AC"), task="classify", k=3)
    with pytest.raises(DataError, match=r"2 bases hold no 3-mer(.|\n)*a.fa:r1(.|\n)*min_length 3"):
        sequences(data, "predict")


@pytest.mark.parametrize(
    ("options", "at"),
    [
        ({"k": 3, "kmer_stride": 1}, "kmer_stride"),
        ({"k": 9}, "--data.k"),
        ({"min_length": -1}, "min_length"),
        ({"label_pattern": "("}, "label_pattern"),
        ({"label_pattern": "x"}, "label_pattern"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], at: str) -> None:
    with pytest.raises(ConfigError, match=at):
        DnaData(**options)


def test_a_prompt_is_a_whole_number_of_kmers() -> None:
    assert DnaData().prompt("acg u").sequence == "ACGT"
    with pytest.raises(DataError, match=r"7 bases are no whole number of 3-mers(.|\n)*give 6 or 9 bases"):
        DnaData(k=3).prompt("ACGTACG")
    with pytest.raises(DataError, match="'X' is no nucleotide"):
        DnaData().prompt("AXG")


@pytest.mark.parametrize("name", ["made.fa", "made.fa.gz"])
def test_written_sequences_are_read_back(tmp_path: Path, name: str) -> None:
    data, path = DnaData(), tmp_path / name
    long = "ACGTTGCA" * 20
    data.write(path, [Generation(Record("ACG", origin="g.fa:chr 1"), [long, "GGN"]), Generation(Record(""), ["T"])])
    if name.endswith(".fa"):
        with path.open() as file:
            records = list(SeqIO.parse(file, "fasta"))  # type: ignore[no-untyped-call]
        assert [str(record.seq) for record in records] == [long, "GGN", "T"]
        assert records[0].description == "generated1_0 origin=g.fa:chr_1 prompt_bases=3 sample=0"
        assert max(len(line) for line in path.read_text().splitlines() if line[0] != ">") == 60
    assert [record.sequence for record in data.read(str(path))] == [long, "GGN", "T"]
    assert data.output_suffixes[0] == ".fa"


def test_json_lines_are_written_where_asked(tmp_path: Path) -> None:
    DnaData().write(tmp_path / "made.jsonl", [Generation(Record("A", origin="o"), ["CG"])])
    assert (tmp_path / "made.jsonl").read_text() == '{"origin": "o", "sample": 0, "value": "CG"}\n'
