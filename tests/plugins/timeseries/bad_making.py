"""What malformed files are made of: good tables, a place to put something bad, and what must be said about it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FORECAST: Mapping[str, Any] = {"task": "forecast", "horizon": 2, "look_back": 6}
CLASSIFY: Mapping[str, Any] = {"task": "classify"}
TAG: Mapping[str, Any] = {"task": "tag", "label_column": "state"}


def days(count: int, begin: str = "2024-01-01") -> list[str]:
    """Consecutive days."""
    return [str(np.datetime64(begin) + number) for number in range(count)]


def hours(count: int, offset: str = "") -> list[str]:
    """Consecutive hours, written with an offset from UTC if one is given."""
    first = np.datetime64("2024-01-01T00", "s")
    return [f"{first + np.timedelta64(number, 'h')}{offset}" for number in range(count)]


def long(rows: Mapping[int, str] | None = None, ids: str = "ab", count: int = 30, more: str = "") -> str:
    """A long table of a series for each letter, some of its rows (from 1, over all series) exchanged for others."""
    good = [f"{name},{time},{(3 * n) % 11}" for name in ids for n, time in enumerate(days(count))]
    for number, row in (rows or {}).items():
        good[number - 1] = row
    return "\n".join(["unique_id,ds,y", *good]) + "\n" + more


def wide(rows: Mapping[int, str] | None = None, count: int = 30, times: list[str] | None = None) -> str:
    """A wide table of two series, some of its rows (from 1) exchanged; `times` stand for days."""
    good = [f"{time},{(3 * n) % 11},{(5 * n) % 7}" for n, time in enumerate(times or days(count))]
    for number, row in (rows or {}).items():
        good[number - 1] = row
    return "\n".join(["ds,p,q", *good]) + "\n"


def timed(times: list[str]) -> str:
    """A wide table of one series at these times."""
    return "\n".join(["ds,y", *(f"{time},{(3 * n) % 11}" for n, time in enumerate(times))]) + "\n"


def steps(rows: Mapping[int, str] | None = None, count: int = 60, labels: str = "ok bad") -> str:
    """A table with a label for each row."""
    names = labels.split()
    good = [f"{time},{n % 7},{names[(n // 4) % len(names)]}" for n, time in enumerate(days(count))]
    for number, row in (rows or {}).items():
        good[number - 1] = row
    return "\n".join(["ds,y,state", *good]) + "\n"


def rows_of_series(rows: Mapping[int, str] | None = None, count: int = 6, num_steps: int = 20) -> str:
    """A row a series, as M4 writes them."""
    head = ",".join(f"V{number}" for number in range(1, num_steps + 2))
    good = [f"H{n}," + ",".join(str((n + step) % 7) for step in range(num_steps)) for n in range(count)]
    for number, row in (rows or {}).items():
        good[number - 1] = row
    return "\n".join([head, *good]) + "\n"


def classes(rows: Mapping[int, str] | None = None, count: int = 40, labels: str = "ab") -> str:
    """A row a record with the class first, as the UCR archive writes them: tabs, no header."""
    good = ["\t".join([str(labels.index(labels[n % len(labels)])), *(str((n * s) % 5) for s in range(1, 9))])
            for n in range(count)]  # fmt: skip
    for number, row in (rows or {}).items():
        good[number - 1] = row
    return "\n".join(good) + "\n"


def ts(cases: Mapping[int, str] | None = None, header: str = "", count: int = 40) -> str:
    """A `.ts` file of one dimension and two classes."""
    good = [f"{n % 5},{n % 3},3,{n % 4}:{'ab'[n % 2]}" for n in range(count)]
    for number, case in (cases or {}).items():
        good[number - 1] = case
    return (header or "@problemName p\n@univariate true\n@classLabel true a b\n@data\n") + "\n".join(good) + "\n"


def parquet(**columns: object) -> bytes:
    """A table with these columns beside, or instead of, those of one series of 30 days."""
    given: dict[str, object] = {"unique_id": ["a"] * 30, "ds": days(30), "y": [float(n % 7) for n in range(30)]}
    table = pa.table({name: column for name, column in (given | columns).items() if column is not None})
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def jsonl(rows: dict[int, str] | None = None) -> str:
    """JSON lines of one series, some (from 1) exchanged."""
    good = [json.dumps({"unique_id": "a", "ds": day, "y": n % 7}) for n, day in enumerate(days(30))]
    for number, row in (rows or {}).items():
        good[number - 1] = row
    return "\n".join(good) + "\n"
