"""Made genomes: FASTA whose entropy is known, with both strands of the same kind (`made:markov`, `made:hmm`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from seqkit import ConfigError, HiddenMarkov, Known, Made, MarkovChain, Split
from seqkit_dna.letters import BASES

FILES: dict[Split, str] = {"train": "train.fa", "valid": "valid.fa", "test": "test.fa"}
_MOST_ORDER = 5
_LETTERS_A_LINE = 70
_ALPHABET = np.frombuffer(BASES.encode(), np.uint8)


def write_markov(
    folder: Path,
    seed: int,
    *,
    order: int = 3,
    concentration: float = 0.3,
    train_bases: int = 1_000_000,
    held_out_bases: int = 60_000,
    record_bases: int = 20_000,
) -> Made:
    """Bases of a Markov chain of order k whose entropy rate is exact; both strands follow the same law.

    Args:
        folder: Where the files go.
        seed: Of the chain and of the bases.
        order: Bases that the next one depends on, 0 to 5.
        concentration: Of the Dirichlet distribution that each context's bases are drawn from, before both strands are
            made alike: the smaller, the more there is to learn.
        train_bases: Bases of the training file.
        held_out_bases: Bases of the validation file, and of the test file.
        record_bases: Bases of a record.
    """
    if not 0 <= order <= _MOST_ORDER:
        raise ConfigError(f"order is {order}", at="made:markov", fix=f"give 0 to {_MOST_ORDER}")
    random = np.random.default_rng(seed)
    chain = both_strands(MarkovChain.random(len(BASES), order, concentration, random))
    return _write(folder, chain, (train_bases, held_out_bases), record_bases, random)


def write_hmm(
    folder: Path,
    seed: int,
    *,
    island_bases: int = 300,
    between_bases: int = 900,
    island_gc: float = 0.8,
    between_gc: float = 0.25,
    island_cpg: float = 2.0,
    between_cpg: float = 0.1,
    train_bases: int = 1_000_000,
    held_out_bases: int = 60_000,
    record_bases: int = 20_000,
) -> Made:
    """CpG islands in a genome that avoids CpG: a hidden Markov model whose nats for each base are exact.

    Each regime is a chain of order 1, and which of the two a base belongs to is hidden: eight states, as in Durbin et
    al. 1998, chapter 3 [durbin1998]. The shares are further apart than in nature, so that there is something to learn.

    Args:
        folder: Where the files go.
        seed: Of the bases.
        island_bases: Mean length of an island.
        between_bases: Mean length of what lies between two.
        island_gc: Share of G and C in islands, before CpG is counted.
        between_gc: The same between islands.
        island_cpg: How much more likely G is after C than elsewhere, in islands.
        between_cpg: The same between islands; below 1 is less likely.
        train_bases: Bases of the training file.
        held_out_bases: Bases of the validation file, and of the test file.
        record_bases: Bases of a record.
    """
    island, between = _regime(island_gc, island_cpg), _regime(between_gc, between_cpg)
    model = join_regimes(island, between, island_bases, between_bases)
    return _write(folder, model, (train_bases, held_out_bases), record_bases, np.random.default_rng(seed))


def both_strands(chain: MarkovChain) -> MarkovChain:
    """The chain of the same order in which a word is as frequent as its reverse complement, as in a real genome.

    Its (k + 1)-mers have the mean of their frequencies on both strands of `chain`: this is again the law of a
    stationary chain of order k, and the same one read from either strand. So a model that also learns from the reverse
    complement learns nothing else.
    """
    words = (chain.stationary[:, None] * chain.transitions).reshape((len(BASES),) * (chain.order + 1))
    # Backwards, and each base as its complement: A C G T are 0 to 3, and 3 - b is the complement of b.
    other = np.flip(words.transpose(range(chain.order, -1, -1)))
    joint = ((words + other) / 2).reshape(-1, len(BASES))
    total = joint.sum(1, keepdims=True)
    return MarkovChain(np.divide(joint, total, out=np.full_like(joint, 1 / len(BASES)), where=total > 0))


def join_regimes(island: MarkovChain, between: MarkovChain, island_bases: float, between_bases: float) -> HiddenMarkov:
    """Two chains of order 1 that take turns, as a hidden Markov model of eight states, four of each.

    The first base of a stretch is drawn from its regime's own frequencies.

    Args:
        island: One regime.
        between: The other.
        island_bases: Mean length of a stretch of the first.
        between_bases: Mean length of a stretch of the second.
    """
    for name, value in (("island_bases", island_bases), ("between_bases", between_bases)):
        if value < 1:
            raise ConfigError(f"{name} is {value}", at="made:hmm", fix="give 1 or more")
    leave = (1 / island_bases, 1 / between_bases)
    rows = []
    for own, other, share in ((island, between, leave[0]), (between, island, leave[1])):
        stay, turn = (1 - share) * own.transitions, share * np.tile(other.frequencies, (len(BASES), 1))
        rows.append([stay, turn] if own is island else [turn, stay])
    return HiddenMarkov(np.block(rows), np.tile(np.eye(len(BASES)), (2, 1)))


def write_records(path: Path, records: list[tuple[str, np.ndarray]]) -> None:
    """FASTA of names and bases, each (T,) numbers of A, C, G, T."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        for name, symbols in records:
            bases = _ALPHABET[symbols].tobytes().decode("ascii")
            lines = (bases[begin : begin + _LETTERS_A_LINE] for begin in range(0, len(bases), _LETTERS_A_LINE))
            file.write(f">{name}\n" + "".join(f"{line}\n" for line in lines))


