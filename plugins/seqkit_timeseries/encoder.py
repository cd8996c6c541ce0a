"""The encoder of a task: each step alone, segments of steps to forecast, convolutions over steps to classify."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn

from seqkit import ConfigError, Continuous, Encoder, Spec, StepEncoder, valid_mask
from seqkit_timeseries.segments import SegmentEncoder


@final
class ConvEncoder(Encoder):
    """Residual convolutions over time; a step's features come from its neighbourhood.

    Each block is x + GELU(norm(conv(x))). Padding is put back to zero before each convolution and the norm is taken
    over the features of one step, so a record's features do not depend on what it is batched with.

    Source: kernel sizes 7, 5, 3 as in Wang et al. 2017, section 2.B [wang2017]; without its batch norm.

    Args:
        spec: What a step is.
        d_model: Size of the features.
        kernel_sizes: Steps that each convolution sees, odd.
        dropout: Share of features dropped after each block, in training.
    """

    pointwise = False

    def __init__(
        self, spec: Spec, d_model: int, kernel_sizes: tuple[int, ...] = (7, 5, 3), dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.d_model = d_model
        self.steps = StepEncoder(spec, d_model)
        self.convolutions = nn.ModuleList(nn.Conv1d(d_model, d_model, k, padding=k // 2) for k in kernel_sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in kernel_sizes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, F) -> (B, T, D)."""
        y, _ = self.steps(x, lengths)  # (B, T, D)
        mask = valid_mask(lengths, y.shape[1])[..., None]  # (B, T, 1)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            near = convolution((y * mask).transpose(1, 2)).transpose(1, 2)  # time last and back
            y = y + self.dropout(nn.functional.gelu(norm(near)))
        return y, lengths


def timeseries_encoder(
    spec: Spec,
    d_model: int,
    task: str,
    *,
    kernel_sizes: list[int] | None = None,
    segment: int | None = None,
    dropout: float = 0.0,
) -> Encoder:
    """The encoder of a task.

    Args:
        spec: What a step is.
        d_model: Size of the features.
        task: `next_step` looks at each step alone.
        kernel_sizes: Steps that each convolution sees (classify and tag), odd numbers; [] looks at each step alone.
            None: 7, 5, 3 to classify and tag.
        segment: Steps of a window that are read at once (forecast only); 1 reads each step alone. None: 24.
        dropout: Share of features dropped after each convolution, in training.

    Raises:
        ConfigError: If convolutions are asked for where they would see the step that is predicted, or segments where
            none are read.
    """
    if not 0 <= dropout < 1:
        raise ConfigError(f"dropout is {dropout:g}", at="--encoder.dropout", fix="give a share from 0 to below 1")
    _require_task(task, kernel_sizes, segment)
    if task == "forecast":
        assert isinstance(spec, Continuous)
        if segment is not None and segment < 1:
            raise ConfigError(f"segment is {segment}", at="--encoder.segment", fix="give 1 or more")
        return SegmentEncoder(spec, d_model, 24 if segment is None else segment)
    sizes = ([] if task == "next_step" else [7, 5, 3]) if kernel_sizes is None else kernel_sizes
    if any(size < 1 or size % 2 == 0 for size in sizes):
        raise ConfigError(f"kernel_sizes is {sizes}", at="--encoder.kernel_sizes", fix="give odd, positive sizes")
    return ConvEncoder(spec, d_model, tuple(sizes), dropout) if sizes else StepEncoder(spec, d_model)


def _require_task(task: str, kernel_sizes: list[int] | None, segment: int | None) -> None:
    """Refuse options of another task."""
    if kernel_sizes and task == "next_step":
        raise ConfigError(
            "convolutions look at later steps, which next_step predicts",
            at="--encoder.kernel_sizes",
            fix="leave it out, or use --data.task classify",
        )
    if kernel_sizes and task == "forecast":
        raise ConfigError(
            "forecast reads segments, not convolutions", at="--encoder.kernel_sizes", fix="use --encoder.segment"
        )
    if segment is not None and task != "forecast":
        raise ConfigError(
            f"task {task!r} reads no segments", at="--encoder.segment", fix="leave it out, or use --data.task forecast"
        )
