"""gated_scan: a whole chunk of a parallel cell in blocks of steps that stay in the processor's cache.

A chunk of 32 rows, 1024 steps and 512 units is 64 MB a tensor. Computed operation by operation, each one reads and
writes all of it from main memory, into pages that the system has to find first. Here a block of steps takes the whole
way, product, gates and recurrence, before the next one begins. What crosses main memory is the input, the values that
the gates are computed from, and the states. The backward pass opens the gates of a block again rather than read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from seqkit.backbone.scan import linear_scan, scan_back_in_place, scan_in_place

_IN_CACHE = 1 << 19
"""Bytes of one gate in a block, so that a handful of such tensors fit in a core's second cache."""


class Pulled(NamedTuple):
    """A gradient taken back from decay and input to what they were computed from.

    Attributes:
        logits: Like the logits.
        entry: Like the entry; None if the formula looks at the logits alone.
        shared: One for each of the formula's shared tensors.
    """

    logits: Tensor
    entry: Tensor | None = None
    shared: tuple[Tensor, ...] = ()


class Formula(Protocol):
    """What a cell computes for any number of steps from logits = W entry + bias, (..., G H). Real or complex."""

    def open(self, logits: Tensor, entry: Tensor, *shared: Tensor) -> Any:
        """The gates, as the other two take them. `shared` is the same at all steps, (H,)."""

    def coefficients(self, gates: Any) -> tuple[Tensor, Tensor]:
        """Decay a and input b of h_t = a_t h_{t-1} + b_t."""

    def pull(
        self, gates: Any, from_a: Tensor, from_b: Tensor, logits: Tensor, entry: Tensor, *shared: Tensor
    ) -> Pulled:
        """The gradient of the logits and the rest, from those of a and b."""


def gated_scan(
    formula: Formula, entry: Tensor, weight: Tensor, bias: Tensor, start: Tensor, *shared: Tensor
) -> tuple[Tensor, Tensor]:
    """All states of a chunk, in float32 at least.

    Products are taken in autocast's type where it is on. Gradients are of first order: a second derivative is refused.

    Args:
        formula: The cell.
        entry: What the logits are a linear map of, (B, T, D), T > 0.
        weight: (G H, D).
        bias: (G H,).
        start: h_{-1}, (B, H).
        shared: Further tensors of the formula, (H,) each.

    Returns:
        h, (B, T, H), and the last of them, (B, H).
    """
    if _has_cache(entry):
        kind = _product_type(entry)
        start = start.to(torch.promote_types(start.dtype, _sum_type(kind)))
        keeps = torch.is_grad_enabled()
        h, last = _GatedScan.apply(formula, kind, keeps, entry, weight, bias, start, *shared)  # type: ignore[no-untyped-call]
        return h, last
    steps = entry.transpose(0, 1)  # (B, T, D) -> (T, B, D)
    a, b = formula.coefficients(formula.open(wide(functional.linear(steps, weight, bias)), steps, *shared))
    h = linear_scan(a, b, start.to(b.dtype))
    return h.transpose(0, 1), h[-1]


def _has_cache(entry: Tensor) -> bool:
    """Whether blocks pay: elsewhere, few and wide operations do."""
    return entry.device.type == "cpu"


def wide(value: Tensor) -> Tensor:
    """In float32 at least: with fewer digits a decay near 1 rounds to 1, and the state forgets nothing any more."""
    return value.float() if value.dtype.itemsize < 4 else value


def _product_type(entry: Tensor) -> torch.dtype:
    """Of matrix products: autocast leaves float64 as it is."""
    mixed = torch.is_autocast_enabled("cpu") and entry.dtype != torch.float64
    return torch.get_autocast_dtype("cpu") if mixed else entry.dtype


def _sum_type(kind: torch.dtype) -> torch.dtype:
    return torch.promote_types(kind, torch.float32)


