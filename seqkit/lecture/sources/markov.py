"""MarkovChain: a source of symbols whose entropy is known exactly."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import final

import numpy as np

from seqkit.errors import ConfigError

_MOST_ROUNDS = 1_000_000
_STILL = 1e-15
"""Change of the stationary distribution in a round, summed over contexts, below which it is found."""

_DRAWN_TOGETHER = 1 << 16
_SURE = 1e-9


@final
class MarkovChain:
    """A stationary Markov chain of order k over K symbols 0 .. K - 1.

    A context is the last k symbols as a number in base K, the oldest digit first. With transitions P(x | s) and the
    stationary distribution pi over contexts, the entropy rate is sum_s pi(s) H(P(. | s)).
    Source: Cover and Thomas 2006, theorem 4.2.4 [cover2006].

    Args:
        transitions: P(x | s), (K^k, K); k follows from the shape.

    Raises:
        ConfigError: If the table has another shape, or a row is no distribution.

    Example:
        >>> chain = MarkovChain(np.array([[0.9, 0.1], [0.2, 0.8]]))
        >>> chain.stationary.round(4).tolist()
        [0.6667, 0.3333]
        >>> round(chain.entropy_rate / float(np.log(2)), 4)  # 2/3 H(0.1) + 1/3 H(0.2) bits
        0.5533
    """

    def __init__(self, transitions: np.ndarray) -> None:
        self.transitions = require_distributions(transitions, "transitions")
        num_contexts, self.num_symbols = self.transitions.shape
        self.order = 0
        while self.num_symbols ** (self.order + 1) <= num_contexts and self.num_symbols > 1:
            self.order += 1
        if self.num_symbols**self.order != num_contexts:
            raise ConfigError(
                f"{num_contexts} contexts of {self.num_symbols} symbols",
                fix="give one row for each way to put `order` symbols in a row",
            )

    @classmethod
    def random(cls, num_symbols: int, order: int, concentration: float, random: np.random.Generator) -> MarkovChain:
        """A chain whose rows are drawn from a symmetric Dirichlet distribution.

        Args:
            num_symbols: K.
            order: k; 0 for symbols that do not depend on each other.
            concentration: Of the Dirichlet distribution: far below 1 nearly decides the next symbol, far above 1
                makes all symbols alike.
            random: Draws the rows.

        Raises:
            ConfigError: If an argument is out of its range.
        """
        for name, value, least in (("num_symbols", num_symbols, 2), ("order", order, 0)):
            if value < least:
                raise ConfigError(f"{name} is {value}", fix=f"give {least} or more")
        if not concentration > 0:
            raise ConfigError(f"concentration is {concentration:g}", fix="give a positive number")
        return cls(random.dirichlet(np.full(num_symbols, concentration), size=num_symbols**order))

    @cached_property
    def stationary(self) -> np.ndarray:
        """Share of each context in the long run, (K^k,); of a chain that falls apart, from all contexts alike.

        By repeated steps of the lazy chain, which stays where it is half of the time: it has the same stationary
        distribution and no period.

        Raises:
            ConfigError: If the chain forgets its beginning too slowly.
        """
        share = np.full(len(self.transitions), 1 / len(self.transitions))
        for _ in range(_MOST_ROUNDS):
            joint = share[:, None] * self.transitions  # (K^k, K), read as (K, K^(k - 1), K) for k >= 1
            after = joint.reshape(-1, len(share)).sum(0) if self.order else share
            if np.abs(after - share).sum() < _STILL * len(share):
                return after / after.sum()
            share = (share + after) / 2
        raise ConfigError("the chain has no stationary distribution that can be found", fix="raise its concentration")

    @cached_property
    def frequencies(self) -> np.ndarray:
        """Share of each symbol in the long run, (K,)."""
        found: np.ndarray = self._tables[0][0]
        return found

    @cached_property
    def entropy_rate(self) -> float:
        """Nats a symbol, given the whole past."""
        logs = np.log(self.transitions, out=np.zeros_like(self.transitions), where=self.transitions > 0)
        return float(-(self.stationary[:, None] * self.transitions * logs).sum())

    def sample(self, num_steps: int, random: np.random.Generator) -> np.ndarray:
        """A stretch of the stationary chain, (num_steps,) int64; about four million steps a second."""
        size = len(self.transitions)
        cumulative = self.transitions.cumsum(1)
        # Divided by themselves, the last ones are 1 exactly, and no symbol of probability 0 is drawn.
        limits: list[list[float]] = (cumulative / cumulative[:, -1:]).tolist()
        context = int(random.choice(size, p=self.stationary))
        symbols = list(self._digits(context))[:num_steps]
        num_symbols = self.num_symbols
        while (missing := num_steps - len(symbols)) > 0:
            for draw in random.random(min(missing, _DRAWN_TOGETHER)).tolist():
                symbol = bisect_right(limits[context], draw)
                symbols.append(symbol)
                context = (context * num_symbols + symbol) % size
        return np.array(symbols, dtype=np.int64)

    def nll(self, symbols: np.ndarray, first: int = 0) -> np.ndarray:
        """Nats of each symbol given all those before it: -ln P(x_t | x_1 .. x_(t-1)).

        The first k symbols are judged by the stationary distribution of what is known of their context.

        Args:
            symbols: (T,).
            first: Leading symbols that are given and not judged; 1 for what `next_step` predicts of a record.

        Returns:
            (T - first,); infinite where the chain cannot have made the symbol.
        """
        found = np.empty(len(symbols))
        with np.errstate(divide="ignore"):
            for steps, contexts, table in self._known(symbols):
                found[steps] = -np.log(table[contexts, symbols[steps]])
        return found[first:]

    def guess(self, symbols: np.ndarray, first: int = 0) -> np.ndarray:
        """The most likely symbol at each place, given all those before it; arguments as for `nll`."""
        found = np.empty(len(symbols), dtype=np.int64)
        for steps, contexts, table in self._known(symbols):
            found[steps] = table.argmax(1)[contexts]
        return found[first:]

    @cached_property
    def _tables(self) -> list[np.ndarray]:
        """P(x | the t symbols before it), (K^t, K), for t = 0 .. k symbols since the beginning."""
        tables = []
        for known in range(self.order):
            joint = self.stationary.reshape(self.num_symbols**known, self.num_symbols, -1).sum(2)
            total = joint.sum(1, keepdims=True)
            tables.append(np.divide(joint, total, out=np.zeros_like(joint), where=total > 0))
        return [*tables, self.transitions]

    def _known(self, symbols: np.ndarray) -> list[tuple[slice, np.ndarray, np.ndarray]]:
        """Which steps are judged by which table, and the row of each."""
        parts, begin = [], len(self._tables) - 1
        for known, table in enumerate(self._tables):
            steps = slice(known, known + 1 if known < begin else None)
            count = len(symbols[steps])
            contexts = np.zeros(count, dtype=np.int64)
            for back in range(known, 0, -1):
                contexts = contexts * self.num_symbols + symbols[known - back : known - back + count]
            parts.append((steps, contexts, table))
        return parts

    def _digits(self, context: int) -> list[int]:
        """The symbols of a context, oldest first."""
        return [context // self.num_symbols**place % self.num_symbols for place in reversed(range(self.order))]


def require_distributions(table: np.ndarray, name: str) -> np.ndarray:
    """A table of distributions, one a row, (N, K), as float64 rows that sum to 1.

    Raises:
        ConfigError: If a number is negative or a row does not sum to 1.
    """
    rows = np.array(table, dtype=np.float64)
    if rows.ndim != 2 or not rows.size:
        raise ConfigError(f"{name} of shape {rows.shape}", fix="give one distribution a row")
    total = rows.sum(1, keepdims=True)
    if (rows < 0).any() or not np.allclose(total, 1, rtol=0, atol=_SURE):
        wrong = int(np.argmax((rows < 0).any(1) | (np.abs(total[:, 0] - 1) > _SURE)))
        raise ConfigError(f"{name}, row {wrong}: {rows[wrong].tolist()} is no distribution", fix="let it sum to 1")
    normalised: np.ndarray = rows / total
    return normalised
