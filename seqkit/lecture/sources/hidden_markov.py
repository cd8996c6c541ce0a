"""HiddenMarkov: a source of symbols with hidden states, whose likelihood is exact and whose entropy is simulated."""

from __future__ import annotations

import math
from functools import cached_property
from typing import final

import numpy as np

from seqkit.errors import ConfigError
from seqkit.lecture.sources.markov import MarkovChain, require_distributions

_NUM_STRETCHES = 50
"""Parts of a simulation whose means give its standard error."""


@final
class HiddenMarkov:
    """A stationary hidden Markov model: states follow a Markov chain, and each emits one of K symbols.

    The likelihood is by the forward algorithm with scaling: with alpha_t(i) = P(z_t = i | x_1 .. x_(t-1)),
    P(x_t | past) = sum_i alpha_t(i) b_i(x_t) and alpha_(t+1) = alpha_t diag(b(x_t)) A / P(x_t | past).
    Source: Rabiner 1989, section III.A and V.A [rabiner1989].

    Args:
        transitions: A, (S, S): P(next state | state).
        emissions: B, (S, K): P(symbol | state).

    Raises:
        ConfigError: If a table has another shape, or a row is no distribution.
    """

    def __init__(self, transitions: np.ndarray, emissions: np.ndarray) -> None:
        self.states = MarkovChain(transitions)
        self.transitions = self.states.transitions
        self.emissions = require_distributions(emissions, "emissions")
        self.num_states, self.num_symbols = self.emissions.shape
        if self.transitions.shape != (self.num_states, self.num_states):
            raise ConfigError(
                f"transitions of shape {self.transitions.shape} for {self.num_states} states", fix="give (S, S)"
            )

    @cached_property
    def frequencies(self) -> np.ndarray:
        """Share of each symbol in the long run, (K,)."""
        found: np.ndarray = self.states.stationary @ self.emissions
        return found

    def sample(self, num_steps: int, random: np.random.Generator) -> np.ndarray:
        """Symbols of the stationary model, (num_steps,) int64."""
        return self.sample_states(num_steps, random)[1]

    def sample_states(self, num_steps: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """States and symbols of the stationary model, both (num_steps,) int64."""
        states = self.states.sample(num_steps, random)
        draws, symbols = random.random(num_steps), np.empty(num_steps, dtype=np.int64)
        cumulative = self.emissions.cumsum(1)
        for state, limits in enumerate(cumulative / cumulative[:, -1:]):
            here = states == state
            symbols[here] = np.searchsorted(limits, draws[here], side="right")
        return states, symbols

    def nll(self, symbols: np.ndarray, first: int = 0) -> np.ndarray:
        """Nats of each symbol given all those before it, (T - first,).

        Args:
            symbols: (T,).
            first: Leading symbols that are given and not judged; 1 for what `next_step` predicts of a record.
        """
        expected = self.expected_states(symbols)
        with np.errstate(divide="ignore"):
            nats: np.ndarray = -np.log((expected * self.emissions.T[symbols]).sum(1))
        return nats[first:]

    def guess(self, symbols: np.ndarray, first: int = 0) -> np.ndarray:
        """The most likely symbol at each place, given all those before it; arguments as for `nll`."""
        found: np.ndarray = (self.expected_states(symbols) @ self.emissions).argmax(1)
        return found[first:]

    def entropy_rate(self, num_steps: int, random: np.random.Generator) -> tuple[float, float]:
        """Nats a symbol given the whole past, as the mean of a simulation, and its standard error.

        There is no closed form. The error is that of the means of 50 stretches, which are long beside the memory
        of the chain if `num_steps` is.

        Args:
            num_steps: Length of the simulation, 100 or more.
            random: Draws it.
        """
        if num_steps < 2 * _NUM_STRETCHES:
            raise ConfigError(f"num_steps is {num_steps}", fix=f"give {2 * _NUM_STRETCHES} or more")
        nats = self.nll(self.sample(num_steps, random))
        means = [float(stretch.mean()) for stretch in np.array_split(nats, _NUM_STRETCHES)]
        return float(nats.mean()), float(np.std(means, ddof=1) / math.sqrt(_NUM_STRETCHES))

    def expected_states(self, symbols: np.ndarray) -> np.ndarray:
        """P(state at t | symbols before t), (T, S).

        The steps are cut into about sqrt(T) blocks that go forward side by side: first each block's transfer matrix
        for all states at its beginning, then the blocks' beginnings one after another, then all steps.
        """
        count = len(symbols)
        length = max(math.isqrt(count), 1)
        num_blocks = -(-count // length)
        padded = np.zeros(num_blocks * length, dtype=np.int64)
        padded[:count] = symbols
        blocks = padded.reshape(num_blocks, length)
        begin = self._block_begins(blocks)
        found = np.empty((num_blocks, length, self.num_states))
        for step in range(length):
            found[:, step] = begin
            begin = self._forward(begin, blocks[:, step])
        return found.reshape(-1, self.num_states)[:count]

    def _forward(self, expected: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        """One step of each row: (N, S) and (N,) -> (N, S); a row that is impossible stays at 0."""
        seen = (expected * self.emissions.T[symbols]) @ self.transitions
        return _scaled(seen)[0]

    def _block_begins(self, blocks: np.ndarray) -> np.ndarray:
        """P(state at each block's first step | symbols before it): (N, L) -> (N, S)."""
        num_blocks, length = blocks.shape
        transfer = np.broadcast_to(np.eye(self.num_states), (num_blocks, self.num_states, self.num_states))
        logs = np.zeros((num_blocks, self.num_states))
        for step in range(length):
            transfer = (transfer * self.emissions.T[blocks[:, step]][:, None]) @ self.transitions
            # Each row has a scale of its own: one may be a thousand powers of ten less likely, and be the true one.
            transfer, total = _scaled(transfer)
            with np.errstate(divide="ignore"):
                logs += np.log(total)
        begins = [self.states.stationary]
        for matrix, scale in zip(transfer[:-1], logs[:-1], strict=True):
            with np.errstate(divide="ignore"):
                weights = np.log(begins[-1]) + scale
            most = weights.max()
            weights = np.exp(weights - most) if np.isfinite(most) else np.zeros_like(weights)
            begins.append(_scaled(weights @ matrix)[0])
        return np.stack(begins)


def _scaled(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (..., S) divided by their sums, and the sums, (...); rows of zeros stay so."""
    total = rows.sum(-1)
    return rows / np.where(total > 0, total, 1.0)[..., None], total
