"""Freed memory is reused, where the allocator can be told so."""

from __future__ import annotations

import ctypes
import platform

import pytest

from seqkit.training.memory import keep_freed_memory


def test_other_allocators_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("a library was opened"))
    assert keep_freed_memory.__wrapped__() is False


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is not glibc's")
def test_a_large_block_is_not_given_back() -> None:
    assert keep_freed_memory()
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_size_t],
        [ctypes.c_void_p],
    )
    size = 80 << 20  # above what glibc would ever keep by itself
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    held = resident_bytes()
    libc.free(block)
    assert resident_bytes() > held - size // 2


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
