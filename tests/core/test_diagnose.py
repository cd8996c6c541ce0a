"""`diagnose` as a whole: what the lecture says of tanh and LSTM, on data; every task; a model left as it was."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import seqkit
from seqkit import (
    ConfigError,
    Domain,
    Encoder,
    LabelCodec,
    Record,
    Run,
    SequenceDataModule,
    SequenceModel,
    Split,
    StandardCodec,
    SymbolCodec,
    TagCodec,
)
from seqkit.build import TASKS, build_model
from seqkit.lecture.instruments.choosing import choose_records
from seqkit.lecture.instruments.clipping import clip_threshold, logged_shares, measure_clipping
from seqkit.lecture.instruments.diagnose import DiagnoseOptions, describe_cell, diagnose
from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.recorder import recorded
from seqkit.options import ModelOptions
from seqkit.training.checkpoint import Loaded

LAG = 60
SMALL = DiagnoseOptions(num_steps=32, num_records=4, num_jacobians=2, num_batches=2)


class RecallData(SequenceDataModule):
    """The answer is the first letter, `a` or `b`; sixty letters of filler follow it.

    Args:
        task: What is asked.
        options: Of the base class.
    """

    def __init__(self, task: str = "classify", **options: Any) -> None:
        super().__init__(task=task, **options)
        self.codec, self.target_codec = SymbolCodec("abxyz"), LabelCodec()

    def records(self, split: Split) -> Iterator[Record]:
        return self.divide(self.read, split)

    def read(self, path: object) -> Iterator[Record]:
        rng = np.random.default_rng(1)
        for number in range(200):
            answer = "ab"[number % 2]
            yield Record(answer + "".join(rng.choice(list("xyz"), LAG)), answer, f"demo:{number}")


class SeriesTasks(SequenceDataModule):
    """Noisy waves of differing length for every task, with a transcript of two letters for ctc.

    Args:
        task: What is asked.
        options: Of the base class.
    """

    horizon, look_back, steps_per_second = 5, 20, 8000.0

    def __init__(self, task: str = "next_step", **options: Any) -> None:
        super().__init__(task=task, **options)
        self.codec = StandardCodec(2)
        self.target_codec = {
            "classify": LabelCodec(), "tag": TagCodec(), "ctc": SymbolCodec("ab"),
        }.get(task, self.codec)  # fmt: skip

    def records(self, split: Split) -> Iterator[Record]:
        return self.divide(self.read, split)

    def read(self, path: object) -> Iterator[Record]:
        rng = np.random.default_rng(2)
        for number in range(40):
            values = np.sin(np.arange(40 + number % 7) / 3)[:, None] + rng.normal(0, 0.1, (40 + number % 7, 2))
            tags = ["up" if v > 0 else "down" for v in values[:, 0]]
            target = {"classify": "ab"[number % 2], "tag": tags, "ctc": "ab" if number % 2 else "ba"}.get(self.task)
            yield Record(values, target, f"wave:{number}")


class Halving(Encoder):
    """Pairs of steps, side by side.

    Args:
        num_features: F.
        d_model: D.
    """

    pointwise, stride = False, 2

    def __init__(self, num_features: int, d_model: int) -> None:
        super().__init__()
        self.d_model, self.map = d_model, nn.Linear(2 * num_features, d_model)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if x.shape[1] % 2:
            x = torch.cat([x, torch.zeros_like(x[:, :1])], dim=1)
        return self.map(x.reshape(len(x), -1, 2 * x.shape[2])), (lengths + 1) // 2


RECALL = Domain("recall", RecallData, tasks=("classify",))
WAVES = Domain("waves", SeriesTasks, tasks=tuple(TASKS))
PAIRS = Domain("pairs", SeriesTasks, lambda spec, d_model, task: Halving(spec.num_features, d_model), tuple(TASKS))


def load(domain: Domain, task: str, **options: Any) -> Loaded:
    data = domain.datamodule(task=task, batch_size=8)
    data.setup()
    torch.manual_seed(0)
    model = build_model(domain, data, ModelOptions(**{"hidden_size": 8, **options}))
    return Loaded(domain, data, model.eval(), {})


@pytest.fixture(scope="module")
def recalled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Diagnosis]:
    """Two models after a short training on the same data."""
    folder = tmp_path_factory.mktemp("recall")
    cells: dict[str, dict[str, Any]] = {
        "rnn": {"cell": "rnn"},
        "lstm": {"cell": "lstm", "initialisation": "chrono", "memory": 10 * LAG},
    }
    runs = {
        name: seqkit.fit(
            RECALL, run=folder / name, quiet=True, task="classify", pooling="last", hidden_size=24, max_epochs=2,
            batch_size=16, warmup_steps=5, accelerator="cpu", **options,
        )
        for name, options in cells.items()
    }  # fmt: skip
    return {name: run.diagnose(num_records=8, num_jacobians=2) for name, run in runs.items()}


def test_the_gradient_decays_in_tanh_and_holds_in_the_lstm_on_the_same_data(recalled: dict[str, Diagnosis]) -> None:
    tanh, lstm = (recalled[name].flow("layer 1").median for name in ("rnn", "lstm"))
    assert len(tanh) == len(lstm) == LAG + 1
    assert tanh[0] == lstm[0] == 1.0
    assert tanh[50] < 1 / 100
    assert 1 / 10 < lstm[50] < 10 and lstm[1:].min() > 1 / 10
    assert recalled["rnn"].memories[0].verdict == "vanishes"
    assert recalled["lstm"].memories[0].verdict == "holds"
    assert recalled["lstm"].lines == (
        "layer 1: holds over all 60 steps; the records are too short to tell how much further it reaches",
    )
    assert recalled["rnn"].memories[0].growth < 0.95 < recalled["lstm"].memories[0].growth
    # The product of Jacobians says the same without any loss.
    assert recalled["rnn"].jacobians[0].growth < 0.95 < recalled["lstm"].jacobians[0].growth
    # What carries the gradient is c, through the open forget gates.
    carried = recalled["lstm"].flow("layer 1", "c").median
    assert carried[50] > 10 * recalled["lstm"].flow("layer 1", "h").median[50]
    assert recalled["lstm"].time_constants[0].quantiles[2] > 10


@pytest.mark.parametrize(
    ("task", "cell"),
    [("classify", "rnn"), ("ctc", "gru"), ("forecast", "lstm"), ("next_step", "lstm"), ("tag", "mingru")],
)
def test_every_task_is_diagnosed(task: str, cell: str) -> None:
    loaded = load(WAVES, task, cell=cell, num_layers=2, residual=task == "tag")
    found = diagnose(loaded, SMALL)
    assert found.layers == ("layer 1", "layer 2") and found.task == task
    assert found.num_outputs == (20 if task == "forecast" else 32)
    for memory in found.memories:
        assert memory.verdict in ("vanishes", "holds") and " ms" in memory.line
        assert 0 < memory.most <= found.num_outputs
        limit = "the windows (--data.look_back) are" if task == "forecast" else "32 outputs (--steps) are"
        assert (limit in memory.line) == memory.limited
    for flow in found.flows:
        assert flow.counts[0] >= found.num_records and np.isfinite(flow.quantiles).all()
    assert len(found.clipping.norms) == 2 and (found.clipping.norms > 0).all()
    assert (len(found.shown.nats) == len(found.shown.steps)) == (task in ("next_step", "tag"))
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("task", ["classify", "tag", "ctc", "forecast"])
def test_both_directions_are_diagnosed(task: str) -> None:
    found = diagnose(load(WAVES, task, bidirectional=True), SMALL)
    assert found.layers == ("layer 1 forward", "layer 1 backward") and found.bidirectional
    assert {flow.layer for flow in found.flows} == set(found.layers)
    shapes = {gate.values.shape[0] for gate in found.gates}
    assert len(shapes) == 1  # both over the same steps of the record


@pytest.mark.parametrize("task", ["classify", "tag", "ctc", "forecast"])
def test_memory_is_in_steps_of_the_records_where_the_encoder_shortens_time(task: str) -> None:
    found = diagnose(load(PAIRS, task, cell="gru"), SMALL)
    assert found.steps_per_output == 2.0
    lags = found.flow("layer 1").lags
    assert found.memories[0].most == 2 * lags[-1]
    assert abs(len(found.shown.steps) - 2 * len(found.gates[0].values)) <= 1
    if task == "tag":
        assert len(found.shown.nats) == len(found.shown.steps)


def test_the_ratio_of_an_encoder_that_does_not_say_it_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Halving, "stride", 1)
    found = diagnose(load(PAIRS, "classify"), SMALL)
    assert found.steps_per_output == pytest.approx(2.0, rel=0.05)


def test_the_loss_of_a_step_is_followed_and_no_other(melody: Domain) -> None:
    loaded = load(melody, "next_step", cell="rnn")
    model, data = loaded.model, loaded.data
    found = diagnose(loaded, DiagnoseOptions(num_steps=6, num_records=1, num_positions=1, num_batches=1))
    batch = choose_records(data, "valid", 1, 6).batch
    with recorded(model, 6) as recorder:
        model(batch.inputs, batch.lengths)
    (trace,) = recorder.traces
    nll = model.task.outcome(model.task(trace.outputs, trace.counts), batch).nll
    assert nll.shape == (1, 6)
    states = [after[0] for after in trace.layers[0].after]
    expected = torch.stack(torch.autograd.grad(nll[0, -1], states)).norm(dim=2)[:, 0].flip(0)
    np.testing.assert_allclose(found.flow("layer 1").median, expected / expected[0], rtol=1e-4)
    assert found.flow("layer 1").initial == pytest.approx(float(expected[0]), rel=1e-4)


def test_only_the_gradient_on_one_output_is_followed_under_mean_pooling() -> None:
    loaded = load(WAVES, "classify", cell="rnn", pooling="mean")
    found = diagnose(loaded, DiagnoseOptions(num_steps=64, num_records=1, num_positions=1, num_batches=1))
    assert "mean pooling reaches the other outputs directly" in found.measured
    # The pooled loss reaches every state directly: with that the curve could not fall so far.
    assert found.flow("layer 1").median[20] < 1e-3


def state_of(model: SequenceModel) -> dict[str, Any]:
    return {
        "weights": {name: value.clone() for name, value in model.state_dict().items()},
        "modes": [module.training for module in model.modules()],
        "gradients": [parameter.grad for parameter in model.parameters()],
        "random": torch.get_rng_state(),
        "modules": [name for name, _ in model.named_modules()],
    }


@pytest.mark.parametrize("training", [False, True])
def test_the_model_is_left_as_it_was(training: bool) -> None:
    loaded = load(WAVES, "classify", dropout=0.5, class_weights="balanced")
    loaded.model.train(training)
    before, backbone = state_of(loaded.model), loaded.model.backbone
    diagnose(loaded, SMALL)
    after = state_of(loaded.model)
    assert loaded.model.backbone is backbone and loaded.model.class_weights is None
    assert all(torch.equal(after["weights"][name], value) for name, value in before["weights"].items())
    assert torch.equal(after["random"], before["random"])
    assert [after[name] for name in ("modes", "gradients", "modules")] == [
        before[name] for name in ("modes", "gradients", "modules")
    ]


def test_the_backbone_is_back_after_an_error() -> None:
    model = load(WAVES, "classify").model
    backbone = model.backbone
    with pytest.raises(ZeroDivisionError), recorded(model, 4):
        raise ZeroDivisionError
    assert model.backbone is backbone


def test_the_same_model_gives_the_same_diagnosis() -> None:
    loaded = load(WAVES, "tag", dropout=0.3)
    first, second = (diagnose(loaded, SMALL).to_json() for _ in range(2))
    assert first | {"seconds": 0} == second | {"seconds": 0}


def test_chunks_of_streams_are_of_the_record_they_name(melody: Domain) -> None:
    data = melody.datamodule(task="next_step")
    data.setup()
    store = data.store("train")
    chosen = choose_records(data, "train", 5, 3)
    assert chosen.batch.lengths.tolist() == [min(6, int(store.lengths[i]) - 1) for i in chosen.batch.index]
    for row, (record, begin) in enumerate(zip(chosen.batch.index.tolist(), chosen.begins.tolist(), strict=True)):
        length = int(chosen.batch.lengths[row])
        steps = store.sequence(record)[begin : begin + length + 1]
        assert torch.equal(chosen.batch.inputs[row, :length], steps[:-1])
        assert torch.equal(chosen.batch.targets[row, :length], steps[1:])
        assert (chosen.batch.targets[row, length:] == -100).all()
        assert chosen.origins[row] == store.origins()[record]


@pytest.mark.parametrize(("num_steps", "expected"), [(42, [42, 42, 42]), (45, [45, 45, 46]), (99, [46, 46, 46])])
def test_records_just_long_enough_are_chosen_and_else_the_longest(num_steps: int, expected: list[int]) -> None:
    data = SeriesTasks("classify", valid_fraction=0.5, test_fraction=0.0)
    data.setup()
    lengths = np.sort(data.store("valid").lengths)
    chosen = choose_records(data, "valid", 3, num_steps).batch.lengths.tolist()
    enough = lengths[lengths >= num_steps]
    assert chosen == (enough[:3] if len(enough) >= 3 else lengths[-3:]).tolist()


def test_norms_are_those_that_training_clips() -> None:
    loaded = load(WAVES, "classify", class_weights="balanced", label_smoothing=0.1)
    model, data = loaded.model, loaded.data
    report = measure_clipping(model, data, None, num_batches=2)
    loader = data.loader("train")
    plan = loader.plan(0)
    model.train()
    model.weigh_classes(data)
    expected = []
    for position in range(2):
        model.zero_grad()
        model.training_loss(model.outcome(loader.batch(plan, position))[0]).backward()  # type: ignore[no-untyped-call]
        expected.append(float(nn.utils.clip_grad_norm_(model.parameters(), 1.0)))
    np.testing.assert_allclose(report.norms, expected, rtol=1e-5)
    assert report.threshold == 1.0 and report.share_above == np.mean(np.array(expected) > 1.0)
    assert report.share_non_finite == 0.0 and np.isnan(report.trained_share)


def test_exploded_gradients_are_counted() -> None:
    loaded = load(WAVES, "classify", cell="rnn", nonlinearity="relu")
    with torch.no_grad():
        dict(loaded.model.named_parameters())["backbone.cells.0.core.weight_hh_l0"].mul_(1e4)
    assert measure_clipping(loaded.model, loaded.data, None, 2).share_non_finite == 1.0
    assert measure_clipping(loaded.model, loaded.data, None, 2).share_above == 1.0


@pytest.fixture(scope="module")
def run(melody: Domain, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return seqkit.fit(
        melody, run=tmp_path_factory.mktemp("runs") / "one", quiet=True, hidden_size=8, max_epochs=2, batch_size=8,
        window=8, gradient_clip_val=0.05, log_every_n_steps=2, accelerator="cpu",
    )  # fmt: skip


def test_a_run_tells_how_often_it_clipped(run: Run) -> None:
    found = run.diagnose(num_steps=8, split="test")
    assert found.clipping.threshold == 0.05 and found.split == "test"
    steps, shares = logged_shares(run.path / "checkpoints" / "best.ckpt")
    assert len(steps) == run.result["steps"] // 2 and set(np.diff(steps)) == {2}
    assert found.clipping.trained_share == pytest.approx(shares.mean()) and shares.mean() > 0.5
    assert found.clipping.share_above == (found.clipping.norms > 0.05).mean()


def test_training_data_that_are_gone_are_noted_and_the_rest_is_measured(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("up:abcdefgh\n" * 30)
    moved = run.diagnose(path=str(other), split="predict", num_steps=4)
    assert moved.shown.origin.startswith("other.txt") and len(moved.clipping.norms) > 0
    loaded = run.loaded
    gone = loaded.data.__class__(path=str(tmp_path / "gone.txt"))
    gone.restore_codecs(loaded.blueprint["codec"], loaded.blueprint["target_codec"])
    report = measure_clipping(loaded.model, gone, run.path)
    assert "the training data cannot be read" in report.note and len(report.norms) == 0
    assert report.trained_share > 0.5


def test_a_run_that_clips_values_has_no_threshold_of_the_norm(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("trainer: {gradient_clip_algorithm: value, gradient_clip_val: 0.5}\n")
    assert clip_threshold(tmp_path) is None
    (tmp_path / "config.yaml").write_text("trainer: {gradient_clip_val: null}\n")
    assert clip_threshold(tmp_path) is None
    (tmp_path / "config.yaml").write_text("trainer: {}\n")
    assert clip_threshold(tmp_path) == 1.0


def test_options_out_of_their_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="num_steps is 0"):
        DiagnoseOptions(num_steps=0)
    with pytest.raises(ConfigError, match=r"threshold is 1\.5"):
        DiagnoseOptions(threshold=1.5)


def test_records_without_targets_are_refused() -> None:
    with pytest.raises(ConfigError, match="no loss whose gradient"):
        diagnose(load(WAVES, "tag"), DiagnoseOptions(split="predict"))


def test_the_cell_is_named_with_what_is_not_the_default() -> None:
    assert describe_cell(ModelOptions()) == "lstm"
    assert describe_cell(ModelOptions(cell="gru", initialisation="chrono")) == "gru (chrono)"
    assert describe_cell(ModelOptions(cell="window", width=5)) == "window (5 steps)"
    assert describe_cell(ModelOptions(cell="window", width=1)) == "window (1 step)"
