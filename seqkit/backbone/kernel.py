"""The recurrence in one kernel on a GPU, where the package `accelerated_scan` is installed.

Its scan, in Triton, takes any number of steps, real numbers of at most 32 bits, (B, H, T) in one piece and a first
state of 0. Without the package, or for other numbers, the scan by blocks serves on any device.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

import torch
from torch import Tensor

Kernel = Callable[[Tensor, Tensor], Tensor]
"""`scan(a, b)`: all h_t = a_t h_{t-1} + b_t from 0, (B, H, T)."""


def find_kernel(value: Tensor) -> Kernel | None:
    """The kernel for numbers like these, if there is one."""
    fits = value.device.type == "cuda" and value.is_floating_point() and value.dtype.itemsize <= 4
    return _load() if fits else None


def scan_by_kernel(kernel: Kernel, a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """The recurrence of `linear_scan`, (T, B, H): the first state enters with the first input."""
    inputs = b.permute(1, 2, 0).clone(memory_format=torch.contiguous_format)  # (T, B, H) -> (B, H, T)
    inputs[..., 0] += a[0] * start
    return kernel(a.permute(1, 2, 0).contiguous(), inputs).permute(2, 0, 1)


@cache
def _load() -> Kernel | None:
    try:
        kernel: Kernel = import_module("accelerated_scan.scalar").scan
    except ImportError:
        return None
    return kernel
