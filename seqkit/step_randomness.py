"""Randomness inside a training step: a function of (seed, rank, number of the batch), so that nothing is saved."""

from __future__ import annotations

import torch

_BITS = (1 << 64) - 1


def seed_step(seed: int, rank: int, batch: int, device: torch.device) -> None:
    """Seed what dropout and its kin draw from in one batch.

    What drew from it before (a validation, a callback, a run that was killed) makes no difference. On a processor it
    takes a few microseconds; `torch.manual_seed` would ask each kind of device there is.

    Args:
        seed: Of the run.
        rank: Of this process among those that train together.
        batch: Batches that the training has begun; steps do not move while gradients accumulate.
        device: That computes.
    """
    mixed = mix(seed, rank, batch)
    torch.default_generator.manual_seed(mixed)
    if device.type == "cuda":
        torch.cuda.default_generators[device.index or 0].manual_seed(mixed)
    elif device.type == "mps":
        torch.mps.manual_seed(mixed)


def mix(*numbers: int) -> int:
    """One number of 63 bits for several, each bit of which depends on all of theirs.

    Source: the finaliser of SplitMix64, Steele, Lea and Flood 2014, figure 13 [steele2014].

    Example:
        >>> mix(0, 0, 1) == mix(0, 1, 0)
        False
    """
    state = 0
    for number in numbers:
        state = (state + number + 0x9E3779B97F4A7C15) & _BITS
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _BITS
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _BITS
        state ^= state >> 31
    return state >> 1
