"""The made sources of the time-series domain by name, and what they know in the units that a model is scored in."""

from __future__ import annotations

import math
from dataclasses import replace

from seqkit import Known, MadeSource
from seqkit_timeseries.made_records import write_adding, write_memory
from seqkit_timeseries.made_series import write_ar, write_hmm

MADE = {
    "ar": MadeSource(write_ar, ("next_step",)),
    "hmm": MadeSource(write_hmm, ("next_step",)),
    "memory": MadeSource(write_memory, ("classify",)),
    "adding": MadeSource(write_adding, ("classify",), {"target": "value"}),
}


def in_units_of(known: Known, deviation: float) -> Known:
    """What is known of numbers, after they were divided by a deviation: densities rise by it, errors fall.

    Args:
        known: In the units of the files.
        deviation: By which a codec divides.
    """
    change = {
        "loss": lambda value: value - math.log(deviation),
        "mse": lambda value: value / deviation**2,
        "mae": lambda value: value / deviation,
    }
    optimum, chance = (
        {name: change[name](value) if name in change else value for name, value in figures.items()}
        for figures in (known.optimum, known.chance)
    )
    return replace(known, optimum=optimum, chance=chance)
