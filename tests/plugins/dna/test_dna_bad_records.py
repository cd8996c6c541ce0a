"""Bad records are left out and counted where the user allows it; the good ones are those of a clean file to the bit."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import DataError, StructureError
from seqkit.cli.main import main
from seqkit.errors import TooManyBadRecords
from seqkit_dna import fasta, fragment, held
from seqkit_dna.data import DnaData
from tests.plugins.dna.bad_annotations import GOOD, row
from tests.plugins.dna.bad_making import GENOME, PIECES, entry, feature
from tests.plugins.spoiled import flipped

SPLITS = ("train", "valid", "test")
EACH = {"batch_size": 4, "window": 16}


def bases(number: int) -> str:
    return "".join("ACGT"[(number + place * place * (number % 5 + 1)) % 7 % 4] for place in range(40 + number % 9))


def fasta_record(number: int) -> str:
    return f">r{number}\n{bases(number)}\n"


def fastq_read(number: int) -> str:
    return f"@r{number}\n{bases(number)}\n+\n{'I' * len(bases(number))}\n"


def genbank_entry(number: int) -> str:
    return entry(bases(number).lower(), f"E{number}")


def table_row(number: int) -> str:
    return f"{bases(number)},{'xy'[number % 2]}\n"


GOOD_RECORD: dict[str, Callable[[int], str]] = {
    "a.fa": fasta_record,
    "a.fq": fastq_read,
    "a.gb": genbank_entry,
    "a.csv": table_row,
}
HEAD = {"a.csv": "sequence,label\n"}
BAD = {
    "a.fa": [">b1\nACG!T\n", ">b2\n", ">b3\0\nACGT\n", ">b4\nAC\nGT\nAC1*\n"],
    "a.fq": [
        "@b1\nACGT\n+\nIII\n", "@b2\nACGT\n+other\nIIII\n", "@b3\nAC!T\n+\nIIII\n", "@b4\nACGT\n+\nI\x7fII\n",
        "@b5\nAC GT\n+\nIIIII\n", "@b6\nACGT\nIIII\n", "@b7\nACGT\n+\nIIIIII\n",
    ],
    "a.gb": [
        entry("acgt!acgta", "B1"), entry("acgtacgtac", "B2", length=99), entry("", "B3", length=60), "junk\n//\n",
        genbank_entry(1).replace("LOCUS ", "LOCUZ "),
    ],
    "a.csv": [",x\n", "AC?T,x\n"],
}  # fmt: skip
"""One problem each."""


def mixed(name: str, num_good: int = 200) -> str:
    """Good records with bad ones between them, each between two good ones."""
    records = [GOOD_RECORD[name](number) for number in range(num_good)]
    for place, bad in enumerate(BAD[name]):
        records.insert(17 * (place + 1), bad)
    return HEAD.get(name, "") + "".join(records)


def clean(name: str, num_good: int = 200) -> str:
    return HEAD.get(name, "") + "".join(GOOD_RECORD[name](number) for number in range(num_good))


def module(folder: Path, name: str, content: str, **options: Any) -> DnaData:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    made: DnaData = DnaData(path=str(path), **EACH | options)
    return made


def assert_same_stores(ours: DnaData, reference: DnaData, without: tuple[str, ...] = ()) -> None:
    for split in SPLITS:
        one, other = ours.store(split), reference.store(split)  # type: ignore[arg-type]
        np.testing.assert_array_equal(one.steps, other.steps)
        np.testing.assert_array_equal(one.offsets, other.offsets)
        if not without:
            assert one.origins() == other.origins()


@pytest.mark.parametrize("task", ["next_step", "classify"])
@pytest.mark.parametrize("name", ["a.fa", "a.fq", "a.gb", "a.csv"])
def test_good_records_stay_bit_for_bit_and_bad_ones_are_counted(name: str, task: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"task": task, "k": 3}
    if task == "classify" and name != "a.csv":
        options |= {"label_pattern": r"^\w+?(\d)(?:\.1)?(?: |$)"}
    reference = module(tmp_path / "clean", name, clean(name), **options)
    ours = module(tmp_path / "mixed", name, mixed(name), on_bad_record="quarantine", max_bad="5%", **options)
    ours.setup("fit")
    if name == "a.csv":  # Origins are numbers of rows.
        assert_same_stores(ours, reference, without=("origins",))
    else:
        assert_same_stores(ours, reference)
    summary = ours.tolerance.summary()
    assert (summary["num_bad"], summary["num_good"]) == (len(BAD[name]), 200)
    places = [error.at for error in ours.tolerance.collected.errors]
    assert len(set(places)) == len(places) and all(place and place.startswith(name) for place in places)


@pytest.mark.parametrize("name", ["a.fa", "a.fq", "a.gb"])
def test_quarantine_holds_each_bad_record_as_it_stands_in_the_file(name: str, tmp_path: Path) -> None:
    ours = module(tmp_path, name, mixed(name), on_bad_record="quarantine", max_bad=9)
    for split in SPLITS:
        ours.store(split)  # type: ignore[arg-type]
    path = ours.tolerance.write_quarantine(tmp_path / "quarantine.jsonl")
    assert path is not None
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["record"] for row in rows] == BAD[name]
    assert all(row["what"] and row["at"] and row["fix"] for row in rows)


def test_one_more_than_allowed_is_an_error_and_the_command_line_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = len(BAD["a.fa"])
    assert len(module(tmp_path, "a.fa", mixed("a.fa"), on_bad_record="skip", max_bad=count).store("train")) > 0
    with pytest.raises(TooManyBadRecords, match=f"{count} bad records"):
        module(tmp_path, "a.fa", mixed("a.fa"), on_bad_record="skip", max_bad=count - 1).store("train")
    with pytest.raises(DataError, match="'!' is no nucleotide"):
        module(tmp_path, "a.fa", mixed("a.fa")).store("train")
    words = ["fit", "--domain", "dna", "--data.path", str(tmp_path / "a.fa"), "--run", str(tmp_path / "run")]
    assert main([*words, "--data.on_bad_record", "skip", "--data.max_bad", "1%"]) == 2
    said = capsys.readouterr().err
    assert said.count("error:") == 1 and "a.fa, record 'b4'" in said and "--max-bad" in said


@pytest.mark.parametrize("bytes_read", [64, 1 << 18])
def test_nothing_of_a_record_gets_in_whose_bad_letter_comes_late(
    bytes_read: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (fasta, fragment, held):
        monkeypatch.setattr(place, "BLOCK_BASES", 50)
    monkeypatch.setattr(fasta, "_READ_BYTES", bytes_read)
    monkeypatch.setattr(held, "_IN_MEMORY", 100)  # So that the rest lies in a temporary file.
    long, bad = f">long\n{'ACGGT' * 300}\n", f">bad\n{'TTGCA' * 300}\nA?\n"
    for order in ((long, bad, fasta_record(1)), (bad, long, fasta_record(1)), (long, fasta_record(1), bad)):
        reference = module(tmp_path / "clean", "a.fa", "".join(part for part in order if part is not bad))
        ours = module(tmp_path / "mixed", "a.fa", "".join(order), on_bad_record="skip", max_bad=1)
        assert_same_stores(ours, reference)
        (error,) = ours.tolerance.collected.errors
        assert error.at is not None and "record 'bad'" in error.at and "base 1502" in error.at


def test_of_a_cut_archive_all_is_kept_but_the_record_that_is_cut(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    text = "".join(f">r{n}\n{''.join(rng.choice(list('ACGT'), 500))}\n" for n in range(50))
    packed = gzip.compress(text.encode())
    (tmp_path / "a.fa.gz").write_bytes(packed[: len(packed) * 2 // 3])
    ours = DnaData(path=str(tmp_path / "a.fa.gz"), on_bad_record="skip", max_bad=1, **EACH)
    kept = ours.store("predict")
    assert 25 < len(kept) < 40
    letters = ours.codec.decode(ours.store("predict").sequence(len(kept) - 1))
    assert letters == text.split(">")[len(kept)].splitlines()[1]
    assert ours.tolerance.summary()["num_bad"] == 1
    # After a bit is flipped nobody knows which records are still what they were.
    (tmp_path / "b.fa.gz").write_bytes(flipped(packed, len(packed) - 6))
    with pytest.raises(StructureError, match="damaged"):
        DnaData(path=str(tmp_path / "b.fa.gz"), on_bad_record="skip", max_bad=1, **EACH).store("predict")


def test_rows_of_an_annotation_that_cannot_be_used_are_left_out(tmp_path: Path) -> None:
    bad = [row(9, 3), row(1, 999), row("x"), row(strand="up"), row(phase="7"), "c1\tx\n", row(400, 420, contig="c2")]
    for name, rows in (("clean", GOOD), ("mixed", GOOD.replace("\nc2", f"\n{''.join(bad)}c2"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.gff").write_text(rows)
    reference = module(tmp_path / "clean", "g.fa", GENOME, annotation=str(tmp_path / "clean/a.gff"), **PIECES)
    wanted: dict[str, Any] = {"on_bad_record": "quarantine", "max_bad": len(bad), **PIECES}
    ours = module(tmp_path / "mixed", "g.fa", GENOME, annotation=str(tmp_path / "mixed/a.gff"), **wanted)
    assert_same_stores(ours, reference)
    np.testing.assert_array_equal(ours.store("train").targets, reference.store("train").targets)
    places = sorted(str(error.at).partition(";")[0] for error in ours.tolerance.collected.errors)
    assert places == [f"a.gff, line {number}" for number in range(2, 2 + len(bad))]
    assert len(ours.baselines("valid", ours)) > 0


def test_features_of_genbank_that_cannot_be_used_are_left_out(tmp_path: Path) -> None:
    good = feature("1..60") + feature("complement(70..99)")
    bad = feature("9..3") + feature("1..700") + feature("x..y")
    text = "acgtacgtac" * 60
    reference = module(tmp_path / "clean", "a.gb", entry(text, features=good), **PIECES)
    ours = module(
        tmp_path / "mixed", "a.gb", entry(text, features=bad + good), on_bad_record="skip", max_bad=3, **PIECES
    )
    assert_same_stores(ours, reference)
    np.testing.assert_array_equal(ours.store("train").targets, reference.store("train").targets)
    assert ours.tolerance.summary()["num_bad"] == 3


def test_a_contig_that_is_left_out_takes_its_features_along(tmp_path: Path) -> None:
    (tmp_path / "a.gff").write_text(GOOD + row(contig="c3"))
    both: dict[str, Any] = {"annotation": str(tmp_path / "a.gff"), **PIECES}
    ours = module(tmp_path, "g.fa", f"{GENOME}>c3\nACGT!\n", on_bad_record="skip", max_bad=1, **both)
    assert len(ours.store("train")) > 0 and ours.tolerance.summary()["num_bad"] == 1
    assert ours.notes()[1] == "annotation: 1 feature lies on contigs that are not read: c3"


@pytest.mark.parametrize("change", ["path", "column", "annotation"])
def test_what_is_no_bad_record_is_never_skipped(change: str, tmp_path: Path) -> None:
    allowed: dict[str, Any] = {"on_bad_record": "skip", "max_bad": "50%"}
    if change == "path":
        (tmp_path / "b.fa").write_text(clean("a.fa"))
        ours = DnaData(path=[str(tmp_path), str(tmp_path / "gone.fa")], **allowed)
    elif change == "column":
        ours = module(tmp_path, "t.csv", clean("a.csv"), sequence_column="bases", **allowed)
    else:
        ours = module(tmp_path, "g.fa", GENOME, annotation=str(tmp_path / "gone.gff"), **PIECES, **allowed)
    with pytest.raises(StructureError):
        ours.store("train")
