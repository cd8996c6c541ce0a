"""Interruption: signals end a training at its next batch, with its state saved, instead of in the middle of one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pytorch_lightning.trainer.connectors.signal_connector import _SignalConnector

from seqkit.errors import NOTHING_YET, EndedBySignal, InterruptedRun

GO_ON = "the same command goes on"


class Interruption:
    """What has been asked of this process by signals.

    SIGTERM and SIGINT end a run; SIGUSR1 does under SLURM, which sends it ahead of the end of a job's time. Until
    `at_batches` they end it at once: there is no state worth saving. A second SIGINT ends it at once in any case.

    Attributes:
        number: Of the signal that came first; 0 for none.
        lost: What it means to be ended at once.
        fix: What to do then.
    """

    def __init__(self) -> None:
        self.number = 0
        self.lost, self.fix = NOTHING_YET, GO_ON
        self._waits = self._ended = False

    @property
    def requeues(self) -> bool:
        """Whether the job is to be put into SLURM's queue again."""
        return self.number == signal.SIGUSR1

    def error(self, saved: str) -> InterruptedRun:
        """What ends the run.

        Args:
            saved: What became of its state.
        """
        name = signal.Signals(self.number).name
        number = signal.SIGTERM if self.requeues else self.number
        return InterruptedRun(f"interrupted by {name}: {saved}", number=number, fix=self.fix)

    @contextmanager
    def at_batches(self) -> Iterator[None]:
        """Inside, signals wait for whoever looks at `number` between batches."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside, signals come here; outside, to whom they came before. Only the main thread can listen."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [signal.SIGTERM, signal.SIGINT]
        if under_slurm():
            numbers.append(signal.SIGUSR1)
        before = {}
        try:
            try:
                for number in numbers:
                    before[number] = signal.signal(number, self._receive)
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        except EndedBySignal as end:
            self.number = self.number or end.number  # 0: it came to who listened inside, in its last moment
            raise self.error(self.lost) from None
        except Exception as error:
            if self._ended:  # half an import turns it into an error of its own
                raise self.error(self.lost) from error
            raise

    @contextmanager
    def around(self, progress: Callable[[], str]) -> Iterator[None]:
        """Trainings inside are parts of something; what ends one of them says how far the whole came.

        Args:
            progress: Says it; "" if nothing is left of it.
        """
        try:
            yield
        except EndedBySignal:
            self.lost = progress() or self.lost
            raise
        except InterruptedRun as error:
            what = "; ".join(filter(None, [error.what, progress()]))
            raise InterruptedRun(what, number=error.exit_code - 128, fix=self.fix) from error

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.number and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = self.number or number
        if not self._waits:
            self._ended = True
            raise EndedBySignal(number)


class NoSignals(_SignalConnector):
    """In the place of Lightning's own: that ends with status 0 on SIGTERM, and under SLURM saves inside the handler."""

    def register_signal_handlers(self) -> None:
        """Leave all as they are."""

    def teardown(self) -> None:
        """Nothing was changed."""


def under_slurm() -> bool:
    """Whether this process is a job of SLURM."""
    return "SLURM_JOB_ID" in os.environ
