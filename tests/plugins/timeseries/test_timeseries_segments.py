"""Segments against a loop over each row's own segments, in float64."""

from typing import Any

import pytest
import torch
from torch import Tensor

from seqkit import ConfigError, Continuous
from seqkit_timeseries.encoder import timeseries_encoder
from seqkit_timeseries.segments import SegmentEncoder


def encoder(segment: int = 4) -> SegmentEncoder:
    torch.manual_seed(0)
    return SegmentEncoder(Continuous(3), d_model=6, segment=segment).double()


def one_by_one(model: SegmentEncoder, row: Tensor) -> Tensor:
    """Features of one row (T, F) without padding, segment by segment."""
    size, found = model.segment, []
    for end in range(len(row), 0, -size):
        steps = []
        for place in range(end - size, end):
            value = row[place] if place >= 0 else torch.full((3,), torch.nan, dtype=torch.float64)
            steps.append(torch.cat([value.nan_to_num(), value.isfinite().double()]))
        found.append(torch.relu(model.map.weight @ torch.cat(steps) + model.map.bias))
    return torch.stack(found[::-1])


def some_rows(*sizes: int) -> tuple[Tensor, Tensor]:
    x = torch.randn(len(sizes), max(sizes), 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x[0, 2, 1] = torch.nan
    return x, torch.tensor(sizes)


@pytest.mark.parametrize("segment", [1, 4, 5, 20])
def test_features_are_those_of_segments_that_end_where_the_row_ends(segment: int) -> None:
    model, (x, lengths) = encoder(segment), some_rows(9, 4, 11, 1)
    features, counts = model(x, lengths)
    assert counts.tolist() == [-(-size // segment) for size in (9, 4, 11, 1)]
    assert features.shape == (4, -(-11 // segment), 6)
    for row, size, count, found in zip(x, lengths, counts, features, strict=True):
        torch.testing.assert_close(found[:count], one_by_one(model, row[:size]), rtol=0, atol=1e-12)


def test_what_lies_past_the_end_is_not_read() -> None:
    model, (x, lengths) = encoder(), some_rows(5, 11)
    longer = torch.full((2, 14, 3), 1e3, dtype=torch.float64)
    longer[0, :5], longer[1, :11] = x[0, :5], x[1]
    expected, found = model(x, lengths)[0], model(longer, lengths)[0]
    torch.testing.assert_close(found[0, :2], expected[0, :2], rtol=0, atol=0)
    torch.testing.assert_close(found[1, :3], expected[1], rtol=0, atol=0)


def test_a_missing_value_is_not_a_zero() -> None:
    model, (x, lengths) = encoder(), some_rows(8)
    zero = x.nan_to_num()
    assert not torch.allclose(model(x, lengths)[0], model(zero, lengths)[0])


def test_an_empty_row_has_no_segment() -> None:
    features, counts = encoder()(torch.zeros(1, 0, 3, dtype=torch.float64), torch.tensor([0]))
    assert features.shape == (1, 0, 6) and counts.tolist() == [0]


def test_forecasts_read_a_day_of_hours_at_once_unless_told() -> None:
    usual, own = (timeseries_encoder(Continuous(2), 5, "forecast", segment=size) for size in (None, 6))
    assert isinstance(usual, SegmentEncoder) and isinstance(own, SegmentEncoder)
    assert (usual.segment, own.segment, own.pointwise) == (24, 6, False)


@pytest.mark.parametrize(
    ("task", "options", "match"),
    [
        ("forecast", {"segment": 0}, "segment is 0"),
        ("forecast", {"kernel_sizes": [3]}, "forecast reads segments"),
        ("next_step", {"segment": 4}, "'next_step' reads no segments"),
        ("classify", {"segment": 4}, "'classify' reads no segments"),
    ],
)
def test_options_of_another_task_are_refused(task: str, options: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        timeseries_encoder(Continuous(1), 4, task, **options)
