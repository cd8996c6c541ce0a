"""How far a model is from the best possible result, where that is known: `loss 1.412 · optimum 1.398 · gap 0.014`."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from seqkit.data.module import SequenceDataModule
from seqkit.steps import Discrete, Split

LOSS = "loss"


def known_figures(data: SequenceDataModule, split: Split) -> dict[str, Any]:
    """What a result says of the best possible one: `optimum`, `chance`, unit of the loss; {} if nothing is known.

    Args:
        data: With the records that are scored.
        split: Which of them.
    """
    known = data.known(split)
    if known is None:
        return {}
    spec = data.codec.spec if data.streams else data.target_codec.spec
    return {"known": asdict(known) | {"unit": "bits" if isinstance(spec, Discrete) else "nats"}}


def gap_share(result: dict[str, Any]) -> float:
    """What is left between loss and optimum, as a share of chance - optimum; NaN if unknown or nothing."""
    known = result.get("known", {})
    if any(LOSS not in figures for figures in (known.get("optimum", {}), known.get("chance", {}))):
        return math.nan
    optimum, chance = known["optimum"][LOSS], known["chance"][LOSS]
    if chance == optimum:  # There is nothing to learn, as in a source without memory.
        return math.nan
    share: float = (result["metrics"][LOSS] - optimum) / (chance - optimum)
    return share


def describe_gap(result: dict[str, Any]) -> str:
    """The line for the user; empty if nothing is known of the loss.

    Args:
        result: Of `fit`, `validate` or `test`.
    """
    share = gap_share(result)
    if math.isnan(share):
        return ""
    known, scale = result["known"], 1 / math.log(2) if result["known"]["unit"] == "bits" else 1.0
    loss, optimum, chance = (
        figures[LOSS] * scale for figures in (result["metrics"], known["optimum"], known["chance"])
    )
    return (
        f"loss {loss:.4g} · optimum {optimum:.4g} · gap {loss - optimum:.2g} · chance {chance:.4g} "
        f"({known['unit']} a target; {share:.1%} of chance - optimum)"
    )
