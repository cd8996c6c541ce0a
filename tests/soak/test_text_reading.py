"""Text and tables of any size are read in flat memory, and a million tiny records are no trouble."""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqkit_text.data import TextData
from tests.soak.conftest import Tally

pytestmark = pytest.mark.soak

MOST_MORE_MB = 200
"""Beyond what the process had before; the promise of the test matrix."""

NUM_ROWS = 1_000_000
"""Not scaled by `--soak-share`: of fewer even the control needs little memory."""

SUFFIXES = (".txt", ".csv", ".jsonl", ".conll", ".parquet")
SENTENCE = "the quick brown fox jumps over the lazy dog and the cat sat on the mat again"


def write(path: Path, num_rows: int) -> str:
    """So many sentences in the format of the name."""
    if path.suffix == ".parquet":
        with pq.ParquetWriter(path, pa.schema([("text", pa.string())]), use_dictionary=False) as writer:
            for begin in range(0, num_rows, 100_000):
                rows = range(begin, min(begin + 100_000, num_rows))
                writer.write_table(pa.table({"text": [f"{SENTENCE} {n}" for n in rows]}))
        return str(path)
    line: Callable[[int], str] = {
        ".txt": lambda n: f"{SENTENCE} {n}\n",
        ".csv": lambda n: f"{SENTENCE} {n},a\n",
        ".jsonl": lambda n: json.dumps({"text": f"{SENTENCE} {n}"}) + "\n",
        ".conll": lambda n: SENTENCE.replace(" ", "\tX\n") + f"\tY\n{n}\tZ\n\n",
    }[path.suffix]
    with path.open("w") as file:
        file.writelines(["text,label\n"] if path.suffix == ".csv" else [])
        file.writelines(map(line, range(num_rows)))
    return str(path)


def more_megabytes(work: Callable[[], object]) -> float:
    """By how much the memory of a forked process is larger at its peak than at its beginning."""
    read_end, write_end = os.pipe()
    if (child := os.fork()) == 0:
        try:
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
            before = _status("VmHWM")
            work()
            os.write(write_end, f"{(_status('VmHWM') - before) / 1024:.1f}".encode())
        finally:
            os._exit(0)
    os.close(write_end)
    os.waitpid(child, 0)
    with os.fdopen(read_end) as answer:
        return float(answer.read() or "inf")


def _status(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1])


needs_peaks = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux shows the peak of a process")


@needs_peaks
@pytest.mark.parametrize("policy", ["error", "skip"])
def test_files_of_any_size_are_read_in_flat_memory(policy: Any, tmp_path: Path, tally: Tally) -> None:
    failures = control_failures = 0
    for suffix in SUFFIXES:
        path = write(tmp_path / f"big{suffix}", NUM_ROWS)
        data = TextData(path, "tag" if suffix == ".conll" else "next_step", on_bad_record=policy)
        failures += more_megabytes(partial(exhaust, data)) > MOST_MORE_MB
        if suffix == ".csv":
            control_failures += more_megabytes(partial(keep, data)) > MOST_MORE_MB
        Path(path).unlink()
    what = f"text formats of {NUM_ROWS:,} rows in {MOST_MORE_MB} MB, policy {policy}"
    tally(what, len(SUFFIXES), failures, 1, control_failures)


@needs_peaks
@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_a_million_records_of_one_character_are_batches_in_flat_memory(task: Any, tmp_path: Path, tally: Tally) -> None:
    (tmp_path / "a.txt").write_text("a\nb\n" * (NUM_ROWS // 2))
    (tmp_path / "b.txt").write_text("c\n" * 50)
    alone, labelled = f"{tmp_path}/a.txt", [f"x={tmp_path}/a.txt", f"y={tmp_path}/b.txt"]
    path = labelled if task == "classify" else alone
    data = TextData(path, task, documents="lines", tokens="characters")
    failures = more_megabytes(partial(first_batch, data)) > MOST_MORE_MB
    control_failures = more_megabytes(partial(keep, data)) > MOST_MORE_MB
    tally(f"{NUM_ROWS:,} records of one character, {task}", 1, int(failures), 1, int(control_failures))


def exhaust(data: TextData) -> None:
    """Read all records, one in memory at a time."""
    for _ in data.accepted("predict"):
        pass


def keep(data: TextData) -> None:
    """Read all records and keep them, as a reader must not."""
    list(data.accepted("predict"))


def first_batch(data: TextData) -> None:
    """All that is done before the first step of training."""
    data.setup("fit")
    assert len(data.store("train")) > 0.7 * NUM_ROWS
    next(iter(data.loader("train")))
