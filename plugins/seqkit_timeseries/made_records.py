"""Made records with one answer each, in `.ts` files: what must be carried over many steps, and what must be added."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from seqkit import ConfigError, Known, Made, Split

FILES: dict[Split, str] = {"train": "train.ts", "valid": "valid.ts", "test": "test.ts"}
CLASSES = ("up-down", "down-up")


def write_memory(
    folder: Path,
    seed: int,
    *,
    lag: int = 40,
    gap: int = 15,
    noise: float = 0.2,
    train_records: int = 2_000,
    held_out_records: int = 400,
) -> Made:
    """Whether a pulse up comes before a pulse down, asked after `lag` steps of noise.

    A record is `gap` steps of noise, a pulse of 1 or -1, `gap` more, the opposite pulse as a decoy, and `lag` steps of
    noise. Both classes hold the same values: neither mean, nor maximum, nor any other count of values tells them apart,
    and the end says nothing. Under `--model.pooling last` the model must carry the answer over `lag` steps; with
    `mean`, `max` or `--model.bidirectional` it has shorter ways.

    Args:
        folder: Where the files go.
        seed: Of the records.
        lag: Steps of noise after the last one that tells anything.
        gap: Steps of noise before each pulse; more than the convolutions of the encoder span together hides the order
            from them.
        noise: Deviation of the noise.
        train_records: Records to train on, half of each class.
        held_out_records: Records to validate on, and to test on.
    """
    _require(
        "memory", lag=(lag, 0), gap=(gap, 0), train_records=(train_records, 2), held_out_records=(held_out_records, 2)
    )
    if not 0 <= noise < math.inf:
        raise ConfigError(f"noise is {noise:g}", at="made:memory", fix="give a deviation, 0 or more")
    random = np.random.default_rng(seed)
    header = f"@univariate true\n@classLabel true {' '.join(CLASSES)}\n"
    for split, file in FILES.items():
        count = (train_records if split == "train" else held_out_records) // 2 * 2
        first = random.permutation(np.arange(count) % 2)  # the number of the class
        values = noise * random.standard_normal((count, 2 * gap + 2 + lag))
        values[:, gap] = 1.0 - 2.0 * first
        values[:, 2 * gap + 1] = -values[:, gap]
        lines = (f"{_cells(row, 4)}:{CLASSES[number]}" for row, number in zip(values, first, strict=True))
        _write(folder / file, "memory", header, values.shape[1], lines)
    known = Known({"loss": 0.0, "accuracy": 1.0}, {"loss": math.log(2), "accuracy": 0.5})
    return Made(dict(FILES), dict.fromkeys(FILES, known))


def write_adding(
    folder: Path, seed: int, *, num_steps: int = 50, train_records: int = 5_000, held_out_records: int = 500
) -> Made:
    """The adding problem: the sum of two marked values, a number to predict (`--data.target value`).

    A step is a value between 0 and 1 and a marker; one step of each half is marked. Answering 1 always gives a squared
    error of 1/6. Source: Hochreiter and Schmidhuber 1997, section 5.4 [hochreiter1997], with values and target as in Le
    et al. 2015, section 4.1 [le2015].

    Args:
        folder: Where the files go.
        seed: Of the records.
        num_steps: Steps of a record, 2 or more.
        train_records: Records to train on.
        held_out_records: Records to validate on, and to test on.
    """
    _require(
        "adding",
        num_steps=(num_steps, 2), train_records=(train_records, 2), held_out_records=(held_out_records, 1),
    )  # fmt: skip
    random = np.random.default_rng(seed)
    known: dict[Split, Known] = {}
    for split, file in FILES.items():
        count = train_records if split == "train" else held_out_records
        values = random.random((count, num_steps)).round(4)
        half = num_steps // 2
        marked = np.stack([random.integers(0, half, count), random.integers(half, num_steps, count)], axis=1)
        markers = np.zeros((count, num_steps), dtype=int)
        np.put_along_axis(markers, marked, 1, axis=1)
        sums = np.take_along_axis(values, marked, axis=1).sum(1)
        lines = (
            f"{_cells(row, 4)}:{','.join(map(str, marks))}:{total:.4f}"
            for row, marks, total in zip(values, markers.tolist(), sums, strict=True)
        )
        _write(folder / file, "adding", "@univariate false\n@dimensions 2\n@targetLabel true\n", num_steps, lines)
        chance = {"mse": float(((sums - 1) ** 2).mean()), "mae": float(np.abs(sums - 1).mean())}
        known[split] = Known({"mse": 0.0, "mae": 0.0}, chance)
    return Made(dict(FILES), known)


def _require(source: str, **counts: tuple[int, int]) -> None:
    """Refuse a count below its least value."""
    for name, (value, least) in counts.items():
        if value < least:
            raise ConfigError(f"{name} is {value}", at=f"made:{source}", fix=f"give {least} or more")


def _cells(row: np.ndarray, decimals: int) -> str:
    return ",".join(f"{value:.{decimals}f}" for value in row)


def _write(path: Path, name: str, header: str, num_steps: int, lines: Iterable[str]) -> None:
    """A `.ts` file of records of equal length without missing values."""
    promises = f"@problemName {name}\n@timeStamps false\n@missing false\n@equalLength true\n@seriesLength {num_steps}\n"
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(f"{promises}{header}@data\n")
        file.writelines(f"{line}\n" for line in lines)
