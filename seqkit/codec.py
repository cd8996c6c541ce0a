"""Codec: how a record's value becomes steps, and back. No weights; its state is plain JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from seqkit.errors import ConfigError
from seqkit.fixed_point import FixedPoint
from seqkit.steps import Spec


class Codec(ABC):
    """Turns a value into steps (`encode`) and steps into a value (`decode`).

    A codec that must look at data first implements `fit`; it sees the training split only. What it learned
    goes through `state` / `restore` as plain JSON, inside the checkpoint.

    Attributes:
        lossless: True: `decode(encode(x)) == x` (within `tolerance`). False: something is given up on purpose
            (white space, unknown words); then encoding must be stable: `encode(decode(s)) == s`.
        tolerance: Largest absolute error of `decode(encode(x))` for numeric values.
        running_scale: True: under `next_step` the model standardises each stream by the mean and deviation it
            has seen so far in that stream, so that one model serves series of any size, and predicts from the
            value one season before.
    """

    lossless: ClassVar[bool] = True
    tolerance: float = 0.0
    running_scale: bool = False

    @property
    def separator(self) -> int | None:
        """The symbol that divides words, for word error rates; None: there is none."""
        return None

    @property
    def end(self) -> int | None:
        """The symbol after which nothing follows, where records have one: generation stops there."""
        return None

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """What a step is; known once the codec is fitted."""

    @abstractmethod
    def encode(self, value: Any) -> Tensor:
        """Steps of a value, (T,) int64 or (T, F) float32.

        Raises:
            DataError: If the value holds something that this codec cannot represent.
        """

    def encode_array(self, value: Any) -> np.ndarray | FixedPoint:
        """The steps of `encode` for a store, which keeps them in the smallest type that holds them.

        A codec that has them in a small type overrides this, so that they are not widened and narrowed again: symbols
        in any integer type, numbers as `FixedPoint`.
        """
        return self.encode(value).numpy()

    @abstractmethod
    def decode(self, steps: Tensor) -> Any:
        """The value of steps, (T,) or (T, F)."""

    def fit(self, values: Iterable[Any]) -> None:  # noqa: B027 - optional on purpose
        """Learn from the training values; nothing to learn by default."""

    def state(self) -> dict[str, Any]:
        """What `fit` learned, as plain JSON."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:  # noqa: B027 - optional on purpose
        """Put back what `state` gave."""

    def mirror(self, steps: Tensor, lengths: Tensor) -> Tensor | None:
        """An equally valid reading of whole records, such as the reverse complement; None if there is none.

        Tasks that read whole records train on both readings and average their predictions.

        Args:
            steps: (B, T) or (B, T, F), right-padded.
            lengths: (B,).
        """
        return None


def require_fitted(fitted: bool, codec: Codec) -> None:
    """Refuse to use a codec before it has learnt what it needs.

    Raises:
        ConfigError: Names the codec.
    """
    if not fitted:
        raise ConfigError(
            f"{type(codec).__name__} is used before it was fitted", fix="call datamodule.setup('fit') first"
        )
