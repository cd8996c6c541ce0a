"""Memory that is kept between steps: to get it from the system anew costs up to a third of a step."""

from __future__ import annotations

import ctypes
import platform
from functools import cache

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Numbers of `mallopt`'s parameters, from glibc's malloc.h. Its threshold for mapped blocks would do as well as their
number, but before 2.35 it is not raised above 32 MiB."""

_MOST = 2**31 - 1


@cache
def keep_freed_memory() -> bool:
    """Let this process reuse large blocks that it has freed, instead of giving them back after each step.

    glibc maps a block above 32 MiB, such as a vocabulary's gradient or its scores, anew each time: the system then
    hands over zeroed pages one by one, which takes as long as a pass of arithmetic over them
    (`benchmarks/softmax.py`). No result changes; what the process holds stays at its peak.

    Returns:
        Whether the allocator is glibc's and took the wish; other systems go on as they are.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, _MOST))
