"""Saturation: every base of a sequence mutated to each other one, and what the model makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from Bio.Seq import reverse_complement

from seqkit import ConfigError, DataError, Judge, did_you_mean
from seqkit_dna.letters import BASES
from seqkit_dna.reading import Reading

_MOST_STEPS = 3 * 2500 * 2500
"""Bases of all mutated sequences of one record at most: minutes on one core."""

_LONGEST = 1 << 20
"""Bases of a record that are held at most."""


@dataclass(frozen=True)
class Stretch:
    """What is mutated of a record, with the bases around it.

    Attributes:
        origin: The record.
        bases: All that is read.
        start: 0-based place of `bases` in the record.
        begin: First place in `bases` that is mutated.
        end: One past the last.
    """

    origin: str
    bases: str
    start: int
    begin: int
    end: int

    def mutants(self) -> Iterator[tuple[int, str, str]]:
        """Place in `bases`, new base, mutated bases; in the order of place and base. Nothing is made of an N."""
        for place in range(self.begin, self.end):
            if self.bases[place] != "N":
                for base in BASES.replace(self.bases[place], ""):
                    yield place, base, self.bases[:place] + base + self.bases[place + 1 :]


@dataclass(frozen=True)
class Region:
    """Bases to mutate, of one record or of all.

    Attributes:
        name: The record's id; None for all.
        first: 1-based.
        last: 1-based, included.
    """

    name: str | None
    first: int
    last: int


def score_saturation(judge: Judge, value: str, region: str | None = None, flank: int = 500) -> Iterator[dict[str, Any]]:
    """Effect of each possible substitution in the sequences of a file (FASTA, FASTQ, GenBank).

    Under `next_step` the log-likelihood ratio of the whole sequence, mutated minus not, in nats, on both strands and
    their mean. Under `classify` the change in the log-odds of the class that is predicted for the unchanged sequence.

    Args:
        judge: The trained model.
        value: The file.
        region: Bases to mutate, `FIRST-LAST` or `NAME:FIRST-LAST`, counted from 1; all others are left as they are.
        flank: Bases on each side of a region, or of a variant, that are read with it; `classify` reads whole records.

    Raises:
        DataError: If a record is too long to be mutated as a whole.
    """
    if judge.data.task not in ("next_step", "classify"):
        raise ConfigError(
            f"saturation needs a model of next_step or classify, not of {judge.data.task}", at="RUN", fix="train one"
        )
    if flank < 0:
        raise ConfigError(f"flank is {flank}", at="--flank", fix="give 0 or more")
    whole = judge.data.task == "classify"
    for stretch in read_stretches(value, _parsed(region), flank, whole):
        yield from _class_rows(judge, stretch) if whole else _likelihood_rows(judge, stretch)


def read_stretches(path: str, region: Region | None, flank: int, whole: bool) -> Iterator[Stretch]:
    """What is to be mutated of each record of a file.

    Args:
        path: The file.
        region: Which bases; None is all of each record.
        flank: Bases to read on each side of a region.
        whole: Read the whole record whatever the region.
    """
    low, high = 0, _LONGEST + 1
    if region is not None and not whole:
        low, high = max(region.first - 1 - flank, 0), region.last + flank
    wanted = None if region is None else region.name
    names: dict[str, None] = {}
    parts: list[str] = []
    origin, size = "", 0
    for own, fragment in Reading(ambiguous="n").contigs(path):
        if fragment.start == 0:
            if parts:
                yield _stretch(origin, "".join(parts), size, low, region)
            parts = []
            names |= {fragment.name: None} if wanted is not None else {}
        origin, size = own, fragment.start + len(fragment.bases)
        if wanted in (None, fragment.name):
            parts.append(fragment.bases[max(low - fragment.start, 0) : max(high - fragment.start, 0)])
            if sum(map(len, parts)) > _LONGEST:
                raise _too_long(origin, f"more than {_LONGEST:,} bases", 2500)
    if parts:
        yield _stretch(origin, "".join(parts), size, low, region)
    if wanted is not None and wanted not in names:
        near = did_you_mean(wanted, names) or f"there are {', '.join(list(names)[:5])}"
        raise DataError(f"no record {wanted!r} in {path}", at="--region", fix=near)


def _stretch(origin: str, bases: str, size: int, start: int, region: Region | None) -> Stretch:
    if region is not None and region.last > size:
        raise DataError(
            f"the region ends at base {region.last:,}, the record has {size:,}", at=origin, fix="shorten --region"
        )
    begin, end = (0, len(bases)) if region is None else (region.first - 1 - start, region.last - start)
    if 3 * (end - begin) * len(bases) > _MOST_STEPS:
        what = f"{end - begin:,} bases to mutate of {len(bases):,} to read"
        raise _too_long(origin, what, 2500 if region is None else _MOST_STEPS // 3 // len(bases))
    return Stretch(origin, bases, start, begin, end)


def _too_long(origin: str, what: str, most: int) -> DataError:
    return DataError(f"{what}: too many", at=origin, fix=f"name at most {max(most, 1):,} of them: --region FIRST-LAST")


def _likelihood_rows(judge: Judge, stretch: Stretch) -> Iterator[dict[str, Any]]:
    mutants = list(stretch.mutants())
    ahead = _ratios(judge, stretch.bases, [bases for _, _, bases in mutants])
    back = _ratios(judge, _turned(stretch.bases), [_turned(bases) for _, _, bases in mutants])
    for (place, base, _), forward, reverse in zip(mutants, ahead, back, strict=True):
        yield _place(stretch, place, base) | {
            "llr_forward": round(forward, 6),
            "llr_reverse": round(reverse, 6),
            "llr": round((forward + reverse) / 2, 6),
        }


def _class_rows(judge: Judge, stretch: Stretch) -> Iterator[dict[str, Any]]:
    codec = judge.data.target_codec
    (reference,) = judge.answers([stretch.bases])
    predicted = int(reference.argmax())
    before, name = _log_odds(reference, predicted), codec.decode(torch.tensor([predicted]))
    answers = judge.answers(bases for _, _, bases in stretch.mutants())
    for (place, base, _), answer in zip(stretch.mutants(), answers, strict=True):
        after = _log_odds(answer, predicted)
        yield _place(stretch, place, base) | {
            "class": name,
            "log_odds": round(after, 6),
            "log_odds_change": round(after - before, 6),
        }


def _place(stretch: Stretch, place: int, base: str) -> dict[str, Any]:
    position = stretch.start + place + 1
    return {"origin": stretch.origin, "position": position, "ref": stretch.bases[place], "alt": base}


def _ratios(judge: Judge, bases: str, mutants: list[str]) -> list[float]:
    ((own, others),) = judge.alternatives([(bases, mutants)])
    return [float(other.sum() - own.sum()) for other in others]


def _log_odds(log_probabilities: np.ndarray, chosen: int) -> float:
    """The logarithm of p / (1 - p) of a class, from the log-probabilities of all."""
    others = np.delete(log_probabilities, chosen)
    return float(log_probabilities[chosen] - np.logaddexp.reduce(others))


def _turned(bases: str) -> str:
    return str(reverse_complement(bases))  # type: ignore[no-untyped-call]


def _parsed(region: str | None) -> Region | None:
    if region is None:
        return None
    found = re.fullmatch(r"(?:(.+):)?([\d,]+)-([\d,]+)", region.strip())
    first, last = (int(found[n].replace(",", "") or 0) for n in (2, 3)) if found else (0, 0)
    if not found or not 1 <= first <= last:
        raise ConfigError(f"region is {region!r}", at="--region", fix="write FIRST-LAST or NAME:FIRST-LAST, from 1 on")
    return Region(found[1], first, last)
