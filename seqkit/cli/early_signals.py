"""Signals at any moment of a command: one line and the signal's exit code, from before torch is loaded to the end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from seqkit.errors import EndedBySignal

_OURS = ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler))


@contextmanager
def ending_early(at_end: bool = False) -> Iterator[None]:
    """Inside, SIGTERM and SIGINT raise `EndedBySignal`, unless who listens better has taken over, as a training does.

    A signal that is ignored, as under `nohup`, or that somebody listens to, stays so. Only the main thread can listen.

    Args:
        at_end: The process ends with the block: signals end it at once afterwards, while libraries are torn down.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        raise EndedBySignal(number)

    ours = [(number, plain) for number, plain in _OURS if signal.getsignal(number) == plain]
    for number, _ in ours:
        signal.signal(number, end)
    try:
        yield
    except Exception as error:
        if came:  # half an import fails in its own way: torch asks itself for what is not there yet, without end
            ended = EndedBySignal(came[0])
            ended.said = getattr(error, "said", "")
            raise ended from error
        raise
    finally:
        for number, plain in ours:
            signal.signal(number, signal.SIG_DFL if at_end else plain)
