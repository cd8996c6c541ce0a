"""RunningScale against a plain loop over the past of each step."""

import numpy as np
import pytest
import torch
from torch import Tensor

from seqkit.backbone.scaling import RunningScale

B, T, F = 2, 7, 3


def naive(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of steps 1 to t, for one stream and feature (T,), each from all values anew."""
    mean, deviation = np.zeros(len(x)), np.ones(len(x))
    for t in range(len(x)):
        seen = x[: t + 1][np.isfinite(x[: t + 1])]
        if not len(seen):
            continue
        mean[t] = seen.mean()
        variance = (((seen - seen.mean()) ** 2).sum() + 0.01 * mean[t] ** 2) / (len(seen) + 0.01)
        deviation[t] = np.sqrt(variance) if variance > 0 else 1.0
    return mean, deviation


def streams(offset: float) -> Tensor:
    torch.manual_seed(7)
    x = torch.randn(B, T, F, dtype=torch.float64) * torch.tensor([1.0, 5.0, 0.1]) + offset
    x[0, 0, 0] = x[0, 3, 0] = x[1, 2:5, 1] = torch.nan
    return x


@pytest.mark.parametrize("offset", [0.0, -3.0, 1e6])
def test_statistics_are_those_of_a_loop_over_the_past(offset: float) -> None:
    x = streams(offset)
    model = RunningScale(F)
    y, scale, _ = model(x, model.init_state(B, x))
    for b in range(B):
        for f in range(F):
            mean, deviation = naive(x[b, :, f].numpy())
            np.testing.assert_allclose(scale.mean[b, :, f], mean, rtol=1e-12)
            np.testing.assert_allclose(scale.deviation[b, :, f], deviation, rtol=1e-7)
            np.testing.assert_allclose(y[b, :, f], (x[b, :, f].numpy() - mean) / deviation, rtol=1e-6, atol=1e-9)


def test_values_far_from_zero_keep_their_spread_in_single_precision() -> None:
    x = 1e6 + torch.tensor([0.0, 1.0] * 50).reshape(1, 100, 1)
    model = RunningScale(1)
    _, _, (_, mean, squares) = model(x, model.init_state(1, x))
    assert mean.item() == pytest.approx(1e6 + 0.5, abs=0.1)
    assert (squares / 100).item() == pytest.approx(0.25, rel=0.05)


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_chunking_does_not_change_anything(cut: int) -> None:
    x, model = streams(1e4), RunningScale(F)
    y, scale, last = model(x, model.init_state(B, x))
    state, parts = model.init_state(B, x), []
    for chunk in torch.tensor_split(x, list(range(cut, T, cut)), dim=1):
        part, _, state = model(chunk, state)
        parts.append(part)
    torch.testing.assert_close(torch.cat(parts, 1), y, rtol=1e-8, atol=1e-10, equal_nan=True)
    torch.testing.assert_close(state, last, rtol=1e-8, atol=1e-10)
    assert scale.mean.shape == (B, T, F)


def test_a_step_is_not_changed_by_what_follows_it() -> None:
    x, model = streams(2.0), RunningScale(F)
    other = x.clone()
    other[:, 4:] = 1e9
    one, two = (model(v, model.init_state(B, v))[0][:, :4] for v in (x, other))
    torch.testing.assert_close(one, two, rtol=0, atol=0, equal_nan=True)


def test_a_stream_that_begins_with_gaps_does_not_know_the_first_value_before_it_comes() -> None:
    x = torch.tensor([torch.nan, torch.nan, 7.0, 9.0]).reshape(1, 4, 1)
    _, scale, _ = RunningScale(1)(x, RunningScale(1).init_state(1, x))
    assert scale.mean.flatten().tolist() == [0.0, 0.0, 7.0, 8.0]
    assert scale.deviation.flatten().tolist()[:2] == [1.0, 1.0]


def test_a_zeroed_state_is_a_stream_that_begins() -> None:
    x, model = streams(9.0), RunningScale(F)
    _, _, seen = model(x, model.init_state(B, x))
    fresh, _, _ = model(x, model.init_state(B, x))
    again, _, _ = model(x, tuple(torch.zeros_like(s) for s in seen))
    torch.testing.assert_close(again, fresh, rtol=0, atol=0, equal_nan=True)


def test_missing_steps_stay_missing_and_an_unobserved_stream_is_left_alone() -> None:
    x = torch.full((1, 4, 1), torch.nan)
    y, scale, (count, mean, squares) = RunningScale(1)(x, RunningScale(1).init_state(1, x))
    assert y.isnan().all()
    assert scale.mean.eq(0).all() and scale.deviation.eq(1).all()
    assert count.item() == mean.item() == squares.item() == 0


def test_a_constant_stream_is_not_blown_up() -> None:
    x = torch.full((1, 5, 1), 40.0)
    y, scale, _ = RunningScale(1)(x, RunningScale(1).init_state(1, x))
    assert y.eq(0).all()
    # deviation^2 = 0.01 * 40^2 / (t + 0.01)
    np.testing.assert_allclose(scale.deviation[0, :, 0], np.sqrt(16 / (np.arange(1, 6) + 0.01)), rtol=1e-6)


def test_an_empty_chunk_leaves_the_state() -> None:
    x = torch.zeros(2, 0, 3)
    state = tuple(torch.full((1, 2, 3), v) for v in (4.0, 5.0, 6.0))
    y, _, after = RunningScale(3)(x, state)
    assert y.shape == x.shape
    assert all(torch.equal(a, b) for a, b in zip(after, state, strict=True))
