"""Spectrogram: log-mel or MFCC frames of waveforms, standardised over each record. No weights."""

from __future__ import annotations

import warnings
from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqkit import ConfigError, valid_mask
from seqkit_audio.torchaudio_import import torchaudio

Features = Literal["logmel", "mfcc"]

_FLOOR_BELOW_PEAK = 1e-8
"""Quietest power that is told from silence, as a share of the record's loudest: -80 dB."""

_SILENCE = 1e-20
"""Added to every power, so that a record of zeros has a logarithm."""


@final
class Spectrogram(nn.Module):
    """Log-mel or MFCC frames of a waveform, standardised over each record. No weights.

    The features do not change with the loudness of a record: the floor under the logarithm lies a fixed distance
    below its peak, and mean and deviation over all its frames and bands are taken out.

    Source: MFCC, Davis and Mermelstein 1980 [davis1980]; mel scale and filters as in HTK (torchaudio's default).

    Args:
        sample_rate_hz: Of the waveforms.
        features: `logmel` or `mfcc`.
        num_mels: Mel bands.
        num_mfcc: Coefficients kept for `mfcc`.
        window_s: Length of a frame.
        hop_s: From one frame to the next.
        min_hz: Lower edge of the lowest band.

    Raises:
        ConfigError: If an option is not positive, or a band is so narrow that no frequency falls into it.
    """

    def __init__(
        self,
        sample_rate_hz: int,
        features: Features = "logmel",
        num_mels: int = 40,
        num_mfcc: int = 20,
        window_s: float = 0.025,
        hop_s: float = 0.01,
        min_hz: float = 20.0,
    ) -> None:
        super().__init__()
        self.window, self.hop = round(window_s * sample_rate_hz), round(hop_s * sample_rate_hz)
        for name, value in (("window_s", self.window), ("hop_s", self.hop)):
            if value < 1:
                raise ConfigError(
                    f"{name} is shorter than a sample", at=f"--encoder.{name}", fix="0.025 and 0.01 are usual"
                )
        if not 0 <= min_hz < sample_rate_hz / 2:
            raise ConfigError(f"min_hz is {min_hz}", at="--encoder.min_hz", fix=f"give 0 to {sample_rate_hz / 2:g}")
        self.num_fft = 1 << (self.window - 1).bit_length()
        self.left = (self.num_fft - self.window) // 2  # torch puts a short window in the middle of the transform.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Empty bands are refused below.
            self.mel = torchaudio.transforms.MelSpectrogram(
                sample_rate_hz, self.num_fft, self.window, self.hop, min_hz, n_mels=num_mels, center=False
            )
        if not (self.mel.mel_scale.fb > 0).any(dim=0).all():
            raise ConfigError(
                f"{num_mels} mel bands are too narrow for {self.num_fft} samples a frame",
                at="--encoder.num_mels",
                fix="give fewer bands, a longer --encoder.window_s, or a higher --encoder.min_hz",
            )
        self.num_features = num_mels
        self.register_buffer("cosines", None, persistent=False)
        if features == "mfcc":
            if not 1 <= num_mfcc <= num_mels:
                raise ConfigError(f"num_mfcc is {num_mfcc}", at="--encoder.num_mfcc", fix=f"give 1 to {num_mels}")
            self.num_features = num_mfcc
            self.cosines = torchaudio.functional.create_dct(num_mfcc, num_mels, norm="ortho")  # (M, K)

    def num_frames(self, lengths: Tensor) -> Tensor:
        """Frames that hold all of a record's samples, the last one filled up with zeros: (B,) -> (B,)."""
        beyond = (lengths - self.window).clamp(min=0)
        return torch.where(lengths > 0, 1 + (beyond + self.hop - 1) // self.hop, 0)

    def forward(self, waves: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Waveforms (B, T) to frames (B, T', F), zero past their number (B,)."""
        frames = self.num_frames(lengths)
        longest = int(lengths.max())
        waves = waves[:, :longest].masked_fill(~valid_mask(lengths, longest), 0.0)
        padded = self.num_fft + (max(int(frames.max()), 1) - 1) * self.hop
        power = self.mel(F.pad(waves, (self.left, padded - self.left - longest)))  # (B, M, T')
        valid = valid_mask(frames, power.shape[2])[:, None]  # (B, 1, T')
        power = power.masked_fill(~valid, 0.0)
        floor = _FLOOR_BELOW_PEAK * power.amax(dim=(1, 2), keepdim=True) + _SILENCE
        levels = _standardise((power + floor).log(), valid)
        if self.cosines is not None:
            levels = (levels.transpose(1, 2) @ self.cosines).transpose(1, 2)  # (B, M, T') -> (B, K, T')
        return levels.transpose(1, 2), frames


def _standardise(levels: Tensor, valid: Tensor) -> Tensor:
    """(B, M, T') with mean 0 and deviation 1 over the valid frames of each record; zero elsewhere."""
    count = (valid.sum(dim=2, keepdim=True) * levels.shape[1]).clamp(min=1)  # (B, 1, 1)
    mean = levels.masked_fill(~valid, 0.0).sum(dim=(1, 2), keepdim=True) / count
    centred = (levels - mean).masked_fill(~valid, 0.0)
    variance = centred.square().sum(dim=(1, 2), keepdim=True) / count
    return centred / (variance + 1e-5).sqrt()
