"""Sources with known entropy: against sums over all sequences, over all paths, and numbers worked by hand."""

import itertools
import math

import numpy as np
import pytest

from seqkit import ConfigError, HiddenMarkov, MarkovChain

TWO_STATES = np.array([[0.9, 0.1], [0.2, 0.8]])


def chain_of(order: int, num_symbols: int = 3, concentration: float = 0.7) -> MarkovChain:
    return MarkovChain.random(num_symbols, order, concentration, np.random.default_rng(order))


def model_of(num_states: int = 3, num_symbols: int = 4) -> HiddenMarkov:
    random = np.random.default_rng(7)
    return HiddenMarkov(
        random.dirichlet(np.ones(num_states), num_states), random.dirichlet(np.ones(num_symbols), num_states)
    )


def test_two_states_worked_by_hand() -> None:
    chain = MarkovChain(TWO_STATES)
    # pi = (0.2, 0.1) / 0.3; H(0.1) = 0.4690 and H(0.2) = 0.7219 bits.
    np.testing.assert_allclose(chain.stationary, [2 / 3, 1 / 3])
    assert chain.entropy_rate / math.log(2) == pytest.approx((2 * 0.4689956 + 0.7219281) / 3, abs=1e-6)
    nats = chain.nll(np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(np.exp(-nats), [2 / 3, 0.9, 0.1, 0.8])
    np.testing.assert_allclose(chain.nll(np.array([0, 0, 1, 1]), first=1), nats[1:])
    assert chain.guess(np.array([1, 1, 0])).tolist() == [0, 1, 1]


@pytest.mark.parametrize("order", range(4))
def test_probabilities_of_all_sequences_sum_to_one(order: int) -> None:
    chain = chain_of(order)
    total = sum(math.exp(-chain.nll(np.array(word)).sum()) for word in itertools.product(range(3), repeat=5))
    assert total == pytest.approx(1)


@pytest.mark.parametrize("order", range(4))
def test_the_entropy_rate_is_what_one_more_symbol_adds(order: int) -> None:
    chain = chain_of(order)

    def entropy(length: int) -> float:
        nats = np.array([chain.nll(np.array(w)).sum() for w in itertools.product(range(3), repeat=length)])
        return float((np.exp(-nats) * nats).sum())

    assert entropy(order + 2) - entropy(order + 1) == pytest.approx(chain.entropy_rate)


def test_order_zero_has_no_memory() -> None:
    chain = MarkovChain(np.array([[0.5, 0.25, 0.25]]))
    assert chain.order == 0
    assert chain.entropy_rate == pytest.approx(1.5 * math.log(2))
    np.testing.assert_allclose(np.exp(-chain.nll(np.array([1, 0, 0]))), [0.25, 0.5, 0.5])


def test_the_stationary_distribution_does_not_move() -> None:
    chain = chain_of(2)
    moved = np.zeros(9)
    for (old, middle), new in itertools.product(itertools.product(range(3), repeat=2), range(3)):
        context = old * 3 + middle
        moved[middle * 3 + new] += chain.stationary[context] * chain.transitions[context, new]
    np.testing.assert_allclose(moved, chain.stationary, atol=1e-12)


def test_a_chain_with_a_period_has_its_stationary_distribution() -> None:
    np.testing.assert_allclose(MarkovChain(np.array([[0.0, 1.0], [1.0, 0.0]])).stationary, [0.5, 0.5])


@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_long_sample_has_the_entropy_and_the_frequencies(order: int) -> None:
    chain = chain_of(order)
    symbols = chain.sample(200_000, np.random.default_rng(1))
    nats = chain.nll(symbols)
    assert abs(nats.mean() - chain.entropy_rate) < 5 * nats.std() / math.sqrt(len(nats)) + 1e-9
    np.testing.assert_allclose(np.bincount(symbols, minlength=3) / len(symbols), chain.frequencies, atol=0.01)


def test_a_sample_has_the_transitions() -> None:
    chain = chain_of(2)
    symbols = chain.sample(200_000, np.random.default_rng(2))
    counts = np.zeros((9, 3))
    np.add.at(counts, (symbols[:-2] * 3 + symbols[1:-1], symbols[2:]), 1)
    often = counts.sum(1) > 2000
    assert often.sum() >= 4
    np.testing.assert_allclose((counts / counts.sum(1, keepdims=True))[often], chain.transitions[often], atol=0.04)


def test_samples_follow_from_the_generator() -> None:
    chain = chain_of(3)
    first, again = (chain.sample(1000, np.random.default_rng(5)) for _ in range(2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != chain.sample(1000, np.random.default_rng(6)).tolist()
    assert len(chain.sample(2, np.random.default_rng(5))) == 2


def test_impossible_symbols_are_never_drawn_and_infinitely_unlikely() -> None:
    chain = MarkovChain(np.array([[0.3, 0.7, 0.0], [0.1, 0.0, 0.9], [0.0, 1.0, 0.0]]))
    assert np.isfinite(chain.nll(chain.sample(100_000, np.random.default_rng(3)))).all()
    assert chain.nll(np.array([0, 2]))[1] == math.inf


def test_no_guess_is_right_more_often_than_the_chains_own() -> None:
    chain = chain_of(2)
    symbols = chain.sample(50_000, np.random.default_rng(4))
    right = (chain.guess(symbols) == symbols).mean()
    assert right == pytest.approx((chain.stationary * chain.transitions.max(1)).sum(), abs=0.01)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[0.5, 0.6], [0.5, 0.5]], r"row 0: \[0\.5, 0\.6\]"),
        ([[0.5, 0.5], [-0.5, 1.5]], "row 1"),
        ([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], "3 contexts of 2 symbols"),
    ],
)
def test_what_is_no_chain_is_refused(table: list[list[float]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MarkovChain(np.array(table))


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="order is -1"):
        MarkovChain.random(4, -1, 1.0, np.random.default_rng(0))
    with pytest.raises(ConfigError, match="concentration is 0"):
        MarkovChain.random(4, 1, 0.0, np.random.default_rng(0))


@pytest.mark.parametrize("length", [1, 2, 5, 7])
def test_the_forward_algorithm_equals_the_sum_over_all_paths(length: int) -> None:
    model = model_of()
    symbols = np.random.default_rng(length).integers(0, 4, length)
    total = 0.0
    for path in itertools.product(range(3), repeat=length):
        chance = model.states.stationary[path[0]] * model.emissions[path[0], symbols[0]]
        for before, state, symbol in zip(path, path[1:], symbols[1:], strict=False):
            chance *= model.transitions[before, state] * model.emissions[state, symbol]
        total += chance
    assert model.nll(symbols).sum() == pytest.approx(-math.log(total))


def test_each_step_is_judged_by_its_own_past() -> None:
    model = model_of()
    symbols = np.random.default_rng(0).integers(0, 4, 12)
    nats = model.nll(symbols)
    for count in range(1, 12):
        np.testing.assert_allclose(model.nll(symbols[:count]), nats[:count])
    np.testing.assert_allclose(model.nll(symbols, first=1), nats[1:])


def test_blocks_side_by_side_equal_one_step_after_another() -> None:
    model = model_of()
    symbols = model.sample(2_003, np.random.default_rng(1))
    expected, states = [], model.states.stationary
    for symbol in symbols:
        expected.append(states)
        states = (states * model.emissions[:, symbol]) @ model.transitions
        states = states / states.sum()
    np.testing.assert_allclose(model.expected_states(symbols), expected, atol=1e-12)


def test_a_state_that_is_less_likely_than_any_number_may_be_the_true_one() -> None:
    # Each state stays for ever, and emits the other's symbol once in 10^10: after a block of 40, 10^-400.
    rare = 1e-10
    emissions = np.array([[1 - rare, rare, 0.0], [rare, 1 - rare, 0.0], [0.5 * rare, 1 - rare, 0.5 * rare]])
    model = HiddenMarkov(np.eye(3), emissions)
    # The first symbol can only be of the third state, and all others are 10^-10 a step there.
    symbols = np.array([2] + [0] * 1599)
    nats = model.nll(symbols)
    np.testing.assert_allclose(nats[1:], -math.log(0.5 * rare))


def test_states_that_are_seen_make_a_markov_chain() -> None:
    chain, model = MarkovChain(TWO_STATES), HiddenMarkov(TWO_STATES, np.eye(2))
    symbols = chain.sample(500, np.random.default_rng(0))
    np.testing.assert_allclose(model.nll(symbols), chain.nll(symbols), atol=1e-12)
    rate, error = model.entropy_rate(100_000, np.random.default_rng(1))
    assert 0 < error < 0.01
    assert abs(rate - chain.entropy_rate) < 4 * error


def test_hidden_states_and_symbols_are_drawn_from_the_model() -> None:
    model = model_of()
    states, symbols = model.sample_states(100_000, np.random.default_rng(2))
    for state in range(3):
        shares = np.bincount(symbols[states == state], minlength=4) / (states == state).sum()
        np.testing.assert_allclose(shares, model.emissions[state], atol=0.02)
    np.testing.assert_allclose(np.bincount(symbols, minlength=4) / 100_000, model.frequencies, atol=0.01)
    assert (model.guess(symbols) == symbols).mean() > model.frequencies.max() - 0.01


def test_emissions_must_fit_the_states() -> None:
    with pytest.raises(ConfigError, match=r"transitions of shape \(2, 2\) for 3 states"):
        HiddenMarkov(TWO_STATES, np.full((3, 2), 0.5))
    with pytest.raises(ConfigError, match="num_steps is 99"):
        model_of().entropy_rate(99, np.random.default_rng(0))
