"""What made sources of the text domain share: JSON lines for each split, sizes, choices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from seqkit import ConfigError, Known, Made, Split

_SHARE = 4
"""Training is this many times as large as validation, and as test."""


def split_sizes(size: int, together: int = 1) -> dict[Split, int]:
    """Records of each split: `size` for training, a quarter of it for validation and for test.

    Args:
        size: As the user gave it.
        together: Records that must not be parted, such as the two of a pair.

    Raises:
        ConfigError: If it is no positive multiple of `together`.
    """
    require(size >= together and size % together == 0, f"size is {size}", fix=f"give a multiple of {together}")
    held_out = max(size // _SHARE // together, 1) * together
    return {"train": size, "valid": held_out, "test": held_out}


def write_splits(folder: Path, rows: Iterable[dict[str, str]], sizes: dict[Split, int], known: Known) -> Made:
    """Rows as `train.jsonl`, `valid.jsonl` and `test.jsonl`, of each as many as `sizes` says.

    Args:
        folder: Where to.
        rows: Of all splits, one after another.
        sizes: Rows of each split.
        known: What is known of each of them.
    """
    remaining: Iterator[dict[str, str]] = iter(rows)
    for split, size in sizes.items():
        with (folder / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in islice(remaining, size))
    return Made({split: f"{split}.jsonl" for split in sizes}, dict.fromkeys(sizes, known))


def pick(random: np.random.Generator, choices: Sequence[str]) -> str:
    """One of them, each as likely."""
    return choices[int(random.integers(len(choices)))]


def require(holds: bool, what: str, fix: str) -> None:
    """Refuse an option of a made source.

    Raises:
        ConfigError: If `holds` is false.
    """
    if not holds:
        raise ConfigError(what, at="options of the made source", fix=fix)