class _GatedScan(Function):
    """`logits` and `h` of all steps are kept for the backward pass; gates, decays and inputs are not."""

    @staticmethod
    def forward(
        ctx: Any,
        formula: Formula,
        kind: torch.dtype,
        keeps: bool,
        entry: Tensor,
        weight: Tensor,
        bias: Tensor,
        start: Tensor,
        *shared: Tensor,
    ) -> tuple[Tensor, Tensor]:
        batch_size, num_steps, _ = entry.shape
        h = start.new_empty(batch_size, num_steps, start.shape[1])
        narrow_weight, narrow_bias = weight.to(kind), bias.to(kind)
        kept = entry.new_empty(num_steps if keeps else 0, batch_size, len(weight), dtype=kind)
        last = start
        with torch.autocast("cpu", enabled=False):
            for begin, end in _blocks(num_steps, start):
                x = _steps(entry, begin, end, kind)  # (L, B, D)
                logits = kept[begin:end] if keeps else x.new_empty(*x.shape[:2], len(weight))
                torch.addmm(narrow_bias, x.flatten(0, 1), narrow_weight.t(), out=logits.flatten(0, 1))
                a, b = formula.coefficients(formula.open(wide(logits), x, *shared))
                states = scan_in_place(a, _own(b, logits, x, *shared), last)
                h[:, begin:end] = states.transpose(0, 1)
                last = states[-1]
        last = last.clone()
        ctx.formula, ctx.types = formula, (weight.dtype, bias.dtype)
        ctx.save_for_backward(entry, narrow_weight, start, h, kept, *shared)
        return h, last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        entry, weight, start, h, logits, *shared = ctx.saved_tensors
        from_entry = torch.empty_like(entry) if ctx.needs_input_grad[3] else None
        from_weight = torch.zeros(weight.shape, dtype=_sum_type(weight.dtype))
        from_bias = from_weight.new_zeros(len(weight))
        from_shared = [torch.zeros_like(tensor) for tensor in shared]
        from_h, later = gradients  # `later`: what the steps after a block say of its last state
        with torch.autocast("cpu", enabled=False):
            for begin, end in reversed(list(_blocks(h.shape[1], start))):
                x, own = _steps(entry, begin, end, weight.dtype), wide(logits[begin:end])
                gates = ctx.formula.open(own, x, *shared)
                a = ctx.formula.coefficients(gates)[0].conj().resolve_conj()  # a real number is its own conjugate
                g = scan_back_in_place(a, _steps(from_h, begin, end, a.dtype, copy=True), later)
                later = a[0] * g[0]
                pulled = ctx.formula.pull(gates, g * _before(h, start, begin, end).conj(), g, own, x, *shared)
                from_logits = pulled.logits.to(weight.dtype).flatten(0, 1)  # (L B, G H)
                from_bias += pulled.logits.flatten(0, 1).sum(0)
                _add_product(from_weight, from_logits.t(), x.flatten(0, 1))
                for total, part in zip(from_shared, pulled.shared, strict=True):
                    total += part
                if from_entry is not None:
                    own = torch.mm(from_logits, weight).view_as(x)
                    own = own if pulled.entry is None else own + pulled.entry
                    from_entry[:, begin:end] = own.transpose(0, 1)
        to_weight, to_bias = (g.to(t) for g, t in zip((from_weight, from_bias), ctx.types, strict=True))
        return None, None, None, from_entry, to_weight, to_bias, later, *from_shared


def _blocks(num_steps: int, start: Tensor) -> Iterator[tuple[int, int]]:
    """First step and end of each block."""
    length = max(1, _IN_CACHE * torch.get_num_threads() // max(start.nbytes, 1))
    return ((begin, min(begin + length, num_steps)) for begin in range(0, num_steps, length))


def _steps(value: Tensor, begin: int, end: int, kind: torch.dtype, copy: bool = False) -> Tensor:
    """Some steps of (B, T, D), time first and in one piece, (L, B, D)."""
    steps = value[:, begin:end].transpose(0, 1)
    return torch.empty(steps.shape, dtype=kind).copy_(steps) if copy or not steps.is_contiguous() else steps.to(kind)


def _own(b: Tensor, *others: Tensor) -> Tensor:
    """The input in memory of its own, in one piece: the states are written over it."""
    taken = {other.untyped_storage().data_ptr() for other in others}
    alone = b.is_contiguous() and b.untyped_storage().data_ptr() not in taken
    return b if alone else b.clone(memory_format=torch.contiguous_format)


def _before(h: Tensor, start: Tensor, begin: int, end: int) -> Tensor:
    """The states that the steps of a block begin with, (L, B, H)."""
    if begin > 0:
        return h[:, begin - 1 : end - 1].transpose(0, 1)
    return torch.cat([start[None], h[:, : end - 1].transpose(0, 1)])


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """Add a product to a sum that may be in a wider type."""
    if total.dtype == left.dtype:
        total.addmm_(left, right)
    else:
        total += torch.mm(left, right)
