"""Measurements through a pipe: a line a step, the same predictions however the bytes arrive."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqkit import ConfigError, DataError, ModelOptions
from seqkit.build import build_model
from seqkit.inference.stream import read_stream
from seqkit_timeseries import DOMAIN
from seqkit_timeseries.data import TimeseriesData
from seqkit_timeseries.stream import read_lines_of_numbers


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[begin : begin + size] for begin in range(0, len(content), size))


def values(content: bytes, num_features: int = 1, size: int = 1 << 16) -> list[list[float]]:
    parts = list(read_lines_of_numbers(cut(content, size), num_features))
    assert [part.continues for part in parts] == [n > 0 for n in range(len(parts))]
    return np.concatenate([part.sequence for part in parts]).tolist() if parts else []


NAN = pytest.approx(float("nan"), nan_ok=True)


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"1\n2.5\n-3e2\n", [[1], [2.5], [-300]]),
        (b"\xef\xbb\xbfvalue\r\n1\r\n\r\n2", [[1], [NAN], [2]]),
        (b"a,b\n1,2\n,3\nNA,\n", [[1, 2], [NAN, 3], [NAN, NAN]]),
        (b'"a";"b"\n"1";2\n', [[1, 2]]),
        (b"1\t2\n3\t4\n", [[1, 2], [3, 4]]),
        (b"", []),
        (b"a,b\n", []),
    ],
)
def test_a_line_is_a_step(content: bytes, expected: list[list[float]], size: int) -> None:
    assert (
        values(content, 2 if (b"2\n" in content and b"\n2.5" not in content) or b"a,b" in content else 1, size)
        == expected
    )


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(*[st.floats(-1e9, 1e9)] * 2), min_size=1, max_size=9), size=st.integers(1, 9))
def test_no_cut_changes_a_number(rows: list[tuple[float, ...]], size: int) -> None:
    content = "".join(f"{a!r},{b!r}\n" for a, b in rows).encode()
    assert values(content, 2, size) == [list(row) for row in rows]


def test_complete_lines_do_not_wait_for_more() -> None:
    parts = read_lines_of_numbers(iter([b"1\n2\n3", b"\n4\n"]), 1)
    assert [part.sequence.tolist() for part in parts] == [[[1], [2]], [[3], [4]]]


@pytest.mark.parametrize(
    ("content", "message", "at"),
    [
        (b"1\n2,3\n", "2 cells where the model was trained on 1", "stdin, line 2"),
        (b"y\n1\ninf\n", "'inf' is not a finite number", "stdin, line 3"),
        (b"1\nx\n", "'x' is not a finite number", "stdin, line 2"),
        (b"1\n\xff\n", "byte 0xff is not valid UTF-8", "stdin, line 2"),
    ],
)
def test_what_is_no_step_is_named_with_its_line(content: bytes, message: str, at: str) -> None:
    for size in (1, 100):
        with pytest.raises(DataError, match=message) as caught:
            values(content, 1, size)
        assert caught.value.at == at


@torch.no_grad()
@pytest.mark.parametrize("scaling", ["window", "standard", "none"])
def test_predictions_are_those_of_the_whole_series(scaling: str) -> None:
    torch.manual_seed(0)
    data = TimeseriesData(scaling=scaling)
    data.setup("fit")
    model = build_model(DOMAIN, data, ModelOptions(hidden_size=12, num_layers=2)).eval()
    series = 20 + np.sin(np.arange(90) / 3) + np.random.default_rng(0).normal(0, 0.1, 90)
    series[[7, 8, 50]] = np.nan
    content = "".join("\n" if np.isnan(v) else f"{v!r}\n" for v in series.tolist()).encode()
    steps = data.codec.encode(series[:, None])
    outputs, lengths, scale, _ = model(steps[None], torch.tensor([len(steps)]))
    raw = model.task(outputs, lengths)
    before = None if scale is None else type(scale)(scale.mean[:, :-1], scale.deviation[:, :-1])
    nll, scored = model.task.output.nll(raw[:, :-1], steps[None, 1:], before)
    expected = torch.where(scored, nll, torch.nan)[0, :, 0]
    following = data.codec.decode(model.task.output.mean(raw, scale)[0])[:, 0]
    for size, chunk in ((1, 256), (5, 1), (64, 7), (10**6, 256)):
        chunks = list(read_stream(model, data, cut(content, size), chunk))
        ours = torch.tensor([float("nan") if n is None else n for part in chunks for n in part.columns["nll_nats"]])
        # Statistics of a stream are sums in float32, whose order depends on the chunks.
        torch.testing.assert_close(ours[1:].to(expected), expected, rtol=1e-6, atol=1e-6, equal_nan=True)
        made = [value for part in chunks for value in part.columns["next"]]
        np.testing.assert_allclose(made, following, rtol=1e-6, atol=1e-6)


def test_a_record_in_its_own_units_needs_its_end() -> None:
    data = TimeseriesData(task="classify", scaling="window")
    data.setup("fit")
    with pytest.raises(ConfigError, match="known at its end"):
        data.parts(iter([b"1"]))
