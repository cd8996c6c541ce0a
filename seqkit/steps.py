"""The values that travel: what a step is (specs), what a source yields (Record), what a model sees (Batch)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import torch
from torch import Tensor

Split = Literal["train", "valid", "test", "predict"]

IGNORED = -100
"""A discrete target with this value is not scored; a continuous one is not scored where it is NaN."""


@dataclass(frozen=True)
class Discrete:
    """A step is one of `num_classes` symbols; steps are (T,) int64."""

    num_classes: int


@dataclass(frozen=True)
class Continuous:
    """A step is a vector in R^`num_features`; steps are (T, F) float32, NaN where nothing was observed.

    Attributes:
        num_features: Numbers a step.
        num_known: The last so many of them are known ahead, also for steps to come (calendar, plan, what never
            changes): `forecast` is given them for the horizon and does not predict them.
    """

    num_features: int
    num_known: int = 0

    @property
    def num_predicted(self) -> int:
        """Numbers a step that are not known ahead."""
        return self.num_features - self.num_known


Spec = Discrete | Continuous


@dataclass(frozen=True)
class Record:
    """One item of a source, before any encoding.

    Attributes:
        sequence: What the domain's codec encodes: text, a waveform, bases, (T, F) values.
        target: What the target codec encodes: a label, a value ...; None for `next_step`.
        origin: Where it came from, e.g. `recordings.zip:7_theo_3.wav`; every error and prediction names it.
        context: Leading steps that are given and never scored: the known past of a forecast.
        continues: True for the next part of the record before it, when a large file is read in blocks.
    """

    sequence: Any
    target: Any = None
    origin: str = ""
    context: int = 0
    continues: bool = False


@dataclass(frozen=True)
class Generation:
    """What `generate` made for one prompt.

    Attributes:
        prompt: The record that was continued; its sequence may be empty.
        values: One decoded continuation a sample.
    """

    prompt: Record
    values: list[Any]


@dataclass(frozen=True)
class Batch:
    """What a model sees at once. Right padding; `lengths` is the only truth about it.

    Attributes:
        inputs: (B, T) int64 or (B, T, F) float32.
        lengths: Valid steps of each row, (B,) int64; a row may be empty.
        targets: (B, U) int64 or (B, U, F) float32, those not scored marked (`IGNORED`, NaN). U is T for `next_step`
            and `tag`, 1 for `classify`, the longest transcript for `ctc`, the horizon for `forecast`.
        reset: Rows that start a new record here, (B,) bool; their carried state is dropped first.
        index: Record number of each row in its split, (B,) int64.
        known: What is known ahead of the steps to forecast, (B, U, G) float32; None for the other tasks.
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor
    reset: Tensor
    index: Tensor
    known: Tensor | None = None

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        """The same batch on another device (Lightning calls this)."""
        return self.map(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def map(self, function: Callable[[Tensor], Tensor]) -> Batch:
        """A new batch with `function` applied to each tensor."""
        tensors = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{name: function(t) for name, t in tensors.items() if t is not None})


def spec_to_dict(spec: Spec) -> dict[str, int]:
    """A spec as plain JSON, for checkpoints."""
    if isinstance(spec, Discrete):
        return {"num_classes": spec.num_classes}
    return {"num_features": spec.num_features, "num_known": spec.num_known}


def spec_from_dict(values: dict[str, int]) -> Spec:
    """The inverse of `spec_to_dict`."""
    return Discrete(**values) if "num_classes" in values else Continuous(**values)


def valid_mask(lengths: Tensor, num_steps: int) -> Tensor:
    """True at the steps before each row's end, (B,) -> (B, T) bool."""
    return torch.arange(num_steps, device=lengths.device) < lengths[:, None]
