"""Backtest: which part of which series is trained on, and which is forecast with its past given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from seqkit import DataError, Split, report, reporting
from seqkit_timeseries.cuts import Cut, TailRule
from seqkit_timeseries.series import Series
from seqkit_timeseries.timeline import TimeRules

ShortSeries = Literal["error", "train", "drop"]
Piece = tuple[Series, Cut]
"""A series, begun at its first measurement, and the cut that makes a record of it."""


@dataclass(frozen=True)
class Backtest:
    """The rules of a split in time.

    Attributes:
        tail: How much of each series' end is held out.
        rules: How the times of a series and of what follows it in another file must fit.
        short_series: What happens to a series that is too short for `tail`.
    """

    tail: TailRule
    rules: TimeRules = field(default_factory=TimeRules)
    short_series: ShortSeries = "error"

    def own(self, series: Series, split: Split) -> Iterator[Piece]:
        """The records of a series that is cut by `tail`."""
        series = series.part(*series.measured)
        if self.tail.suffices(len(series)):
            yield from ((series, cut) for cut in self.tail.cuts(len(series), split) if cut.end > cut.context)
        elif self._keep_short(series, self.tail.needed) and split == "train":
            yield series, Cut(len(series))

    def divided(self, series: Series, is_test: bool) -> Iterator[tuple[Split, Piece]]:
        """All records of a series, each with its split, in the order of time.

        Args:
            series: The series.
            is_test: Nothing of it is trained on.
        """
        if is_test:
            yield from (("test", piece) for piece in self.unseen(series))
            return
        yield from (("train", piece) for piece in self.own(series, "train"))
        yield from (("valid", piece) for piece in self.own(series, "valid"))
        yield from (("test", piece) for piece in self.own(series, "test"))

    def unseen(self, series: Series) -> Iterator[Piece]:
        """The records of a series of which nothing is trained on."""
        series = series.part(*series.measured)
        needed = self.tail.least_trained if self.tail.horizon is None else 1 + self.tail.horizon
        if len(series) >= needed:
            yield from ((series, cut) for cut in self.tail.last_windows(len(series)))
        else:
            self._keep_short(series, needed)

    def followed(self, known: Iterable[Series], following: Iterable[Series]) -> Iterator[Piece]:
        """The records of series whose future lies in another file; series that only that file has are unseen.

        Args:
            known: Series as trained on, streamed.
            following: Their continuations, by name; held in memory.
        """
        rest = by_name(following)
        done = set[str]()
        for series in known:
            if series.name in done:
                raise _ambiguous(series)
            future = rest.pop(series.name, None)
            if future is None:
                continue
            done.add(series.name)
            with reporting():
                joined = self.rules.apply(series.followed_by(future))
                begin, end = joined.measured
                for cut in self.tail.following(len(series) - begin, end - begin):
                    if cut.end > cut.context > 0:
                        yield joined.part(begin, end), cut
        for series in rest.values():
            yield from self.unseen(series)

    def extended(self, known: Iterable[Series], following: Iterable[Series]) -> Iterator[Series]:
        """Series with what another file adds to them."""
        rest = by_name(following)
        for series in known:
            future = rest.pop(series.name, None)
            with reporting():
                yield series if future is None else self.rules.apply(series.followed_by(future))

    def _keep_short(self, series: Series, needed: int) -> bool:
        """Whether a series that is too short still serves for training.

        Raises:
            DataError: Names the series, its length and the length it needs.
        """
        if self.short_series == "error":
            held = "" if self.tail.horizon is None else f" with a horizon of {self.tail.horizon}"
            num_steps = f"{len(series)} step" + "s" * (len(series) != 1)
            what = f"{num_steps} where at least {needed} are needed{held}"
            if not len(series):
                what = "is never measured: each of its values is missing"
            fix = (
                "give a smaller --data.horizon or --data.num_windows, or say what happens to short series: "
                "--data.short_series train or drop"
            )
            report(DataError(what, at=series.origin, fix=fix))
            return False
        return self.short_series == "train" and len(series) >= self.tail.least_trained


def by_name(series: Iterable[Series]) -> dict[str, Series]:
    """Series by their names.

    Raises:
        DataError: If two have the same name.
    """
    found: dict[str, Series] = {}
    for one in series:
        if one.name in found:
            raise _ambiguous(one)
        found[one.name] = one
    return found


def _ambiguous(series: Series) -> DataError:
    return DataError(
        f"a second series is called {series.name!r}: its continuation is found by its name",
        at=series.origin,
        fix="give each series its own id",
    )
