"""Which kind of prediction a spec and the user's wish come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from seqkit.steps import Continuous, Discrete, Spec
from seqkit.tasks.distributions import Categorical, Normal, Output, StudentT
from seqkit.tasks.points import AbsoluteError, Quantiles, SquaredError

Distribution = Literal["normal", "student_t", "quantiles", "absolute", "squared"]

_OF_NUMBERS: dict[str, Callable[[int], Output]] = {
    "normal": Normal,
    "student_t": StudentT,
    "quantiles": Quantiles,
    "absolute": AbsoluteError,
    "squared": SquaredError,
}

WITHOUT_LIKELIHOOD = ("quantiles", "absolute", "squared")
"""Kinds whose loss is no likelihood."""


def build_output(spec: Spec, distribution: str) -> Output:
    """The kind of prediction for a spec: symbols are categorical, numbers as `distribution` says."""
    if isinstance(spec, Discrete):
        return Categorical(spec.num_classes)
    assert isinstance(spec, Continuous)
    return _OF_NUMBERS[distribution](spec.num_predicted)
