"""Annotation: the features of all contigs, in arrays; checked against each contig, and painted base by base."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from seqkit import DataError, StructureError, did_you_mean, passed, report
from seqkit_dna.feature import BED, Feature
from seqkit_dna.legend import CODING, Legend

_COLUMNS = ("start", "end", "tag", "strand", "phase", "line", "file")
_START, _END, _LINE, _FILE = (_COLUMNS.index(name) for name in ("start", "end", "line", "file"))


@dataclass(frozen=True)
class ContigFeatures:
    """What is asked for on one contig; all arrays are (num_features,).

    Attributes:
        legend: What the tags are.
        start: First bases, 0-based.
        end: One past the last bases.
        tag: Places in the legend's letters.
        strand: 1, -1 or 0.
        phase: Bases at the 5' end that belong to the codon before.
    """

    legend: Legend
    start: np.ndarray
    end: np.ndarray
    tag: np.ndarray
    strand: np.ndarray
    phase: np.ndarray

    def within(self, begin: int, end: int) -> np.ndarray:
        """Numbers of the features that reach into a stretch of the contig."""
        return np.flatnonzero((self.start < end) & (self.end > begin))

    def paint(self, begin: int, end: int) -> str:
        """One tag a base of a stretch of the contig."""
        painted: bytes = np.frombuffer(self.legend.letters.encode(), np.uint8)[self.codes(begin, end)].tobytes()
        return painted.decode("ascii")

    def codes(self, begin: int, end: int) -> np.ndarray:
        """The same as places in the legend's letters, (end - begin,) uint8."""
        codes = np.zeros(end - begin, np.uint8)
        found = self.within(begin, end)
        for number in found[np.argsort(-self.tag[found], kind="stable")]:  # The first tag is painted last.
            low, high = max(self.start[number], begin), min(self.end[number], end)
            codes[low - begin : high - begin] = self.tag[number]
            if self.legend.positions > 1:
                codes[low - begin : high - begin] += self._positions(number, np.arange(low, high))
        return codes

    def _positions(self, number: int, bases: np.ndarray) -> np.ndarray:
        """Which base of its codon each base of a feature is, 0 to 2."""
        phase = self.phase[number]
        from_begin = bases - self.start[number] if self.strand[number] >= 0 else self.end[number] - 1 - bases
        found: np.ndarray = ((from_begin - phase) % self.legend.positions).astype(np.uint8)
        return found


