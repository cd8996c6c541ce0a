"""WindowFrame: each window in units of its own level and spread, and each channel as a window of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, final

import torch
from torch import Tensor, nn

from seqkit.backbone.scaling import Scale
from seqkit.steps import Batch, Continuous, valid_mask

Centre = Literal["none", "last", "mean"]

_PRIOR = 1e-8
"""Share of the squared level that holds up the variance of a window that does not vary."""


@final
class WindowFrame(nn.Module):
    """Normalises the windows of `forecast`, whose level and spread differ from series to series and drift. No weights.

    A window's level is its last or mean value; predictions are numbers of deviations around it. What is known ahead
    is left as it is. With independent channels each feature becomes a row of the batch, so that one set of weights
    serves them all.

    Source: the last value as level, Zeng et al. 2023, section 4 (NLinear) [zeng2023]; mean and deviation, Kim et al.
    2022, eq. 1 to 3, without its affine part [kim2022]; independent channels, Nie et al. 2023, section 3.1 [nie2023].

    Args:
        spec: Of the steps.
        centre: What is subtracted: nothing, the last observed value, or the mean.
        rescale: Divide by the window's deviation.
        independent: Each predicted feature is a window of its own.
    """

    def __init__(self, spec: Continuous, centre: Centre, rescale: bool, independent: bool) -> None:
        super().__init__()
        self.spec, self.centre, self.rescale = spec, centre, rescale
        self.independent = independent and spec.num_predicted > 1

    @property
    def seen(self) -> Continuous:
        """What a step is behind this frame."""
        num_known = self.spec.num_known
        return Continuous(1 + num_known, num_known) if self.independent else self.spec

    @property
    def num_rows(self) -> int:
        """Rows of a batch that one window takes."""
        return self.spec.num_predicted if self.independent else 1

    def forward(self, batch: Batch) -> tuple[Batch, Scale]:
        """The batch as the encoder sees it, and the frame of its predictions, (B, 1, F).

        Args:
            batch: Inputs (B, T, F + G), NaN where nothing was observed.
        """
        values = batch.inputs[..., : self.spec.num_predicted]
        known = batch.inputs[..., self.spec.num_predicted :]
        scale = self._scale(values, batch.lengths)
        values = (values - scale.mean) / scale.deviation
        if not self.independent:
            return replace(batch, inputs=torch.cat([values, known], dim=-1)), scale
        repeats = values.shape[-1]
        rows = values.transpose(1, 2).flatten(0, 1)[..., None]  # (B F, T, 1)
        inputs = torch.cat([rows, known.repeat_interleave(repeats, dim=0)], dim=-1)
        ahead = None if batch.known is None else batch.known.repeat_interleave(repeats, dim=0)
        return replace(batch, inputs=inputs, lengths=batch.lengths.repeat_interleave(repeats), known=ahead), scale

    def unfold(self, raw: Tensor) -> Tensor:
        """The head's outputs with the channels side by side again: (B F, H, P) -> (B, H, P F)."""
        if not self.independent:
            return raw
        apart = raw.reshape(-1, self.spec.num_predicted, *raw.shape[1:])  # (B, F, H, P)
        return apart.permute(0, 2, 3, 1).flatten(2)

    def _scale(self, values: Tensor, lengths: Tensor) -> Scale:
        observed = torch.isfinite(values) & valid_mask(lengths, values.shape[1])[..., None]
        known = torch.where(observed, values, torch.zeros_like(values))
        count = observed.sum(1, keepdim=True).clamp(min=1)  # (B, 1, F)
        mean = known.sum(1, keepdim=True) / count
        level = torch.zeros_like(mean)
        if self.centre == "mean":
            level = mean
        elif self.centre == "last":
            steps = torch.arange(values.shape[1], device=values.device)[:, None]
            last = torch.where(observed, steps, -1).amax(1, keepdim=True)
            level = torch.where(last >= 0, known.gather(1, last.clamp(min=0)), mean)
        if not self.rescale:
            return Scale(level, torch.ones_like(level))
        moved = torch.where(observed, known - mean, torch.zeros_like(known))
        variance = (moved**2).sum(1, keepdim=True) / count + _PRIOR * mean**2
        return Scale(level, torch.where(variance > 0, variance, torch.ones_like(variance)).sqrt())
