"""The one LightningModule: schedule, clipping, carried state, divergence."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from seqkit import IGNORED, Batch, ConfigError, DivergedError, Domain, StepEncoder
from tests.core.small_training import build, run, trainer


def test_the_learning_rate_rises_then_falls_along_a_cosine(melody: Domain) -> None:
    model, _ = build(melody, warmup_steps=4, final_rate=0.1)
    model.total_steps = 44
    assert [model._rate(step) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert model._rate(4) == 1.0
    assert model._rate(24) == pytest.approx(0.1 + 0.9 / 2)  # half of the 40 steps after the warm-up
    assert model._rate(14) == pytest.approx(0.1 + 0.9 * (1 + 0.5**0.5) / 2)  # a quarter: cos 45 degrees
    assert model._rate(44) == model._rate(99) == pytest.approx(0.1)


def test_a_short_training_warms_up_for_a_tenth_of_it(melody: Domain) -> None:
    model, _ = build(melody, warmup_steps=50)
    model.total_steps = 40
    assert [model._rate(step) for step in range(4)] == [0.25, 0.5, 0.75, 1.0] and model._rate(5) < 1.0


def test_a_constant_schedule_stays_at_the_peak(melody: Domain) -> None:
    model, _ = build(melody, warmup_steps=2, schedule="constant")
    model.total_steps = 20
    assert [model._rate(step) for step in (0, 1, 2, 19)] == [0.5, 1.0, 1.0, 1.0]


def test_only_matrices_decay(melody: Domain) -> None:
    model, _ = build(melody, residual=True, weight_decay=0.3)
    decayed, plain = model.configure_optimizers()["optimizer"].param_groups
    assert decayed["weight_decay"] == 0.3 and plain["weight_decay"] == 0.0
    names = {id(p): name for name, p in model.named_parameters()}
    assert all("weight" in names[id(p)] and "norm" not in names[id(p)] for p in decayed["params"])
    assert all("bias" in names[id(p)] or "norm" in names[id(p)] for p in plain["params"])
    assert len(decayed["params"]) + len(plain["params"]) == len(names)


def test_the_share_of_clipped_steps_is_counted(melody: Domain) -> None:
    shares = []
    for value in (1e-6, 1e6):
        model, data = build(melody, data={"batch_size": 4, "window": 10})
        handle = run(model, data, max_steps=4, log_every_n_steps=4, gradient_clip_val=value)
        shares.append(float(handle.logged_metrics["train/clipped_share"]))
    assert shares == [1.0, 0.0]


def test_state_is_carried_from_batch_to_batch_and_dropped_at_a_new_epoch(melody: Domain) -> None:
    model, data = build(melody, data={"batch_size": 2, "window": 3})
    model.eval()
    batches = list(data.loader("valid"))
    first, second = batches[:2]
    assert not second.reset.all()
    _, state = model.outcome(first)
    expected, _ = model.outcome(second, state)
    fresh, _ = model.outcome(second)
    model.on_validation_epoch_start()
    model._carry("valid", first)
    assert torch.equal(model._carry("valid", second).raw, expected.raw)
    assert not torch.equal(expected.raw, fresh.raw)
    model.on_validation_epoch_start()
    assert torch.equal(model._carry("valid", second).raw, fresh.raw)


def test_validation_never_sees_a_state_of_training(melody: Domain) -> None:
    model, data = build(melody, data={"batch_size": 2, "window": 3})
    model.eval()
    batch = list(data.loader("valid"))[1]
    fresh, _ = model.outcome(batch)
    model._carry("train", batch)
    model.on_validation_epoch_start()
    assert torch.equal(model._carry("valid", batch).raw, fresh.raw)


def test_gradients_stop_at_the_chunk_and_the_state_does_not(melody: Domain) -> None:
    model, data = build(melody, data={"batch_size": 2, "window": 3})
    for batch in list(data.loader("train"))[:2]:
        model._carry("train", batch)
    assert all(not s.requires_grad and s.any() for s in model._states["train"])


@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_a_loss_that_is_no_number_stops_training_and_names_the_records(task: str, melody: Domain) -> None:
    model, data = build(melody, task)
    with torch.no_grad():
        model.task.head.bias.fill_(torch.nan)
    with pytest.raises(DivergedError, match=r"the loss became nan in step 0\n  at: records demo:\d") as caught:
        run(model, data, max_steps=3)
    assert caught.value.exit_code == 5


def test_label_smoothing_mixes_in_the_uniform_distribution(melody: Domain) -> None:
    model, data = build(melody, "classify", label_smoothing=0.2)
    plain, _ = build(melody, "classify")
    batch = next(iter(data.loader("valid")))
    raw = plain.answer(batch)[0].log_softmax(-1)
    target = 0.8 * torch.nn.functional.one_hot(batch.targets[:, 0], 2) + 0.2 / 2
    handle = trainer(max_steps=1)
    model.trainer = handle
    torch.testing.assert_close(model.training_step(batch, 0), -(target * raw).sum(-1).mean())


def test_steps_give_what_a_whole_chunk_gives(melody: Domain, series: Domain) -> None:
    for domain in (melody, series):
        model, data = build(domain, num_layers=2)
        model.eval()
        batch: Batch = next(iter(data.loader("valid")))
        steps, lengths = batch.inputs[:2, : int(batch.lengths[:2].min())], batch.lengths[:2]
        raw, scale, _ = model.answer(Batch(steps, lengths.clamp(max=steps.shape[1]), *(batch.targets,) * 3), None)
        state = model.init_state(2)
        for t in range(steps.shape[1]):
            raw_t, scale_t, state = model.step(steps[:, t], state)
            torch.testing.assert_close(raw_t, raw[:, t], rtol=1e-4, atol=1e-5)
            if scale is not None:
                torch.testing.assert_close(scale_t.mean, scale.mean[:, t], rtol=1e-4, atol=1e-5)


def test_a_bidirectional_backbone_is_refused_where_it_would_see_its_target(melody: Domain) -> None:
    with pytest.raises(ConfigError, match="it would see the step it predicts"):
        build(melody, bidirectional=True)
    model, _ = build(melody, "classify", bidirectional=True)
    assert model.task.head.in_features == 12


def test_an_encoder_that_looks_around_is_refused_too(melody: Domain) -> None:
    def looking(spec: Any, d_model: int, task: str) -> StepEncoder:
        encoder = StepEncoder(spec, d_model)
        encoder.pointwise = False
        return encoder

    domain = Domain("wide", melody.datamodule, looking, ("next_step", "classify"))
    with pytest.raises(ConfigError, match="looks at neighbours"):
        build(domain)
    build(domain, "classify")


def test_tied_weights_are_one_matrix(melody: Domain) -> None:
    model, _ = build(melody, tie_weights=True)
    assert model.encoder.map.weight is model.task.head.weight
    plain, _ = build(melody)
    assert plain.num_parameters - model.num_parameters == 8 * 6
    with pytest.raises(ConfigError, match="tied only between"):
        build(melody, tie_weights=True, d_model=5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_size": 0}, "hidden_size is 0"),
        ({"num_layers": 0}, "num_layers is 0"),
        ({"dropout": 1.0}, "dropout"),
        ({"output_dropout": -0.1}, "output_dropout is -0.1"),
        ({"weight_drop": 1.0}, "weight_drop is 1.0"),
        ({"weight_drop": 0.5, "cell": "mingru"}, "'mingru' has no hidden-to-hidden matrix"),
        ({"weight_drop": 0.5, "cell": "bag"}, "'bag' has no hidden-to-hidden matrix"),
        ({"locked_dropout": True}, "no dropout to lock"),
    ],
)
def test_impossible_sizes_are_refused(options: dict[str, Any], message: str, melody: Domain) -> None:
    with pytest.raises(ConfigError, match=message):
        build(melody, **options)


def test_a_task_the_domain_does_not_have_is_refused(melody: Domain) -> None:
    with pytest.raises(ConfigError, match=r"has no task 'clasify'(.|\n)*did you mean 'classify'"):
        build(melody, "clasify")


def test_the_optimiser_is_not_fused_where_gradients_are_scaled(melody: Domain) -> None:
    model, _ = build(melody)
    assert model.configure_optimizers()["optimizer"].defaults["fused"] is True
    model._trainer = SimpleNamespace(precision_plugin=SimpleNamespace(scaler=object()))
    assert model.configure_optimizers()["optimizer"].defaults["fused"] is False
    model._trainer = None


def test_tied_weights_begin_as_those_of_an_output_layer(melody: Domain) -> None:
    model, _ = build(melody, tie_weights=True, hidden_size=64)
    assert model.task.head.weight.abs().max() <= 1 / 64**0.5  # torch's bound for a linear layer: 1 / sqrt(H)


def test_labels_are_not_smoothed_where_answers_are_numbers(series: Domain) -> None:
    with pytest.raises(ConfigError, match="no classes here to spread the target's probability over"):
        build(series, "classify", label_smoothing=0.3)


def test_label_smoothing_reaches_streams_of_symbols_and_only_what_is_scored(melody: Domain) -> None:
    model, data = build(melody, label_smoothing=0.2)
    plain, _ = build(melody)
    batch = next(iter(data.loader("valid")))
    logs = plain.answer(batch)[0].log_softmax(-1)
    scored = batch.targets != IGNORED
    assert 0 < int(scored.sum()) < scored.numel()
    truth = -logs.gather(-1, batch.targets.clamp(min=0)[..., None])[..., 0]
    model.trainer = trainer(max_steps=1)
    expected = (0.8 * truth - 0.2 * logs.mean(-1))[scored].mean()
    torch.testing.assert_close(model.training_step(batch, 0), expected)
