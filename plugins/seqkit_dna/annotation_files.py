"""Files of annotations: which reader each needs, and all that they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from seqkit import ConfigError, PathOption, SourceFile, StructureError, find_files
from seqkit_dna.annotation import Annotation
from seqkit_dna.bed import read_bed
from seqkit_dna.feature import BED, GFF, Feature
from seqkit_dna.gff import read_gff
from seqkit_dna.legend import Legend


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
        annotation.add(features, file, "feature")
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
        raise StructureError("is no annotation by its ending", at=source.origin, fix=f"name it {', '.join(GFF + BED)}")
    if source.label is not None:
        raise ConfigError(
            f"{source.label}=... names all lines of a BED file; GFF and GTF say what each line is",
            at="--data.annotation",
            fix="leave the name out; --data.feature says which kinds count",
        )
    return read_gff
