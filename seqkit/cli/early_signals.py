"""Signals that come before a training listens to them: torch is being loaded then, and nothing is lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_OURS = ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler))


class EndedEarly(BaseException):
    """A signal came before anything was trained; no `except Exception` of an import may swallow it.

    Args:
        number: Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


@contextmanager
def ending_early() -> Iterator[None]:
    """Inside, SIGTERM and SIGINT raise `EndedEarly`, until `nothing_early_any_more` or who listens better.

    A signal that is ignored, as under `nohup`, or that somebody listens to, stays so. Only the main thread can listen.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        raise EndedEarly(number)

    ours = [(number, plain) for number, plain in _OURS if signal.getsignal(number) == plain]
    for number, _ in ours:
        signal.signal(number, end)
    try:
        yield
    except Exception as error:
        if came:  # half an import fails in its own way: torch asks itself for what is not there yet, without end
            raise EndedEarly(came[0]) from error
        raise
    finally:
        for number, plain in ours:
            signal.signal(number, plain)


def nothing_early_any_more() -> None:
    """From here on a signal does what it did before: that nothing was trained would be untrue."""
    if threading.current_thread() is threading.main_thread():
        for number, plain in _OURS:
            if getattr(signal.getsignal(number), "__module__", "") == __name__:
                signal.signal(number, plain)
