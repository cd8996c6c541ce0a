"""Demo data, made by code with a fixed seed: a small genome with genes, and promoters with their two boxes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
from Bio.Seq import reverse_complement

from seqkit import Record
from seqkit_dna.feature import Feature
from seqkit_dna.letters import BASES

_SEED = 1953
_NUM_CONTIGS, _CONTIG_BASES = 4, 50_000
_NUM_PROMOTERS, _PROMOTER_BASES = 1_500, 81
_MINUS_35, _MINUS_10, _SPACER = "TTGACA", "TATAAT", 17
_MINUS_10_START = 48  # The start site is base 61 of 81, as in promoter collections.
_MUTATED = 0.1
_STOP_CODONS = ("TAA", "TAG", "TGA")


def demo_genome() -> Iterator[Record]:
    """Four contigs of 50 kb: genes with a codon preference, on both strands, between spacers of short memory."""
    for number, (bases, _) in enumerate(demo_contigs(), start=1):
        yield Record(bases, origin=f"demo:contig{number}")


def demo_promoters() -> Iterator[Record]:
    """1,500 sequences of 81 bases; half hold the -35 and -10 boxes of sigma-70 promoters 16 to 18 bases apart.

    The other half holds the same letters in another order at the same places. One base in ten of a box is
    mutated.
    """
    random = np.random.default_rng(_SEED)
    for number in range(_NUM_PROMOTERS):
        is_promoter = bool(random.random() < 0.5)
        sequence = random.choice(list(BASES), _PROMOTER_BASES, p=[0.29, 0.21, 0.21, 0.29])
        minus_10 = _MINUS_10_START + int(random.integers(-2, 3))
        minus_35 = minus_10 - _SPACER - len(_MINUS_35) + int(random.integers(-1, 2))
        for start, box in ((minus_35, _MINUS_35), (minus_10, _MINUS_10)):
            sequence[start : start + len(box)] = _box(box, is_promoter, random)
        yield Record("".join(sequence), "promoter" if is_promoter else "shuffled", f"demo:{number + 1}")


def _box(box: str, is_promoter: bool, random: np.random.Generator) -> np.ndarray:
    """The letters of a box, shuffled unless it is a promoter's, some of them mutated."""
    letters = np.array(list(box))
    while not is_promoter and "".join(letters) == box:
        letters = random.permutation(letters)
    mutated = random.random(len(box)) < _MUTATED
    return np.where(mutated, random.choice(list(BASES), len(box)), letters)


@cache
def demo_contigs() -> tuple[tuple[str, list[Feature]], ...]:
    """The bases of each contig, and its genes; those at the contig's end may be cut."""
    random = np.random.default_rng(_SEED)
    codons = ["".join(codon) for codon in product(BASES, repeat=3)]
    sense = [codon for codon in codons if codon not in _STOP_CODONS]
    preference = random.dirichlet(np.full(len(sense), 0.3))
    transitions = random.dirichlet(np.full(len(BASES), 0.8), size=len(codons))
    contigs = []
    for _ in range(_NUM_CONTIGS):
        bases, genes = "", []
        while len(bases) < _CONTIG_BASES:
            middle = random.choice(sense, int(random.integers(150, 450)), p=preference)
            stop = str(random.choice(_STOP_CODONS))
            spacer = _spacer(transitions, int(random.integers(50, 250)), random)
            piece = spacer + "ATG" + "".join(middle) + stop
            ahead = bool(random.random() < 0.5)
            genes.append(_gene(len(bases), len(spacer), len(piece), ahead))
            bases += piece if ahead else reverse_complement(piece)  # type: ignore[no-untyped-call]
        contigs.append((bases[:_CONTIG_BASES], [gene for gene in genes if gene.start < _CONTIG_BASES]))
    return tuple(contigs)


def _gene(begin: int, num_spacer: int, num_bases: int, ahead: bool) -> Feature:
    """The gene of a piece that begins here, its spacer first on its own strand."""
    start, end = (begin + num_spacer, begin + num_bases) if ahead else (begin, begin + num_bases - num_spacer)
    lost = max(end - _CONTIG_BASES, 0)
    return Feature("", "CDS", start, end - lost, 1 if ahead else -1, 0 if ahead else -lost % 3)


def _spacer(transitions: np.ndarray, num_bases: int, random: np.random.Generator) -> str:
    """A Markov chain of order 3; `transitions` is (64, 4)."""
    limits, draws = transitions.cumsum(1), random.random(num_bases)
    state, letters = 0, []
    for draw in draws:
        base = min(int((draw > limits[state]).sum()), len(BASES) - 1)
        letters.append(BASES[base])
        state = (state * 4 + base) % len(transitions)
    return "".join(letters)
