"""linear_scan: h_t = a_t h_{t-1} + b_t over all steps of a chunk, the one recurrence that all parallel cells share.

Time comes first, (T, B, H), so that a step is one contiguous piece of memory. Real and complex numbers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from seqkit.backbone.kernel import find_kernel, scan_by_kernel

_WIDE = 1 << 11
"""Numbers of one step from which a plain loop is faster on a CPU: below, its calls cost more than its arithmetic."""

_BLOCK = 8
"""Steps of a block."""


def linear_scan(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """All h_t = a_t h_{t-1} + b_t, with h_{-1} = `start`.

    The gradient is the same recurrence backwards: g_t = dL/dh_t + conj(a_{t+1}) g_{t+1}, from which db_t = g_t and
    da_t = g_t conj(h_{t-1}). Nothing but `a` and h is kept for it. A second derivative is refused.

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
        h = scan_in_place(a, b.clone(memory_format=torch.contiguous_format), start)
        ctx.save_for_backward(a, h, start)
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        a, h, start = ctx.saved_tensors
        copy = gradients[0].clone(memory_format=torch.contiguous_format)
        g = scan_back_in_place(a.conj(), copy, torch.zeros_like(start))
        before = torch.cat([start[None], h[:-1]])
        from_a = g * before.conj() if ctx.needs_input_grad[0] else None
        return from_a, g, g[0] * a[0].conj()


def scan_in_place(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """The recurrence without gradients, by whichever way is faster for the device and the size of a step.

    `b`, in one piece, is what h is written to, unless a kernel has memory of its own.
    """
    kernel = find_kernel(b)
    if kernel is not None:
        return scan_by_kernel(kernel, a, b, start)
    return scan_by_steps(a, b, start) if _takes_steps(b) else scan_by_blocks(a, b, start)


def scan_back_in_place(a: Tensor, gradient: Tensor, later: Tensor) -> Tensor:
    """g_t = gradient_t + a_{t+1} g_{t+1}, from the last step to the first, written to `gradient`, in one piece.

    Args:
        a: (T, B, H); the first is not looked at.
        gradient: (T, B, H).
        later: What is added to the last step, (B, H).
    """
    kernel = find_kernel(gradient)
    if kernel is None and _takes_steps(gradient):
        gradient[-1] += later
        scan_by_steps(a[1:], gradient[:-1], gradient[-1], backwards=True)
        return gradient
    shifted = torch.cat([a[1:], torch.ones_like(a[:1])])
    if kernel is not None:
        return scan_by_kernel(kernel, shifted.flip(0), gradient.flip(0), later).flip(0)
    return scan_by_blocks(shifted, gradient, later, backwards=True)


def _takes_steps(b: Tensor) -> bool:
    return len(b) < 4 * _BLOCK or (b.device.type == "cpu" and b[0].numel() >= _WIDE)


def scan_by_steps(a: Tensor, b: Tensor, start: Tensor, backwards: bool = False) -> Tensor:
    """One fused multiply and add a step, written to `b`; `backwards` from the last step to the first."""
    before = start
    for a_t, b_t in zip(_in_order(a.unbind(0), backwards), _in_order(b.unbind(0), backwards), strict=True):
        before = b_t.addcmul_(a_t, before)
    return b


def scan_by_blocks(a: Tensor, b: Tensor, start: Tensor, backwards: bool = False, block: int = _BLOCK) -> Tensor:
    """All blocks of steps at once, then what one block hands to the next, written to `b`, which is in one piece.

    Within a block h_t = p_t h_before + s_t, with p the running product of a and s the scan from 0: fewer and wider
    operations than steps. What the blocks hand on is the same recurrence over their number, and solved in the same way.
    Decays of at most 1 keep p from growing.
    """
    num_blocks = len(b) // block
    if num_blocks < 2:
        return scan_by_steps(a, b, start, backwards)
    whole = num_blocks * block
    first = len(b) - whole if backwards else 0  # what fills no block comes last
    shape = (num_blocks, block, *b.shape[1:])
    products = a[first : first + whole].reshape(shape).clone()  # (N, L, B, H)
    sums = b[first : first + whole].view(shape)
    orders = _in_order(products.unbind(1), backwards), _in_order(sums.unbind(1), backwards)
    product, total = orders[0][0], orders[1][0]
    for a_t, b_t in zip(orders[0][1:], orders[1][1:], strict=True):
        total, product = b_t.addcmul_(a_t, total), a_t.mul_(product)
    ends = scan_by_blocks(product, total.clone(), start, backwards, block)  # (N, B, H): the state after each block
    before = torch.cat([ends[1:], start[None]] if backwards else [start[None], ends[:-1]])
    sums.addcmul_(products, before[:, None])
    rest = slice(0, first) if backwards else slice(whole, None)
    scan_by_steps(a[rest], b[rest], ends[0] if backwards else ends[-1], backwards)
    return b


def _in_order(steps: tuple[Tensor, ...], backwards: bool) -> tuple[Tensor, ...]:
    return steps[::-1] if backwards else steps
