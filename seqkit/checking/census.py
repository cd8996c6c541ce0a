"""Census: the counts that every domain has, of records as they come: lengths, splits, symbols, targets, duplicates."""

from __future__ import annotations

import math
from array import array
from typing import Any, Literal

import numpy as np

from seqkit.checking.duplicates import Duplicates
from seqkit.checking.inspector import Inspector
from seqkit.checking.targets import SPLITS, Targets, quartiles
from seqkit.codec import Codec
from seqkit.data.splits import HoldOut, stream_bounds
from seqkit.errors import DataError
from seqkit.steps import Discrete, Record, Split
from seqkit.wording import plural

_MOST_COUNTED = 1 << 20


class Census:
    """Counts records and parts of records.

    Args:
        codec: For the sequences, fitted; None if it could not be: then lengths are those of the sequences.
        targets: For the targets; None when the task has none.
        inspector: The domain's own counts.
        whole: Records are read one by one, so none may be empty.
    """

    def __init__(self, codec: Codec | None, targets: Targets | None, inspector: Inspector, whole: bool) -> None:
        self.codec, self.targets, self.inspector, self.whole = codec, targets, inspector, whole
        self.duplicates = Duplicates()
        self.lengths = array("q")
        self.records: dict[Split | None, int] = dict.fromkeys((*SPLITS, None), 0)
        self.steps: dict[Split | None, int] = dict.fromkeys((*SPLITS, None), 0)
        spec = codec.spec if codec is not None else None
        few = isinstance(spec, Discrete) and spec.num_classes <= _MOST_COUNTED
        self.symbols = np.zeros(spec.num_classes, np.int64) if few and isinstance(spec, Discrete) else None
        self._origin: str | None = None  # of the record that is being read
        self._target = self._length = 0
        self._first: Split | None = None
        self._split: Split | Literal[""] | None = ""

    def add(self, record: Record, split: Split | None) -> None:
        """Count a record, or the next part of one.

        Raises:
            DataError: If training would refuse it; it is not counted then.
        """
        steps = record.sequence if self.codec is None else self.codec.encode(record.sequence)
        if self.whole and len(steps) == 0 and not record.continues:
            raise DataError("the record is empty", fix="remove it")
        begins = not record.continues or self._origin is None
        target = 0
        if self.targets is not None and (begins or self.targets.aligned):
            target = self.targets.add(record, split, len(steps))
        if begins:
            self.end()
            self._origin, self._target, self._length, self._split, self._first = record.origin, target, 0, "", split
        if split != self._split:
            self._split = split
            self.records[split] += 1
        self._length += len(steps)
        self.steps[split] += len(steps)
        if self.symbols is not None:
            self.symbols += np.bincount(np.asarray(steps), minlength=len(self.symbols))
        self.duplicates.feed(record.sequence)
        self.inspector.add(record)

    def end(self) -> None:
        """The record that was read last is complete."""
        if self._origin is not None:
            self.lengths.append(self._length)
            self.duplicates.end(self._origin, self._target, self._first in ("train", None))
            self._origin = None

    def place(self, hold_out: HoldOut) -> None:
        """Give the parts of a stream to the splits that its end is held out for."""
        total = self.steps.pop(None)
        first_valid, first_test = stream_bounds(total, hold_out)
        for split, size in zip(SPLITS, (first_valid, first_test - first_valid, total - first_test), strict=True):
            self.steps[split] += size
        self.records["train"] += self.records.pop(None)

    @property
    def num_steps(self) -> int:
        """All steps."""
        return sum(self.steps.values())

    def summary(self) -> dict[str, Any]:
        """The counts as plain JSON."""
        found = self.duplicates.find()
        return {
            "num_records": len(self.lengths),
            "num_steps": self.num_steps,
            "lengths": quartiles(self.lengths) if self.lengths else {},
            "num_symbols": None if self.symbols is None else len(self.symbols),
            "num_empty": int((np.array(self.lengths) == 0).sum()),
            "splits": {split: {"records": self.records[split], "steps": self.steps[split]} for split in SPLITS},
            "targets": self.targets.summary() if self.targets else {},
            "baselines": self._baselines(),
            "duplicates": {
                "records": found.num_records,
                "held_out_in_training": found.num_leaked,
                "with_several_targets": found.num_contradictory if self.targets else 0,
                "examples": found.examples,
            },
            "warnings": [*self._warnings(found), *(self.targets.warnings() if self.targets else [])],
        }

    def _baselines(self) -> dict[str, dict[str, float]]:
        """What costs nothing to beat, over all the data."""
        if self.targets is not None:
            classes = self.targets.summary().get("classes", {})
            return {"majority": {"accuracy": max(c["share"] for c in classes.values())}} if classes else {}
        if self.symbols is None or not self.symbols.any():
            return {}
        shares = self.symbols[self.symbols > 0] / self.symbols.sum()
        unigram = float(-(shares * np.log2(shares)).sum())
        return {
            "uniform": {"bits_per_step": math.log2(len(self.symbols))},
            "unigram": {"bits_per_step": abs(unigram)},
        }

    def _warnings(self, found: Any) -> list[str]:
        said, lengths = [], np.array(self.lengths)
        if not self.whole and (empty := int((lengths == 0).sum())):
            said.append(f"{plural(empty, 'record')} empty")
        if not self.whole and (single := int((lengths == 1).sum())):
            said.append(f"{plural(single, 'record')} of a single step: there is nothing to predict in them")
        if found.num_records:
            first, other = found.examples[0]
            said.append(
                f"{plural(found.num_records, 'record')} equal to an earlier one, the first {other} (as {first})"
            )
        if found.num_leaked:
            said.append(
                f"{plural(found.num_leaked, 'record')} held out with the sequence of a training one: figures flatter"
            )
        if self.targets is not None and found.num_contradictory:
            first, other = found.contradictory[0]
            count = plural(found.num_contradictory, "sequence")
            said.append(f"{count} with several targets, the first {first} and {other}")
        return said
