"""Every error a user can cause: what is wrong, where, how to fix it, and the exit code of its kind.

Free of heavy imports: the command line raises these before torch is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial


class SeqkitError(Exception):
    """Root of all errors that are not our own bugs.

    Args:
        what: What is wrong, with the offending value.
        at: Where: file, record, or configuration key.
        fix: What the user can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, at: str | None = None, fix: str | None = None) -> None:
        self.what, self.at, self.fix = what, at, fix
        lines = [what]
        if at:
            lines.append(f"  at: {at}")
        if fix:
            lines.append(f"  fix: {fix}")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.at, self.fix))


class ConfigError(SeqkitError):
    """An option, a configuration file or a combination of them is wrong (exit code 2)."""

    exit_code = 2


class DataError(SeqkitError):
    """A file or a record cannot be used as it is (exit code 2).

    Attributes:
        of_a_record: It is about one record, which `--data.on_bad_record skip` leaves out.
    """

    exit_code = 2
    of_a_record = False


class StructureError(DataError):
    """The data as a whole are not what was asked for: no such path, no such column (exit code 2).

    No bad record, so `--data.on_bad_record skip` does not leave it out.
    """


class TooManyBadRecords(DataError):
    """More records are bad than `--data.max_bad` allows (exit code 2)."""


class DependencyError(SeqkitError):
    """The environment lacks a library, a device or a permission (exit code 3)."""

    exit_code = 3


class CheckpointError(SeqkitError):
    """A checkpoint is missing, damaged, or was made by something else (exit code 4)."""

    exit_code = 4


class DivergedError(SeqkitError):
    """The loss became infinite or not a number (exit code 5)."""

    exit_code = 5


class InterruptedRun(SeqkitError):
    """A signal ended a run; its state is saved (exit code 128 + the signal's number: 130 or 143).

    Args:
        what: Which signal, and what became of the state.
        number: The signal's number.
        at: Where the state lies.
        fix: How to go on.
    """

    def __init__(self, what: str, *, number: int, at: str | None = None, fix: str | None = None) -> None:
        super().__init__(what, at=at, fix=fix)
        self.exit_code = 128 + number

    def __reduce__(self) -> tuple[object, ...]:
        return (partial(InterruptedRun, number=self.exit_code - 128, at=self.at, fix=self.fix), (self.what,))


NOTHING_YET = "nothing was trained yet"
"""What it means that a signal ends a training before its first batch."""


class EndedBySignal(BaseException):
    """A signal ends the process where it stands; no `except Exception` of a library may swallow it.

    Args:
        number: The signal's number.

    Attributes:
        said: What it means for the user; empty where there is nothing to say.
    """

    said = ""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.exit_code = 128 + number


@contextmanager
def ended_means(said: str) -> Iterator[None]:
    """What a signal that ends the work inside means for the user.

    Args:
        said: Such as `nothing was trained yet`.
    """
    try:
        yield
    except BaseException as error:  # of any class: half an import turns a signal into an error of its own
        vars(error).setdefault("said", said)
        raise


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """The nearest known name, as a sentence for an error's `fix`; None when nothing is near.

    Example:
        >>> did_you_mean("hiden_size", ["hidden_size", "num_layers"])
        "did you mean 'hidden_size'?"
    """
    near = get_close_matches(name, list(candidates), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else None


def _rebuild(kind: type[SeqkitError], what: str, at: str | None, fix: str | None) -> SeqkitError:
    """Unpickle an error raised in a data-loading worker process."""
    return kind(what, at=at, fix=fix)
