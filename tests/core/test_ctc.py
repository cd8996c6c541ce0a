"""CTC: likelihood and decoding against every alignment of small inputs, error rates against hand-worked numbers."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from seqkit import IGNORED, Batch, DataError, Discrete
from seqkit.tasks.ctc import Ctc, Transcript, TranscriptScores
from seqkit.tasks.ctc_decoding import beam_search, greedy

B, T, H, K = 3, 4, 5, 2


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    """What an alignment spells: repeats merged, then blanks (K) dropped."""
    return tuple(k for k, _ in itertools.groupby(path) if k != K)


def every_transcript(logs: Tensor) -> dict[tuple[int, ...], float]:
    """Probability of each transcript of (T, K + 1) log probabilities, by summing over all alignments."""
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(K + 1), repeat=len(logs)):
        probability = math.exp(sum(float(logs[t, k]) for t, k in enumerate(path)))
        found[collapsed(path)] = found.get(collapsed(path), 0.0) + probability
    return found


def random_logs(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(B, T, K + 1, generator=generator, dtype=torch.float64)).log_softmax(-1)


def test_the_likelihood_sums_over_all_alignments() -> None:
    logs = random_logs(0)
    targets = torch.tensor([[0, 1, IGNORED], [1, 1, IGNORED], [IGNORED] * 3])
    nll, scored = Transcript(K).nll(logs, targets)
    for row, truth in enumerate([(0, 1), (1, 1), ()]):
        assert nll[row].item() == pytest.approx(-math.log(every_transcript(logs[row])[truth]), rel=1e-9)
    assert scored.all() and scored.shape == (B,)


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_beam_finds_the_likeliest_transcript(seed: int) -> None:
    for row in random_logs(seed):
        truth = every_transcript(row)
        assert tuple(beam_search(row, 100)) == max(truth, key=lambda transcript: truth[transcript])


def test_the_best_path_may_spell_another_transcript_than_the_likeliest() -> None:
    # Graves' example: the blank is the likeliest symbol at both steps (0.36), "a" by three alignments is 0.64.
    logs = torch.tensor([[0.4, 0.0001, 0.6]] * 2).log()
    assert greedy(logs[None]) == [[]] and beam_search(logs, 5) == [0]


def test_greedy_merges_repeats_unless_a_blank_divides_them() -> None:
    paths = torch.tensor([[0, 0, 2, 0], [2, 1, 1, 0], [2, 2, 2, 2]])
    logs = torch.nn.functional.one_hot(paths, K + 1).double()
    assert greedy(logs) == [[0, 0], [1, 0], []]
    assert Transcript(K).mean(logs).tolist() == [[0, 0], [1, 0], [IGNORED, IGNORED]]


def batch(targets: Tensor, lengths: list[int]) -> Batch:
    return Batch(
        torch.zeros(B, T), torch.tensor(lengths), targets, torch.ones(B, dtype=torch.bool), torch.tensor([7, 8, 9])
    )


def test_padding_changes_neither_the_likelihood_nor_the_transcript() -> None:
    torch.manual_seed(1)
    task = Ctc(H, Discrete(K), Transcript(K, beam_size=4)).double()
    features, lengths = torch.randn(B, T, H, dtype=torch.float64), torch.tensor([2, 4, 3])
    targets = torch.tensor([[1, IGNORED], [0, 1], [0, IGNORED]])
    whole = task.outcome(task(features, lengths), batch(targets, lengths.tolist()))
    for row, length in enumerate(lengths.tolist()):
        logs = task.head(features[row, :length]).log_softmax(-1)
        expected = -math.log(every_transcript(logs.detach())[tuple(targets[row][targets[row] >= 0].tolist())])
        assert whole.nll[row].item() == pytest.approx(expected, rel=1e-9)
        found = whole.guess[row]
        assert found[found >= 0].tolist() == beam_search(logs.detach(), 4)
    gradient = torch.autograd.grad(whole.loss, task.head.weight)[0]
    assert gradient.isfinite().all() and gradient.abs().sum() > 0


def test_a_transcript_that_does_not_fit_is_named() -> None:
    task = Ctc(H, Discrete(K), Transcript(K))
    targets = torch.tensor([[0, 1], [1, 1], [0, IGNORED]])  # the second needs a blank between: 3 steps
    raw = task(torch.randn(B, T, H), torch.tensor([2, 2, 1]))
    with pytest.raises(DataError, match="a transcript of 2 symbols needs 3 steps, the encoder leaves 2") as caught:
        task.outcome(raw, batch(targets, [4, 4, 4]))
    assert "record 8" in str(caught.value)


def test_error_rates_are_edits_over_the_length_of_the_truth() -> None:
    scores = TranscriptScores(separator=3)
    truth = torch.tensor([[0, 1, 3, 2], [2, 2, IGNORED, IGNORED]])  # "ab c", "cc"
    guess = torch.tensor([[0, 3, 2, IGNORED], [2, 2, IGNORED, IGNORED]])  # "a c", "cc"
    nll = torch.tensor([2.0, 1.0])
    for row in range(2):
        part = slice(row, row + 1)
        scores.update(nll[part], torch.tensor([True]), guess[part], truth[part])
    figures = scores.compute()
    assert figures["loss"] == 1.5
    assert figures["symbol_error_rate"] == pytest.approx(1 / 6)  # one deletion in 4 + 2 symbols
    assert figures["word_error_rate"] == pytest.approx(1 / 3)  # "ab" of three words
    assert figures["exact_match"] == 0.5
    scores.reset()
    scores.update(nll[1:], torch.tensor([True]), guess[1:], truth[1:])
    assert scores.compute()["symbol_error_rate"] == 0.0
