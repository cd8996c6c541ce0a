"""FASTA, FASTQ, GenBank and tables, plain and packed: what is read, and what is refused with its place."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import pytest
from Bio.Seq import Seq
from Bio.SeqIO import write
from Bio.SeqRecord import SeqRecord

from seqkit import DataError, PathOption, Record, SourceFile, check, join_parts
from seqkit_dna import fasta, fragment, held
from seqkit_dna.fasta import read_fasta
from seqkit_dna.fastq import trimmed_length
from seqkit_dna.reading import Reading

FASTA = b">one first record\nACGT\nacgu\n\n>two\tsecond\r\nRYN\r\nGG\r\n>two\nT\n"
FASTQ = b"@one 1:N\nACGT\n+\nIIII\n@two\nNG\n+\n!~\n"
IN_FASTA = [("one", "ACGTACGT"), ("two", "NNNGG"), ("two #3", "T")]
IN_FASTQ = [("one", "ACGT"), ("two", "NG")]
IN_GENBANK = [("AB1.1", "GATTACA"), ("AB2.1", "CCGGN")]


def genbank(path: Path) -> bytes:
    records = [
        SeqRecord(Seq(bases), name.partition(".")[0] and name, description="made", annotations={"molecule_type": "DNA"})
        for name, bases in IN_GENBANK
    ]
    write(records, path / "made.gb", "genbank")
    return (path / "made.gb").read_bytes()


def put(path: Path, content: bytes) -> str:
    """A file with this content, packed if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return str(path)


def read(path: PathOption, **options: object) -> list[Record]:
    return list(join_parts(Reading(**options).records(path)))  # type: ignore[arg-type]


def summary(records: Iterable[Record]) -> list[tuple[str, str]]:
    return [(record.origin.partition(":")[2], record.sequence) for record in records]


def refused(path: PathOption, **options: object) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return caught.value


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "expected"), [("a.fa", IN_FASTA), ("a.FASTQ", IN_FASTQ), ("a.gbk", IN_GENBANK), ("a.txt", IN_FASTA)]
)
def test_each_format_is_read_plain_and_packed(
    tmp_path: Path, name: str, packed: str, expected: list[tuple[str, str]]
) -> None:
    content = {"a.FASTQ": FASTQ, "a.gbk": genbank(tmp_path)}.get(name, FASTA)
    assert summary(read(put(tmp_path / (name + packed), content))) == expected


@pytest.mark.parametrize(("content", "expected"), [(FASTQ, IN_FASTQ), (FASTA, IN_FASTA)])
def test_a_file_of_another_ending_is_known_by_its_first_byte(
    tmp_path: Path, content: bytes, expected: list[tuple[str, str]]
) -> None:
    assert summary(read(put(tmp_path / "reads.data", content))) == expected


def test_a_folder_is_read_in_order_and_its_folders_are_labels(tmp_path: Path) -> None:
    put(tmp_path / "all" / "train" / "pos" / "x.fa", b">p\nAC\n")
    put(tmp_path / "all" / "train" / "neg" / "y.fa.gz", b">n\nGT\n")
    put(tmp_path / "all" / "notes.txt", b"not a sequence")
    records = read(str(tmp_path / "all"))
    assert [(r.origin, r.sequence, r.target) for r in records] == [
        ("train/neg/y.fa.gz:n", "GT", "neg"),
        ("train/pos/x.fa:p", "AC", "pos"),
    ]


def test_labels_come_from_the_path_or_from_the_header(tmp_path: Path) -> None:
    one, two = put(tmp_path / "1.fa", b">a class=7 x\nAC\n"), put(tmp_path / "2.fa", b">b none\nGT\n")
    assert [r.target for r in read([f"yes={one}", f"no={two}"])] == ["yes", "no"]
    assert [r.target for r in read([one, two], label_pattern=r"class=(\d+)")] == ["7", None]
    assert [r.target for r in read(one)] == [None]


def test_a_table_gives_bases_and_labels(tmp_path: Path) -> None:
    table = put(tmp_path / "t.csv", b"bases,kind\nacg,1\nTTN,2\nA,\n")
    records = read(table, sequence_column="bases", label_column="kind", min_length=2)
    assert [(r.origin, r.sequence, r.target) for r in records] == [("t.csv:1", "ACG", "1"), ("t.csv:2", "TTN", "2")]
    tsv = put(tmp_path / "t.tsv.gz", b"sequence\tlabel\nA\t\nC\tx\n")
    assert [r.target for r in read(tsv)] == [None, "x"]
    assert str(refused(table)).endswith("t.csv:1, --data.sequence_column\n  fix: columns: bases, kind")
    wrong = put(tmp_path / "w.csv", b"sequence\nACGT\nAC!T\n")
    assert refused(wrong).at == "w.csv:2, base 3"


