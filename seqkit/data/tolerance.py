"""Tolerance: what becomes of bad records under `--data.on_bad_record`, and how many there may be."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from seqkit.collected import ALL_OF_THEM, Collected, Problem
from seqkit.data.sources import PathOption
from seqkit.errors import ConfigError, DataError, TooManyBadRecords
from seqkit.outputs import staged
from seqkit.problems import begin_reading, collect_problems, collecting, handing_on, kind_of
from seqkit.steps import Record
from seqkit.wording import plural

OnBadRecord = Literal["error", "skip", "quarantine"]

MOST_BAD = "1%"
"""Where the user says nothing."""

_STORED = "bad_records.json"
_MOST_SAID = 4
"""Kinds of problems that a line names."""

_MOST_KINDS = 20
"""Kinds of problems that a run's report counts one by one."""


class Tolerance:
    """Leaves bad records out, counts them, and stops where they are too many; under `error` it does nothing.

    One instance sees all readings of a data module. Data are read several times, for each split and for codecs: a
    problem counts once.

    Args:
        policy: `error` raises the first; `skip` leaves bad records out; `quarantine` keeps them in the run folder, too.
        max_bad: Most of them: a count, or a share of all such as `1%`.

    Attributes:
        collected: What was found.

    Raises:
        ConfigError: If `max_bad` is neither.
    """

    def __init__(self, policy: OnBadRecord = "error", max_bad: int | str = MOST_BAD) -> None:
        self.policy = policy
        self.max_bad = max_bad
        self._share, most = _parse(max_bad)
        self.collected = Collected(most=most, strict=True)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One reading of the data, or of a part of them; what is collected around it, as by `check`, stays there.

        Raises:
            TooManyBadRecords: At the end, if the share of bad ones is above the allowed one.
        """
        if self.policy == "error" or collecting():
            yield
            return
        self.collected.begin_reading()
        with collect_problems(self.collected):
            yield
        self.require_few()

    def records(self, records: Iterable[Record]) -> Iterator[Record]:
        """The good ones among records.

        Raises:
            TooManyBadRecords: As `reading`.
        """
        if self.policy == "error":
            yield from records
            return
        if collecting():
            yield from _counted(records, "record handed on")
            return
        self.collected.begin_reading()
        following, end = iter(records), object()
        while True:
            with collect_problems(self.collected):  # not while the consumer has the record: its mistakes are its own
                record: Any = next(following, end)
            if record is end:
                break
            self.collected.passed("record handed on", int(not record.continues))
            yield record
        self.require_few()

    def summary(self) -> dict[str, Any]:
        """For the run's report: how many were left out of how many, and why; {} if none were looked for."""
        if self.policy == "error":
            return {}
        kinds = Counter(kind_of(error) for error in self.collected.errors)
        return {
            "policy": self.policy,
            "max_bad": self.max_bad,
            "num_bad": self.collected.num_problems,
            "num_good": self.collected.num_passed,
            "kinds": dict(kinds.most_common(_MOST_KINDS)),
        }

    def describe(self) -> str:
        """The same in one line; "" if there were none."""
        bad = self.collected.num_problems
        if not bad:
            return ""
        first = {kind_of(error): error for error in reversed(self.collected.errors)}
        kinds = Counter(kind_of(error) for error in self.collected.errors).most_common()
        # One of its kind may be a whole series or file, and is named.
        named = {kind: f"{error.what} ({error.at})" for kind, error in first.items()}
        said = [f"{count:,} x {kind}" if count > 1 else named[kind] for kind, count in kinds]
        more = f" and {plural(len(said) - _MOST_SAID, 'other kind')}" if len(said) > _MOST_SAID else ""
        total = bad + self.collected.num_passed
        left_out = f"{bad:,} of {plural(total, 'record')} left out ({bad / total:.2%})"
        return f"{left_out}: {', '.join(said[:_MOST_SAID])}{more}"

    def save(self, folder: Path) -> None:
        """Keep what was found beside a store, so that a second start from the cache knows it, too.

        Raises:
            TooManyBadRecords: As `require_few`: there is no such store then.
        """
        if self.policy != "error":
            self.require_few()
            rows = [{**_row(problem), "was_counted": problem.was_counted} for problem in self.collected.problems]
            counts = {"most_passed": self.collected.most_passed, "num_problems": self.collected.num_problems}
            content = {**counts, "problems": rows}
            (folder / _STORED).write_text(json.dumps(content), encoding="utf-8")

    def restore(self, folder: Path) -> None:
        """Take over what an earlier building of the store found."""
        path = folder / _STORED
        if self.policy == "error" or not path.exists():
            return
        content = json.loads(path.read_text(encoding="utf-8"))
        self.collected.most_passed |= Counter(content["most_passed"])  # of each path the larger number
        for row in content["problems"]:
            error = DataError(row["what"], at=row["at"], fix=row["fix"])
            self.collected.add(error, row["record"], row["was_counted"])
        # Those beyond the ones that are kept.
        self.collected.num_problems = max(self.collected.num_problems, content["num_problems"])

    def write_quarantine(self, path: Path) -> Path | None:
        """Under `quarantine`: one JSON object a bad record; None, and no file of an earlier time, if there was none."""
        if self.policy != "quarantine":
            return None
        if not self.collected.problems:
            path.unlink(missing_ok=True)
            return None
        # Half of a surrogate pair, in a record or a file's name, becomes the escape that JSON has for it.
        with staged(path) as place, place.open("w", encoding="utf-8", errors="backslashreplace") as file:
            for problem in self.collected.problems:
                file.write(json.dumps(_row(problem), ensure_ascii=False) + "\n")
        return path

    def require_few(self) -> None:
        """Refuse data of which a larger share is bad than the user allows.

        Raises:
            TooManyBadRecords: Names the last one.
        """
        bad, total = self.collected.num_problems, self.collected.num_problems + self.collected.num_passed
        if self._share is not None and bad > self._share * total:
            last = self.collected.errors[-1]
            raise TooManyBadRecords(
                f"{bad:,} of {plural(total, 'record')} {'is' if bad == 1 else 'are'} bad; the last one: {last.what}",
                at=last.at,
                fix=f"{ALL_OF_THEM}, or allow more than {self.max_bad}: --max-bad",
            )


