"""forecast: windows counted by hand, normalisation worked out, quantiles and scores against their definitions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from seqkit import (
    Batch,
    ConfigError,
    Continuous,
    DataError,
    Domain,
    ModelOptions,
    PathOption,
    Record,
    SequenceDataModule,
    SequenceModel,
    Split,
    StandardCodec,
)
from seqkit.backbone.window_frame import WindowFrame
from seqkit.build import build_model
from seqkit.codec import Codec
from seqkit.data.store_building import build_store
from seqkit.data.windows import WindowLoader, plan_windows
from seqkit.inference.direct import Past, forecast_series
from seqkit.inference.forecast import score_forecasts
from seqkit.tasks.forecast import Forecast
from seqkit.tasks.points import LEVELS, AbsoluteError, Quantiles, SquaredError
from seqkit.tasks.sampling import Sampling

B, T, F, H = 2, 6, 3, 5


class WaveCodec(Codec):
    """Two values a step, and one that is known ahead."""

    spec = Continuous(3, num_known=1)

    def encode(self, value: Any) -> Tensor:
        return torch.as_tensor(np.asarray(value), dtype=torch.float32)

    def decode(self, steps: Tensor) -> Any:
        return steps.double().numpy()


class WaveData(SequenceDataModule):
    """Two waves and a plan that moves the first of them.

    Args:
        path: Not read.
        task: Only forecast.
        options: Of the base class.
    """

    season = 4
    horizon = 5
    look_back = 8

    def __init__(self, path: PathOption = None, task: str = "forecast", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = self.target_codec = WaveCodec()

    def records(self, split: Split) -> Iterator[Record]:
        rng = np.random.default_rng(1)
        for number in range(3):
            steps = np.arange(60)
            plan = rng.integers(2, size=60).astype(float)
            values = np.stack([np.sin(steps / 2 + number) + plan, 10 * np.cos(steps / 3), plan], axis=1)
            if split == "train":
                yield Record(values[:50], origin=f"w:{number}")
            else:
                yield Record(values, origin=f"w:{number}", context=0 if split == "predict" else 50)


WAVES = Domain("waves", WaveData, tasks=("forecast",))


def built(**options: Any) -> tuple[SequenceModel, WaveData]:
    torch.manual_seed(0)
    data = WaveData()
    data.setup("fit")
    small = ModelOptions(**({"hidden_size": 7, "segment": 2} | options))
    return build_model(WAVES, data, small), data


def test_windows_are_those_of_the_rolling_protocol() -> None:
    # ETTh1: 2,880 test rows after 96 rows of context, 96 to forecast: 2,880 - 96 + 1 windows.
    record, place = plan_windows(np.array([0, 2976]), np.array([96]), look_back=96, horizon=96, stride=1)
    assert len(place) == 2785 and place[0] == 96 and place[-1] == 2976 - 96 and not record.any()


def test_a_short_record_gives_what_it_can() -> None:
    # 3 steps: 1 given, 2 to forecast; 2 steps: nothing; 6 steps with 5 given: one window that ends before its horizon.
    offsets, context = np.array([0, 3, 5, 11]), np.array([0, 0, 5])
    record, place = plan_windows(offsets, context, look_back=4, horizon=2, stride=1)
    assert record.tolist() == [0, 2] and place.tolist() == [1, 10]


def test_a_window_is_the_past_and_what_follows(tmp_path: Path) -> None:
    codec = WaveCodec()
    values = np.arange(30.0).reshape(10, 3)
    records = [Record(values, origin="a"), Record(-values[:6], origin="b", context=5)]
    store = build_store(records, codec, None, tmp_path / "s")
    loader = WindowLoader(store, 2, look_back=4, horizon=3, stride=3, shuffle=False, seed=0)
    batches = list(loader)
    assert [batch.index.tolist() for batch in batches] == [[0, 0], [1]] and len(loader) == 2
    first, last = batches
    assert first.inputs[1, :, 0].tolist() == [9.0, 12.0, 15.0, 18.0] and first.lengths.tolist() == [4, 4]
    assert first.targets[1].tolist() == [[21.0, 22.0], [24.0, 25.0], [27.0, 28.0]]
    assert first.known is not None and first.known[1].flatten().tolist() == [23.0, 26.0, 29.0]
    assert last.targets[0, 0].tolist() == [-15.0, -16.0] and last.targets[0, 1:].isnan().all()


def test_every_window_comes_once_an_epoch_in_an_order_of_its_own(tmp_path: Path) -> None:
    store = build_store([Record(np.random.rand(40, 3), origin="a")], WaveCodec(), None, tmp_path / "s")
    loader = WindowLoader(store, 7, 4, 3, 1, shuffle=True, seed=5)
    epochs = [torch.cat([batch.inputs[:, 0] for batch in loader]) for _ in range(2)]
    assert len(epochs[0]) == len(loader.place) == 34
    assert not torch.equal(*epochs)
    assert torch.equal(epochs[0].sort(0).values, epochs[1].sort(0).values)


@pytest.mark.parametrize(("centre", "level"), [("none", 0.0), ("last", 7.0), ("mean", 4.0)])
def test_a_window_is_seen_in_units_of_its_own(centre: Any, level: float) -> None:
    frame = WindowFrame(Continuous(1), centre, rescale=True, independent=False)
    x = torch.tensor([[1.0, torch.nan, 4.0, 7.0, torch.nan, 99.0]])[..., None]  # the last step is padding
    batch = Batch(x, torch.tensor([5]), torch.zeros(1, 2, 1), torch.ones(1, dtype=torch.bool), torch.zeros(1).long())
    seen, scale = frame(batch)
    assert scale.mean.item() == level
    deviation = 6**0.5  # the mean of 9, 0, 9
    assert scale.deviation.item() == pytest.approx(deviation, rel=1e-6)
    assert seen.inputs[0, 3, 0].item() == pytest.approx((7 - level) / deviation, rel=1e-6)


def test_the_spread_of_a_window_counts_however_high_its_level() -> None:
    frame = WindowFrame(Continuous(1), "mean", rescale=True, independent=False)
    x = 1000 + torch.tensor([[1.0, -1.0, 1.0, -1.0], [0.0, 0.0, 0.0, 0.0]])[..., None]
    begun = torch.ones(2, dtype=torch.bool)
    batch = Batch(x, torch.tensor([4, 4]), torch.zeros(2, 1, 1), begun, torch.arange(2))
    seen, scale = frame(batch)
    assert seen.inputs[0, :, 0].tolist() == pytest.approx([1, -1, 1, -1], rel=0.01)
    assert (scale.deviation > 0).all() and seen.inputs[1].abs().max() == 0


def test_independent_channels_are_rows_with_what_is_known_beside_them() -> None:
    frame = WindowFrame(Continuous(3, num_known=1), "none", rescale=False, independent=True)
    x, known = torch.randn(B, T, 3), torch.randn(B, 4, 1)
    batch = Batch(
        x, torch.tensor([6, 3]), torch.zeros(B, 4, 2), torch.ones(B, dtype=torch.bool), torch.arange(B), known
    )
    seen, _ = frame(batch)
    assert frame.seen == Continuous(2, num_known=1) and frame.num_rows == 2
    assert seen.lengths.tolist() == [6, 6, 3, 3] and seen.known is not None
    for row, (record, feature) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        assert torch.equal(seen.inputs[row], x[record][:, [feature, 2]])
        assert torch.equal(seen.known[row], known[record])
    raw = torch.arange(4.0)[:, None, None] + torch.tensor([0.0, 100.0])  # a location and a spread of each row
    assert frame.unfold(raw.expand(4, 4, 2))[1, 0].tolist() == [2.0, 3.0, 102.0, 103.0]


def test_channels_alone_are_forecast_as_channels_together_are() -> None:
    model, data = built(channels="independent")
    batch = next(iter(data.loader("valid")))
    whole, _, _ = model.answer(batch)
    swapped = batch.map(lambda t: t[..., [1, 0, 2]] if t.ndim == 3 and t.shape[-1] == 3 else t)
    turned, _, _ = model.answer(swapped)
    torch.testing.assert_close(turned.view(*turned.shape[:2], 3, 2)[..., [1, 0]], whole.view(*whole.shape[:2], 3, 2))


def test_what_is_known_ahead_reaches_its_own_segment() -> None:
    model, data = built()
    batch = next(iter(data.loader("valid")))
    assert batch.known is not None
    before, _, _ = model.answer(batch)
    batch.known[:, 2] += 1.0  # the third step lies in the second segment of two
    after, _, _ = model.answer(batch)
    moved = (after - before).abs().amax(dim=(0, 2)) > 1e-6
    assert moved.tolist() == [False, False, True, True, False]


def test_a_shorter_horizon_is_the_beginning_and_a_longer_one_is_refused() -> None:
    task = Forecast(H, Continuous(F), SquaredError(F), horizon=5, segment=2)
    raw = task(torch.randn(B, T, H), torch.tensor([6, 2]))
    assert raw.shape == (B, 5, F)
    begun = torch.ones(B, dtype=torch.bool)
    for horizon in (3, 5):
        targets = torch.randn(B, horizon, F)
        outcome = task.outcome(raw, Batch(torch.zeros(B, T, F), torch.tensor([6, 2]), targets, begun, torch.arange(B)))
        torch.testing.assert_close(outcome.loss, ((raw[:, :horizon] - targets) ** 2).mean())
    with pytest.raises(ConfigError, match="the model forecasts 5 steps, not 6"):
        task.outcome(raw, Batch(raw, torch.tensor([6, 2]), torch.zeros(B, 6, F), begun, torch.arange(B)))


def test_more_known_ahead_than_is_forecast_is_refused_as_a_longer_horizon() -> None:
    task = Forecast(H, Continuous(2, num_known=1), SquaredError(1), horizon=5, segment=2)
    with pytest.raises(ConfigError, match="the model forecasts 5 steps, not 9"):
        task(torch.randn(B, T, H), torch.tensor([6, 2]), torch.zeros(B, 9, 1))


def test_point_losses_are_in_units_of_the_window() -> None:
    from seqkit.backbone.scaling import Scale

    scale = Scale(torch.tensor([10.0]), torch.tensor([4.0]))
    raw, truth = torch.tensor([[0.5], [1.0]]), torch.tensor([[16.0], [torch.nan]])  # 16 is 1.5 deviations above
    nll, scored = AbsoluteError(1).nll(raw, truth, scale)
    assert nll.tolist() == [[1.0], [0.0]] and scored.tolist() == [[True], [False]]
    assert SquaredError(1).nll(raw, truth, scale)[0].tolist() == [[1.0], [0.0]]
    assert AbsoluteError(1).mean(raw, scale).tolist() == [[12.0], [14.0]]


def test_quantiles_of_each_feature_are_its_own_and_in_order() -> None:
    output = Quantiles(2)
    levels = torch.tensor(LEVELS)
    raw = torch.stack([10 * levels.flip(0), -levels], dim=-1).reshape(1, -1)  # level by level; the first in disorder
    assert output.mean(raw)[0].tolist() == pytest.approx([5.0, -0.5])
    assert output.quantile(raw, 0.25)[0].tolist() == pytest.approx([2.5, -0.75])
    drawn = output.draw(raw, 200, Sampling(), torch.Generator())  # (200, 1, 2)
    assert np.quantile(drawn[:, 0, 0], [0.1, 0.5, 0.9]) == pytest.approx([1.0, 5.0, 9.0], abs=0.06)
    error = torch.tensor([[1.0, 0.0]])
    expected = [
        2 * np.mean([max(q * (1 - v), (q - 1) * (1 - v)) for q, v in zip(LEVELS, 10 * levels.flip(0), strict=True)])
    ]
    assert output.nll(raw, error)[0][0, 0].item() == pytest.approx(expected[0], rel=1e-6)


def test_forecasts_of_prompts_are_those_of_the_model() -> None:
    model, data = built(distribution="absolute")
    model.eval()
    batch = next(iter(data.loader("valid")))
    with torch.no_grad():
        raw, scale, _ = model.answer(batch)
        expected = model.task.output.mean(raw, scale)[0]
    steps = data.store("valid").sequence(0)
    (found,) = forecast_series(model, [Past(steps, given=50)], look_back=8)
    torch.testing.assert_close(found[0], expected)
    assert forecast_series(model, [Past(steps, given=50)], 8, num_steps=2, num_samples=3)[0].shape == (3, 2, 2)
    with pytest.raises(ConfigError, match="the model forecasts 5 steps, not 6"):
        forecast_series(model, [Past(steps, given=50)], 8, num_steps=6)
    with pytest.raises(DataError, match="what is known ahead is given for 3 of the 5 steps") as caught:
        forecast_series(model, [Past(steps[:53], given=50, origin="w:0")], 8)
    assert "w:0" in str(caught.value)


@pytest.mark.parametrize("distribution", ["student_t", "quantiles", "absolute"])
def test_scores_are_means_over_all_windows_beside_naive_methods(distribution: str) -> None:
    model, data = built(distribution=distribution)
    figures, baselines = score_forecasts(model, data, "valid")
    assert set(baselines) == {"naive", "seasonal_naive"}  # several origins a series: no OWA
    store = data.store("valid")
    errors = []
    for record in range(3):
        values = store.sequence(record).double().numpy()[:, :2]
        scale = np.abs(values[4:50] - values[:46]).mean(0)
        for place in range(50, 56):
            forecast = values[place - 4 : place][np.arange(5) % 4]
            errors.append((np.abs(values[place : place + 5] - forecast).mean(0) / scale).mean())
    assert baselines["seasonal_naive"]["mase"] == pytest.approx(np.mean(errors), rel=1e-6)
    assert ("crps" in figures) == (distribution != "absolute")
    if "crps" in figures:
        assert 0 <= figures["coverage_50"] <= figures["coverage_80"] <= figures["coverage_90"] <= 1


def test_what_a_task_cannot_do_is_refused_with_the_reason(melody: Domain) -> None:
    data = WaveData(task="next_step")
    with pytest.raises(ConfigError, match="is given no values ahead of the step it predicts"):
        build_model(Domain("waves", WaveData, tasks=("next_step",)), data, ModelOptions())
    letters = melody.datamodule(task="forecast")
    letters.target_codec = letters.codec
    with pytest.raises(ConfigError, match="'forecast' predicts all steps at once"):
        build_model(Domain("melody", melody.datamodule, tasks=("forecast",)), letters, ModelOptions())
    numbers = WaveData(task="classify")
    numbers.target_codec = StandardCodec(num_features=1, standardise=False)
    classify = Domain("waves", WaveData, tasks=("classify", "ctc"))
    with pytest.raises(ConfigError, match="'quantiles' has no likelihood"):
        build_model(classify, numbers, ModelOptions(distribution="quantiles"))
    with pytest.raises(ConfigError, match="no classes to weigh"):
        build_model(classify, numbers, ModelOptions(class_weights="balanced"))
    numbers.task = "ctc"
    with pytest.raises(ConfigError, match="'ctc' sums over alignments of symbols"):
        build_model(classify, numbers, ModelOptions())