class Annotation:
    """Features by contig.

    Args:
        legend: Which are asked for.
    """

    def __init__(self, legend: Legend) -> None:
        self.legend = legend
        self.num_found: Counter[str] = Counter()
        self._files: list[tuple[str, str]] = []
        self._asked: dict[str, tuple[array[int], ...]] = {}
        self._furthest: dict[str, tuple[int, str]] = {}
        self._circles: set[str] = set()
        self._tags: dict[str, tuple[int, int] | None] = {}

    def add(self, features: Iterable[Feature], file: str, unit: str = "line") -> None:
        """Take in what a reader yields.

        Args:
            features: All of a file.
            file: Names it in errors.
            unit: What `Feature.line` counts.
        """
        self._files.append((file, unit))
        for feature in features:
            passed("row of an annotation")
            self._add(feature, f"{file}, {unit} {feature.line}")

    def _add(self, feature: Feature, at: str) -> None:
        contig, kind = feature.contig, feature.kind
        self.num_found[kind] += 1
        if feature.circular:
            self._circles.add(contig)
        if feature.end > self._furthest.get(contig, (0, ""))[0]:
            self._furthest[contig] = feature.end, at
        if kind not in self._tags:
            self._tags[kind] = self.legend.tags_of(kind)
        if (tags := self._tags[kind]) is None:
            return
        if tags[0] != tags[1] and feature.strand == 0:
            report(_no_strand(kind, at))
            return
        if self.legend.positions > 1 and kind == CODING and feature.phase is None:
            report(_no_phase(kind, at))
            return
        tag = tags[1] if feature.strand < 0 else tags[0]
        columns = self._asked.setdefault(contig, tuple(array("q") for _ in _COLUMNS))
        values = (feature.start, feature.end, tag, feature.strand, feature.phase or 0, feature.line)
        for column, value in zip(columns, (*values, len(self._files) - 1), strict=True):
            column.append(value)

    def require_found(self) -> None:
        """Refuse an annotation that holds nothing of what is asked for: its tags would all be the same.

        Raises:
            DataError: Names the kinds that it holds.
        """
        if self._asked:
            return
        asked, kinds = ", ".join(self.legend.features), [kind for kind, _ in self.num_found.most_common(10)]
        files = [file for file, _ in self._files]
        if not kinds:
            raise StructureError("the annotation holds no feature", at=", ".join(files), fix="get the file again")
        raise StructureError(
            f"no feature {asked} in the annotation",
            at=", ".join(files),
            fix="in BED the name says what a line is: give --data.annotation CDS=FILE.bed to name all lines"
            if any(file.removesuffix(".gz").endswith(BED) for file in files)
            else did_you_mean(self.legend.features[0], kinds) or f"--data.feature: there are {', '.join(kinds)}",
        )

    def require_contigs(self, names: Iterable[str], where: str) -> None:
        """Refuse contigs that are called otherwise in the annotation: they would seem to have no features.

        An annotation may name contigs that are not read, and contigs may have no features; not both.

        Raises:
            DataError: Names the contig and the nearest name in the annotation.
        """
        contigs = set(names)
        strange = self._furthest.keys() - contigs
        missing = sorted(contigs - self._furthest.keys())
        if strange and missing:
            near = did_you_mean(missing[0], strange)
            raise StructureError(
                f"contig {missing[0]!r} is not in the annotation, which names {', '.join(sorted(strange)[:5])}",
                at=where,
                fix=f"{near or 'use the same names in both'}; a contig without features is declared by a line "
                f"'##sequence-region {missing[0]} 1 LENGTH'",
            )

    def elsewhere(self, names: Iterable[str]) -> dict[str, int]:
        """Features that are asked for on other contigs than these: how many on each."""
        return {contig: len(self._asked[contig][0]) for contig in sorted(self._asked.keys() - set(names))}

    def of(self, contig: str, length: int, where: str) -> ContigFeatures:
        """The features of a contig.

        Args:
            contig: Its id.
            length: Its number of bases.
            where: Names the record in errors.

        Raises:
            DataError: If a feature lies beyond the contig's end, and the contig is no circle.
        """
        columns = self._asked.get(contig, tuple(array("q") for _ in _COLUMNS))
        table = np.array(columns, dtype=np.int64)
        most = 2 * length if contig in self._circles else length
        beyond = (table[_START] >= length) | (table[_END] > most)
        for end, line, number in table[:, beyond][[_END, _LINE, _FILE]].T.tolist():
            file, unit = self._files[number]
            report(_beyond(end, contig, length, f"{file}, {unit} {line}", where))
        furthest, at = self._furthest.get(contig, (0, ""))
        if furthest > most and not (furthest == table[_END]).any():  # Of a kind that is not asked for.
            report(_beyond(furthest, contig, length, at, where))
        start, end, tag, strand, phase, _, _ = table[:, ~beyond]
        around = np.flatnonzero(end > length)  # What runs past the end of a circle goes on at its beginning.
        after = np.where(strand[around] < 0, phase[around], (phase[around] + start[around] - length) % 3)
        before = np.where(strand[around] < 0, (phase[around] - end[around] + length) % 3, phase[around])
        phase[around] = before
        return ContigFeatures(
            self.legend,
            np.concatenate([start, np.zeros_like(around)]),
            np.concatenate([np.minimum(end, length), end[around] - length]),
            np.concatenate([tag, tag[around]]),
            np.concatenate([strand, strand[around]]),
            np.concatenate([phase, after]),
        )


def _no_strand(kind: str, at: str) -> DataError:
    return DataError(f"feature {kind!r} has no strand", at=at, fix="use --data.strand both, or write + or -")


def _no_phase(kind: str, at: str) -> DataError:
    fix = "write 0, 1 or 2 in column 8, or use --data.strand separate"
    return DataError(f"feature {kind!r} has no phase, so the frame of its codons is not known", at=at, fix=fix)


def _beyond(end: int, contig: str, length: int, at: str, where: str) -> DataError:
    return DataError(
        f"a feature ends at base {end:,}, but contig {contig!r} has {length:,}",
        at=f"{at}; {where}",
        fix="use the annotation of this very assembly; a circle says so: Is_circular=true on its region",
    )
