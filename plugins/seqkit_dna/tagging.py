"""Contigs with a tag a base: read as stretches that know their place, and cut into pieces for the model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from Bio.Seq import reverse_complement

from seqkit import PathOption, Record, StructureError, is_hub
from seqkit_dna.annotation import Annotation, ContigFeatures
from seqkit_dna.annotation_files import read_annotation
from seqkit_dna.feature import Feature
from seqkit_dna.formats import FASTA, FASTQ, GENBANK, is_genbank, sequence_files
from seqkit_dna.genbank import genbank_features
from seqkit_dna.legend import Legend
from seqkit_dna.reading import Reading

_KNOWN = re.compile("[ACGT]+")


@dataclass(frozen=True)
class Stretch:
    """Consecutive bases of a contig. It can be measured and sliced like text, and stays in its place.

    Attributes:
        bases: A, C, G, T, N.
        start: 0-based place of the first base in the contig.
        features: What lies on the contig; None where that is not asked.
    """

    bases: str
    start: int = 0
    features: ContigFeatures | None = None

    def __len__(self) -> int:
        """Number of bases."""
        return len(self.bases)

    def __getitem__(self, part: slice) -> Stretch:
        """A part of it, without steps."""
        begin, _, _ = part.indices(len(self.bases))
        return replace(self, bases=self.bases[part], start=self.start + begin)

    def tags(self) -> str | None:
        """One tag a base."""
        return None if self.features is None else self.features.paint(self.start, self.start + len(self.bases))


@dataclass(frozen=True)
class TagReading:
    """How genomes and their annotation are read.

    Attributes:
        reading: How sequence files are read.
        legend: Which features are asked for.
        annotation: Where they are described, beside GenBank sequences.
    """

    reading: Reading
    legend: Legend
    annotation: PathOption = None
    _known: dict[str, dict[str, ContigFeatures]] = field(default_factory=dict, compare=False, repr=False)
    _elsewhere: dict[str, dict[str, int]] = field(default_factory=dict, compare=False, repr=False)

    def records(self, path: PathOption, tagged: bool = True) -> Iterator[Record]:
        """Contigs; each `sequence` is a `Stretch`, long ones come in several.

        Args:
            path: Sequence files.
            tagged: Whether their features are known.

        Raises:
            DataError: Names what is wrong with the sequences, the annotation, or between the two.
        """
        features = self._features(path) if tagged else {}
        for origin, fragment in self.reading.contigs(path):
            stretch = Stretch(fragment.bases, fragment.start, features.get(origin))
            yield Record(stretch, origin=origin, continues=fragment.start > 0)

    def _features(self, path: PathOption) -> dict[str, ContigFeatures]:
        """The features of each contig by its origin; read once."""
        key = repr(path)
        if key not in self._known:
            annotation = read_annotation(self.annotation, self.legend, lambda: _carried(path))
            self._known[key] = self._of_contigs(annotation, path)
        return self._known[key]

    def _of_contigs(self, annotation: Annotation, path: PathOption) -> dict[str, ContigFeatures]:
        homes: dict[str, str] = {}
        lengths: dict[str, int] = {}
        for origin, fragment in self.reading.contigs(path):
            if fragment.start == 0 and fragment.name in homes:
                raise StructureError(
                    f"two contigs are called {fragment.name!r}, and an annotation tells them by their names",
                    at=f"{homes[fragment.name]} and {origin}",
                    fix="rename one, or train on one of them",
                )
            homes[fragment.name] = origin
            lengths[fragment.name] = fragment.start + len(fragment.bases)
        annotation.require_contigs(homes, f"path {path!r}")
        self._elsewhere[repr(path)] = annotation.elsewhere(homes)
        return {origin: annotation.of(name, lengths[name], origin) for name, origin in homes.items()}

    def notes(self) -> list[str]:
        """Features on contigs that none of the paths read so far has."""
        if not self._elsewhere:
            return []
        first, *others = self._elsewhere.values()
        missed = {contig: number for contig, number in first.items() if all(contig in other for other in others)}
        if not missed:
            return []
        names = ", ".join(list(missed)[:5])
        number = sum(missed.values())
        lie = "feature lies" if number == 1 else "features lie"
        return [f"annotation: {number:,} {lie} on contigs that are not read: {names}"]


def cut_pieces(records: Iterable[Record], size: int, skip_n: bool) -> Iterator[Record]:
    """Stretches as records of about `size` bases with their tags; origins get `:FIRST-LAST`, 1-based.

    A record's last piece has from half to one and a half times as many, so that none is left over.

    Args:
        records: Contigs, or parts of them, with `Stretch` as their sequence.
        size: Bases of a piece.
        skip_n: Cut at each N and leave it out.
    """
    bases, tags, start, origin = "", "", 0, ""
    for record in records:
        stretch: Stretch = record.sequence
        if not record.continues:
            yield from _piece(bases, tags, start, origin, skip_n)
            bases, tags, start, origin = "", "", stretch.start, record.origin
        bases, tags = bases + stretch.bases, tags + (stretch.tags() or "")
        place = 0
        while len(bases) - place >= size + (size + 1) // 2:
            part = slice(place, place + size)
            yield from _piece(bases[part], tags[part], start + place, origin, skip_n)
            place += size
        bases, tags, start = bases[place:], tags[place:], start + place
    yield from _piece(bases, tags, start, origin, skip_n)


def mirrored(piece: Record, legend: Legend) -> Record:
    """A piece and its tags, read from the other strand."""
    return Record(
        reverse_complement(piece.sequence),  # type: ignore[no-untyped-call]
        piece.target[::-1].translate(legend.opposite()),
        f"{piece.origin} (reverse complement)",
    )


def _piece(bases: str, tags: str, start: int, origin: str, skip_n: bool) -> Iterator[Record]:
    """One record, or one for each stretch between Ns."""
    spans = [found.span() for found in _KNOWN.finditer(bases)] if skip_n else [(0, len(bases))]
    for low, high in spans:
        if low < high:
            target = tags[low:high] if tags else None
            yield Record(bases[low:high], target, f"{origin}:{start + low + 1}-{start + high}")


def _carried(path: PathOption) -> Iterator[tuple[str, Iterator[Feature]]]:
    """The features that GenBank files below a path carry."""
    if path is not None and not is_hub(path):
        for source in sequence_files(path, FASTA + FASTQ + GENBANK):
            if is_genbank(source):
                yield source.origin, genbank_features(source)
