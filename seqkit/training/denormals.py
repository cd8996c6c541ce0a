"""Vanished gradients cost time: numbers below the smallest normal one take a processor several times as long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def denormals_are_zero() -> bool:
    """Whether this thread takes numbers below the smallest normal one for 0."""
    tiny = torch.finfo(torch.float32).tiny
    return (torch.tensor([tiny]) / 2).item() == 0


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Such numbers are 0 inside, and what they were before afterwards.

    A tanh cell whose gradients vanish meets them in most of its backward steps (`benchmarks/denormals.py`); float32
    has lost their digits already.
    """
    before = denormals_are_zero()
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
