"""Frames are what a textbook computes, and a record's features depend on that record alone."""

import numpy as np
import pytest
import torch
from torch import Tensor

from seqkit import ConfigError, Discrete, StepEncoder
from seqkit_audio.codecs import Waveform
from seqkit_audio.encoder import LogMelEncoder, audio_encoder
from seqkit_audio.spectrogram import Spectrogram

RATE = 8000
LENGTHS = [1, 79, 200, 201, 2000, 3457]


def waves(lengths: list[int], seed: int = 0) -> tuple[Tensor, Tensor]:
    """Noise, (B, T, 1) float64, with rubbish past the ends."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(len(lengths), max(lengths) + 50, 1, generator=generator, dtype=torch.float64) - 0.5
    return x, torch.tensor(lengths)


def encoder(**options: object) -> LogMelEncoder:
    torch.manual_seed(0)
    made = audio_encoder(Waveform(sample_rate_hz=RATE), 7, "classify", **options)  # type: ignore[arg-type]
    assert isinstance(made, LogMelEncoder)
    return made.double().eval()


def reference_log_mel(wave: np.ndarray, rate: int, num_mels: int, window: int, hop: int, num_fft: int) -> np.ndarray:
    """Log-mel frames (T', M) by numpy alone, standardised over all of them."""
    num_frames = 1 + max(0, -(-(len(wave) - window) // hop))
    padded = np.concatenate([wave, np.zeros(window + num_frames * hop)])
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)  # periodic Hann
    frames = np.stack([padded[k * hop : k * hop + window] * taper for k in range(num_frames)])
    power = np.abs(np.fft.rfft(frames, num_fft)) ** 2
    # Triangles between points that lie evenly on HTK's mel scale, 2595 log10(1 + f / 700), from 20 Hz to half the rate.
    ends = 2595 * np.log10(1 + np.array([20.0, rate / 2]) / 700)
    points = 700 * (10 ** (np.linspace(ends[0], ends[1], num_mels + 2) / 2595) - 1)
    bins = np.arange(num_fft // 2 + 1) * rate / num_fft
    rising = (bins - points[:-2, None]) / (points[1:-1] - points[:-2])[:, None]
    falling = (points[2:, None] - bins) / (points[2:] - points[1:-1])[:, None]
    mel = power @ np.maximum(0, np.minimum(rising, falling)).T
    levels = np.log(mel + 1e-8 * mel.max() + 1e-20)
    standard: np.ndarray = (levels - levels.mean()) / np.sqrt(levels.var() + 1e-5)
    return standard


def tone(pitch_hz: float, duration_s: float = 0.3) -> np.ndarray:
    return 0.4 * np.sin(2 * np.pi * pitch_hz * np.arange(round(duration_s * RATE)) / RATE)


def test_log_mel_frames_agree_with_numpy() -> None:
    wave = tone(1000) + 0.3 * tone(330)
    front = Spectrogram(RATE, num_mels=40).double()
    frames, lengths = front(torch.from_numpy(wave)[None], torch.tensor([len(wave)]))
    expected = reference_log_mel(wave, RATE, 40, window=200, hop=80, num_fft=256)
    assert lengths.tolist() == [len(expected)] == [29]  # 1 + ceil((2400 - 200) / 80)
    # torchaudio keeps its filters and windows in float32, which is seen in bands far below the peak.
    assert np.allclose(frames[0].numpy(), expected, atol=2e-3)


def test_the_loudest_band_of_a_tone_is_where_the_tone_is() -> None:
    wave = tone(1000)
    frames, _ = Spectrogram(RATE, num_mels=40).double()(torch.from_numpy(wave)[None], torch.tensor([len(wave)]))
    # 1000 Hz is 1000.0 mel. Points lie from 31.7 to 2146.1 in 41 steps of 51.57: it is 18.78 steps up, in band 18.
    assert frames[0, 1:-3].argmax(dim=-1).unique().tolist() == [18]


def test_mfcc_are_the_cosine_transform_of_the_log_mel_frames() -> None:
    x, lengths = waves([2000])
    mels, _ = Spectrogram(RATE, num_mels=32).double()(x[..., 0], lengths)
    cepstra, _ = Spectrogram(RATE, "mfcc", num_mels=32, num_mfcc=5).double()(x[..., 0], lengths)
    steps = np.pi / 32 * (np.arange(32) + 0.5)
    matrix = np.cos(steps[:, None] * np.arange(5)) * np.sqrt(2 / 32)
    matrix[:, 0] /= np.sqrt(2)
    assert cepstra.shape == (1, len(mels[0]), 5)
    assert np.allclose(cepstra[0].numpy(), mels[0].numpy() @ matrix, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"features": "mfcc"}, {"stride": 1}, {"stride": 3}, {"window_s": 0.05}])
def test_features_of_a_record_ignore_its_batch(options: dict[str, object]) -> None:
    model = encoder(**options)
    x, lengths = waves(LENGTHS)
    together, counts = model(x, lengths)
    assert together.shape == (len(LENGTHS), int(counts.max()), 7)
    for row, length in enumerate(LENGTHS):
        alone, count = model(x[row : row + 1, :length], lengths[row : row + 1])
        assert count.item() == counts[row] == alone.shape[1] >= 1
        assert torch.allclose(together[row, : count.item()], alone[0], rtol=0, atol=1e-9)


def test_every_sample_of_a_record_reaches_its_features() -> None:
    model = encoder()
    x, lengths = waves([79, 1000, 1031])
    x.requires_grad_()
    features, counts = model(x, lengths)
    weights = torch.rand(7, dtype=torch.float64)
    sum((features[row, :count] @ weights).sum() for row, count in enumerate(counts)).backward()
    assert x.grad is not None
    for row, length in enumerate(lengths.tolist()):
        # The first sample of a Hann window weighs nothing; it is also the first of the record.
        assert x.grad[row, 1:length].abs().min() > 0
        assert x.grad[row, length:].abs().max() == 0


def test_loudness_changes_nothing() -> None:
    x, lengths = waves([1500])
    model = encoder()
    assert torch.allclose(model(x, lengths)[0], model(x / 64, lengths)[0], rtol=0, atol=1e-9)


def test_silence_and_empty_rows_give_finite_features() -> None:
    model = encoder()
    features, counts = model(torch.zeros(3, 700, 1, dtype=torch.float64), torch.tensor([700, 1, 0]))
    assert counts.tolist() == [4, 1, 0]  # 1 + ceil(500 / 80) = 8 frames, halved; 1; none
    assert features.isfinite().all()


@pytest.mark.parametrize("features", ["logmel", "mfcc"])
def test_every_parameter_gets_a_gradient(features: str) -> None:
    model = encoder(features=features).train()
    x, lengths = waves([3000, 2000])
    output, _ = model(x, lengths)
    output.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_float32_agrees_with_float64() -> None:
    model, (x, lengths) = encoder(), waves([2500, 800])
    exact, _ = model(x, lengths)
    rounded, _ = model.float()(x.float(), lengths)
    assert rounded.dtype == torch.float32
    assert torch.allclose(rounded[0], exact[0].float(), atol=1e-3)


def test_masks_blank_bands_and_frames_in_training_only_and_follow_the_seed() -> None:
    model = encoder(frequency_mask=10, time_mask=10, dropout=0.0)
    x, lengths = waves([4000, 4000])
    assert torch.equal(model(x, lengths)[0], model(x, lengths)[0])
    model.train()
    torch.manual_seed(5)
    first, second = model(x, lengths)[0], model(x, lengths)[0]
    torch.manual_seed(5)
    assert torch.equal(first, model(x, lengths)[0])
    assert not torch.equal(first, second)


def test_without_masks_and_dropout_training_is_evaluation() -> None:
    model = encoder(frequency_mask=0, time_mask=0, dropout=0.0)
    x, lengths = waves([4000])
    expected = model(x, lengths)[0]
    assert torch.equal(model.train()(x, lengths)[0], expected)


def test_frames_are_counted_in_seconds_at_every_rate() -> None:
    for rate in (8000, 16000, 44100):
        front = Spectrogram(rate)
        assert front.num_frames(torch.tensor([rate])).item() == 99  # 1 + ceil((1 - 0.025) / 0.01)


def test_mu_law_levels_get_an_embedding() -> None:
    made = audio_encoder(Discrete(256), 5, "next_step")
    assert isinstance(made, StepEncoder) and made.pointwise and made.map.weight.shape == (256, 5)
    assert not encoder().pointwise


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"num_mels": 200}, r"200 mel bands are too narrow(.|\n)*--encoder\.num_mels"),
        ({"features": "mfcc", "num_mfcc": 41}, r"num_mfcc is 41(.|\n)*1 to 40"),
        ({"window_s": 0.0}, r"window_s is shorter than a sample"),
        ({"hop_s": 1e-6}, r"hop_s is shorter than a sample"),
        ({"min_hz": 4000.0}, r"min_hz is 4000"),
        ({"stride": 0}, r"stride is 0"),
        ({"num_mels": 0}, r"num_mels is 0"),
        ({"num_channels": 0}, r"num_channels is 0"),
        ({"dropout": 1.0}, r"dropout is 1"),
        ({"time_mask": -1}, r"time_mask is -1"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        encoder(**options)
