"""Sound to features: log-mel or MFCC frames, then convolutions over frames. Weights only in the convolutions."""

from __future__ import annotations

import warnings
from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqkit import ConfigError, Encoder, Spec, step_encoder, valid_mask
from seqkit_audio.codecs import Waveform
from seqkit_audio.torchaudio_import import torchaudio

Features = Literal["logmel", "mfcc"]

_FLOOR_BELOW_PEAK = 1e-8
"""Quietest power that is told from silence, as a share of the record's loudest: -80 dB."""

_SILENCE = 1e-20
"""Added to every power, so that a record of zeros has a logarithm."""


def audio_encoder(
    spec: Spec,
    d_model: int,
    task: str,
    *,
    features: Features = "logmel",
    num_mels: int = 40,
    num_mfcc: int = 20,
    window_s: float = 0.025,
    hop_s: float = 0.01,
    min_hz: float = 20.0,
    num_channels: int = 64,
    stride: int = 2,
    dropout: float = 0.1,
    frequency_mask: int = 3,
    time_mask: int = 8,
) -> Encoder:
    """For classify a `LogMelEncoder`; for next_step each mu-law level's embedding, and none of these options count.

    Args:
        spec: What a step is.
        d_model: Size of the features.
        task: The task.
        features: `logmel`: log energies of mel bands; `mfcc`: their cosine transform.
        num_mels: Mel bands.
        num_mfcc: Coefficients kept for `mfcc`.
        window_s: Length of a frame.
        hop_s: From one frame to the next.
        min_hz: Lower edge of the lowest band; the upper edge of the highest is half the sample rate.
        num_channels: Channels of the convolutions over frames.
        stride: Frames to one step of the backbone.
        dropout: Share of the convolutions' channels dropped, in training.
        frequency_mask: Neighbouring bands blanked out at most, in training (SpecAugment); 0 for none. For `logmel`.
        time_mask: Neighbouring frames blanked out at most, in training (SpecAugment); 0 for none.
    """
    if not isinstance(spec, Waveform):
        return step_encoder(spec, d_model, task)
    if features == "mfcc":
        frequency_mask = 0  # Neighbouring coefficients have no more in common than distant ones.
    front = Spectrogram(spec.sample_rate_hz, features, num_mels, num_mfcc, window_s, hop_s, min_hz)
    return LogMelEncoder(front, d_model, num_channels, stride, dropout, frequency_mask, time_mask)


@final
class Spectrogram(nn.Module):
    """Log-mel or MFCC frames of a waveform, standardised over each record. No weights.

    The features do not change with the loudness of a record: the floor under the logarithm lies a fixed distance
    below its peak, and mean and deviation over all its frames and bands are taken out.

    Source: Davis and Mermelstein 1980 (MFCC); mel scale and filters as in HTK (torchaudio's default).

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


@final
class LogMelEncoder(Encoder):
    """A spectrogram, two convolutions over its frames, and a linear map.

    Source of the masks: Park et al. 2019 (SpecAugment), sections 2 and 3.

    Args:
        front: Waveforms to frames.
        d_model: Size of the features.
        num_channels: Channels of the convolutions.
        stride: Frames to one step of the result.
        dropout: Share of channels dropped, in training.
        frequency_mask: Neighbouring bands blanked out at most, in training.
        time_mask: Neighbouring frames blanked out at most, in training; never more than a fifth of the batch's frames.
    """

    pointwise = False

    def __init__(
        self,
        front: Spectrogram,
        d_model: int,
        num_channels: int = 64,
        stride: int = 2,
        dropout: float = 0.1,
        frequency_mask: int = 3,
        time_mask: int = 8,
    ) -> None:
        super().__init__()
        self.d_model, self.front = d_model, front
        self.first = nn.Conv1d(front.num_features, num_channels, kernel_size=5, padding=2)
        self.second = nn.Conv1d(num_channels, num_channels, kernel_size=5, stride=stride, padding=2)
        self.norms = nn.ModuleList(nn.LayerNorm(num_channels) for _ in range(2))
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear(num_channels, d_model)
        self.stride = stride
        self.mask_bands = torchaudio.transforms.FrequencyMasking(frequency_mask, iid_masks=True)
        self.mask_frames = torchaudio.transforms.TimeMasking(time_mask, iid_masks=True, p=0.2)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, 1) samples -> (B, T', D)."""
        frames, lengths = self.front(x[..., 0], lengths)
        if self.training:
            # Blanked means 0, the mean of a standardised record.
            frames = self.mask_frames(self.mask_bands(frames.transpose(1, 2))).transpose(1, 2)
        y = self._block(0, self.first, frames, lengths)
        lengths = (lengths + self.stride - 1) // self.stride
        y = self._block(1, self.second, y, lengths)
        return self.project(y), lengths

    def _block(self, number: int, convolution: nn.Conv1d, x: Tensor, lengths: Tensor) -> Tensor:
        """Convolve over frames; what lies past the result's lengths is zero again, as beyond an end."""
        y: Tensor = convolution(x.transpose(1, 2)).transpose(1, 2)  # (B, T', F) -> (B, T'', C)
        y = self.dropout(F.gelu(self.norms[number](y)))
        return y.masked_fill(~valid_mask(lengths, y.shape[1])[..., None], 0.0)
