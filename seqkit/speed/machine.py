"""What a figure of speed was measured on: without it the figure says nothing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqkit.training.cores import usable_cores
from seqkit.wording import plural

_CPU_INFO = Path("/proc/cpuinfo")


def machine_facts() -> dict[str, Any]:
    """Processor, cores, threads, load before, GPU and versions, as plain JSON; None for what is not there."""
    names = ("seqkit", "torch", "pytorch-lightning")
    return {
        "processor": processor(),
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in names},
            "numpy": np.__version__,
        },
    }


def describe_machine(facts: dict[str, Any] | None = None) -> str:
    """Processor, cores, threads, load and versions, on two lines.

    Args:
        facts: Of `machine_facts`, if they are known already.
    """
    facts = facts or machine_facts()
    parts = [facts["processor"], plural(facts["cores"], "core"), plural(facts["threads"], "thread")]
    parts += [] if facts["load"] is None else [f"load {facts['load']:.1f} before"]
    parts += [facts["gpu"]] if facts["gpu"] else []
    versions = " · ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return f"{' · '.join(parts)}\n{versions}"


def processor() -> str:
    """The processor's name, its architecture, and whether it multiplies matrices of bfloat16 by itself."""
    names = _cpu_info("model name")
    name = " ".join(names[0].split()) if names else platform.processor() or "processor"
    if platform.machine() not in name:
        name += f" ({platform.machine()})"
    flags = set(_cpu_info("flags")[:1] and _cpu_info("flags")[0].split())
    kinds = [word for flag, word in (("amx_bf16", "AMX"), ("avx512_bf16", "AVX-512 bf16")) if flag in flags]
    kinds += ["AVX-512"] if "avx512f" in flags and not kinds else []
    return f"{name}, {' and '.join(kinds)}" if kinds else name


def _cpu_info(key: str) -> list[str]:
    """Values of a key of Linux' list of processors; empty elsewhere."""
    if not _CPU_INFO.exists():
        return []
    lines = _CPU_INFO.read_text(errors="replace").splitlines()
    return [value.strip() for name, _, value in (line.partition(":") for line in lines) if name.strip() == key]
