"""LogMelEncoder: spectrogram frames, then two convolutions over them, to features for the backbone."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn
from torch.nn import functional as F

from seqkit import ConfigError, Encoder, Spec, step_encoder, valid_mask
from seqkit_audio.codecs import Waveform
from seqkit_audio.spectrogram import Features, Spectrogram
from seqkit_audio.torchaudio_import import torchaudio


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

    Raises:
        ConfigError: If an option is out of its range.
    """
    _require_least(1, num_mels=num_mels, num_channels=num_channels, stride=stride)
    _require_least(0, frequency_mask=frequency_mask, time_mask=time_mask)
    if not 0 <= dropout < 1:
        raise ConfigError(f"dropout is {dropout:g}", at="--encoder.dropout", fix="give a share from 0 to below 1")
    if not isinstance(spec, Waveform):
        return step_encoder(spec, d_model, task)
    if features == "mfcc":
        frequency_mask = 0  # Neighbouring coefficients have no more in common than distant ones.
    front = Spectrogram(spec.sample_rate_hz, features, num_mels, num_mfcc, window_s, hop_s, min_hz)
    return LogMelEncoder(front, d_model, num_channels, stride, dropout, frequency_mask, time_mask)


def _require_least(least: int, **options: int) -> None:
    for name, value in options.items():
        if value < least:
            raise ConfigError(f"{name} is {value}", at=f"--encoder.{name}", fix=f"give {least} or more")


@final
class LogMelEncoder(Encoder):
    """A spectrogram, two convolutions over its frames, and a linear map.

    Source of the masks: SpecAugment, Park et al. 2019, section 2 [park2019].

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
        self.frames_per_step, self.stride = stride, stride * front.hop
        self.mask_bands = torchaudio.transforms.FrequencyMasking(frequency_mask, iid_masks=True)
        self.mask_frames = torchaudio.transforms.TimeMasking(time_mask, iid_masks=True, p=0.2)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, 1) samples -> (B, T', D)."""
        frames, lengths = self.front(x[..., 0], lengths)
        if self.training:
            # Blanked means 0, the mean of a standardised record.
            frames = self.mask_frames(self.mask_bands(frames.transpose(1, 2))).transpose(1, 2)
        y = self._block(0, self.first, frames, lengths)
        lengths = -(-lengths // self.frames_per_step)
        y = self._block(1, self.second, y, lengths)
        return self.project(y), lengths

    def _block(self, number: int, convolution: nn.Conv1d, x: Tensor, lengths: Tensor) -> Tensor:
        """Convolve over frames; what lies past the result's lengths is zero again, as beyond an end."""
        y: Tensor = convolution(x.transpose(1, 2)).transpose(1, 2)  # (B, T', F) -> (B, T'', C)
        y = self.dropout(F.gelu(self.norms[number](y)))
        return y.masked_fill(~valid_mask(lengths, y.shape[1])[..., None], 0.0)
