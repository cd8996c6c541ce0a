"""Fixtures of all domains' tests."""

import signal
from collections.abc import Iterator

import pytest

_MOST_SECONDS = 30


@pytest.fixture
def no_hang() -> Iterator[None]:
    """A pipe that is waited for would stop the whole run."""

    def stop(*_: object) -> None:
        raise TimeoutError("hangs")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(_MOST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
