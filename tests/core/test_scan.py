"""linear_scan against the recurrence written out, forwards and backwards, in real and complex numbers."""

import pytest
import torch
from torch import Tensor

from seqkit.backbone.scan import linear_scan, scan_by_blocks, scan_by_steps

B, H = 2, 3
LENGTHS = pytest.mark.parametrize("num_steps", [1, 5, 31, 64, 100, 128])
KINDS = pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])


def inputs(num_steps: int, dtype: torch.dtype, size: int = H) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(num_steps)
    a = torch.randn(num_steps, B, size, dtype=dtype)
    a = a / a.abs().clamp(min=1)  # decays of at most 1
    return a, torch.randn(num_steps, B, size, dtype=dtype), torch.randn(B, size, dtype=dtype)


def written(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    states, h = [], start
    for a_t, b_t in zip(a, b, strict=True):
        h = a_t * h + b_t
        states.append(h)
    return torch.stack(states)


@KINDS
@LENGTHS
@pytest.mark.parametrize("size", [H, 1100])  # narrow steps take blocks, wide ones the plain loop
def test_states_and_gradients_are_those_of_the_recurrence(num_steps: int, dtype: torch.dtype, size: int) -> None:
    tensors = inputs(num_steps, dtype, size)
    weight = torch.randn(num_steps, B, size, dtype=dtype)
    found: list[Tensor] = []
    expected: list[Tensor] = []
    for function, kept in ((linear_scan, found), (written, expected)):
        leaves = [tensor.clone().requires_grad_() for tensor in tensors]
        h = function(*leaves)
        kept += [h.detach(), *torch.autograd.grad((h * weight).abs().pow(2).sum(), leaves)]
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@KINDS
@LENGTHS
def test_blocks_and_steps_agree(num_steps: int, dtype: torch.dtype) -> None:
    a, b, start = inputs(num_steps, dtype)
    expected = written(a, b, start)
    torch.testing.assert_close(scan_by_steps(a, b.clone(), start), expected, rtol=1e-12, atol=1e-12)
    for block in (2, 7, 32):
        found = scan_by_blocks(a, b.clone(), start, block=block)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@KINDS
@LENGTHS
def test_a_scan_backwards_is_that_of_the_steps_in_reverse(num_steps: int, dtype: torch.dtype) -> None:
    a, b, start = inputs(num_steps, dtype)
    expected = written(a.flip(0), b.flip(0), start).flip(0)
    torch.testing.assert_close(scan_by_steps(a, b.clone(), start, backwards=True), expected, rtol=1e-12, atol=1e-12)
    for block in (2, 7, 32):
        found = scan_by_blocks(a, b.clone(), start, backwards=True, block=block)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_a_decay_that_is_the_same_at_all_steps_gets_the_sum_of_their_gradients() -> None:
    _, b, start = inputs(70, torch.float64)
    decay = torch.tensor([0.9, -0.5, 0.0], dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(linear_scan(decay, b, start).pow(2).sum(), decay)
    (expected,) = torch.autograd.grad(written(decay.expand_as(b), b, start).pow(2).sum(), decay)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_decays_of_zero_and_one_neither_overflow_nor_leak() -> None:
    _, b, start = inputs(100, torch.float64)
    h = linear_scan(torch.ones_like(b), b, start)
    torch.testing.assert_close(h[-1], start + b.sum(0))
    h = linear_scan(torch.zeros_like(b), b, start)
    assert torch.equal(h, b)
