"""Whether a model beats the best of what was only counted, in the figure that matters for its task."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
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

_LITTLE = 0.01
"""Share of chance - optimum that is not worth more training."""

_LEAST_IS_ZERO = ("error_rate", "mse", "mae", "mase", "owa", "smape", "crps")


@dataclass(frozen=True)
class Unbeaten:
    """A baseline that is at least as good as the model.

    Attributes:
        name: Of the baseline.
        figure: That was compared.
        own: The model's.
        other: The baseline's.
        why_not: Why more training would not help; empty where it may.
    """

    name: str
    figure: str
    own: float
    other: float
    why_not: str = ""

    def __str__(self) -> str:
        figure, name = self.figure.replace("_", " "), self.name.replace("_", " ")
        own, other = _shown(self.own), _shown(self.other)
        advice = self.why_not or "train longer, or with more updates an epoch"
        if own == other:
            return f"the model equals {name} (both {figure} {own}): {advice}"
        return f"the model does not beat {name} ({figure} {own} against {other}): {advice}"


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
    if best is None or is_better(figure, own, best.other) or is_ideal(figure, own):
        return None
    return replace(best, why_not=_why_not(result, figure, best.other))


def _why_not(result: dict[str, Any], figure: str, other: float) -> str:
    """Why more training would not help: little is left to learn, or nothing can beat the baseline."""
    known = result.get("known", {})
    optimum, chance = known.get("optimum", {}), known.get("chance", {})
    for name in (figure, "loss"):  # bits a step are the loss
        if name in optimum and name in chance and _is_number(result["metrics"].get(name)):
            left = abs(chance[name] - optimum[name]) * _LITTLE
            if abs(result["metrics"][name] - optimum[name]) <= left or is_better(
                name, result["metrics"][name], optimum[name]
            ):
                return "hardly anything is left to learn"
            break
    best = optimum.get(figure)
    if is_ideal(figure, other) or (best is not None and not is_better(figure, best, other)):
        return "nothing can beat it"
    return ""


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _shown(value: float) -> str:
    return f"{value:.4g}"
