"""Waveforms go into steps and come back."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqkit import ConfigError, Continuous, DataError, Discrete
from seqkit_audio.codecs import MuLawCodec, Waveform, WaveformCodec

waveforms = hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(-1, 1, width=32))


@given(waveforms)
def test_a_waveform_comes_back_unchanged(waveform: np.ndarray) -> None:
    steps = WaveformCodec(8000).encode(waveform)
    assert steps.shape == (len(waveform), 1) and steps.dtype == torch.float32
    assert np.array_equal(WaveformCodec(8000).decode(steps), waveform)


def test_encoding_leaves_the_waveform_of_the_caller_alone() -> None:
    waveform = np.zeros(3, np.float32)
    WaveformCodec(8000).encode(waveform).fill_(1.0)
    assert waveform.tolist() == [0, 0, 0]


@pytest.mark.parametrize("num_classes", [2, 3, 16, 255, 256, 1024, 65536])
def test_every_level_finds_back_to_itself(num_classes: int) -> None:
    codec = MuLawCodec(num_classes)
    levels = torch.arange(num_classes)
    assert torch.equal(codec.encode(codec.decode(levels)), levels)


def test_mu_law_levels_follow_the_formula() -> None:
    # F(x) = sign(x) ln(1 + 255 |x|) / ln(256); level = floor((F + 1) / 2 * 255 + 0.5).
    # F(0.1) = ln(26.5) / ln(256) = 0.59097: 1.59097 / 2 * 255 + 0.5 = 203.35, and 0.40903 / 2 * 255 + 0.5 = 52.65.
    assert MuLawCodec().encode([0.1, -0.1, 1.0, -1.0, 0.0]).tolist() == [203, 52, 255, 0, 128]
    # Level 203: y = 2 * 203 / 255 - 1 = 0.592157, x = (256 ** y - 1) / 255 = (26.6720 - 1) / 255 = 0.100675.
    assert MuLawCodec().decode(torch.tensor([203]))[0] == pytest.approx(0.100675, abs=1e-6)


@given(waveforms, st.sampled_from([2, 5, 256, 4096]))
def test_decoding_stays_within_the_declared_tolerance(waveform: np.ndarray, num_classes: int) -> None:
    codec = MuLawCodec(num_classes)
    steps = codec.encode(waveform)
    assert int(steps.min()) >= 0 and int(steps.max()) < num_classes
    assert np.abs(codec.decode(steps) - waveform).max() <= codec.tolerance


def test_the_tolerance_is_what_the_worst_sample_loses() -> None:
    # Between levels 254 and 255: y = 254 / 255, x = (256 ** y - 1) / 255 = 0.97841.
    assert MuLawCodec().tolerance == pytest.approx(1 - 0.97841, abs=1e-5)
    worst = MuLawCodec().decode(MuLawCodec().encode([0.97842]))[0]
    assert worst == 1.0


def test_specs_say_what_a_step_is() -> None:
    spec = WaveformCodec(16000).spec
    assert isinstance(spec, Continuous)
    assert spec == Waveform(num_features=1, sample_rate_hz=16000)
    assert MuLawCodec(17).spec == Discrete(17)
    with pytest.raises(ConfigError, match="before its sample rate is known"):
        _ = WaveformCodec().spec


def test_the_state_survives_json() -> None:
    codec = MuLawCodec(300, 22050)
    again = MuLawCodec()
    again.restore(json.loads(json.dumps(codec.state())))
    assert again.state() == codec.state() == {"sample_rate_hz": 22050, "num_classes": 300}
    assert again.spec == Discrete(300) and again.tolerance == codec.tolerance
    waveform = WaveformCodec()
    waveform.restore(json.loads(json.dumps(WaveformCodec(11025).state())))
    assert waveform.sample_rate_hz == 11025


@pytest.mark.parametrize("codec", [WaveformCodec(8000), MuLawCodec()])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([0.0, 0.5, -1.5], "sample -1.5 at position 2"),
        ([0.0, float("nan")], "sample nan at position 1"),
        (np.zeros((4, 2)), r"shape \(4, 2\)"),
        ("la la", "'la la' is no waveform"),
        (None, "None is no waveform"),
    ],
)
def test_what_is_no_waveform_is_refused(codec: WaveformCodec | MuLawCodec, value: object, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        codec.encode(value)


@pytest.mark.parametrize("num_classes", [1, 65537])
def test_impossible_numbers_of_levels_are_refused(num_classes: int) -> None:
    with pytest.raises(ConfigError, match=rf"mu_law_classes is {num_classes}"):
        MuLawCodec(num_classes)
