"""Truncation made visible: the gradient of backpropagation cut after K steps, against the exact one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seqkit.backbone.cell import State
from seqkit.backbone.stack import BothDirections
from seqkit.data.loader import StreamLoader
from seqkit.data.module import SequenceDataModule
from seqkit.errors import ConfigError, DataError
from seqkit.lecture.instruments.gradient_gap import GradientGap, Spread
from seqkit.lecture.instruments.truncated_stack import truncated, without_noise
from seqkit.model import SequenceModel
from seqkit.steps import Batch, Split

_MOST_LENGTHS = 10
"""Truncation lengths that are compared unless told: the powers of two below the longest record, and its length."""

_MOST_STEPS = 1_000_000_000

_FAITHFUL = 0.95
"""A median cosine from which on the truncated gradient points where the exact one does."""


@dataclass(frozen=True)
class TruncatedGradient:
    """The gradient at one truncation length, held against exact backpropagation of the same batches.

    Attributes:
        num_steps: K, steps of the backbone that the gradient flows back at most.
        cosine: Of the angle between both gradients over all parameters.
        norm_ratio: Norm of the truncated gradient as a share of the exact one's.
        bias: |mean over batches of the truncated gradient - that of the exact one| / |that of the exact one|.
        recurrent_cosine: As `cosine`, of the recurrent weights alone; None where a cell has none.
        recurrent_bias: As `bias`, of the recurrent weights alone.
    """

    num_steps: int
    cosine: Spread
    norm_ratio: Spread
    bias: float
    recurrent_cosine: Spread | None
    recurrent_bias: float | None


@dataclass(frozen=True)
class Truncation:
    """Truncated gradients of one model on the same batches, the shortest length first.

    Attributes:
        lengths: One a truncation length.
        num_batches: Batches behind each figure.
        num_steps: Steps of the backbone in the longest batch: what exact backpropagation goes through.
        steps_per_feature: Steps of the data that one step of the backbone stands for.
        window: Steps that training truncated at, where the task is read in chunks; None elsewhere.
    """

    lengths: tuple[TruncatedGradient, ...]
    num_batches: int
    num_steps: int
    steps_per_feature: float
    window: int | None

    @property
    def faithful(self) -> int | None:
        """The shortest length whose gradient has a median cosine of 0.95 or more to the exact one."""
        return next((one.num_steps for one in self.lengths if one.cosine.median >= _FAITHFUL), None)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self) | {"faithful": self.faithful}


def measure_truncation(
    model: SequenceModel,
    data: SequenceDataModule,
    split: Split = "valid",
    lengths: Sequence[int] | None = None,
    num_records: int = 8,
    num_steps: int = 256,
    num_batches: int = 4,
) -> Truncation:
    """Compare gradients at several truncation lengths with those of exact backpropagation.

    The same weights read the same batches from the same carried states; only the graph is cut, at multiples of K, as
    in training with `--data.window K`. Dropout is off, so that nothing but the truncation differs. The model is left
    as it was: weights, gradients, mode and random state.

    Source: the bias of truncated backpropagation, Tallec and Ollivier 2017 [tallec2017].

    Args:
        model: A trained model.
        data: Its data module.
        split: Whose records are read.
        lengths: Truncation lengths in steps of the backbone; None takes powers of two up to the longest record.
        num_records: Records of a batch, or parallel streams.
        num_steps: Steps of a chunk under `next_step`; the other tasks read whole records.
        num_batches: Batches at most.

    Raises:
        ConfigError: If the model reads from both ends, or a length is out of its range.
        DataError: If the split holds nothing to learn from.
    """
    require_truncatable(model, lengths)
    with without_noise(model):
        read = read_batches(data, split, num_records, num_steps, num_batches)
        batches = list(islice(_scored(model, read), num_batches))
        if not batches:
            raise DataError(f"nothing of the {split} split is scored", at=f"path {data.path!r}", fix="--split train")
        num_inside, steps_per_feature = _steps_inside(model, batches)
        points = tuple(_compare(model, batches, sorted(set(lengths or default_lengths(num_inside)))))
    window = data.window if data.streams else None
    return Truncation(points, len(batches), num_inside, steps_per_feature, window)


def require_truncatable(model: SequenceModel, lengths: Sequence[int] | None) -> None:
    """Refuse what has no truncated gradient.

    Raises:
        ConfigError: If the model reads from both ends, or a length is below 1.
    """
    if isinstance(model.backbone, BothDirections):
        raise ConfigError(
            "the gradient of a bidirectional model is not truncated: it needs each record whole",
            at="--truncation",
            fix="leave it out with --no_truncation",
        )
    for length in lengths or ():
        if not 1 <= length <= _MOST_STEPS:
            fix = f"give 1 to {_MOST_STEPS:,} steps"
            raise ConfigError(f"a truncation length is {length}", at="--truncation", fix=fix)


def default_lengths(num_steps: int) -> list[int]:
    """Powers of two below the length of the longest record, and that length; the longest ten.

    Example:
        >>> default_lengths(20)
        [1, 2, 4, 8, 16, 20]
    """
    powers = [1 << power for power in range(num_steps.bit_length()) if 1 << power < num_steps]
    return [*powers, num_steps][-_MOST_LENGTHS:]


def read_batches(
    data: SequenceDataModule, split: Split, num_records: int, num_steps: int, num_batches: int
) -> Iterator[Batch]:
    """Batches of a split: all chunks of its streams in order; or some, with whole records from short to long."""
    loader = data.loader(split)
    loader.shuffle = False  # that of training is
    if data.streams:
        loader = StreamLoader(data.store(split), num_records, num_steps, shuffle=False, seed=0)
    plan, count = loader.plan(0), len(loader)
    chosen = np.arange(count)
    if not data.streams:  # They come sorted by length: taken from the whole range.
        chosen = np.unique(np.linspace(0, count - 1, min(num_batches, count)).round().astype(int))
    for position in chosen:
        batch = loader.batch(plan, int(position))
        yield batch.map(lambda tensor: tensor[:num_records])


def _scored(model: SequenceModel, batches: Iterator[Batch]) -> Iterator[tuple[Batch, State | None]]:
    """Batches that have a gradient, each with the state that the one before left where the task carries one."""
    state: State | None = None
    dtype = next(model.parameters()).dtype
    for batch in batches:
        own = batch.map(lambda t: t.to(model.device, dtype if t.is_floating_point() else t.dtype))
        with torch.no_grad():
            outcome, after = model.outcome(own, state)
        if bool(outcome.scored.any()):
            yield own, state
        state = None if model.task.whole_records else after


def _steps_inside(model: SequenceModel, batches: list[tuple[Batch, State | None]]) -> tuple[int, float]:
    """Steps of the backbone in the longest batch, and steps of the data that one of them stands for."""
    inside, ratios = [], []
    with truncated(model, None) as backbone, torch.no_grad():
        for batch, state in batches:
            model.answer(batch, state)
            inside.append(backbone.num_read)
            ratios.append(batch.inputs.shape[1] / max(backbone.num_read, 1))
    return max(inside), float(np.median(ratios))


def _compare(
    model: SequenceModel, batches: list[tuple[Batch, State | None]], lengths: Sequence[int]
) -> Iterator[TruncatedGradient]:
    """One gradient a batch and length, each held against the exact one and let go."""
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    parameters = [parameter for _, parameter in named]
    recurrent = torch.cat([torch.full((p.numel(),), "weight_hh" in name, device=p.device) for name, p in named])
    gaps = {length: (GradientGap(), GradientGap()) for length in lengths}
    for batch, state in batches:
        exact = _gradient(model, parameters, batch, state, None)
        for length, (whole, own) in gaps.items():
            cut = _gradient(model, parameters, batch, state, length)
            whole.add(cut, exact)
            own.add(cut[recurrent], exact[recurrent])
    for length, (whole, own) in gaps.items():
        yield TruncatedGradient(
            num_steps=length,
            cosine=whole.cosine,
            norm_ratio=whole.norm_ratio,
            bias=whole.bias,
            recurrent_cosine=own.cosine if bool(recurrent.any()) else None,
            recurrent_bias=own.bias if bool(recurrent.any()) else None,
        )


def _gradient(
    model: SequenceModel, parameters: list[nn.Parameter], batch: Batch, state: State | None, length: int | None
) -> Tensor:
    """The gradient of a batch's mean loss, end to end, (P,)."""
    with truncated(model, length):
        loss = model.outcome(batch, state)[0].loss
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    pairs = zip(found, parameters, strict=True)
    return torch.cat([(torch.zeros_like(p) if gradient is None else gradient).flatten() for gradient, p in pairs])
