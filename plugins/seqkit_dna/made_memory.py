"""Made sequences whose class is decided at their beginning (`made:memory`)."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from seqkit import ConfigError, Known, Made, PathOption, Split
from seqkit_dna.letters import BASES
from seqkit_dna.made import write_records

MOTIFS = ("A" * 12, "T" * 12)
"""Tracts that any convolution finds: what is hard is to remember which of them came first."""

_GUESSING = {"loss": math.log(2), "accuracy": 0.5}


def write_memory(
    folder: Path,
    seed: int,
    *,
    lag: int = 50,
    gap: int = 20,
    train_records: int = 2_000,
    held_out_records: int = 400,
) -> Made:
    """Which of two motifs comes first, asked after `lag` random bases; the other one follows it as a decoy.

    A record is `gap` random bases, a motif, `gap` more, the other motif, and `lag` random bases. Its end says nothing
    of its class, and each motif occurs once, between random bases: so counts of bases, and of words as long as `gap`
    and `lag` allow, say nothing either. A step is a base (`--data.k 1`). Under `--model.pooling last` the model must
    carry the answer over `lag` steps; with `mean`, `max` or `--model.bidirectional` it has shorter ways.

    Args:
        folder: Where the files go.
        seed: Of the bases.
        lag: Random bases after the last one that tells anything.
        gap: Random bases before each motif; more than the convolutions of the encoder span together.
        train_records: Records to train on, half of each class.
        held_out_records: Records to validate on, and to test on.
    """
    sizes = (
        ("lag", lag, 0),
        ("gap", gap, 0),
        ("train_records", train_records, 2),
        ("held_out_records", held_out_records, 2),
    )
    for name, value, least in sizes:
        if value < least:
            raise ConfigError(f"{name} is {value}", at="made:memory", fix=f"give {least} or more")
    random = np.random.default_rng(seed)
    paths: dict[Split, PathOption] = {}
    splits: tuple[Split, ...] = ("train", "valid", "test")
    for split in splits:
        count = (train_records if split == "train" else held_out_records) // len(MOTIFS)
        files = []
        for first in MOTIFS:
            records = [(f"{split}-{first}-{n}", _record(first, gap, lag, random)) for n in range(1, count + 1)]
            file = f"{split}-{first}.fa"
            write_records(folder / file, records)
            files.append(f"{first}={file}")
        paths[split] = files
    return Made(paths, {split: Known({"loss": 0.0, "accuracy": 1.0}, dict(_GUESSING)) for split in splits})


def _record(first: str, gap: int, lag: int, random: np.random.Generator) -> np.ndarray:
    """Numbers of the bases: what comes before each motif, the motif, and what follows both."""
    other = MOTIFS[1 - MOTIFS.index(first)]
    before = [random.integers(0, len(BASES), gap) for _ in MOTIFS]
    after = random.integers(0, len(BASES), lag)
    return np.concatenate([before[0], _numbers(first), before[1], _numbers(other), after])


def _numbers(bases: str) -> np.ndarray:
    return np.array([BASES.index(base) for base in bases])
