"""Series: what is raised is what is collected, and a million tiny series are read one by one."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqkit import SeqkitError
from seqkit.problems import collect_problems
from seqkit_timeseries.data import TimeseriesData
from seqkit_timeseries.layout import TableOptions
from seqkit_timeseries.reading import read_series
from seqkit_timeseries.series import Series
from tests.plugins.timeseries.bad_making import days, long, rows_of_series, ts
from tests.soak.conftest import Tally
from tests.soak.test_text_reading import more_megabytes, needs_peaks

pytestmark = pytest.mark.soak

NUM_SERIES = 1_000_000
MOST_MB_OF_SERIES = 450
"""Names, places and lengths of a million series, and what reading takes beside them."""

_WIDE = "".join(f"{day},{n % 7},{n % 5}\n" for n, day in enumerate(days(9)))
_LINES = "".join(f'{{"unique_id": "a", "ds": "{day}", "y": {n % 7}}}\n' for n, day in enumerate(days(9)))
SEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "long.csv": (long(ids="abc", count=6), {}),
    "wide.csv": ("ds,p,q\n" + _WIDE, {}),
    "rows.csv": (rows_of_series(count=6, num_steps=5), {"layout": "rows"}),
    "lines.jsonl": (_LINES, {}),
    "cases.ts": (ts(count=6), {"labelled": True}),
}
WORDS = (
    b"\n",
    b",",
    b":",
    b'"',
    b"-",
    b"e9",
    b"inf",
    b"?",
    b"\r",
    b"\0",
    b"*",
    b"\xff",
    b"\n\n",
    b" ",
    b"a,",
    b"Z",
    b"}",
)


def mutated(source: random.Random, seed: bytes) -> bytes:
    """A file with one to three places below its first line that are otherwise."""
    data, least = bytearray(seed), seed.index(b"\n") + 1
    for _ in range(source.randint(1, 3)):
        place, kind = source.randrange(least, max(len(data), least) + 1), source.random()
        if kind < 0.3:
            data[place : place + 1] = bytes([source.randrange(256)])
        elif kind < 0.5:
            del data[place : place + source.randint(1, 12)]
        elif kind < 0.8:
            data[place:place] = source.choice(WORDS)
        else:
            begin = source.randrange(least, len(data) + 1)
            data[place:place] = data[begin : begin + source.randint(1, 40)]
    return bytes(data)


def agrees(path: Path, options: TableOptions) -> tuple[bool, bool]:
    """Whether refusing and collecting find the same, and whether anything was refused."""
    try:
        first, refused = list(read_series(str(path), options)), ""
    except SeqkitError as error:
        first, refused = [], str(error.at)
    with collect_problems() as found:
        second = list(read_series(str(path), options))
    if refused:
        return found.num_problems > 0 and len(set(map(str, found.errors))) == found.num_problems, True
    return found.num_problems == 0 and len(first) == len(second) and all(map(same, first, second)), False


def same(one: Series, other: Series) -> bool:
    times = np.array_equal(one.times, other.times)
    return one.name == other.name and times and one.values.tobytes() == other.values.tobytes()


def passes_pandas(path: Path) -> bool:
    """Whether the library takes in what we refuse."""
    try:
        if path.suffix == ".ts":
            return len(pd.read_csv(path, comment="@", header=None)) > 0
        return len(pd.read_json(path, lines=True) if path.suffix == ".jsonl" else pd.read_csv(path)) > 0
    except Exception:
        return False


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SEEDS)
def test_what_is_refused_is_what_is_skipped(
    name: str, tmp_path: Path, trials: Callable[[int], int], tally: Tally
) -> None:
    seed, given = SEEDS[name]
    source, path, count = random.Random(0), tmp_path / name, trials(5_000)
    failures = num_refused = control_failures = 0
    for _ in range(count):
        path.write_bytes(mutated(source, seed.encode()))
        agreed, refused = agrees(path, TableOptions(**given))
        failures += not agreed
        num_refused += refused
        control_failures += refused and passes_pandas(path)
    what = f"mutated series, {name}: raised and collected agree (control: pandas refuses what we refuse)"
    tally(what, count, failures, num_refused, control_failures)


@needs_peaks
def test_a_million_tiny_series_are_batches_in_flat_memory(tmp_path: Path, tally: Tally) -> None:
    path = tmp_path / "tiny.csv"
    with path.open("w") as file:
        file.write("unique_id,ds,y\n")
        file.writelines(f"s{n},{step},{n * step % 7}\n" for n in range(NUM_SERIES) for step in (1, 2, 3))
    data = TimeseriesData(str(path), window=2, valid_fraction=0.0, test_fraction=0.0, on_bad_record="skip")

    def first_batch() -> None:
        data.setup("fit")
        assert len(data.store("train")) == NUM_SERIES
        next(iter(data.loader("train")))

    failures = int(more_megabytes(first_batch) > MOST_MB_OF_SERIES)
    control_failures = int(more_megabytes(lambda: list(data.records("train"))) > MOST_MB_OF_SERIES)
    what = f"{NUM_SERIES:,} series of three steps in {MOST_MB_OF_SERIES} MB (control: all records held)"
    tally(what, 1, failures, 1, control_failures)
