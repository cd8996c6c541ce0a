"""Numbers that no option takes: not finite, or of a size that no machine can count to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from seqkit.errors import ConfigError

MOST_SEED = 2**32 - 1
"""What numpy's generators take."""

MOST_COUNT = 2**53
"""Whole numbers that a float still tells apart; no data set has as many steps."""

MOST_SIZE = 10**9
"""Of anything in a model."""


def require_sane_numbers(options: Mapping[str, Any]) -> None:
    """Refuse numbers by their size alone, before anything is computed with them.

    Args:
        options: Groups and options by name, nested.

    Raises:
        ConfigError: Names the option.
    """
    seed = options.get("seed")
    if isinstance(seed, int) and not 0 <= seed <= MOST_SEED:
        raise ConfigError(f"seed is {seed}", at="--seed", fix=f"give 0 to {MOST_SEED:,}")
    for name, value in _numbers(options, ""):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{value} is no finite number", at=f"--{name}", fix="give a finite number")
        most = MOST_SIZE if name.startswith(("model.", "encoder.")) else MOST_COUNT
        if abs(value) > most and isinstance(value, int):
            shown = str(value) if len(str(value)) < 25 else f"{str(value)[:20]}..."
            raise ConfigError(f"{shown} is too large", at=f"--{name}", fix=f"give at most {most:,}")


def _numbers(value: Any, name: str) -> Iterator[tuple[str, int | float]]:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _numbers(inner, name)
