"""Variants judged by a model of a genome: how much less likely a window is with the alternative than without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from Bio.Seq import reverse_complement

from seqkit import ConfigError, DataError, Judge, find_files
from seqkit_dna.codec import BaseCodec
from seqkit_dna.genome import Genome
from seqkit_dna.vcf import Variant, read_vcf

_TOGETHER = 256
"""Variants whose windows are read together."""


def score_variants(
    judge: Judge, value: str, reference: str | None = None, flank: int = 500
) -> Iterator[dict[str, Any]]:
    """Log-likelihood ratio of each variant of a VCF file (.vcf, .vcf.gz) against the reference genome.

    A window is the variant with its neighbours on both sides, fewer at a contig's end. Each window is read on both
    strands, each from its own beginning. `llr` is the mean of both ratios, alternative minus reference, in nats:
    negative where the model finds the alternative less likely.

    Args:
        judge: The trained model, of `next_step`.
        value: The VCF file.
        reference: FASTA file of the genome that the variants were called against, plain or .gz.
        flank: Bases on each side of a variant that are read with it.

    Raises:
        DataError: If the file is no VCF, or a line does not fit the genome.
    """
    if reference is None:
        raise ConfigError("variants need their genome", at="--variants", fix="add --reference genome.fa")
    if flank < 1:
        raise ConfigError(f"flank is {flank}", at="--flank", fix="give 1 or more")
    (source, *others) = find_files(value, (".vcf",))
    if others:
        raise ConfigError("several VCF files", at=f"--variants {value}", fix="give one file")
    genome, skipped = Genome(reference), Counter[str]()
    variants, num_read = read_vcf(source, skipped), 0
    while chunk := list(islice(variants, _TOGETHER)):
        num_read += len(chunk)
        windows = [_windows(judge, genome, variant, flank) for variant in chunk]
        turned = [(_turned(ref), _turned(alt)) for ref, alt in windows]
        ratios = zip(chunk, _ratios(judge, windows), _ratios(judge, turned), strict=True)
        yield from (_row(variant, ahead, back) for variant, ahead, back in ratios)
    if not num_read and not skipped:
        judge.notes.append(f"{source.origin} holds no variant: a header and no lines after it")
    judge.notes += [f"alternatives skipped: {count:,} {kind}" for kind, count in sorted(skipped.items())]


def log_ratio(ref: np.ndarray, alt: np.ndarray) -> float:
    """The log-likelihood of one reading less that of another, from the nats of their steps."""
    return float(alt.sum() - ref.sum())


def _row(variant: Variant, ahead: float, back: float) -> dict[str, Any]:
    return {
        "chrom": variant.contig,
        "pos": variant.position,
        "id": variant.name,
        "ref": variant.ref,
        "alt": variant.alt,
        "llr_forward": round(ahead, 6),
        "llr_reverse": round(back, 6),
        "llr": round((ahead + back) / 2, 6),
    }


def _windows(judge: Judge, genome: Genome, variant: Variant, flank: int) -> tuple[str, str]:
    """The bases around a variant, without and with it."""
    begin, end = variant.position - 1, variant.position - 1 + len(variant.ref)
    length = genome.length(variant.contig, variant.at)
    if end > length:
        raise DataError(
            f"{variant.contig}:{variant.position} REF {_short(variant.ref)} ends beyond the contig's {length:,} bases",
            at=variant.at,
            fix="give the genome that the variants were called against",
        )
    known = genome.bases(variant.contig, begin, end)
    # A letter for several bases is N here; VCF writes one of them.
    if any(own not in (given, "N") for own, given in zip(known, variant.ref, strict=True)):
        raise DataError(
            f"{variant.contig}:{variant.position} REF is {_short(variant.ref)}, the genome has {_short(known)}",
            at=variant.at,
            fix="give the genome that the variants were called against; positions count from 1",
        )
    left = genome.bases(variant.contig, begin - flank, begin)
    right = genome.bases(variant.contig, end, end + flank)
    windows = left + known + right, left + variant.alt + right
    codec = judge.data.codec
    if isinstance(codec, BaseCodec) and not codec.with_n and any("N" in window for window in windows):
        raise DataError(
            "an ambiguous base within the flank, for which this model has no symbol",
            at=variant.at,
            fix="leave the variant out, give a shorter --flank, or train with --data.ambiguous n",
        )
    return windows


def _ratios(judge: Judge, windows: list[tuple[str, str]]) -> Iterator[float]:
    """Log-likelihood ratios of windows in this reading direction."""
    judged = judge.alternatives((ref, [alt]) for ref, alt in windows)
    return (log_ratio(ref, alt) for ref, (alt,) in judged)


def _turned(bases: str) -> str:
    return str(reverse_complement(bases))  # type: ignore[no-untyped-call]


def _short(bases: str) -> str:
    return bases if len(bases) <= 20 else f"{bases[:17]}... ({len(bases)} bases)"
