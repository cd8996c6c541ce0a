"""DnaData: nucleotide records for `next_step`, `classify` and `tag`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from seqkit import (
    DataError,
    Generation,
    Inspector,
    Known,
    LabelCodec,
    MadeSource,
    PathOption,
    Record,
    SequenceDataModule,
    Split,
    SymbolCodec,
    plural,
    split_label,
)
from seqkit_dna.bed import write_bed
from seqkit_dna.check import DnaInspector
from seqkit_dna.codec import BaseCodec
from seqkit_dna.coding import CodonFrequency, coding_figures
from seqkit_dna.demo import demo_genome, demo_promoters
from seqkit_dna.demo_genes import demo_tagged
from seqkit_dna.labels import with_label
from seqkit_dna.legend import CODING, Legend, Strandedness
from seqkit_dna.letters import Ambiguous
from seqkit_dna.made import write_hmm, write_markov
from seqkit_dna.made_memory import write_memory
from seqkit_dna.options import check_options, check_steps, check_tagging
from seqkit_dna.parts import between_ambiguous, in_frame, other_strand
from seqkit_dna.reading import Reading
from seqkit_dna.stream import read_letters
from seqkit_dna.tagging import TagReading, cut_pieces, mirrored
from seqkit_dna.writing import write_fasta


class DnaData(SequenceDataModule):
    """DNA or RNA from FASTA, FASTQ, GenBank (each also .gz) and tables, one step a base or a k-mer.

    Args:
        path: A file, a folder, a zip, `hf://owner/name`, or `LABEL=PATH` once for each class; None makes demo data.
        task: `next_step` predicts the next base or k-mer, `classify` one label a record, `tag` a feature a base.
        k: Bases a step: 1 is a base, 3 to 6 are usual k-mers, at most 8.
        kmer_stride: Bases from one k-mer to the next. Default: k for `next_step` (no overlap), 1 for `classify`.
        ambiguous: Letters for more than one base (N, R, Y ...): `n` makes them the symbol N; `error` refuses them;
            `skip` leaves them out: `next_step` and `tag` cut the sequence there, `classify` leaves the record out.
        reverse_complement: Read both strands. `next_step` and `tag`: the training part is also read as its reverse
            complement. `classify`: training draws a strand, predictions average both. Default: not for `classify`,
            where labels often belong to one strand (promoters, splice sites).
        label_pattern: Regular expression on a record's header; its first group is the label.
        sequence_column: Column of a table that holds the bases.
        label_column: Column of a table that holds the label.
        min_quality: Trim the 3' end of FASTQ reads at this quality (as BWA and Cutadapt do); 0 does not trim.
        phred_offset: Code of quality 0 in FASTQ: 33, or 64 for Illumina before 1.8.
        min_length: Leave out records with fewer bases, after trimming.
        annotation: For `tag`: a GFF3, GTF or BED file, or several. `KIND=FILE.bed` says what all lines of a BED file
            are. GenBank sequences carry their own features.
        feature: For `tag`: kinds of features, each a regular expression or `NAME=EXPRESSION`. Where several
            overlap, the first counts.
        strand: For `tag`: one tag for `both` strands, `separate` ones, or by the `frame` one for each base of a codon
            on each strand.
        piece: For `tag`: bases that are read together; genomes are cut into pieces of about this size.
        **options: See `SequenceDataModule`.
    """

    codec: BaseCodec
    output_suffixes = (*(name + gz for gz in ("", ".gz") for name in (".fa", ".fasta", ".fna", ".fas")), ".jsonl")
    made: ClassVar[dict[str, MadeSource]] = {
        "markov": MadeSource(write_markov, ("next_step",)),
        "hmm": MadeSource(write_hmm, ("next_step",)),
        "memory": MadeSource(write_memory, ("classify",)),
    }

    def __init__(
        self,
        path: PathOption = None,
        task: str = "next_step",
        k: int = 1,
        kmer_stride: int | None = None,
        ambiguous: Ambiguous = "n",
        reverse_complement: bool | None = None,
        label_pattern: str | None = None,
        sequence_column: str = "sequence",
        label_column: str = "label",
        min_quality: int = 0,
        phred_offset: Literal[33, 64] = 33,
        min_length: int = 1,
        annotation: PathOption = None,
        feature: str | list[str] = "CDS",
        strand: Strandedness = "both",
        piece: int = 1500,
        **options: Any,
    ) -> None:
        super().__init__(path=path, task=task, **options)
        stride = kmer_stride if kmer_stride is not None else k if self.streams else 1
        check_options(self.streams, k, stride, label_pattern, min_length)
        self.reverse_complement = task != "classify" if reverse_complement is None else reverse_complement
        self.reading = Reading(
            ambiguous, min_quality, phred_offset, min_length, label_pattern, sequence_column, label_column
        )
        self.codec = BaseCodec(k, stride, ambiguous == "n", self.reverse_complement)
        self.target_codec = self.codec if self.streams else LabelCodec()
        self.piece = piece
        self.tagging = TagReading(
            self.reading, Legend((feature,) if isinstance(feature, str) else tuple(feature), strand), annotation
        )
        if task == "tag":
            check_tagging(self.tagging.legend, k, piece)
            self.target_codec = SymbolCodec(self.tagging.legend.letters)

    @functools.cached_property
    def files(self) -> list[Path]:
        """Sequences and annotation, for the cache's fingerprint."""
        entries = [self.tagging.annotation] if isinstance(self.tagging.annotation, str) else self.tagging.annotation
        return [*super().files, *(Path(split_label(entry)[1]).expanduser() for entry in entries or [])]

    @property
    def holds_out_whole(self) -> bool:
        """Under `tag` the end is held out, as under `next_step`: neighbouring pieces share their genes."""
        return self.labelled and self.task != "tag"

    def records(self, split: Split) -> Iterator[Record]:
        """Records of a split; long ones in parts under `next_step`, whole under `classify`, in pieces under `tag`."""
        if self.task == "tag":
            yield from self._tagged(split)
            return
        if not self.streams:
            yield from self._labelled(split)
            return
        yield from self._in_frame(self.divide(self.read, split))
        # After the split, so that no base of the held-out part is seen from its other strand.
        if split == "train" and self.reverse_complement:
            yield from self._in_frame(map(other_strand, self.divide(self.read, split)))

    def read(self, path: PathOption) -> Iterator[Record]:
        """All records of a path, or of the demo data, before they are divided."""
        if self.task == "tag":
            return self.tagging.records(path) if path is not None else demo_tagged(self.tagging.legend)
        if path is not None:
            return self.reading.records(path)
        return demo_genome() if self.streams else demo_promoters()

    def restore_codecs(self, codec: dict[str, Any], target_codec: dict[str, Any]) -> None:
        """Use a checkpoint's codecs.

        Raises:
            ConfigError: If options ask for other steps than the model was trained on.
        """
        check_steps(self.codec.state(), codec)
        super().restore_codecs(codec, target_codec)

    def known(self, split: Split) -> Known | None:
        """Of made data whose steps are bases; not of a part that is read from both strands."""
        both = split == "train" and self.streams and self.reverse_complement
        return None if self.codec.k > 1 or both else super().known(split)

    def describe_span(self, num_steps: float) -> str:
        """Base pairs, from 10,000 on kilobases."""
        num_bases = num_steps * self.codec.stride
        return f"{num_bases:,.0f} bp" if num_bases < 10_000 else f"{num_bases / 1000:,.3g} kb"

    def inspector(self) -> Inspector:
        """Letters, runs of N, and records that are another's reverse complement."""
        return DnaInspector()

    def prompt(self, value: str) -> Record:
        """Bases to continue; a whole number of k-mers.

        Raises:
            DataError: If a letter is no nucleotide, or a k-mer is not complete.
        """
        bases = self.codec.decode(self.codec.encode(value))
        given = len("".join(value.split()))
        if len(bases) != given:
            k = self.codec.k
            raise DataError(
                f"{plural(given, 'base')} are no whole number of {k}-mers",
                at="--prompt",
                fix=f"give {given // k * k} or {given // k * k + k} bases",
            )
        return Record(bases, origin="--prompt")

    def write(self, path: Path, generations: Iterable[Generation]) -> list[Path]:
        """Save generated sequences as FASTA (.gz too), or as JSON lines if the name ends in .jsonl."""
        if path.suffix == ".jsonl":
            return super().write(path, generations)
        write_fasta(path, generations)
        return [path]

    def parts(self, blocks: Iterator[bytes]) -> Iterator[Record]:
        """FASTA or letters alone, as they come; each header begins a record."""
        return self._in_frame(read_letters(blocks, self.reading.ambiguous))

    def _in_frame(self, records: Iterable[Record]) -> Iterator[Record]:
        if self.reading.ambiguous == "skip":
            records = between_ambiguous(records)
        return in_frame(records, self.codec.k, self.codec.stride)

    def baselines(self, split: Split, trained_on: SequenceDataModule) -> dict[str, dict[str, float]]:
        """Under `tag` over coding sequences: what codon usage in a window tells."""
        legend = self.tagging.legend
        if self.task != "tag" or CODING not in legend.features:
            return {}
        learnt = CodonFrequency(legend, self.reading.ambiguous == "skip")
        assert isinstance(trained_on, DnaData)
        learnt.fit(lambda: trained_on.tolerance.records(trained_on.divide(trained_on.read, "train")))
        return learnt.baselines(self.tolerance.records(self.divide(self.read, split)))

    def figures(self, truth: list[Any], guess: list[Any]) -> dict[str, float]:
        """Under `tag` what is said of coding or not, where the tags say more than that."""
        return coding_figures(truth, guess, self.tagging.legend) if self.task == "tag" else {}

    def row_writers(self) -> dict[str, Callable[[Iterator[dict[str, Any]], Path], None]]:
        """Under `tag` also BED: an interval for each predicted feature."""
        if self.task != "tag":
            return {}
        return {".bed": functools.partial(write_bed, legend=self.tagging.legend)}

    def notes(self) -> list[str]:
        """What the tags stand for, and features that lie elsewhere."""
        if self.task != "tag":
            return []
        names = ", ".join(f"{letter} {name}" for letter, name in self.tagging.legend.names.items())
        return [f"tags: {names}", *self.tagging.notes()]

    def _tagged(self, split: Split) -> Iterator[Record]:
        skip = self.reading.ambiguous == "skip"
        read = functools.partial(self.tagging.records, tagged=False) if split == "predict" and self.path else self.read
        yield from cut_pieces(self.divide(read, split), self.piece, skip)
        # After the split, so that no base of the held-out part is seen from its other strand.
        if split == "train" and self.reverse_complement:
            for piece in cut_pieces(self.divide(read, split), self.piece, skip):
                yield mirrored(piece, self.tagging.legend)

    def _labelled(self, split: Split) -> Iterator[Record]:
        records = self.divide(self.read, split)
        return with_label(records, self.reading, self.codec.k, needed=split != "predict")
