"""Whether a model beats the best of what was only counted, in the figure that matters for its task."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

_MAIN = {
    "next_step": ("bits_per_step", "loss"),
    "classify": ("accuracy", "mse"),
    "tag": ("matthews", "mse"),
    "ctc": ("symbol_error_rate",),
    "forecast": ("owa", "mase", "mse"),
}
"""Figures by task, the one that decides first."""

_HIGHER_IS_BETTER = ("accuracy", "f1", "matthews", "auroc", "auprc", "exact_match", "recall", "precision")

_LEAST_IS_ZERO = ("error_rate", "mse", "mae", "mase", "owa", "smape", "crps")


@dataclass(frozen=True)
class Unbeaten:
    """A baseline that is at least as good as the model.

    Attributes:
        name: Of the baseline.
        figure: That was compared.
        own: The model's.
        other: The baseline's.
    """

    name: str
    figure: str
    own: float
    other: float

    def __str__(self) -> str:
        figure = self.figure.replace("_", " ")
        return (
            f"the model does not beat {self.name.replace('_', ' ')} ({figure} {_shown(self.own)} against "
            f"{_shown(self.other)}): train longer, or with more updates an epoch"
        )


def main_figure(result: dict[str, Any]) -> str | None:
    """The figure by which a model and its baselines are compared; None if they share none.

    Args:
        result: Of `fit`, `validate` or `test`: `task`, `metrics`, and `baselines` by name.
    """
    for name in _MAIN.get(result["task"], ()):
        if _is_number(result["metrics"].get(name)) and any(_is_number(of.get(name)) for of in
                                                           result["baselines"].values()):  # fmt: skip
            return name
    return None


def is_better(figure: str, first: float, second: float) -> bool:
    """Whether the first value of a figure is better than the second."""
    return first > second if figure.endswith(_HIGHER_IS_BETTER) else first < second


def is_ideal(figure: str, value: float) -> bool:
    """Whether nothing could be better; of a likelihood that is not known."""
    if figure.endswith(_HIGHER_IS_BETTER):
        return value >= 1
    return figure.endswith(_LEAST_IS_ZERO) and value <= 0


def unbeaten(result: dict[str, Any]) -> Unbeaten | None:
    """The best baseline, if the model does not beat it; None, too, if nothing could be better than the model.

    Args:
        result: Of `fit`, `validate` or `test`: `task`, `metrics`, and `baselines` by name.
    """
    figure = main_figure(result)
    if figure is None:
        return None
    best: Unbeaten | None = None
    own = result["metrics"][figure]
    for name, figures in result["baselines"].items():
        value = figures.get(figure)
        if _is_number(value) and (best is None or is_better(figure, value, best.other)):
            best = Unbeaten(name, figure, own, value)
    return None if best is None or is_better(figure, own, best.other) or is_ideal(figure, own) else best


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _shown(value: float) -> str:
    return f"{value:.4g}"
