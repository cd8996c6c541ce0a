"""The copy problem as made text: letters to remember, blanks to wait through, a mark, and the letters again."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from seqkit import Known, Made
from seqkit_text.made_rows import require, split_sizes, write_splits

BLANK, MARK = "-", ":"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write_copy(
    folder: Path, seed: int, *, blanks: int = 20, copied: int = 10, symbols: int = 8, size: int = 4000
) -> Made:
    """Lines such as `hdacaafbeg--------:hdacaafbeg`: the letters come again after the blanks and a mark.

    As a language model of characters sees it, a record of N letters and T blanks closed by its line end has
    2 N + T + 1 targets: N - 1 letters that nothing tells (the first is given), and everything else, which is sure.
    So with K symbols the best loss is (N - 1) ln K nats in all, and who knows the form but not the letters pays
    (2 N - 1) ln K.

    Source: after Hochreiter and Schmidhuber 1997 [hochreiter1997], the sizes as in Arjovsky et al. 2016
    [arjovsky2016]. There a model reads blanks while it answers; here it reads each letter after it was to say it.

    Args:
        folder: Where to write.
        seed: Of the random choices.
        blanks: T, between the letters and the mark.
        copied: N, letters to remember.
        symbols: K, how many letters there are, from 2 to 26.
        size: Records for training; validation and test have a quarter each.
    """
    for name, value in (("blanks", blanks), ("copied", copied)):
        require(value >= 1, f"{name} is {value}", fix="give a positive number")
    require(2 <= symbols <= len(LETTERS), f"symbols is {symbols}", fix=f"from 2 to {len(LETTERS)}")
    sizes = split_sizes(size)
    drawn = np.random.default_rng(seed).integers(symbols, size=(sum(sizes.values()), copied))
    words = ("".join(LETTERS[symbol] for symbol in row) for row in drawn.tolist())
    rows = ({"text": f"{word}{BLANK * blanks}{MARK}{word}"} for word in words)
    num_targets = 2 * copied + blanks + 1
    optimum, chance = ((count * math.log(symbols)) / num_targets for count in (copied - 1, 2 * copied - 1))
    return write_splits(folder, rows, sizes, Known(optimum={"loss": optimum}, chance={"loss": chance}))
