"""Made letters for the benchmarks of inference: their contents do not matter, their number and lengths do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from seqkit import Domain, LabelCodec, PathOption, Record, SequenceDataModule, Split, SymbolCodec, TagCodec

NUM_SYMBOLS = 65


class LetterData(SequenceDataModule):
    """Random letters in records of given lengths.

    Args:
        path: Not read.
        task: What is asked.
        num_records: Records of each split.
        shortest: Letters of the shortest record.
        longest: Of the longest.
        num_classes: Labels of `classify`.
        options: Of the base class.
    """

    def __init__(
        self,
        path: PathOption = None,
        task: str = "next_step",
        num_records: int = 1,
        shortest: int = 2,
        longest: int = 2,
        num_classes: int = 2,
        **options: Any,
    ) -> None:
        super().__init__(path=path, task=task, **options)
        self.num_records, self.shortest, self.longest, self.num_classes = num_records, shortest, longest, num_classes
        self.letters = "".join(map(chr, range(32, 32 + NUM_SYMBOLS)))
        self.codec = SymbolCodec(self.letters)
        kinds = {"classify": LabelCodec, "tag": TagCodec}
        self.target_codec = kinds[task]() if task in kinds else self.codec

    def records(self, split: Split) -> Iterator[Record]:
        """The same for each split."""
        random = np.random.default_rng(0)
        letters = np.array(list(self.letters))
        for number in range(self.num_records):
            ids = random.integers(NUM_SYMBOLS, size=int(random.integers(self.shortest, self.longest + 1)))
            targets = {"classify": f"class {number % self.num_classes}", "tag": [f"tag {n % 9}" for n in ids.tolist()]}
            yield Record("".join(letters[ids].tolist()), target=targets.get(self.task), origin=f"made:{number}")


LETTERS = Domain("letters", LetterData, tasks=("next_step", "classify", "tag"))
