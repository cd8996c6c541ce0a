"""SeasonalFrame: what a forecaster sees, and what it predicts from."""

import torch

from seqkit.backbone.seasonal import SeasonalFrame
from seqkit.tasks.distributions import Normal

NAN = float("nan")


def frame_of(values: list[float], season: int) -> torch.Tensor:
    """Centres of the predictions after each of the values, (T,)."""
    x = torch.tensor(values, dtype=torch.float64)[None, :, None]
    frame = SeasonalFrame(1, season)
    _, scale, _ = frame(x, frame.init_state(1, x))
    centre: torch.Tensor = scale.mean
    return centre[0, :, 0]


def test_prediction_is_centred_on_the_value_a_season_before_it() -> None:
    # After 5 (t = 3) the next step is t = 4, a season of 3 before it is t = 1: the value 2.
    assert frame_of([1, 2, 3, 5, 8], season=3).tolist() == [1, 2, 1, 2, 3]


def test_season_of_one_is_the_last_value() -> None:
    assert frame_of([4, 7, 6], season=1).tolist() == [4, 7, 6]


def test_missing_value_a_season_ago_falls_back_to_the_last_value() -> None:
    assert frame_of([1, NAN, 3, 5], season=3).tolist()[3] == 5


def test_missing_last_value_falls_back_to_the_running_mean() -> None:
    assert frame_of([2, 4, NAN], season=5).tolist() == [2, 4, 3]


def test_untrained_head_gives_the_seasonal_naive_forecast() -> None:
    x = torch.randn(2, 9, 3, dtype=torch.float64)
    frame = SeasonalFrame(3, 4)
    _, scale, _ = frame(x, frame.init_state(2, x))
    mean = Normal(3).mean(torch.zeros(2, 9, 6, dtype=torch.float64), scale)
    assert torch.equal(mean[:, 3:8], x[:, 0:5])


def test_any_chunking_gives_the_same_frame() -> None:
    x = 1e4 + torch.randn(2, 11, 3, dtype=torch.float64)
    x[0, 2:5, 1] = NAN
    frame = SeasonalFrame(3, 4)
    seen, scale, _ = frame(x, frame.init_state(2, x))
    state = frame.init_state(2, x)
    parts, centres = [], []
    for chunk in (x[:, :1], x[:, 1:1], x[:, 1:6], x[:, 6:]):
        part, own, state = frame(chunk, state)
        parts.append(part)
        centres.append(own.mean)
    assert torch.allclose(torch.cat([p for p in parts if p.shape[1]], 1), seen, atol=1e-9, equal_nan=True)
    assert torch.allclose(torch.cat([c for c in centres if c.shape[1]], 1), scale.mean, atol=1e-9)
