"""Resampling in blocks is resampling of the whole."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqkit import DataError
from seqkit_audio.resampling import resample_blocks
from seqkit_audio.torchaudio_import import torchaudio


def in_blocks(samples: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    return [block for block in np.split(samples, np.cumsum(sizes)) if len(block)]


def resampled(blocks: list[np.ndarray], from_hz: int, to_hz: int) -> np.ndarray:
    return np.concatenate(list(resample_blocks(blocks, from_hz, to_hz)))


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(44100, 8000), (8000, 44100), (16000, 8000), (8000, 16000), (48000, 44100)]
)
def test_blocks_give_what_torchaudio_gives_for_the_whole(from_hz: int, to_hz: int) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 20011).astype(np.float32)
    expected = torchaudio.functional.resample(torch.from_numpy(samples), from_hz, to_hz).numpy()
    for sizes in ([20011], [1, 2, 3, 5000, 7, 9000], [4096] * 4, [10] * 300):
        ours = resampled(in_blocks(samples, sizes), from_hz, to_hz)
        assert len(ours) == -(-20011 * to_hz // from_hz)
        assert np.allclose(ours, expected, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=30), st.sampled_from([(3, 2), (2, 3), (7, 1), (1, 4), (5, 5)]))
def test_no_division_into_blocks_changes_the_result(sizes: list[int], rates: tuple[int, int]) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, sum(sizes)).astype(np.float32)
    whole = resampled([samples], *rates)
    assert len(whole) == -(-len(samples) * rates[1] // rates[0])
    assert np.allclose(resampled(in_blocks(samples, sizes), *rates), whole, atol=1e-6)


def test_a_tone_keeps_its_pitch_and_loudness() -> None:
    def tone(rate: int) -> np.ndarray:
        return np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)

    middle = slice(500, 7500)  # The filter needs some samples on each side.
    assert np.allclose(resampled([tone(16000)], 16000, 8000)[middle], tone(8000)[middle], atol=2e-3)


def test_equal_rates_pass_the_blocks_through() -> None:
    blocks = [np.ones(3, np.float32), np.zeros(2, np.float32)]
    assert all(one is other for one, other in zip(resample_blocks(blocks, 8000, 8000), blocks, strict=True))


def test_rates_with_too_little_in_common_are_refused() -> None:
    with pytest.raises(DataError, match=r"44099 Hz cannot be resampled to 8000 Hz(.|\n)*--data\.sample_rate_hz"):
        list(resample_blocks([np.ones(9, np.float32)], 44099, 8000))
