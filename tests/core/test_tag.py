"""tag: one answer a step, its baselines, and weights of classes."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqkit import (
    IGNORED,
    Batch,
    ConfigError,
    DataError,
    Discrete,
    Domain,
    Encoder,
    ModelOptions,
    PathOption,
    Record,
    SequenceDataModule,
    Split,
    SymbolCodec,
    TagCodec,
)
from seqkit.build import build_model
from seqkit.data.store_building import build_store
from seqkit.inference.predict import predict_records
from seqkit.lecture.rungs import class_rungs
from seqkit.lecture.rungs.baselines import cheap_rungs
from seqkit.lecture.rungs.class_rungs import class_figures
from seqkit.tasks.class_weights import balanced_weights
from seqkit.tasks.distributions import Categorical
from seqkit.tasks.tag import Tag
from seqkit.training.trainer import build_trainer, train

WORDS = {"train": ["abab", "b", "aabba", "cab"], "valid": ["ba", "abc"], "test": ["bb"], "predict": ["ba", "abc"]}


class TurnData(SequenceDataModule):
    """Letters; a tag says whether a letter is the same as the one before it.

    Args:
        path: Not read.
        task: Only tag.
        options: Of the base class.
    """

    def __init__(self, path: PathOption = None, task: str = "tag", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec, self.target_codec = SymbolCodec("abc"), TagCodec()

    def records(self, split: Split) -> Iterator[Record]:
        for number, word in enumerate(WORDS[split]):
            tags = ["same" if n and word[n - 1] == letter else "new" for n, letter in enumerate(word)]
            yield Record(word, target=tags, origin=f"{split}:{number}")


TURNS = Domain("turns", TurnData, tasks=("tag",))


def test_each_step_has_a_loss_of_its_own_and_padding_none() -> None:
    torch.manual_seed(0)
    task, raw = Tag(4, Discrete(3), Categorical(3)), torch.randn(2, 5, 3)
    targets = torch.tensor([[0, 1, 2, 0, 1], [2, 0, 0, 0, 0]])  # what stands after the second row's end is no target
    outcome = task.outcome(
        raw, Batch(torch.zeros(2, 5), torch.tensor([5, 1]), targets, torch.ones(2).bool(), torch.arange(2))
    )
    nll = -raw.log_softmax(-1)
    expected = [nll[0, t, targets[0, t]] for t in range(5)] + [nll[1, 0, 2]]
    torch.testing.assert_close(outcome.loss, torch.stack(expected).mean())
    assert outcome.scored.sum() == 6 and outcome.targets[1, 1:].eq(IGNORED).all()


def test_an_encoder_that_shortens_time_is_refused() -> None:
    task = Tag(4, Discrete(3), Categorical(3))
    batch = Batch(torch.zeros(1, 4), torch.tensor([4]), torch.zeros(1, 4).long(), torch.ones(1).bool(), torch.arange(1))
    with pytest.raises(ConfigError, match="answers each step, but the encoder makes 2 of 4 steps"):
        task.outcome(torch.randn(1, 2, 3), batch)


def test_an_output_answers_for_each_step_that_the_encoder_made_one() -> None:
    torch.manual_seed(0)
    task = Tag(4, Discrete(3), Categorical(3), stride=2)
    features = torch.randn(1, 3, 4)
    raw = task(features, torch.tensor([3]))
    assert raw.shape == (1, 6, 3)
    weight, bias = task.head.weight, task.head.bias
    # Step 3 is the second of the second feature: rows 3 to 5 of the head.
    torch.testing.assert_close(raw[0, 3], features[0, 1] @ weight[3:].T + bias[3:])
    batch = Batch(torch.zeros(1, 5), torch.tensor([5]), torch.zeros(1, 5).long(), torch.ones(1).bool(), torch.arange(1))
    outcome = task.outcome(raw, batch)  # Five steps: the sixth answer lies past the end.
    torch.testing.assert_close(outcome.raw, raw[:, :5])
    assert outcome.scored.sum() == 5
    short = Batch(torch.zeros(1, 4), torch.tensor([4]), torch.zeros(1, 4).long(), torch.ones(1).bool(), torch.arange(1))
    with pytest.raises(ConfigError, match="makes 6 of 4 steps"):
        task.outcome(raw, short)


def test_the_stride_of_the_encoder_is_that_of_the_task() -> None:
    class Pairs(Encoder):
        pointwise, stride, d_model = False, 2, 6

        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Embedding(3, 6)

        def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            whole = torch.nn.functional.pad(self.table(x), (0, 0, 0, x.shape[1] % 2))
            return whole.reshape(len(x), -1, 2, 6).mean(2), (lengths + 1) // 2

    data = TurnData(batch_size=4)
    data.setup("fit")
    model = build_model(Domain("pairs", TurnData, lambda spec, d_model, task: Pairs(), ("tag",)), data, ModelOptions())
    batch = next(iter(data.loader("train")))
    outcome, _ = model.outcome(batch)
    assert outcome.raw.shape == (*batch.inputs.shape, 2)
    assert outcome.scored.sum() == batch.lengths.sum()
    assert [len(row["prediction"]) for row in predict_records(model, data, "test")] == [2]


def test_as_many_tags_as_steps(tmp_path: Path) -> None:
    tags = TagCodec(["new", "same"])
    with pytest.raises(DataError, match="1 tag for 2 steps") as caught:
        build_store([Record("ab", ["new"], "f:3")], SymbolCodec("ab"), tags, tmp_path / "s", aligned=True)
    assert "f:3" in str(caught.value)


def test_parts_of_a_record_bring_their_tags(tmp_path: Path) -> None:
    parts = [Record("ab", ["new", "new"], "f:0"), Record("bb", ["same", "same"], "f:0", continues=True)]
    store = build_store(parts, SymbolCodec("ab"), TagCodec(["new", "same"]), tmp_path / "s", aligned=True)
    assert store.offsets.tolist() == [0, 4] and store.target_offsets is not None and store.targets is not None
    assert store.target_offsets.tolist() == [0, 4] and store.targets.tolist() == [0, 0, 1, 1]


def test_baselines_are_the_most_frequent_tag_of_all_and_of_each_symbol() -> None:
    data = TurnData()
    data.setup("fit")
    figures = {rung.name: rung.figures for rung in cheap_rungs(data, "valid")}
    # Training: 11 of 13 letters are new; of b 4 of 5, of a and c more: both say "new" always. Validation: all 5 new.
    assert figures["majority"]["accuracy"] == figures["symbol_majority"]["accuracy"] == 1.0
    found = {rung.name: rung.figures for rung in cheap_rungs(data, "test")}
    loss = -(np.log(12 / 15) + np.log(3 / 15)) / 2  # one is added to 11 and 2
    assert found["majority"] == pytest.approx(
        # "bb": new, same; F1 of new 2/3, of same 0
        {"loss": loss, "accuracy": 0.5, "macro_f1": 1 / 3, "matthews": 0.0}
    )


def test_baselines_of_many_tags_are_counted_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_rungs, "_COUNTED_TOGETHER", 1 << 10)
    truth = np.tile(np.array([0, 1, 1, 2], np.uint8), 1 << 18)
    tracemalloc.start()
    figures = class_figures(truth, np.broadcast_to(np.int64(1), len(truth)), 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # F1 of class 1: 2 * 2 / (4 + 2), of the others 0.
    assert figures == pytest.approx({"accuracy": 0.5, "macro_f1": 2 / 9, "matthews": 0.0})
    assert peak < truth.nbytes  # 2 x 8 bytes a tag otherwise


def test_a_run_learns_tags_and_predicts_one_for_each_step() -> None:
    torch.manual_seed(0)
    data = TurnData(batch_size=4)
    data.setup("fit")
    model = build_model(TURNS, data, ModelOptions(hidden_size=16, learning_rate=0.03, class_weights="balanced"))
    train(model, data, build_trainer({"max_epochs": 200, "logger": False, "accelerator": "cpu"}, None, quiet=True))
    rows = list(predict_records(model, data, "test"))
    assert rows == [{"origin": "test:0", "prediction": ["new", "same"]}]


def test_balanced_classes_weigh_the_same_in_total() -> None:
    torch.manual_seed(0)
    data = TurnData(batch_size=4)
    data.setup("fit")
    model = build_model(TURNS, data, ModelOptions(hidden_size=8, class_weights="balanced"))
    batch = next(iter(data.loader("valid")))
    weights = balanced_weights(np.array([11.0, 2.0]))
    assert (weights * [11, 2]).tolist() == pytest.approx([6.5, 6.5])
    model.class_weights = torch.tensor(weights, dtype=torch.float32)
    outcome, _ = model.outcome(batch)
    nll, targets = outcome.nll[outcome.scored], outcome.targets[outcome.scored]
    own = model.class_weights[targets]
    torch.testing.assert_close(model._weighted(outcome), (own * nll).sum() / own.sum())


def test_tags_are_learnt_encoded_and_decoded() -> None:
    codec = TagCodec()
    codec.fit([["b", "a", "b"], ["c"]])
    assert codec.spec == Discrete(3) and codec.encode(["c", "a"]).tolist() == [2, 0]
    assert codec.decode(torch.tensor([1, 1, 0])) == ["b", "b", "a"] and codec.encode([]).tolist() == []
    with pytest.raises(DataError, match="label 'd' does not occur"):
        codec.encode(["a", "d"])
