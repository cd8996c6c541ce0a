"""`seqkit fit` ended at random moments, and the same command again: nothing differs from a run that was left alone."""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.resuming import differences
from tests.soak.conftest import Tally
from tests.soak.small_runs import DOMAINS, begin, command, end, send, write_data

pytestmark = pytest.mark.soak

_LONGEST_S = 3.0
_MOST_IN_A_RUN = 4
"""Kills of one run, after which it is left to end."""

_CONTROL = 20
"""Of these many come before the first point, or when all is done, and change nothing."""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))
    return write_data(tmp_path)


def _break(patch: pytest.MonkeyPatch) -> None:
    """Take away what makes resuming exact; processes begun afterwards inherit it."""
    patch.setattr("seqkit.model.seed_step", lambda *numbers: None)
    patch.setattr("seqkit.data.loader.BatchLoader.load_state_dict", lambda self, state: None)


class Ending:
    """Runs of one domain that signals end, held against one that was left alone.

    Args:
        domain: Its name.
        words: The options that train.
        folder: For the runs.
        number: Of the signal.
        codes: Exit codes that it may lead to.
    """

    def __init__(self, domain: str, words: list[str], folder: Path, number: int, codes: set[int]) -> None:
        self.domain, self.words, self.folder = domain, words, folder
        self.number, self.codes = number, codes
        self.draw = random.Random(f"{domain} {number}")
        self.whole = folder / f"{domain}-whole"
        assert end(begin(command(domain, words, self.whole))) == 0

    def trials(self, wanted: int, name: str) -> tuple[int, int]:
        """Signals sent to processes that had not ended, and how many of them broke the promise."""
        sent, failed, runs = 0, 0, 0
        while sent < wanted:
            run, runs = self.folder / f"{self.domain}-{name}-{runs}", runs + 1
            words, before, broken = command(self.domain, self.words, run), sent, 0
            for _ in range(_MOST_IN_A_RUN):
                code = send(begin(words), self.number, self.draw.uniform(0, _LONGEST_S))
                if code == 0:
                    break
                sent += 1
                broken += code not in self.codes
                if (run / "result.json").exists() and not (run / "unfinished.json").exists():
                    code = 0  # it came in the last moment: all was done
                    break
            else:
                code = end(begin(words))
            if broken == 0 and (code != 0 or differences(run, self.whole)):
                broken = sent - before
            failed += broken
        return sent, failed


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_killed_training_ends_as_one_that_was_left_alone(
    domain: str, data: dict[str, list[str]], tmp_path: Path, trials: Callable[[int], int], tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ending = Ending(domain, data[domain], tmp_path, signal.SIGKILL, {-signal.SIGKILL})
    sent, failed = ending.trials(trials(50), "killed")
    _break(monkeypatch)
    control = Ending(domain, data[domain], tmp_path / "control", signal.SIGKILL, {-signal.SIGKILL})
    tally(f"training killed, {domain}", sent, failed, *control.trials(_CONTROL, "control"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_saves_and_the_same_command_goes_on(
    number: int, data: dict[str, list[str]], tmp_path: Path, trials: Callable[[int], int], tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    stub, asked = tmp_path / "scontrol", tmp_path / "asked"
    stub.write_text(f"#!/bin/sh\necho asked >> {asked}\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    if number == signal.SIGUSR1:
        monkeypatch.setenv("SLURM_JOB_ID", "7")
    code = 130 if number == signal.SIGINT else 143
    sent, failed = 0, 0
    for domain in DOMAINS:
        # Before it listens, and after its work is done, a process ends as any other does.
        ending = Ending(domain, data[domain], tmp_path, number, {code, -number})
        more, worse = ending.trials(trials(50) // len(DOMAINS) + 1, signal.Signals(number).name)
        sent, failed = sent + more, failed + worse
    _break(monkeypatch)
    control = Ending("text", data["text"], tmp_path / "control", number, {code, -number})
    what = f"training ended by {signal.Signals(number).name}"
    tally(what, sent, failed, *control.trials(_CONTROL, "control"))
    assert number != signal.SIGUSR1 or asked.exists()
