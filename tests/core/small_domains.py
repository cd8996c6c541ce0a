"""Domains so small that a test makes their data: melodies as letters, and repeating series of numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from seqkit import LabelCodec, PathOption, Record, SequenceDataModule, Split, StandardCodec, SymbolCodec


class MelodyData(SequenceDataModule):
    """Melodies as letters, one a line; the word before the colon is the label.

    Args:
        path: A text file; None makes scales that rise or fall.
        task: What is asked.
        transpose: Letters that every melody is moved up by.
        options: Of the base class.
    """

    def __init__(self, path: PathOption = None, task: str = "next_step", transpose: int = 0, **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.transpose = transpose
        self.codec = SymbolCodec("abcdefgh")
        self.target_codec = self.codec if task == "next_step" else LabelCodec()

    def records(self, split: Split) -> Iterator[Record]:
        return self.divide(self.read, split)

    def read(self, path: PathOption) -> Iterator[Record]:
        lines = Path(str(path)).read_text().splitlines() if path is not None else list(melodies(60))
        name = "demo" if path is None else Path(str(path)).name
        for number, line in enumerate(lines):
            label, _, notes = line.partition(":")
            moved = "".join(chr((ord(c) - ord("a") + self.transpose) % 8 + ord("a")) for c in notes)
            yield Record(moved, target=label, origin=f"{name}:{number}")


class SeriesData(SequenceDataModule):
    """Repeating series of very different size, with a known past each; the answer is the mean of a series.

    Args:
        path: Not read.
        task: What is asked.
        options: Of the base class.
    """

    season = 4
    horizon = 5

    def __init__(self, path: PathOption = None, task: str = "next_step", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        forecast = task == "next_step"
        self.codec = StandardCodec(1, standardise=False, running_scale=True) if forecast else StandardCodec()
        self.target_codec = self.codec if forecast else StandardCodec()

    @property
    def holds_out_whole(self) -> bool:
        return True

    def records(self, split: Split) -> Iterator[Record]:
        return self.divide(self.read, split)

    def read(self, path: PathOption) -> Iterator[Record]:
        rng = np.random.default_rng(4)
        for number in range(30):
            season = 4 + np.array([0.0, 1.0, 0.0, -1.0])[np.arange(21 + number % 2) % 4]
            values = (10.0 ** (number % 3)) * (season + rng.normal(0, 0.2, len(season)))
            yield Record(values, target=[values.mean()], origin=f"demo:{number}", context=self._context(values))

    def _context(self, values: np.ndarray) -> int:
        return len(values) - 5 if self.streams else 0


def melodies(count: int) -> Iterator[str]:
    """Rising and falling scales of differing length."""
    rng = np.random.default_rng(3)
    for number in range(count):
        step = 1 if number % 2 else -1
        notes = (int(rng.integers(8)) + step * np.arange(5 + number % 7)) % 8
        yield ("up" if step > 0 else "down") + ":" + "".join(chr(ord("a") + n) for n in notes)