def require_policy(options: Mapping[str, Any]) -> None:
    """Refuse a limit of bad records that nothing looks at.

    Args:
        options: Of a data module, by name.

    Raises:
        ConfigError: Names the option.
    """
    if options.get("on_bad_record", "error") == "error" and options.get("max_bad", MOST_BAD) != MOST_BAD:
        raise ConfigError(
            "--max-bad has no effect: the first bad record is an error",
            at="--data.max_bad",
            fix="add --on-bad-record skip or quarantine, or leave it out",
        )


def counted(read: Callable[[PathOption], Iterable[Record]]) -> Callable[[PathOption], Iterator[Record]]:
    """A reader of paths that counts all good records of its path, whatever split they belong to."""

    def records(path: PathOption) -> Iterator[Record]:
        if not collecting():
            yield from read(path)
            return
        begin_reading(str(path))
        yield from _counted(read(path), "record")

    return records


def _counted(records: Iterable[Record], unit: str) -> Iterator[Record]:
    for record in records:
        with handing_on(unit, int(not record.continues)):
            yield record


def _row(problem: Problem) -> dict[str, str | None]:
    error = problem.error
    return {"at": error.at, "what": error.what, "fix": error.fix, "record": problem.record}


def _parse(max_bad: int | str) -> tuple[float | None, float]:
    """A share, or None; and a count, or infinity."""
    words = re.fullmatch(r"(\d+(?:\.\d+)?) ?(%?)", str(max_bad).strip())
    if words is None or (words[2] and float(words[1]) > 100) or (not words[2] and not words[1].isdigit()):
        raise ConfigError(
            f"{max_bad!r} is no number of records", at="--data.max_bad", fix="give a count such as 20, or a share: 1%"
        )
    return (float(words[1]) / 100, float("inf")) if words[2] else (None, int(words[1]))
