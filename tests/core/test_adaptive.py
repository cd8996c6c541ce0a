"""Adaptive softmax: held against torch's own, and against the whole distribution written out."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqkit.steps import IGNORED
from seqkit.tasks.adaptive import AdaptiveSoftmax
from seqkit.tasks.distributions import Categorical

K, H, CUTOFFS = 29, 6, [5, 12, 20]
ORDER = torch.randperm(K, generator=torch.Generator().manual_seed(3))


def make_head(shrink: float = 1.0, ordered: bool = False, dtype: torch.dtype = torch.float64) -> AdaptiveSoftmax:
    torch.manual_seed(1)
    head = AdaptiveSoftmax(H, K, CUTOFFS, shrink).to(dtype)
    for parameter in head.parameters():
        nn.init.normal_(parameter)
    if not ordered:
        head.set_order(ORDER)
    return head


def written_out(head: AdaptiveSoftmax, features: Tensor) -> Tensor:
    """The probabilities of all symbols, (N, H) -> (N, K), one at a time by the definition."""
    bounds = [*CUTOFFS, K]
    by_rank = head.weight[head.order] if head.shared else head.weight
    first = torch.cat(
        [
            features @ by_rank[: CUTOFFS[0]].T + head.bias[: CUTOFFS[0]],
            features @ head.gates.weight.T + head.gates.bias,
        ],
        1,
    ).exp()
    first = first / first.sum(1, keepdim=True)
    parts = [first[:, : CUTOFFS[0]]]
    for number, (begin, end) in enumerate(pairwise(bounds)):
        table = by_rank[begin:end] if head.shared else head.tails[number]
        seen = features if head.shared else head.projections[number](features)
        own = (seen @ table.T + head.bias[begin:end]).exp()
        parts.append(first[:, CUTOFFS[0] + number, None] * own / own.sum(1, keepdim=True))
    found = torch.empty(len(features), K, dtype=features.dtype)
    found[:, head.order] = torch.cat(parts, 1)
    return found


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("shrink", [1.0, 2.0])
def test_the_whole_distribution_is_that_of_the_definition(shrink: float, ordered: bool) -> None:
    head, features = make_head(shrink, ordered), torch.randn(2, 4, H, dtype=torch.float64)
    logs = head(features)
    assert logs.shape == (2, 4, K)
    torch.testing.assert_close(logs.exp(), written_out(head, features.reshape(-1, H)).reshape(2, 4, K))
    torch.testing.assert_close(logs.logsumexp(-1), torch.zeros(2, 4, dtype=torch.float64))
    torch.testing.assert_close(head(features[0, 0]), logs[0, 0])


@pytest.mark.parametrize("shrink", [1.0, 2.0])
def test_nats_and_gradients_are_those_of_the_whole_distribution(shrink: float) -> None:
    head = make_head(shrink)
    features = torch.randn(3, 7, H, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(K, (3, 7))
    targets[1, 4:] = IGNORED
    wanted = [features, *head.parameters()]
    nll, scored = head.nll(features, targets)
    whole, expected_scored = Categorical(K).nll(head(features), targets)
    assert torch.equal(scored, expected_scored) and int(scored.sum()) == 18
    torch.testing.assert_close(nll, whole)
    assert nll[1, 4:].tolist() == [0.0] * 3
    weights = torch.rand(3, 7, dtype=torch.float64)
    found = torch.autograd.grad((nll * weights).sum(), wanted)
    expected = torch.autograd.grad((whole * weights).sum(), wanted)
    for own, reference in zip(found, expected, strict=True):
        torch.testing.assert_close(own, reference)


def test_it_agrees_with_torchs_own() -> None:
    hidden = 128  # / 2 and / 4: not below the least width
    torch.manual_seed(0)
    theirs: Any = nn.AdaptiveLogSoftmaxWithLoss(hidden, K, CUTOFFS[:2], div_value=2.0, head_bias=True).double()
    ours: Any = AdaptiveSoftmax(hidden, K, CUTOFFS[:2], shrink=2.0).double()
    with torch.no_grad():
        ours.bias.zero_()
        first = CUTOFFS[0]
        ours.weight.copy_(theirs.head.weight[:first])
        ours.gates.weight.copy_(theirs.head.weight[first:])
        ours.bias[:first], ours.gates.bias[:] = theirs.head.bias[:first], theirs.head.bias[first:]
        for number, tail in enumerate(theirs.tail):
            ours.projections[number].weight.copy_(tail[0].weight)
            ours.tails[number].copy_(tail[1].weight)
    features, targets = torch.randn(11, hidden, dtype=torch.float64, requires_grad=True), torch.randint(K, (11,))
    nll, _ = ours.nll(features, targets)
    expected = theirs(features, targets)
    torch.testing.assert_close(nll, -expected.output)
    torch.testing.assert_close(ours(features), theirs.log_prob(features))
    assert torch.equal(ours.argmax(features), theirs.predict(features))
    torch.testing.assert_close(torch.autograd.grad(nll.mean(), features), torch.autograd.grad(expected.loss, features))


@pytest.mark.parametrize("targets", [ORDER[:4], ORDER[25:29], torch.full((4,), IGNORED)])
def test_clusters_without_a_target_get_gradients_of_zero(targets: Tensor) -> None:
    for shrink in (1.0, 2.0):
        head = make_head(shrink)
        features = torch.randn(4, H, dtype=torch.float64)
        nll, _ = head.nll(features, targets)
        torch.testing.assert_close(nll, Categorical(K).nll(head(features), targets)[0])
        nll.sum().backward()  # type: ignore[no-untyped-call]
        assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in head.parameters())


@pytest.mark.parametrize("shrink", [1.0, 2.0])
def test_the_likeliest_symbol_is_that_of_the_whole_distribution(shrink: float) -> None:
    head, features = make_head(shrink), 2 * torch.randn(40, 5, H, dtype=torch.float64)
    expected = head(features).argmax(-1)
    assert torch.equal(head.argmax(features), expected)
    clusters = torch.bucketize(head.rank[expected], torch.tensor(CUTOFFS), right=True)
    assert set(clusters.flatten().tolist()) == {0, 1, 2, 3}, "the example must reach every cluster"


def test_a_tail_whose_gate_is_unlikely_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    head = make_head(ordered=True)
    with torch.no_grad():
        head.gates.weight.zero_()
        head.gates.bias.fill_(-50.0)
        head.weight[CUTOFFS[0] :] = torch.nan  # Whoever looks there finds out.
    features = torch.randn(9, H, dtype=torch.float64)
    scores = features @ head.weight[: CUTOFFS[0]].T + head.bias[: CUTOFFS[0]]
    assert torch.equal(head.argmax(features), scores.argmax(-1))


def test_the_first_guess_is_even() -> None:
    torch.manual_seed(0)
    head = AdaptiveSoftmax(64, 1000, [20, 200])
    logs = head(torch.zeros(1, 64)).detach()  # what is left are the biases, of at most 1 / 8
    assert float((logs + math.log(1000)).abs().max()) < 0.5


def test_half_precision_features_give_nats_in_single() -> None:
    for shrink in (1.0, 2.0):
        head = make_head(shrink, dtype=torch.float32)
        features, targets = torch.randn(37, H, requires_grad=True), torch.randint(K, (37,))
        targets[3] = IGNORED
        exact, _ = head.nll(features, targets)
        with torch.autocast("cpu", torch.bfloat16):  # tails see more rows than they have targets
            nll, _ = head.nll(features.bfloat16(), targets)
            logs = head(features.bfloat16())
        assert nll.dtype == logs.dtype == torch.float32
        torch.testing.assert_close(nll, exact, rtol=0.03, atol=0.2)
        wanted = [features, head.weight, head.bias]
        found, expected = torch.autograd.grad(nll.sum(), wanted), torch.autograd.grad(exact.sum(), wanted)
        for own, reference in zip(found, expected, strict=True):
            assert float((own - reference).norm() / reference.norm()) < 0.03
        torch.testing.assert_close(head.argmax(features.bfloat16()), head(features.bfloat16()).argmax(-1))


@pytest.mark.parametrize("shrink", [1.0, 2.0])
def test_an_order_that_is_loaded_is_the_one_that_counts(shrink: float) -> None:
    trained, loaded = (AdaptiveSoftmax(4, 9, [3, 6], shrink) for _ in range(2))
    trained.set_order(torch.tensor([8, 1, 5, 0, 2, 7, 3, 6, 4]))
    loaded.load_state_dict(trained.state_dict())
    features = torch.randn(5, 4)
    assert torch.equal(loaded(features), trained(features))
    targets = torch.tensor([8, 0, 3, 4, 1])
    nats = -trained(features).gather(1, targets[:, None])[:, 0]
    torch.testing.assert_close(loaded.nll(features, targets)[0], nats)
