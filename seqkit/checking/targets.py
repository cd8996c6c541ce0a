"""Targets: how often each class or tag occurs in which split, how long transcripts are, how numbers lie."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter
from typing import Any

import numpy as np
import torch

from seqkit.codec import Codec
from seqkit.codecs import LabelCodec, TagCodec
from seqkit.errors import DataError
from seqkit.steps import Continuous, Record, Split
from seqkit.wording import plural

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
_FEW = 10
_MOST = 0.9


class Targets:
    """Counts targets as the records come.

    Args:
        codec: The target codec, fitted; None if it could not be.
        aligned: Each step has a target of its own.
    """

    def __init__(self, codec: Codec | None, aligned: bool) -> None:
        self.codec, self.aligned = codec, aligned
        self.counts: dict[Split | None, Counter[str]] = {split: Counter() for split in (*SPLITS, None)}
        self.lengths, self.mean, self.squares, self.numbers = array("q"), 0.0, 0.0, 0
        self.least, self.most = math.inf, -math.inf

    def add(self, record: Record, split: Split | None, num_steps: int) -> int:
        """Count the target of a record; a number that equal targets share.

        Args:
            record: The record, or for tags a part of one.
            split: Its split; None in a stream whose end is held out.
            num_steps: Its steps.

        Raises:
            DataError: If training would refuse the target.
        """
        if record.target is None:
            raise DataError("the record has no target", fix="give it a label, or use --data.task next_step")
        if isinstance(self.codec, TagCodec) or (self.codec is None and self.aligned):
            self.counts[split].update(map(str, record.target))
        elif isinstance(self.codec, LabelCodec) or self.codec is None:
            self.counts[split][str(record.target)] += 1
        if self.codec is None:
            return _number(record.target)
        steps = self.codec.encode(record.target)
        if self.aligned and len(steps) != num_steps:
            what = f"{plural(len(steps), 'tag')} for {plural(num_steps, 'step')}"
            raise DataError(what, fix="give each step one tag, or correct the record")
        if isinstance(self.codec.spec, Continuous):
            self._add_numbers(np.asarray(self.codec.decode(steps), dtype=np.float64).reshape(-1))
        elif self.aligned and not isinstance(self.codec, TagCodec):
            for step, count in zip(*np.unique(steps.numpy(), return_counts=True), strict=True):
                self.counts[split][str(self.codec.decode(torch.tensor([step])))] += int(count)
        elif not isinstance(self.codec, LabelCodec | TagCodec):
            self.lengths.append(len(steps))
        return _number(record.target)

    def _add_numbers(self, values: np.ndarray) -> None:
        values = values[np.isfinite(values)]
        if len(values):
            # Squares around the means, joined as in Chan et al. 1983 [chan1983]: far from zero, sums would cancel.
            moved, count = values.mean() - self.mean, self.numbers + len(values)
            self.squares += ((values - values.mean()) ** 2).sum() + moved**2 * self.numbers * len(values) / count
            self.mean, self.numbers = self.mean + moved * len(values) / count, count
            self.least, self.most = min(self.least, values.min()), max(self.most, values.max())

    @property
    def unit(self) -> str:
        """What has a class of its own."""
        if self.aligned:
            return "steps"
        return "symbols" if isinstance(self.codec, TagCodec) else "records"

    def summary(self) -> dict[str, Any]:
        """Classes by size, or what transcripts and numbers look like; nothing if there are no targets."""
        totals = sum(self.counts.values(), Counter[str]())
        if totals:
            ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
            placed = SPLITS if not self.counts[None] else ()
            classes = {
                name: {"count": count, "share": count / totals.total()}
                | {split: self.counts[split][name] for split in placed}
                for name, count in ranked
            }
            return {"unit": self.unit, "classes": classes}
        if self.lengths:
            return {"transcript_lengths": quartiles(self.lengths)}
        if self.numbers:
            deviation = math.sqrt(self.squares / self.numbers)
            return {"numbers": {"min": self.least, "mean": self.mean, "max": self.most, "deviation": deviation}}
        return {}

    def warnings(self) -> list[str]:
        """Classes that are missing somewhere, rare, or nearly everything."""
        totals = sum(self.counts.values(), Counter[str]())
        said = []
        for split in ("valid", "test"):
            if missing := sorted(name for name in totals if not self.counts[split][name]) if self.counts[split] else []:
                said.append(f"{_classes(missing)}: not in the {split} split, whose figures say nothing of it")
        unit = self.unit
        if rare := sorted(name for name, count in (self.counts["train"] + self.counts[None]).items() if count < _FEW):
            said.append(f"{_classes(rare)}: fewer than {_FEW} training {unit}")
        if totals and max(totals.values()) / totals.total() >= _MOST:
            name, count = totals.most_common(1)[0]
            share = count / totals.total()
            said.append(f"{share:.1%} of the {unit} are {name[:30]!r}: always saying so is right as often")
        return said


def quartiles(lengths: array[int]) -> dict[str, int]:
    """Smallest, largest and quartiles; each is a length that occurs."""
    names = ("min", "quartile_1", "median", "quartile_3", "max")
    values = np.quantile(np.array(lengths), [0, 0.25, 0.5, 0.75, 1], method="inverted_cdf")
    return dict(zip(names, map(int, values), strict=True))


def _number(target: Any) -> int:
    """The same number for equal targets."""
    plain = repr(target.tolist() if hasattr(target, "tolist") else target)
    return int.from_bytes(hashlib.blake2b(plain.encode(), digest_size=8).digest(), "big", signed=True)


def _classes(names: list[str]) -> str:
    shown = ", ".join(repr(name[:30]) for name in names[:5])
    if len(names) == 1:
        return f"class {shown}"
    return f"{len(names)} classes ({shown}{' ...' if len(names) > 5 else ''})"