def known_bases(source: MarkovChain | HiddenMarkov, records: list[np.ndarray]) -> Known:
    """What the source scores on each base but the first of a record, and what its frequencies alone score."""
    nats, chance, right, often = [], [], [], int(source.frequencies.argmax())
    for symbols in records:
        nats.append(source.nll(symbols, first=1))
        chance.append(-np.log(source.frequencies[symbols[1:]]))
        right.append(source.guess(symbols, first=1) == symbols[1:])
    truth = np.concatenate([symbols[1:] for symbols in records])
    return Known(
        optimum={"loss": float(np.concatenate(nats).mean()), "accuracy": float(np.concatenate(right).mean())},
        chance={"loss": float(np.concatenate(chance).mean()), "accuracy": float((truth == often).mean())},
    )


def _regime(gc: float, cpg: float) -> MarkovChain:
    """A chain of order 1 with this share of G and C, and C followed by G so much more often; both strands alike."""
    if not 0 < gc < 1 or not cpg > 0:
        raise ConfigError(f"a share of G and C of {gc:g}, and {cpg:g} times CpG", at="made:hmm", fix="give e.g. 0.4, 2")
    table = np.tile([(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2], (len(BASES), 1))
    table[BASES.index("C"), BASES.index("G")] *= cpg
    return both_strands(MarkovChain(table / table.sum(1, keepdims=True)))


def _write(
    folder: Path,
    source: MarkovChain | HiddenMarkov,
    sizes: tuple[int, int],
    record_bases: int,
    random: np.random.Generator,
) -> Made:
    """Draw and write all three files."""
    if record_bases < 2 or min(sizes) < record_bases:
        what = f"records of {record_bases} bases in files of {sizes[0]} and {sizes[1]}"
        raise ConfigError(what, at="made:markov, made:hmm", fix="give 2 or more, and files of at least one record")
    known: dict[Split, Known] = {}
    for split, file in FILES.items():
        count = (sizes[0] if split == "train" else sizes[1]) // record_bases
        records = [source.sample(record_bases, random) for _ in range(count)]
        write_records(folder / file, [(f"{split}{number}", bases) for number, bases in enumerate(records, start=1)])
        known[split] = known_bases(source, records)
    return Made(dict(FILES), known)
