"""The scan by a package's kernel, whose formula a stand-in computes here: there is no GPU under the tests."""

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from seqkit.backbone import kernel, scan
from seqkit.backbone.scan import linear_scan

T, B, H = 37, 2, 3


def formula(a: Tensor, b: Tensor) -> Tensor:
    """All h_t = a_t h_{t-1} + b_t from 0, (B, H, T) in one piece, as the package demands."""
    assert a.is_contiguous() and b.is_contiguous() and a.shape == b.shape
    states = [b[..., 0]]
    for t in range(1, b.shape[-1]):
        states.append(a[..., t] * states[-1] + b[..., t])
    return torch.stack(states, -1)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    module: Any = ModuleType("accelerated_scan.scalar")
    module.scan = formula
    monkeypatch.setitem(sys.modules, "accelerated_scan", ModuleType("accelerated_scan"))
    monkeypatch.setitem(sys.modules, "accelerated_scan.scalar", module)
    kernel._load.cache_clear()
    yield
    kernel._load.cache_clear()


def on_gpu(dtype: torch.dtype) -> Any:
    return SimpleNamespace(
        device=SimpleNamespace(type="cuda"), dtype=dtype, is_floating_point=lambda: dtype.is_floating_point
    )


def test_the_kernel_is_for_real_numbers_of_at_most_32_bits_on_a_gpu(package: None) -> None:
    assert kernel.find_kernel(on_gpu(torch.float32)) is formula
    assert kernel.find_kernel(on_gpu(torch.bfloat16)) is formula
    assert kernel.find_kernel(on_gpu(torch.float64)) is None
    assert kernel.find_kernel(on_gpu(torch.complex64)) is None
    assert kernel.find_kernel(torch.zeros(1)) is None


def test_without_the_package_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "accelerated_scan", None)
    monkeypatch.delitem(sys.modules, "accelerated_scan.scalar", raising=False)
    kernel._load.cache_clear()
    assert kernel.find_kernel(on_gpu(torch.float32)) is None
    kernel._load.cache_clear()


@pytest.mark.parametrize("num_steps", [1, 5, T])
def test_the_kernel_gives_the_states_and_gradients_of_the_loop(
    num_steps: int, package: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    a = torch.rand(num_steps, B, H, dtype=torch.float64)
    b, start = torch.randn_like(a), torch.randn(B, H, dtype=torch.float64)
    weight = torch.randn_like(a)

    def run() -> list[Tensor]:
        leaves = [tensor.clone().requires_grad_() for tensor in (a, b, start)]
        h = linear_scan(*leaves)
        return [h.detach(), *torch.autograd.grad((h * weight).sum(), leaves)]

    expected = run()
    monkeypatch.setattr(scan, "find_kernel", lambda value: kernel._load())
    torch.testing.assert_close(run(), expected, rtol=1e-12, atol=1e-12)
