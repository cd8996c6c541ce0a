"""A language model with an adaptive softmax, through every part of the toolkit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqkit import ConfigError, Domain, Record, SequenceDataModule, SymbolCodec
from seqkit.build import build_model, describe
from seqkit.inference.generate import continue_sequences
from seqkit.inference.judge import Judge
from seqkit.inference.likelihood import read_pieces
from seqkit.options import ModelOptions
from seqkit.steps import Split
from seqkit.tasks.base import ClusteredOutcome
from seqkit.tasks.clusters import choose_cutoffs, expected_scores, rank_symbols, require_cutoffs
from seqkit.tasks.distributions import Categorical
from seqkit.testing import Bench, Check, parametrize_with_checks

LETTERS = "abcdefghijklmnopqrstuvwxyz"
COMMON_LAST = np.arange(1, 27) ** 2 / np.sum(np.arange(1, 27) ** 2)


class RareFirst(SequenceDataModule):
    """Letters of which the last are common, so that ids must be put in order."""

    def __init__(self, path: str | None = None, task: str = "next_step", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = self.target_codec = SymbolCodec(LETTERS)

    def records(self, split: Split) -> Iterable[Record]:
        rng = np.random.default_rng({"train": 0, "valid": 1}.get(split, 2))
        for number in range(40):
            drawn = rng.choice(26, size=20 + number, p=COMMON_LAST)
            yield Record("".join(LETTERS[k] for k in drawn), origin=f"made:{number}")


def letters(name: str, **model: Any) -> Domain:
    defaults = {f"model.{key}": value for key, value in model.items()}
    return Domain(name, RareFirst, tasks=("next_step",), defaults={"next_step": defaults})


TIED = letters("tied", softmax="adaptive", tie_weights=True, cutoffs=[4, 12])
OWN = letters("own", softmax="adaptive", cutoffs=[4, 12])
CHOSEN = letters("chosen", softmax="adaptive", tie_weights=True)


@parametrize_with_checks([TIED, OWN, CHOSEN])
def test_the_laws_hold(bench: Bench, check: Check) -> None:
    check(bench)


def test_common_symbols_are_in_the_shortlist() -> None:
    bench = Bench(TIED, "next_step")
    counts = np.bincount(bench.data.store("train").steps, minlength=26)
    head: Any = bench.model.task.head
    assert head.order[:4].tolist() == sorted(np.argsort(-counts, kind="stable")[:4].tolist())
    assert head.order[12:].tolist() == sorted(np.argsort(-counts, kind="stable")[12:].tolist())
    assert head.rank[head.order].tolist() == list(range(26))


def test_a_model_for_saved_weights_looks_at_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(CHOSEN, "next_step")
    cutoffs = describe(CHOSEN, bench.data, bench.model, {})["cutoffs"]
    assert cutoffs == bench.model.task.head.cutoffs
    data = bench.fresh_data()
    data.restore_codecs(bench.data.codec.state(), bench.data.target_codec.state())
    monkeypatch.setattr(data, "store", lambda split: pytest.fail(f"the split {split} was read"))
    model = build_model(CHOSEN, data, bench.model.options, cutoffs=cutoffs).double().eval()
    model.load_state_dict(bench.model.state_dict())
    torch.testing.assert_close(model.answer(bench.batch)[0], bench.model.answer(bench.batch)[0], rtol=0, atol=0)


@torch.no_grad()
def test_training_nats_are_those_of_the_whole_distribution() -> None:
    for own in (TIED, OWN):
        bench = Bench(own, "next_step")
        outcome, state = bench.model.outcome(bench.batch)
        raw, _, after = bench.model.answer(bench.batch)
        nll, scored = Categorical(26).nll(raw, outcome.targets)
        assert isinstance(outcome, ClusteredOutcome)
        torch.testing.assert_close(outcome.nll, nll)
        assert torch.equal(outcome.scored, scored) and not bool(scored.all())
        assert torch.equal(outcome.guess, raw.argmax(-1))
        for found, expected in zip(state, after, strict=True):
            torch.testing.assert_close(found, expected)


def test_scoring_judging_and_generating_agree() -> None:
    bench = Bench(TIED, "next_step")
    text = "zyxwzabz"
    judged = next(Judge(bench.model, bench.data).log_likelihoods([text]))
    steps = bench.data.codec.encode(text)
    with torch.no_grad():
        logs = bench.model(steps[None, :-1], torch.tensor([7]))[0]
        expected = bench.model.task(logs, torch.tensor([7]))[0].gather(1, steps[1:, None])[:, 0]
    np.testing.assert_allclose(judged, expected.numpy())
    store = bench.data.store("valid")
    pieces = [p for p in read_pieces(bench.model, bench.data, store, tails=False) if p.record == 3]
    first = next(Judge(bench.model, bench.data).log_likelihoods([bench.data.codec.decode(store.sequence(3))]))
    np.testing.assert_allclose(np.concatenate([p.nll_nats for p in pieces]), -first)
    drawn = continue_sequences(bench.model, [steps], num_steps=5, num_samples=2)
    assert drawn[0].shape == (2, 5) and int(drawn[0].max()) < 26


def test_a_tied_table_is_one_matrix() -> None:
    model: Any = Bench(TIED, "next_step").model
    assert model.encoder.map.weight is model.task.head.weight
    assert model.task.head.weight.shape == (26, 16)


@pytest.mark.parametrize("softmax", ["full", "adaptive"])
def test_a_tied_table_gets_the_gradient_of_both_uses(softmax: str) -> None:
    bench = Bench(TIED, "next_step")
    options = ModelOptions(hidden_size=8, tie_weights=True, softmax=softmax)  # type: ignore[arg-type]
    model: Any = build_model(TIED, bench.data, options).double()
    assert model.encoder.map.tied
    found = torch.autograd.grad(model.outcome(bench.batch)[0].loss, model.task.head.weight)[0]
    model.encoder.map.tied = False
    expected = torch.autograd.grad(model.outcome(bench.batch)[0].loss, model.task.head.weight)[0]
    assert found.layout is torch.strided  # AdamW takes no other
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"softmax": "full", "cutoffs": [3]}, "this one is full"),
        ({"softmax": "adaptive", "label_smoothing": 0.1}, "probability of every symbol"),
        ({"softmax": "adaptive", "cutoffs": [3, 3]}, "do not divide 26 symbols"),
        ({"softmax": "adaptive", "cutoffs": [4, 26]}, "do not divide 26 symbols"),
        ({"softmax": "adaptive", "cutoffs": []}, "do not divide 26 symbols"),
        ({"softmax": "adaptive", "tie_weights": True, "d_model": 5}, "can be tied only"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], reason: str) -> None:
    bench = Bench(TIED, "next_step")
    with pytest.raises(ConfigError, match=reason):
        build_model(TIED, bench.data, ModelOptions(hidden_size=8, **options))


def test_tasks_of_few_classes_are_refused() -> None:
    from seqkit_text import DOMAIN

    data = DOMAIN.datamodule(task="classify")
    data.setup("fit")
    with pytest.raises(ConfigError, match="nothing to save"):
        build_model(DOMAIN, data, ModelOptions(softmax="adaptive"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"softmax": "adaptive"}, r"the steps are numbers(.|\n)*leave it out"),
        ({"tie_weights": True}, r"can be tied only(.|\n)*leave it out; it belongs to next_step over symbols"),
    ],
)
def test_what_belongs_to_symbols_is_refused_for_numbers(options: dict[str, Any], message: str) -> None:
    from seqkit_timeseries import DOMAIN

    data = DOMAIN.datamodule(task="next_step")
    data.setup("fit")
    with pytest.raises(ConfigError, match=message):
        build_model(DOMAIN, data, ModelOptions(**options))


def test_a_single_symbol_is_refused() -> None:
    data = RareFirst()
    data.codec = data.target_codec = SymbolCodec("a")
    with pytest.raises(ConfigError, match="nothing to save"):
        build_model(TIED, data, ModelOptions(softmax="adaptive"))


def test_the_chosen_cutoffs_need_the_fewest_scores() -> None:
    counts = 1000.0 / np.arange(1, 41)
    share = np.concatenate([[0.0], np.cumsum(counts)]) / counts.sum()
    found = choose_cutoffs(np.random.default_rng(0).permutation(counts), num_tails=2)
    best = min(expected_scores(share, [a, b]) for a in range(1, 39) for b in range(a + 1, 40))
    assert expected_scores(share, found) <= 1.01 * best
    # By hand: 2 + 1 scores for all, and the 2 of the tail for the quarter that lies in it.
    assert expected_scores(np.array([0.0, 0.5, 0.75, 0.9, 1.0]), [2]) == pytest.approx(3 + 0.25 * 2)
    assert choose_cutoffs(np.array([3.0, 1.0])) == [1]


def test_ids_that_come_by_frequency_stay_as_they_are() -> None:
    counts = np.array([0.0, 5000.0, 4000.0, 9.0, 8.0, 3.0, 3.0, 1.0])
    assert rank_symbols(counts, [4, 6]).tolist() == list(range(8))  # <unk>, which was never seen, leads the ids
    assert rank_symbols(counts[::-1], [2, 4]).tolist() == [5, 6, 3, 4, 0, 1, 2, 7]


def test_cutoffs_divide_the_symbols() -> None:
    require_cutoffs([1, 2], 3)
    with pytest.raises(ConfigError, match=r"\[2, 1\] do not divide 3 symbols"):
        require_cutoffs([2, 1], 3)


def test_a_run_needs_nothing_but_its_checkpoint(tmp_path: Path) -> None:
    from seqkit.api import fit

    options: Any = {"tokens": "words", "hidden_size": 8, "softmax": "adaptive", "tie_weights": True, "max_epochs": 1}
    run = fit("text", run=str(tmp_path / "run"), limit_train_batches=3, limit_val_batches=2, **options)
    head = run.loaded.model.task.head
    assert head.cutoffs == run.loaded.blueprint["cutoffs"]
    figures = run.validate()
    assert figures["perplexity"] == pytest.approx(math.exp(figures["loss"]), rel=1e-3)
