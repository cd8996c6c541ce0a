"""What the workers share: the M4 files, characters, and the one line of JSON that each of them ends with.

A worker runs under the Python of the library that it measures, so nothing here needs more than numpy.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

HORIZON = 48
"""Hours that M4 asks for."""


def forecasting_options(description: str | None) -> argparse.ArgumentParser:
    """Options of a worker that forecasts."""
    own = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    own.add_argument("--data", type=Path, required=True, help="folder with Hourly-train.csv.gz")
    own.add_argument("--out", type=Path, required=True, help="CSV of forecasts: id, then 48 values a row")
    own.add_argument("--horizon", type=int, default=HORIZON)
    return own


def character_options(description: str | None) -> argparse.ArgumentParser:
    """Options of a worker that trains a character model."""
    own = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    own.add_argument("--text", type=Path, required=True, help="UTF-8 text")
    own.add_argument("--hidden-size", type=int, default=256)
    own.add_argument("--batch-size", type=int, default=32)
    own.add_argument("--window", type=int, default=64)
    own.add_argument("--steps", type=int, default=60, help="training steps on the clock")
    own.add_argument("--warmup", type=int, default=10, help="training steps before them")
    return own


def read_series(folder: Path) -> dict[str, np.ndarray]:
    """The training part of each series, (T,) float64, by id; rows are padded with empty cells on the right."""
    with gzip.open(folder / "Hourly-train.csv.gz", "rt", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {row[0]: np.array([float(cell) for cell in row[1:] if cell]) for row in rows}


def write_forecasts(path: Path, forecasts: dict[str, np.ndarray]) -> None:
    """One row a series: id, then values."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([name, *map(repr, map(float, values))] for name, values in forecasts.items())


def read_characters(path: str | Path) -> tuple[np.ndarray, int]:
    """Number of each character among the sorted ones, (N,) int64, and how many different ones there are."""
    letters, ids = np.unique(np.array(list(Path(path).read_text(encoding="utf-8"))), return_inverse=True)
    return ids.astype(np.int64), len(letters)


def windows(ids: np.ndarray, options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and the characters that follow them, (warm-up + steps) x batch size windows of a text read in circles.

    Row b of a batch goes on where row b of the batch before ended, as a loop that carries the state needs it.
    """
    batch_size, window = options.batch_size, options.window
    num_steps = options.warmup + options.steps
    length = (len(ids) - 1) // batch_size // window * window
    rows = np.arange(batch_size)[None, :, None] * length
    begins = (np.arange(num_steps) * window % length)[:, None, None]
    index = (rows + begins + np.arange(window)).reshape(-1, window)  # (steps * B, T)
    return ids[index], ids[index + 1]


def say(packages: list[str], seconds: float, **figures: Any) -> None:
    """Print the line: seconds of training alone, figures, threads and versions."""
    line = {
        "seconds": seconds,
        **figures,
        "threads": int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count(),
        "versions": {name: version(name) for name in packages},
    }
    print(json.dumps(line))


def say_speed(packages: list[str], seconds: float, options: argparse.Namespace, **figures: Any) -> None:
    """Print the line of a character model."""
    characters = options.steps * options.batch_size * options.window
    say(packages, seconds, characters_per_second=characters / seconds, **figures)
