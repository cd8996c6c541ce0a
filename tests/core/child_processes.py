"""Child processes that end, or are killed, at a chosen step of the operating system."""

import os
from collections.abc import Callable
from typing import Any

from seqkit.errors import DependencyError

KILLED = 9


def in_child(work: Callable[[], None]) -> int:
    """What a forked process ends with: 0, 3 for a refusal of ours, 9 where it was killed, 1 else."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except DependencyError:
            code = 3
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def dying_at(step: int, after: bool = False) -> Callable[[Any], Any]:
    """Wraps functions into ones that end the process before or after their n-th call in all."""
    count = 0

    def wrap(function: Any) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == step and not after:
                os._exit(KILLED)
            result = function(*arguments, **more)
            if count == step:
                os._exit(KILLED)
            return result

        return call

    return wrap