def test_a_record_in_blocks_is_the_whole_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "".join("ACGT"[i * i % 7 % 4] for i in range(1003))
    lines = "\n".join(long[i : i + 61] for i in range(0, len(long), 61))
    path = put(tmp_path / "long.fa", f">long record\n{lines}\n>short\nAC\n>exact\n{'G' * 100}\n".encode())
    for module in (fasta, fragment, held):
        monkeypatch.setattr(module, "BLOCK_BASES", 50)
    for read_bytes in (1, 7, 64, 1000, 1 << 20):
        monkeypatch.setattr(fasta, "_READ_BYTES", read_bytes)
        parts = list(Reading().records(path))
        assert max(len(part.sequence) for part in parts) == 50
        assert [part.continues for part in parts] == [False] + [True] * 20 + [False, False, True]
        assert summary(join_parts(parts)) == [("long", long), ("short", "AC"), ("exact", "G" * 100)]
        fragments = list(read_fasta(SourceFile(Path(path))))
        assert [piece.start for piece in fragments] == [*range(0, 1003, 50), 0, 0, 50]


@pytest.mark.parametrize(
    ("content", "what", "at"),
    [
        (b"", "holds no record", "a.fa"),
        (b"\n \n", "holds no record", "a.fa"),
        (b"ACGT\n", "does not begin with a '>' header but with 'ACGT'", "a.fa, line 1"),
        (b">x\nAC\n>y\n>z\nA\n", "record 'y' has a header and no sequence", "a.fa, line 3"),
        (b">x\nAC\n>last\n", "record 'last' has a header and no sequence", "a.fa, line 3"),
        (b">x y\nAC\nG1T\n", "'1' is no nucleotide", "a.fa, record 'x', line 3, base 4"),
        (b">x\nAC!\n", "'!' is no nucleotide", "a.fa, record 'x', line 2, base 3"),
        (b">x\nA\n>y\nAC\r\n\0G\n", "byte 0x00 is no nucleotide", "a.fa, record 'y', line 5, base 3"),
        (b">x\nAC\nA-C\n", "'-' is no nucleotide", "a.fa, record 'x', line 3, base 4"),
        (b">x\0\nAC\n", "a NUL byte in a header", "a.fa, line 1"),
        (b">x\rAC\r>y\rGG\r", "lines end in CR alone (old Macintosh)", "a.fa, line 1"),
    ],
)
def test_what_is_no_fasta_is_refused_with_its_place(tmp_path: Path, content: bytes, what: str, at: str) -> None:
    error = refused(put(tmp_path / "a.fa", content))
    assert (error.what, error.at) == (what, at)


def test_a_foreign_letter_in_a_late_block_is_still_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fasta, "BLOCK_BASES", 50)
    monkeypatch.setattr(fasta, "_READ_BYTES", 64)
    path = put(tmp_path / "a.fa", b">x\n" + b"ACGTACGTAC\n" * 30 + b"ACJ\n")
    assert refused(path).at == "a.fa, record 'x', line 32, base 303"


@pytest.mark.parametrize(
    ("content", "at"),
    [
        (b"@a\nACGT\n+\nIII\n", "a.fq, read 1"),
        (b"@a\nACGT\n+\nIIII\n@b\nACGT\n+\n", "a.fq, read 2"),
        (b"@a\nACGT\n+b\nIIII\n", "a.fq, read 1"),
        (b"@a\nAC GT\n+\nIIIII\n", "a.fq, read 1"),
        (b">a\nACGT\n", "a.fq, read 1"),
        (b"@a\nA\n+\nI\n@b x\nAC*T\n+\nIIII\n", "a.fq, read 2 ('b'), base 3"),
        (b"@a\nACG\n+\nI\x1fI\n", "a.fq, read 1 ('a'), base 2"),
        (b"", "a.fq"),
    ],
)
def test_broken_fastq_is_refused_with_its_read(tmp_path: Path, content: bytes, at: str) -> None:
    assert refused(put(tmp_path / "a.fq", content)).at == at


