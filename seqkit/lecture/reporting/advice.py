"""Advice: what the lecture has to offer for what was found, in sentences with `options` to try in backquotes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.measured import Memory
from seqkit.lecture.instruments.truncation import Truncation
from seqkit.plots.span_axis import Span

_GATED = ("lstm", "gru")
_MUCH_CLIPPED = 0.5
_MANY_STUCK = 0.3
_DIVERTED = 0.95
"""Below this cosine a truncated gradient points elsewhere."""


def advise(diagnosis: Diagnosis, truncation: Truncation | None, span: Span) -> list[str]:
    """What to try, the most pressing first; empty where nothing stands out.

    Args:
        diagnosis: What was found.
        truncation: The same of truncated gradients, if it was measured.
        span: Steps of the data in the domain's unit.
    """
    found = [*_exploding(diagnosis), *_vanishing(diagnosis), *_stuck(diagnosis)]
    return found + list(_truncated(diagnosis, truncation, span) if truncation else ())


def _exploding(diagnosis: Diagnosis) -> Iterator[str]:
    grows = [memory for memory in diagnosis.memories if memory.verdict == "explodes"]
    if grows:
        yield (
            f"The gradient of {_layers(grows)} grows on its way back. Clip it (`--trainer.gradient_clip_val 1`, or "
            "lower), lower `--model.learning_rate`, or use a gated cell (`--model.cell lstm`)."
        )
    clipping = diagnosis.clipping
    if clipping.share_non_finite > 0:
        yield "Some gradients are infinite or no number: lower `--model.learning_rate` and clip harder."
    elif clipping.trained_share > _MUCH_CLIPPED:
        yield (
            f"{100 * clipping.trained_share:.0f} % of the updates were clipped, so the clipping value set the "
            "step size: lower `--model.learning_rate`, or raise `--trainer.gradient_clip_val`."
        )


def _vanishing(diagnosis: Diagnosis) -> Iterator[str]:
    lost = [memory for memory in diagnosis.memories if memory.verdict == "vanishes" and not memory.limited]
    if not lost:
        return
    name = diagnosis.cell.partition(" ")[0]
    longest = max(lost, key=lambda memory: memory.num_steps)
    where = f"The {_described(diagnosis.cell)} cell's gradient vanishes after {longest.span} ({longest.layer})."
    if name == "rnn":
        plain = "identity" not in diagnosis.cell or "relu" not in diagnosis.cell
        other = ", or `--model.nonlinearity relu` with `--model.initialisation identity`" if plain else ""
        yield f"{where} For longer dependencies try `--model.cell lstm` or `gru`, whose gates keep a state{other}."
    elif name in _GATED and "chrono" not in diagnosis.cell:
        yield (
            f"{where} That is as far as training has taught it to remember. If the data hold longer dependencies, "
            "start the gates with longer time scales: `--model.initialisation chrono --model.memory N`."
        )
    elif name == "window":
        yield f"{where} A window sees no further than `--model.width`; a recurrent cell (`--model.cell lstm`) can."
    else:
        yield f"{where} If the data hold longer dependencies, train longer or on longer windows."


def _stuck(diagnosis: Diagnosis) -> Iterator[str]:
    name = diagnosis.cell.partition(" ")[0]
    gated = name in (*_GATED, "rnn")
    for gate in diagnosis.gates:
        if math.isinf(gate.high) and gate.stuck_low > _MANY_STUCK:
            other = (
                "use `--model.nonlinearity tanh` or a gated cell" if name == "rnn" else "start from another `--seed`"
            )
            yield (
                f"{100 * gate.stuck_low:.0f} % of the units of {gate.layer} are 0 at almost every step: no gradient "
                f"passes them. Lower `--model.learning_rate`, or {other}."
            )
        elif gated and math.isfinite(gate.high) and gate.stuck_low + gate.stuck_high > _MANY_STUCK:
            share = 100 * (gate.stuck_low + gate.stuck_high)
            yield (
                f"{share:.0f} % of the units of {gate.layer} have their {gate.gate} {_noun(gate.gate)} at one end at "
                "almost every step, where it hardly learns any more: more units than the task needs, or too high a "
                "learning rate."
            )


def _truncated(diagnosis: Diagnosis, truncation: Truncation, span: Span) -> Iterator[str]:
    window, enough = truncation.window, truncation.faithful
    if window is None or enough is None:
        return
    ratio = truncation.steps_per_feature
    at_window = [point for point in truncation.lengths if point.num_steps * ratio <= window]
    if at_window and at_window[-1].cosine.median < _DIVERTED:
        yield (
            f"Training cut the gradient after {span(window)}; it then points elsewhere than the exact one (cosine "
            f"{at_window[-1].cosine.median:.2f}). Try `--data.window {math.ceil(enough * ratio)}` or more."
        )
    held = [memory for memory in diagnosis.memories if memory.verdict == "holds" and memory.num_steps > window]
    if held:
        yield (
            f"The gradient of {_layers(held)} reaches further than training's window of {span(window)}: a longer "
            f"`--data.window` may teach dependencies of up to {max(held, key=lambda memory: memory.num_steps).span}."
        )


def _described(cell: str) -> str:
    """`rnn (relu, identity)` as `relu`; other cells by their name."""
    name, _, options = cell.partition(" (")
    return options.rstrip(")").split(",")[0] if name == "rnn" else name


def _layers(memories: list[Memory]) -> str:
    return " and ".join(memory.layer for memory in memories)


def _noun(gate: str) -> str:
    return "value" if gate in ("candidate", "activation", "update") else "gate"
