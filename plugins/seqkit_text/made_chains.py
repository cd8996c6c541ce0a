"""Text whose entropy is known: letters of a Markov chain, or of a hidden Markov model."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from seqkit import HiddenMarkov, Known, Made, MarkovChain, Split
from seqkit_text.made_copy import LETTERS
from seqkit_text.made_rows import require, split_sizes

_MOST_CONTEXTS = 100_000

_SIMULATED = 200_000
"""Steps from which the entropy rate of a hidden Markov model is taken: it has no closed form."""


def write_markov(
    folder: Path, seed: int, *, order: int = 2, symbols: int = 8, concentration: float = 0.3, size: int = 200_000
) -> Made:
    """Letters of a Markov chain: each depends on the last `order` ones, by chances drawn once.

    `chain.json` beside the texts holds the chances and the exact entropy rate.

    Args:
        folder: Where to write.
        seed: Of the chain and of the texts.
        order: Letters that the next one depends on.
        symbols: Letters of the alphabet, from 2 to 26.
        concentration: Of the Dirichlet distribution that the chances are drawn from: small ones nearly decide the
            next letter, large ones make all alike.
        size: Letters for training; validation and test have a quarter each.
    """
    _require(symbols, concentration, size)
    fits = order >= 0 and symbols**order <= _MOST_CONTEXTS
    require(fits, f"order is {order}", fix=f"from 0 on, so that symbols**order is at most {_MOST_CONTEXTS}")
    random = np.random.default_rng(seed)
    chain = MarkovChain.random(symbols, order, concentration, random)
    facts = {"transitions": chain.transitions.tolist(), "entropy_rate": chain.entropy_rate}
    return _write(folder, chain, facts, split_sizes(size), random)


def write_hmm(
    folder: Path,
    seed: int,
    *,
    states: int = 4,
    symbols: int = 8,
    stay: float = 0.9,
    concentration: float = 0.3,
    size: int = 200_000,
) -> Made:
    """Letters of a hidden Markov model: a state that nobody sees lasts for a while and decides which letters come.

    `chain.json` beside the texts holds the chances, and the entropy rate by simulation with its standard error.

    Args:
        folder: Where to write.
        seed: Of the model and of the texts.
        states: Hidden states, 2 or more.
        symbols: Letters of the alphabet, from 2 to 26.
        stay: Chance of staying in a state, from 0 to below 1; else any other is as likely.
        concentration: Of the Dirichlet distribution that each state's letters are drawn from.
        size: Letters for training; validation and test have a quarter each.
    """
    _require(symbols, concentration, size)
    require(states >= 2, f"states is {states}", fix="give 2 or more")
    require(0 <= stay < 1, f"stay is {stay}", fix="from 0 to below 1")
    random = np.random.default_rng(seed)
    transitions = np.full((states, states), (1 - stay) / (states - 1))
    np.fill_diagonal(transitions, stay)
    model = HiddenMarkov(transitions, random.dirichlet(np.full(symbols, concentration), size=states))
    rate, error = model.entropy_rate(_SIMULATED, random)
    facts = {
        "transitions": transitions.tolist(),
        "emissions": model.emissions.tolist(),
        "entropy_rate": rate,
        "entropy_rate_error": error,
    }
    return _write(folder, model, facts, split_sizes(size), random)


def _write(
    folder: Path,
    source: MarkovChain | HiddenMarkov,
    facts: dict[str, Any],
    sizes: dict[Split, int],
    random: np.random.Generator,
) -> Made:
    """A text for each split, without a line end: it would be a letter more."""
    letters = LETTERS[: source.num_symbols]
    known: dict[Split, Known] = {}
    for split, size in sizes.items():
        symbols = source.sample(size, random)
        (folder / f"{split}.txt").write_text("".join(letters[symbol] for symbol in symbols), encoding="utf-8")
        known[split] = _known(source, symbols)
    content = {"letters": letters, **facts}
    (folder / "chain.json").write_text(json.dumps(content) + "\n", encoding="utf-8")
    return Made({split: f"{split}.txt" for split in sizes}, known)


def _known(source: MarkovChain | HiddenMarkov, symbols: np.ndarray) -> Known:
    """What the true source scores on all letters but the first, given all those before."""
    loss = float(source.nll(symbols, first=1).mean())
    accuracy = float((source.guess(symbols, first=1) == symbols[1:]).mean())
    return Known(
        optimum={"loss": loss, "accuracy": accuracy},
        chance={"loss": math.log(source.num_symbols), "accuracy": 1 / source.num_symbols},
    )


def _require(symbols: int, concentration: float, size: int) -> None:
    require(concentration > 0, f"concentration is {concentration}", fix="give a positive number")
    require(size >= 8, f"size is {size}", fix="give 8 or more: something must be left to predict")
    require(2 <= symbols <= len(LETTERS), f"symbols is {symbols}", fix=f"from 2 to {len(LETTERS)}")
