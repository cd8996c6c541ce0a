"""`--threads N` of the verbs that compute, and how threads wait. Read before torch is loaded."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence

from seqkit.errors import ConfigError

_TRAINING = ("fit", "crossval", "compare")
_AFTER = ("validate", "test", "predict", "score", "generate", "forecast", "embed", "diagnose", "bench")
_OPTION = "--threads"
_SPINS = "1000"
"""Turns that a thread of GNU OpenMP waits awake for the others: about 50 µs, which is longer than the gaps in a step.

OpenMP's own 300,000 turns are many milliseconds: beside a busy neighbour the waiting threads keep the very thread that
they wait for from its core, and a step takes several times as long (`benchmarks/threads.py`).
"""


def wait_briefly() -> None:
    """Let waiting threads give up their core soon, unless the user has said how they wait; before torch is loaded."""
    if not any(name in os.environ for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")):
        os.environ["GOMP_SPINCOUNT"] = _SPINS


def check_threads(verb: str, words: Sequence[str]) -> None:
    """Refuse what is no number of threads, before torch is loaded.

    Args:
        verb: Any; those that do not compute, or choose for themselves, are not looked at.
        words: What follows it.

    Raises:
        ConfigError: If it is neither a number from 1 on nor, for training, `auto`.
    """
    asked = _split(words)[1] if verb in (*_TRAINING, *_AFTER) else None
    if asked is None or (asked == "auto" and verb in _TRAINING):
        return
    if asked == "auto":
        raise ConfigError(
            f"'auto' times steps of a training, and seqkit {verb} trains nothing",
            at=_OPTION,
            fix="give a number; auto belongs to fit, crossval and compare",
        )
    if not re.fullmatch(r"-?\d+", asked):
        known = "a number, or auto" if verb in _TRAINING else "a number"
        raise ConfigError(f"{asked!r} is no number of threads", at=_OPTION, fix=f"give {known}")
    if int(asked) < 1:
        raise ConfigError(f"threads is {asked}", at=_OPTION, fix="give 1 or more")


def run_on_threads(verb: str, words: Sequence[str], run: Callable[[str, list[str]], int]) -> int:
    """Run a verb in the threads that its words ask for.

    Args:
        verb: Any; those that do not compute, or choose for themselves, are run as they are.
        words: What follows it. Training keeps `--threads` in its configuration, the others do not know it.
        run: The verb.

    Raises:
        ConfigError: As `check_threads`.
    """
    check_threads(verb, words)
    if verb not in (*_TRAINING, *_AFTER):
        return run(verb, list(words))
    rest, asked = _split(words)
    from seqkit.training.threads import on_threads, too_many

    number = int(asked) if asked is not None and asked != "auto" else None
    if verb in _AFTER and (note := too_many(number)):  # a training says so itself
        print(note, file=sys.stderr)
    with on_threads(number):
        return run(verb, list(words) if verb in _TRAINING else rest)


def _split(words: Sequence[str]) -> tuple[list[str], str | None]:
    """Words without the option, and its last value; of two, the later wins."""
    rest: list[str] = []
    asked: str | None = None
    given = iter(words)
    for word in given:
        name, sign, value = word.partition("=")
        if name == _OPTION:
            asked = value if sign else next(given, "")
        else:
            rest.append(word)
    return rest, asked
