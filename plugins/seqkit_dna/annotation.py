"""Annotation: the features of all contigs, in arrays; checked against each contig, and painted base by base."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from seqkit import ConfigError, DataError, PathOption, SourceFile, did_you_mean, find_files, report
from seqkit_dna.bed import read_bed
from seqkit_dna.feature import Feature
from seqkit_dna.gff import read_gff
from seqkit_dna.legend import Legend

GFF, BED = (".gff", ".gff3", ".gtf"), (".bed",)
_COLUMNS = ("start", "end", "tag", "strand", "phase", "line", "file")


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
        self._files: list[str] = []
        self._asked: dict[str, tuple[array[int], ...]] = {}
        self._furthest: dict[str, tuple[int, str]] = {}
        self._circles: set[str] = set()
        self._tags: dict[str, tuple[int, int] | None] = {}

    def add(self, features: Iterable[Feature], file: str) -> None:
        """Take in what a reader yields.

        Args:
            features: All of a file.
            file: Names it in errors.
        """
        self._files.append(file)
        for feature in features:
            contig, kind = feature.contig, feature.kind
            self.num_found[kind] += 1
            if feature.circular:
                self._circles.add(contig)
            if feature.end > self._furthest.get(contig, (0, ""))[0]:
                self._furthest[contig] = feature.end, _place(file, feature.line)
            if kind not in self._tags:
                self._tags[kind] = self.legend.tags_of(kind)
            if (tags := self._tags[kind]) is None:
                continue
            if tags[0] != tags[1] and feature.strand == 0:
                report(_no_strand(kind, _place(file, feature.line)))
                continue
            tag = tags[1] if feature.strand < 0 else tags[0]
            columns = self._asked.setdefault(contig, tuple(array("q") for _ in _COLUMNS))
            values = (feature.start, feature.end, tag, feature.strand, feature.phase, feature.line)
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
        raise DataError(
            f"no feature {asked} in the annotation",
            at=", ".join(self._files),
            fix="in BED the name says what a line is: give --data.annotation CDS=FILE.bed to name all lines"
            if any(file.removesuffix(".gz").endswith(BED) for file in self._files)
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
            raise DataError(
                f"contig {missing[0]!r} is not in the annotation, which names {', '.join(sorted(strange)[:5])}",
                at=where,
                fix=f"{near or 'use the same names in both'}; a contig without features is declared by a line "
                f"'##sequence-region {missing[0]} 1 LENGTH'",
            )

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
        start, end, tag, strand, phase, line, file = (np.array(column, dtype=np.int64) for column in columns)
        circular = contig in self._circles
        furthest, at = self._furthest.get(contig, (0, ""))
        if furthest > length and not circular:
            raise _beyond(furthest, contig, length, at, where)
        wrong = np.flatnonzero((start >= length) | (end > 2 * length))
        if circular and len(wrong):
            at = _place(self._files[file[wrong[0]]], int(line[wrong[0]]))
            raise _beyond(int(end[wrong[0]]), contig, length, at, where)
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


def read_annotation(
    path: PathOption, legend: Legend, entries: Callable[[], Iterable[tuple[str, Iterator[Feature]]]]
) -> Annotation:
    """All features of some files.

    Args:
        path: GFF3, GTF or BED files; `KIND=FILE.bed` names all lines of a BED file.
        legend: Which are asked for.
        entries: Gives (file, features) of sequence files that carry their own.

    Raises:
        ConfigError: If there is nothing to read them from.
        DataError: From a reader, or if nothing of what is asked for is found.
    """
    annotation = Annotation(legend)
    for file, features in entries():
        annotation.add(features, file)
    for source in find_files(path, GFF + BED) if path else []:
        annotation.add(_reader(source)(source), source.origin)
    if not annotation.num_found and not path:
        raise ConfigError(
            "task 'tag' needs to know where the features lie",
            at="--data.annotation",
            fix="give a GFF3, GTF or BED file, or GenBank sequences, which carry their features",
        )
    annotation.require_found()
    return annotation


def _reader(source: SourceFile) -> Callable[[SourceFile], Iterator[Feature]]:
    name = source.name.lower().removesuffix(".gz")
    if name.endswith(BED):
        return read_bed
    if not name.endswith(GFF):
        raise DataError("is no annotation by its ending", at=source.origin, fix=f"name it {', '.join(GFF + BED)}")
    if source.label is not None:
        raise ConfigError(
            f"{source.label}=... names all lines of a BED file; GFF and GTF say what each line is",
            at="--data.annotation",
            fix="leave the name out; --data.feature says which kinds count",
        )
    return read_gff


def _place(file: str, line: int) -> str:
    return f"{file}, line {line}" if line else file


def _no_strand(kind: str, at: str) -> DataError:
    return DataError(f"feature {kind!r} has no strand", at=at, fix="use --data.strand both, or write + or -")


def _beyond(end: int, contig: str, length: int, at: str, where: str) -> DataError:
    return DataError(
        f"a feature ends at base {end:,}, but contig {contig!r} has {length:,}",
        at=f"{at}; {where}",
        fix="use the annotation of this very assembly; a circle says so: Is_circular=true on its region",
    )
