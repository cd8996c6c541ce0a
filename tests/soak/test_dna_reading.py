"""Nucleotides: what is raised is what is collected, any size is read in flat memory, a million records are few."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from Bio import SeqIO

from seqkit import Record, SeqkitError, join_parts
from seqkit.problems import collect_problems
from seqkit_dna.data import DnaData
from seqkit_dna.genome import Genome
from seqkit_dna.reading import Reading
from tests.plugins.dna.bad_making import entry
from tests.soak.conftest import Tally
from tests.soak.test_text_reading import MOST_MORE_MB, more_megabytes, needs_peaks

pytestmark = pytest.mark.soak

NUM_RECORDS = 1_000_000
MOST_MB_OF_RECORDS = 300
"""Places, lengths and order of a million records, and what reading takes beside them."""

SEEDS = {
    "x.fa": b">one first record\nACGT\nacgu\n\n>two\tsecond\r\nRYN\r\nGG\r\n>two\nT\n",
    "x.fq": b"@one 1:N\nACGT\n+\nIIII\n@two\nNG\n+two\n!~\n@three\nAAAAA\nCC\n+\n@II\nIIII\n",
    "x.gb": (entry("gattacagat", "E1") + entry("ccgg", "E2")).encode(),
}
WORDS = (b"\n", b"@", b">", b"+\n", b"//\n", b"\t", b"-", b"LOCUS ", b"\r", b"\0", b"*", b"\xff", b"\n\n", b" ")
KINDS = {".fa": "fasta", ".fq": "fastq", ".gb": "genbank"}


def mutated(source: random.Random, seed: bytes) -> bytes:
    """A file with one to four places that are otherwise."""
    data = bytearray(seed)
    for _ in range(source.randint(1, 4)):
        place, kind = source.randrange(len(data) + 1), source.random()
        if kind < 0.3:
            data[place : place + 1] = bytes([source.randrange(256)])
        elif kind < 0.5:
            del data[place : place + source.randint(1, 12)]
        elif kind < 0.7:
            data[place:place] = source.choice(WORDS)
        else:
            begin = source.randrange(len(data) + 1)
            data[place:place] = data[begin : begin + source.randint(1, 40)]
    return bytes(data)


def read(path: Path) -> list[Record]:
    return list(join_parts(Reading().records(str(path))))


def agrees(path: Path) -> tuple[bool, bool]:
    """Whether refusing and collecting find the same, and whether anything was refused."""
    try:
        first, refused = read(path), False
    except SeqkitError:
        first, refused = [], True
    with collect_problems() as found:
        second = read(path)
    places = [error.at for error in found.errors]
    if refused:
        return found.num_problems > 0 and len(set(places)) == len(places), True
    return found.num_problems == 0 and first == second, False


def passes_biopython(path: Path) -> bool:
    """Whether the library takes in what we refuse."""
    try:
        return len([str(record.seq) for record in SeqIO.parse(path, KINDS[path.suffix])]) > 0  # type: ignore[no-untyped-call]
    except Exception:
        return False


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SEEDS)
def test_what_is_refused_is_what_is_skipped(
    name: str, tmp_path: Path, trials: Callable[[int], int], tally: Tally
) -> None:
    source, path, count = random.Random(0), tmp_path / name, trials(10_000)
    failures = num_refused = control_failures = 0
    for _ in range(count):
        path.write_bytes(mutated(source, SEEDS[name]))
        same, refused = agrees(path)
        failures += not same
        if refused:
            num_refused += 1
            control_failures += passes_biopython(path)
    what = f"mutated {KINDS[path.suffix]}: raised and collected agree (control: Biopython refuses what we refuse)"
    tally(what, count, failures, num_refused, control_failures)


@needs_peaks
@pytest.mark.parametrize("policy", ["error", "skip"])
def test_a_contig_of_any_size_is_read_in_flat_memory(policy: Any, tmp_path: Path, tally: Tally) -> None:
    path = tmp_path / "big.fa"
    with path.open("w") as file:
        file.write(">contig\n")
        for _ in range(500):
            file.write(f"{'ACGTTGCAAC' * 8}\n" * 10_000)
    data = DnaData(str(path), on_bad_record=policy, reverse_complement=False)
    failures = int(more_megabytes(lambda: [None for _ in data.accepted("predict")]) > MOST_MORE_MB)
    failures += more_megabytes(lambda: Genome(str(path))) > MOST_MORE_MB
    control_failures = int(more_megabytes(lambda: list(data.accepted("predict"))) > MOST_MORE_MB)
    tally(f"a contig of 400 million bases in {MOST_MORE_MB} MB, policy {policy}", 2, failures, 1, control_failures)


@needs_peaks
@pytest.mark.parametrize("record", [">r{}\nACG\n", "@r{}\nACG\n+\nIII\n"])
def test_a_million_tiny_records_are_batches_in_flat_memory(record: str, tmp_path: Path, tally: Tally) -> None:
    path = tmp_path / ("tiny.fa" if record.startswith(">") else "tiny.fq")
    with path.open("w") as file:
        file.writelines(record.format(number) for number in range(NUM_RECORDS))
    data = DnaData(str(path), window=2, reverse_complement=False, on_bad_record="skip")

    def first_batch() -> None:
        data.setup("fit")
        assert len(data.store("train")) > 0.7 * NUM_RECORDS
        next(iter(data.loader("train")))

    failures = int(more_megabytes(first_batch) > MOST_MB_OF_RECORDS)
    control_failures = int(more_megabytes(lambda: [list(data.records("predict")) for _ in "ab"]) > MOST_MB_OF_RECORDS)
    tally(
        f"{NUM_RECORDS:,} records of three bases in {MOST_MB_OF_RECORDS} MB, {path.name}",
        1,
        failures,
        1,
        control_failures,
    )
