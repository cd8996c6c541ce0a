"""Tasks: what is scored, how a record is pooled, how readings are averaged."""

from typing import get_args

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from seqkit import IGNORED, Batch, Codec, Continuous, Discrete, ModelOptions, SequenceModel, StepEncoder, SymbolCodec
from seqkit.backbone.cells import LSTMCell
from seqkit.backbone.stack import Stack
from seqkit.tasks.classify import Classify, Pooling
from seqkit.tasks.distributions import Categorical, Normal
from seqkit.tasks.next_step import NextStep

B, T, H, K = 3, 5, 4, 6
LENGTHS = torch.tensor([3, 5, 1])
POOLINGS = get_args(Pooling)


def batch(targets: Tensor, inputs: Tensor | None = None) -> Batch:
    steps = torch.zeros(B, T, dtype=torch.int64) if inputs is None else inputs
    return Batch(steps, LENGTHS, targets, torch.ones(B, dtype=torch.bool), torch.arange(B))


def test_the_loss_of_next_step_is_the_mean_over_scored_steps_only() -> None:
    torch.manual_seed(0)
    task, targets = NextStep(H, Discrete(K), Categorical(K)), torch.randint(K, (B, T))
    targets[1, 2] = IGNORED
    raw = torch.randn(B, T, K)
    outcome = task.outcome(raw, batch(targets))
    scored = [(b, t) for b in range(B) for t in range(int(LENGTHS[b])) if (b, t) != (1, 2)]
    assert outcome.scored.sum() == len(scored) == 8
    losses = [-raw[b, t].log_softmax(-1)[targets[b, t]] for b, t in scored]
    torch.testing.assert_close(outcome.loss, torch.stack(losses).mean())
    assert torch.equal(outcome.guess, raw.argmax(-1))


def test_the_loss_of_numbers_leaves_out_missing_values_and_padding() -> None:
    torch.manual_seed(0)
    task, targets = NextStep(H, Continuous(2), Normal(2)), torch.randn(B, T, 2)
    targets[0, 1, 1] = torch.nan
    raw = torch.randn(B, T, 4, requires_grad=True)
    outcome = task.outcome(raw, batch(targets))
    assert outcome.scored.sum() == 2 * 9 - 1
    whole, _ = task.output.nll(raw, targets)
    inside = torch.arange(T) < LENGTHS[:, None]
    torch.testing.assert_close(outcome.loss, whole[inside].sum() / 17)
    (gradient,) = torch.autograd.grad(outcome.loss, raw)
    assert gradient.isfinite().all() and gradient[~inside].eq(0).all()


def test_nothing_scored_is_a_loss_of_zero() -> None:
    outcome = NextStep(H, Discrete(K), Categorical(K)).outcome(torch.randn(B, T, K), batch(torch.full((B, T), IGNORED)))
    assert outcome.loss == 0 and not outcome.scored.any()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_ignores_padding(pooling: Pooling) -> None:
    torch.manual_seed(1)
    task, features = Classify(H, Discrete(K), Categorical(K), pooling=pooling), torch.randn(B, T, H)
    padding = torch.arange(T) >= LENGTHS[:, None]
    other = features.masked_fill(padding[..., None], 1e4)
    assert torch.equal(task(features, LENGTHS), task(other, LENGTHS))
    alone = task(features[:1, :3], LENGTHS[:1])
    torch.testing.assert_close(task(features, LENGTHS)[:1], alone)


def test_pooled_values_are_those_of_the_definition() -> None:
    torch.manual_seed(1)
    features = torch.randn(B, T, H)
    tasks = {pooling: Classify(H, Discrete(K), Categorical(K), pooling=pooling) for pooling in POOLINGS}
    attention = tasks["attention"].attention
    assert attention is not None
    for row, length in enumerate(LENGTHS.tolist()):
        valid = features[row, :length]
        expected = {
            "last": valid[-1],
            "mean": valid.mean(0),
            "max": valid.max(0).values,
            "attention": (valid @ attention.weight[0]).softmax(0) @ valid,
        }
        for pooling, task in tasks.items():
            torch.testing.assert_close(task.pool(features, LENGTHS)[row], expected[pooling])


def test_classify_scores_each_record_once() -> None:
    raw, truth = torch.tensor([[0.0, 2.0], [1.0, 0.0], [3.0, 0.0]]), torch.tensor([1, 1, 0])
    outcome = Classify(H, Discrete(2), Categorical(2)).outcome(raw, batch(truth[:, None]))
    torch.testing.assert_close(outcome.loss, functional.cross_entropy(raw, truth))
    assert outcome.guess.tolist() == [1, 0, 0] and outcome.scored.all()


def test_dropout_before_the_head_works_in_training_only() -> None:
    task, features = Classify(H, Discrete(K), Categorical(K), dropout=0.5), torch.randn(B, T, H)
    torch.manual_seed(0)
    assert not torch.equal(task.train()(features, LENGTHS), task(features, LENGTHS))
    assert torch.equal(task.eval()(features, LENGTHS), task(features, LENGTHS))


class BackwardsCodec(Codec):
    """A record means the same when read from its other end."""

    spec = Discrete(K)

    def encode(self, value: Tensor) -> Tensor:
        return value

    def decode(self, steps: Tensor) -> Tensor:
        return steps

    def mirror(self, steps: Tensor, lengths: Tensor) -> Tensor:
        rows = [torch.cat([row[:n].flip(0), row[n:]]) for row, n in zip(steps, lengths.tolist(), strict=True)]
        return torch.stack(rows)


def mirrored_model() -> SequenceModel:
    torch.manual_seed(2)
    encoder, backbone = StepEncoder(Discrete(K), H), Stack(LSTMCell, H, H)
    codec = BackwardsCodec()
    task = Classify(H, Discrete(3), Categorical(3))
    return SequenceModel(encoder, backbone, task, codec, SymbolCodec("abc"), ModelOptions())


def test_equivalent_readings_are_averaged_as_probabilities() -> None:
    model, steps = mirrored_model().eval(), torch.randint(K, (B, T), generator=torch.Generator().manual_seed(3))
    data = batch(torch.zeros(B, dtype=torch.int64), steps)
    readings = []
    for inputs in (steps, model.codec.mirror(steps, LENGTHS)):
        assert inputs is not None
        outputs, lengths, _, _ = model(inputs, LENGTHS)
        readings.append(model.task(outputs, lengths).softmax(-1))
    raw, _, _ = model.answer(data)
    torch.testing.assert_close(raw.softmax(-1), (readings[0] + readings[1]) / 2)
    assert not torch.allclose(readings[0][1], readings[1][1])
    turned = batch(data.targets, model.codec.mirror(steps, LENGTHS))
    torch.testing.assert_close(model.answer(turned)[0].softmax(-1), raw.softmax(-1))


def test_training_reads_each_record_in_one_way_at_random() -> None:
    model, steps = mirrored_model().train(), torch.randint(K, (B, T), generator=torch.Generator().manual_seed(3))
    data = batch(torch.zeros(B, dtype=torch.int64), steps)
    ways = [model.task(model(x, LENGTHS)[0], LENGTHS) for x in (steps, BackwardsCodec().mirror(steps, LENGTHS))]
    seen = set()
    for _ in range(30):
        raw = model.answer(data)[0]
        matches = [torch.isclose(raw[1], way[1]).all().item() for way in ways]
        assert sum(matches) == 1
        seen.add(matches.index(True))
    assert seen == {0, 1}
