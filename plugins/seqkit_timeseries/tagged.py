"""Tagged: series with a label for each step, the end of each held out, cut into pieces that are read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from seqkit import ConfigError, PathOption, Record, Split, reporting
from seqkit_timeseries.cuts import TailRule
from seqkit_timeseries.series import Series

_SPLITS: tuple[Split, ...] = ("train", "valid", "test")


@dataclass(frozen=True)
class Tagged:
    """Series of up to three paths, and how they become records of `tag`.

    Attributes:
        read: Yields all series of a path, as a split needs them.
        check: Refuses a series that cannot be used.
        is_test: Whether a rule makes the whole of a series test data; takes its record and its number in its file.
        rules: Names of the options that `is_test` follows; where there are any, one series at least must be test.
        tail: How much of the end of each other series is held out.
        piece: Most steps of a record.
        path: Where the series lie.
        valid_path: Series to validate on.
        test_path: Series to test on.
        first_steps: Steps of each series of `path` that are used; None takes all.
    """

    read: Callable[[PathOption, Split], Iterable[Series]]
    check: Callable[[Series], None]
    is_test: Callable[[Record, int], bool]
    rules: list[str]
    tail: TailRule
    piece: int
    path: PathOption = None
    valid_path: PathOption = None
    test_path: PathOption = None
    first_steps: int | None = None

    def records(self, split: Split) -> Iterator[Record]:
        """The pieces of a split, named `file:series:FIRST-LAST` with the numbers of their steps from 1."""
        for place, series, begin, end in self._parts(split):
            if place == split:
                for first, last in cut_evenly(begin, end, self.piece):
                    yield _record(series, first, last)

    def placed(self) -> Iterator[tuple[Split, Record]]:
        """Each series once, in parts where its end is held out."""
        for place, series, begin, end in self._parts("train"):
            yield place, _record(series, begin, end, continues=begin > 0)
        held_out: dict[Split, PathOption] = {"valid": self.valid_path, "test": self.test_path}
        for split, path in held_out.items():
            if path is not None:
                for place, series, begin, end in self._parts(split):
                    yield place, _record(series, begin, end)

    def _parts(self, split: Split) -> Iterator[tuple[Split, Series, int, int]]:
        """Series with the steps that belong to one split: of a path of the split's own, else of all splits."""
        own = {"valid": self.valid_path, "test": self.test_path}.get(split)
        if split != "predict" and own is None:
            yield from self._divided()
            return
        for series in self.read(self.path if own is None else own, split):
            with reporting():
                self.check(series)
                yield split, series, 0, len(series)

    def _divided(self) -> Iterator[tuple[Split, Series, int, int]]:
        numbers: dict[str, int] = {}
        origin, found = "", not self.rules
        for whole in self.read(self.path, "train"):
            series = whole.part(0, self.first_steps or len(whole))
            number = numbers[series.file] = numbers.get(series.file, -1) + 1
            is_test = self.is_test(Record(series.values, origin=series.origin), number)
            origin, found = series.origin, found or is_test
            with reporting():
                self.check(series)
                if is_test:
                    yield "test", series, 0, len(series)
                else:
                    yield from self._cut(series)
        if origin and not found:
            raise ConfigError(
                "none of the series is a test series",
                at=f"--data.{self.rules[0]}",
                fix=f"a rule takes whole series, such as {origin!r}; leave it out to hold out the end of each",
            )

    def _cut(self, series: Series) -> Iterator[tuple[Split, Series, int, int]]:
        begin = 0
        for place in _SPLITS:
            for cut in self.tail.cuts(len(series), place):
                if cut.end > begin:
                    yield place, series, begin, cut.end
                    begin = cut.end


def cut_evenly(begin: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """The steps from `begin` to before `end` in as few parts of at most `most` as there can be, alike in length.

    Example:
        >>> list(cut_evenly(0, 10, 4))
        [(0, 3), (3, 6), (6, 10)]
    """
    num_parts = -((begin - end) // most)
    bounds = [begin + (end - begin) * number // max(num_parts, 1) for number in range(num_parts + 1)]
    yield from pairwise(bounds)


def _record(series: Series, begin: int, end: int, continues: bool = False) -> Record:
    part = series.part(begin, end)
    target = None if part.labels is None else part.labels.tolist()
    return Record(part.values, target, f"{series.origin}:{begin + 1}-{end}", continues=continues)
