"""linear_scan: h_t = a_t h_{t-1} + b_t over all steps of a chunk, the one recurrence that all parallel cells share.

Time comes first, (T, B, H), so that a step is one contiguous piece of memory. Real and complex numbers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

_WIDE = 1 << 11
"""Numbers of one step from which a plain loop is faster on a CPU: below, its calls cost more than its arithmetic."""

_BLOCK = 32
"""Steps of a block."""


def linear_scan(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """All h_t = a_t h_{t-1} + b_t, with h_{-1} = `start`.

    The gradient is the same recurrence backwards: g_t = dL/dh_t + conj(a_{t+1}) g_{t+1}, from which db_t = g_t and
    da_t = g_t conj(h_{t-1}). Nothing but `a` and h is kept for it.

    Args:
        a: Decay, (T, B, H), or (H,) if it is the same at all steps.
        b: Input, (T, B, H).
        start: (B, H).

    Returns:
        h, (T, B, H).

    Example:
        >>> linear_scan(torch.full((3, 1, 1), 0.5), torch.ones(3, 1, 1), torch.zeros(1, 1)).flatten()
        tensor([1.0000, 1.5000, 1.7500])
    """
    h: Tensor = _Scan.apply(a.expand_as(b), b, start)  # type: ignore[no-untyped-call]
    return h


class _Scan(Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, start: Tensor) -> Tensor:
        h = run_scan(a, b, start)
        ctx.save_for_backward(a, h, start)
        return h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        a, h, start = ctx.saved_tensors
        g = _run_back(a.conj(), gradients[0])
        before = torch.cat([start[None], h[:-1]])
        from_a = g * before.conj() if ctx.needs_input_grad[0] else None
        return from_a, g, g[0] * a[0].conj()


def _run_back(a: Tensor, gradient: Tensor) -> Tensor:
    """g_t = gradient_t + a_{t+1} g_{t+1}, from the last step to the first."""
    if _takes_steps(gradient):
        g = torch.empty_like(gradient, memory_format=torch.contiguous_format)
        later = g[-1].copy_(gradient[-1])
        for t in range(len(g) - 2, -1, -1):
            later = torch.addcmul(gradient[t], a[t + 1], later, out=g[t])
        return g
    shifted = torch.cat([a[1:], torch.zeros_like(a[:1])])
    return scan_by_blocks(shifted.flip(0), gradient.flip(0), torch.zeros_like(gradient[0])).flip(0)


def run_scan(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """The recurrence without gradients, by whichever way is faster for the size of a step."""
    return scan_by_steps(a, b, start) if _takes_steps(b) else scan_by_blocks(a, b, start)


def _takes_steps(b: Tensor) -> bool:
    return len(b) < 2 * _BLOCK or (b.device.type == "cpu" and b[0].numel() >= _WIDE)


def scan_by_steps(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """One fused multiply and add a step."""
    h = torch.empty_like(b, memory_format=torch.contiguous_format)
    before = start
    for a_t, b_t, h_t in zip(a.unbind(0), b.unbind(0), h.unbind(0), strict=True):
        torch.addcmul(b_t, a_t, before, out=h_t)
        before = h_t
    return h


def scan_by_blocks(a: Tensor, b: Tensor, start: Tensor, block: int = _BLOCK) -> Tensor:
    """All blocks of steps at once, then what one block hands to the next: fewer and wider operations.

    Within a block h_t = p_t h_before + s_t, with p the running product of a and s the scan from 0. Decays of at most 1
    keep p from growing.
    """
    num_steps = len(b)
    num_blocks = num_steps // block
    if num_blocks < 2:
        return scan_by_steps(a, b, start)
    whole = num_blocks * block
    shape = (num_blocks, block, *b.shape[1:])
    products = a[:whole].reshape(shape).clone()  # (N, L, B, H)
    sums = b[:whole].reshape(shape).clone()
    for step in range(1, block):
        sums[:, step].addcmul_(products[:, step], sums[:, step - 1])
        products[:, step] *= products[:, step - 1]
    ends = scan_by_steps(products[:, -1], sums[:, -1], start)  # (N, B, H): the state after each block
    before = torch.cat([start[None], ends[:-1]])[:, None]
    h = torch.addcmul(sums, products, before).reshape(whole, *b.shape[1:])
    if whole == num_steps:
        return h
    return torch.cat([h, scan_by_steps(a[whole:], b[whole:], h[-1])])
