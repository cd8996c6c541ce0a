"""The demo genome with a tag a base."""

from __future__ import annotations

from collections.abc import Iterator

from seqkit import Record
from seqkit_dna.annotation import Annotation
from seqkit_dna.demo import demo_contigs
from seqkit_dna.legend import Legend
from seqkit_dna.tagging import Stretch


def demo_tagged(legend: Legend) -> Iterator[Record]:
    """The contigs of `demo_genome`, each one `Stretch` with the genes that were put into it (kind `CDS`)."""
    for number, (bases, genes) in enumerate(demo_contigs(), start=1):
        annotation = Annotation(legend)
        annotation.add(genes, "demo")
        origin = f"demo:contig{number}"
        yield Record(Stretch(bases, 0, annotation.of("", len(bases), origin)), origin=origin)
