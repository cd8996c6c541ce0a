"""JSON lines and parquet by the toolkit's own readers, and by `datasets`: what comes out, and how long it takes.

    python benchmarks/table_readers.py [--megabytes 50] [--repeats 3] [--save]

The first table has small files whose values `datasets` changes or refuses; `...` stands for 200,000 rows like the one
before, which fill more than one of its blocks. The second has the seconds for one file, every value made a
Python object.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from harness import Report, parser, refuse, start

from seqkit import DataError, SourceFile, read_rows
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved, median

_MANY = 200_000
_ROWS_PER_BATCH = 2048
_LONG_ROW = '{"v": 1, "w": "' + "x" * 80 + '"}'

CASES: dict[str, list[str]] = {
    "text that looks like a date": ['{"v": "2024-01-02"}', '{"v": "2024-01-03"}'],
    "whole numbers, then a fraction": ['{"v": 1}', '{"v": 1.5}'],
    "whole numbers ... then a fraction": [_LONG_ROW] * _MANY + ['{"v": 1.5}'],
    "a number, then text": ['{"v": 1}', '{"v": "one"}'],
    "numbers ... then text": [_LONG_ROW] * _MANY + ['{"v": "one"}'],
    "a number of 30 digits": ['{"v": 123456789012345678901234567890}'],
    "a name twice": ['{"v": 1, "v": 2}'],
    "a line cut short": ['{"v": 1}', '{"v": '],
}


def main() -> None:
    """Print both tables."""
    own = parser(__doc__, repeats=3)
    own.add_argument("--megabytes", type=int, default=50, help="size of the JSON lines (50)")
    options = start(own)
    if options.megabytes < 1:
        refuse(f"--megabytes {options.megabytes}: give 1 or more")
    report = Report("table_readers", options)
    with tempfile.TemporaryDirectory(prefix="seqkit-tables-") as folder:
        report.table(changed_values(Path(folder), list(CASES)[:2] if options.quick else list(CASES)))
        size = 100_000 if options.quick else options.megabytes * 1_000_000
        report.table(seconds(Path(folder), size, options.repeats))
    report.close()


def changed_values(folder: Path, names: list[str]) -> Table:
    """Column `v` of the first and the last row, by both readers."""
    table = Table("First and last value of small files of JSON lines", ["file", "datasets", "own reader"])
    for name in names:
        path = folder / "values.jsonl"
        path.write_text("\n".join(CASES[name]) + "\n")
        table.add(name, *(_ends(reader, path) for reader in (by_datasets, by_own)))
    return table


def seconds(folder: Path, size: int, repeats: int) -> Table:
    """Time for all rows of a file."""
    row = {"text": "a sentence of some length, as reviews and titles have it " * 3, "label": "good", "stars": 4}
    rows = [row | {"number": number} for number in range(size // len(json.dumps(row)))]
    files = {".jsonl": folder / "rows.jsonl", ".parquet": folder / "rows.parquet"}
    files[".jsonl"].write_text("".join(json.dumps(one) + "\n" for one in rows))
    pq.write_table(pa.Table.from_pylist(rows), files[".parquet"])
    table = Table(f"{len(rows):,} rows", ["file", "datasets, s", "own reader, s", "datasets / own (quartiles)"])
    for suffix, path in files.items():
        ways = {"datasets": partial(count, by_datasets, path), "own": partial(count, by_own, path)}
        taken = interleaved(ways, repeats)
        other, own = taken["datasets"], taken["own"]
        table.add(suffix[1:], f"{median(other):.2f}", f"{median(own):.2f}", Ratio.of(other, own))
    return table


def by_own(path: Path) -> Iterator[dict[str, Any]]:
    """Rows as `--data.path` reads them."""
    return (row for _, row in read_rows(SourceFile(path)))


def by_datasets(path: Path) -> Iterator[dict[str, Any]]:
    """Rows as `datasets` streams them, in Arrow batches, which is its fastest way."""
    import datasets

    kind = "parquet" if path.suffix == ".parquet" else "json"
    rows = datasets.load_dataset(kind, data_files=str(path), split="train", streaming=True)
    for table in rows.with_format("arrow").iter(_ROWS_PER_BATCH):
        yield from table.to_pylist()


def count(reader: Any, path: Path) -> int:
    """Number of rows."""
    return sum(1 for _ in reader(path))


def _ends(reader: Any, path: Path) -> str:
    import datasets

    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    try:
        values = [row["v"] for row in reader(path)]
    except DataError as error:
        return f"refused: {error.what} (at {error.at})"
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:90]}"
    return f"`{values[0]!r}`, `{values[-1]!r}`"


if __name__ == "__main__":
    main()
