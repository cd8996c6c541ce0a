"""Cores that this process may use: what the scheduler lets it run on, and what its container's quota pays for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def usable_cores(root: Path = _ROOT) -> int:
    """Whole cores, at least 1; what is not known (no Linux, no cgroups) limits nothing.

    Args:
        root: Where `proc` and `sys` are.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min([cores, *(int(quota) for quota in _quotas(root))]), 1)


def _quotas(root: Path) -> Iterator[float]:
    """Cores that this process's control group, and each above it, may keep busy.

    Source: the kernel's documentation, admin-guide/cgroup-v2 (cpu.max) and scheduler/sched-bwc (cpu.cfs_quota_us).
    """
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            for group in _upward(root / "sys/fs/cgroup", path):
                yield from _ratio(_text(group / "cpu.max").split())
        elif "cpu" in controllers.split(","):
            for group in _upward(root / "sys/fs/cgroup" / controllers, path):
                yield from _ratio([_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")])


def _upward(mount: Path, path: str) -> Iterator[Path]:
    """A group's folder and those above it. In a container the path may be the host's: then only the top is there."""
    inner = PurePosixPath(path.lstrip("/"))
    for part in [inner, *inner.parents] if inner.parts else [inner]:
        yield mount / part


def _ratio(words: list[str]) -> Iterator[float]:
    """Quota over period; nothing where there is no quota (`max`, -1, no file)."""
    if len(words) == 2 and all(word.isdigit() for word in words) and int(words[1]) > 0:
        yield int(words[0]) / int(words[1])


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
