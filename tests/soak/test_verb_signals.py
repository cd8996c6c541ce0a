"""Verbs ended at random moments: the signal's exit code, one line, and no file that is not whole."""

import contextlib
import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import seqkit
from seqkit.cli import main as verbs
from tests.soak.conftest import Tally
from tests.soak.small_runs import send, write_data

pytestmark = pytest.mark.soak

_LONGEST_S = 0.5
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_CODES = {0: "", 143: "seqkit: interrupted\n", 130: "seqkit: interrupted\n"}
"""What may be said on standard error, by exit code."""


def _begin(words: list[str], said: int) -> int:
    """Run a command in a process of its own that writes its errors to a descriptor; the process's number."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # they wait until the command listens
    if child := os.fork():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        return child
    code, own = 1, verbs._run

    def listening(words: list[str]) -> int:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        try:
            return own(words)
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)

    with contextlib.suppress(BaseException):
        verbs._run = listening
        sys.stdout, sys.stderr = open(os.devnull, "w"), open(os.dup(said), "w")
        code = verbs.main(words)
        sys.stderr.flush()
    os._exit(code)


def _trial(words: list[str], out: Path, number: int, after_s: float) -> bool:
    """Whether a verb that is sent a signal keeps the promise."""
    with tempfile.TemporaryFile() as said:
        code = send(_begin([*words, "--out", str(out)], said.fileno()), number, after_s)
        said.seek(0)
        kept = _CODES.get(code) == said.read().decode()
    left = list(out.parent.iterdir())
    whole = left in ([], [out]) and (code != 0 or left == [out])
    if left == [out]:
        pq.read_table(out)
        out.unlink()
    return kept and whole


@contextmanager
def _nobody_listening(at_end: bool) -> Iterator[None]:
    """The control: a signal does what it does to any program."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    yield


@pytest.mark.parametrize("verb", ["predict", "score", "embed"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_verb_ends_with_one_line_and_no_half_file(
    verb: str, number: int, tmp_path: Path, trials: Callable[[int], int], tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))
    data = write_data(tmp_path)["text"][1]
    run = tmp_path / "run"
    seqkit.fit("text", path=data, run=run, max_steps=2, hidden_size=4, window=30, documents="lines", quiet=True)
    (tmp_path / "out").mkdir()
    words, draw = [verb, str(run)], random.Random(f"{verb} {number}")

    def failures(count: int) -> int:
        out = tmp_path / "out" / "rows.parquet"
        return sum(not _trial(words, out, number, draw.uniform(0, _LONGEST_S)) for _ in range(count))

    count, control = trials(200), 20
    failed = failures(count)
    monkeypatch.setattr(verbs, "ending_early", _nobody_listening)
    tally(f"{verb} ended by {signal.Signals(number).name}", count, failed, control, failures(control))
