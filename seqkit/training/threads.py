"""How many threads compute: no more than the cores that this process may use, or what a rehearsal found fastest.

Sums come out a little differently in another number of threads. So the number follows from the machine alone unless
it is asked for, `result.json` says it, and only `--threads auto` lets the moment decide.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import torch
from pytorch_lightning.plugins.precision import Precision

from seqkit.data.module import SequenceDataModule
from seqkit.errors import ConfigError, SeqkitError
from seqkit.model import SequenceModel
from seqkit.settings import Settings, Threads
from seqkit.speed.timing import median
from seqkit.training.cores import usable_cores
from seqkit.training.denormals import flushed_denormals
from seqkit.training.neighbours import Neighbours
from seqkit.training.probe import Rehearsal, rehearse
from seqkit.wording import plural

_GAIN = 0.95
"""More threads are taken if a step lasts at most this share of its time with fewer: they take cores from others."""

_NUM_BATCHES = 3


@dataclass(frozen=True)
class ThreadChoice:
    """In how many threads a run computes.

    Attributes:
        asked: `--threads`.
        used: The number.
        note: A line for the user; empty where there is nothing to say.
    """

    asked: Threads
    used: int
    note: str = ""

    def settle(self, settings: Settings) -> Settings:
        """The same settings with what was measured in them, so that their configuration repeats it."""
        return replace(settings, threads=self.used) if self.asked == "auto" else settings


@contextmanager
def on_threads(asked: Threads) -> Iterator[int]:
    """Compute in so many threads inside, and in as many as before afterwards.

    Args:
        asked: A number; None or `auto`: the default of torch (OMP_NUM_THREADS, where it is set), but no more than there
            are cores for this process. Torch counts all cores of a machine, also in a container that may use two.

    Raises:
        ConfigError: If the number is less than 1.
    """
    if isinstance(asked, int) and asked < 1:
        raise ConfigError(f"threads is {asked}", at="--threads", fix="give 1 or more")
    before = torch.get_num_threads()
    if isinstance(asked, int):
        number = asked
    else:
        number = before if "OMP_NUM_THREADS" in os.environ else min(before, usable_cores())
    torch.set_num_threads(number)
    try:
        yield number
    finally:
        torch.set_num_threads(before)


def choose_threads(
    settings: Settings, device: str, model: SequenceModel, data: SequenceDataModule, neighbours: Neighbours
) -> ThreadChoice:
    """The number of threads of a training; sets them if they were to be measured.

    Args:
        settings: `threads` is what was asked for.
        device: Kind of device, as torch has it; where the model is on another one than the processor, its threads
            decide nothing, and are left as they are.
        model: Fresh, with nothing trained; left as it is.
        data: Gives the first batches.
        neighbours: What other processes do meanwhile.
    """
    threads = torch.get_num_threads()
    if device != "cpu":
        return ThreadChoice(settings.threads, threads)
    if settings.threads != "auto":
        note = too_many(settings.threads) or (neighbours.advice(threads) if threads > 1 else "")
        return ThreadChoice(settings.threads, threads, note)
    if threads == 1:
        return ThreadChoice("auto", 1, f"threads: 1 ({_why_one()})")
    with torch.random.fork_rng(devices=[]), flushed_denormals():
        try:
            seconds = _measure(threads, Rehearsal(model, islice(data.loader("train"), _NUM_BATCHES)))
        except (RuntimeError, SeqkitError):  # the training will meet it, too, and say it with its place
            return ThreadChoice("auto", threads)
    used = fastest(seconds)
    torch.set_num_threads(used)
    found = ", ".join(f"{number}: {1000 * taken:.3g} ms" for number, taken in seconds.items())
    bound = "; OMP_NUM_THREADS allows no more" if "OMP_NUM_THREADS" in os.environ else ""
    return ThreadChoice("auto", used, f"threads: {used} (a step with {found}{bound})")


def too_many(asked: Threads) -> str:
    """A line for the user if more threads are asked for than there are cores for them; empty otherwise."""
    cores = usable_cores()
    if not isinstance(asked, int) or asked <= cores:
        return ""
    they = plural(cores, "core")
    return f"{asked} threads share the {they} of this process and wait for each other: --threads {cores} may be faster"


def _why_one() -> str:
    """Why `auto` has nothing to choose from."""
    if os.environ.get("OMP_NUM_THREADS") == "1":
        return "OMP_NUM_THREADS is 1, and auto takes no more"
    return "only one core is available" if usable_cores() == 1 else "torch is set to one thread"


def fastest(seconds: dict[int, float]) -> int:
    """The fewest threads that more of them would not speed up.

    Args:
        seconds: Of a step, by the number of threads.

    Example:
        >>> fastest({1: 1.0, 2: 0.6, 4: 0.59})
        2
    """
    numbers = sorted(seconds)
    best = numbers[0]
    for number in numbers[1:]:
        if seconds[number] <= _GAIN * seconds[best]:
            best = number
    return best


def _measure(most: int, rehearsal: Rehearsal) -> dict[int, float]:
    """Seconds of a step in 1, 2, 4 ... threads."""
    step = rehearsal.steps(Precision())

    def in_threads(number: int) -> None:
        torch.set_num_threads(number)
        step()

    numbers = sorted({most, *(1 << power for power in range(most.bit_length()) if 1 << power <= most)})
    try:
        taken = rehearse({str(number): partial(in_threads, number) for number in numbers})
    finally:
        torch.set_num_threads(most)
    return {number: median(taken[str(number)]) for number in numbers}