def test_qualities_below_the_offset_tell_that_the_offset_is_wrong(tmp_path: Path) -> None:
    path = put(tmp_path / "a.fq", b"@a\nACG\n+\nII5\n")
    assert summary(read(path)) == [("a", "ACG")]
    assert refused(path, phred_offset=64).fix == "set --data.phred_offset 33"


def test_the_end_of_a_read_is_trimmed_as_bwa_does() -> None:
    # Cutadapt's worked example: the sums from the 3' end are 7, 15, 21, 20, 23, 25, 8 ...; the greatest is at the 6th.
    assert trimmed_length(bytes([42, 40, 26, 27, 8, 7, 11, 4, 2, 3]), 10) == 4
    assert trimmed_length(bytes([40, 40, 40]), 10) == 3
    assert trimmed_length(bytes([2, 2]), 10) == 0
    assert trimmed_length(b"", 10) == 0


def test_reads_are_trimmed_and_short_ones_left_out(tmp_path: Path) -> None:
    path = put(tmp_path / "a.fq", b"@good\nACGT\n+\nIII#\n@bad\nACGT\n+\n####\n@empty\n\n+\n\n")
    assert summary(read(path, min_quality=20)) == [("good", "ACG")]
    assert summary(read(path)) == [("good", "ACGT"), ("bad", "ACGT")]
    assert summary(read(path, min_length=0))[-1] == ("empty", "")


def test_a_cut_archive_names_the_last_record_read(tmp_path: Path) -> None:
    content = b"".join(b">r%d\n" % i + bytes(b"ACGT"[(i * j) % 11 % 4] for j in range(997)) + b"\n" for i in range(99))
    path = tmp_path / "a.fa.gz"
    path.write_bytes(gzip.compress(content)[:-40])
    error = refused(str(path))
    assert error.what.startswith("is damaged or cut short")
    assert (error.at or "").startswith("a.fa.gz, the last record read is 'r")


@pytest.mark.parametrize("name", ["a.fa.gz", "a.fq.gz", "a.gb.gz", "a.data.gz"])
def test_an_archive_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8bnot really packed")
    assert "damaged" in refused(str(tmp_path / name)).what
    (tmp_path / name).write_bytes(b">plain text\nACGT\n")
    assert "damaged" in refused(str(tmp_path / name)).what


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    assert "is no sequence file" in refused(put(tmp_path / "photo.png", b"\x89PNG")).what
    assert refused(put(tmp_path / "empty.txt", b"")).what == "holds no record"


def test_broken_genbank_is_refused_with_its_record(tmp_path: Path) -> None:
    content = genbank(tmp_path)
    cut = content[: content.rindex(b"//")]
    assert refused(put(tmp_path / "cut.gb", cut)).at == "cut.gb, record 2"
    short = content.replace(b"gattaca", b"gatta")
    error = refused(put(tmp_path / "short.gb", short))
    assert error.at == "short.gb, record 1"
    contig = b"\n".join(line for line in content.splitlines() if b"1 gattaca" not in line)
    assert refused(put(tmp_path / "contig.gb", contig.replace(b"ORIGIN", b"CONTIG      join(X:1..7)", 1))).at
    wrong = content.replace(b"gattaca", b"gat!aca")
    assert refused(put(tmp_path / "wrong.gb", wrong)).at == "wrong.gb, record 1 ('AB1.1'), base 4"
    assert refused(put(tmp_path / "empty.gb", b"")).what == "holds no record"


def test_ambiguous_letters_are_refused_where_asked(tmp_path: Path) -> None:
    path = put(tmp_path / "a.fa", b">x\nACGT\nARN\n")
    error = refused(path, ambiguous="error")
    assert error.what == "letter 'R' stands for more than one base"
    assert error.at == "a.fa, record 'x', line 3, base 6"
    assert [r.sequence for r in read(path, ambiguous="skip")] == ["ACGTANN"]


@pytest.mark.parametrize(
    ("read", "is_cut"),
    [("@r\nACGT\n+other\nIIII\n", False), ("@r\nAC GT\n+\nIIIII\n", False), ("@r\nACGT\n+\nII\n", True)],
)
def test_a_fastq_read_is_called_cut_short_only_where_a_cut_can_be_why(read: str, is_cut: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.fq"
    path.write_text(read)
    found = check("dna", path=str(path))["problems"][0]
    assert "no clean FASTQ" in found["message"] and ("cut short" in found["fix"]) == is_cut
