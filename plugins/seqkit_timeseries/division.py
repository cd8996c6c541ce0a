"""Division: which part of which series belongs to a split, whatever files they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from seqkit import PathOption, Record, Split, reporting
from seqkit_timeseries.backtest import Backtest, Piece
from seqkit_timeseries.series import Series


@dataclass(frozen=True)
class Division:
    """Series of up to three paths, and how they are divided.

    Attributes:
        read: Yields all series of a path.
        check: Refuses a series that cannot be used.
        is_test: Whether a rule makes the whole of a series test data; takes its record and its number in its file.
        backtest: The rules of a split in time.
        path: Where the series lie.
        valid_path: What follows them, for validation.
        test_path: What follows them, for test.
        first_steps: Steps of each series of `path` that are used; None takes all.
    """

    read: Callable[[PathOption], Iterable[Series]]
    check: Callable[[Series], None]
    is_test: Callable[[Record, int], bool]
    backtest: Backtest
    path: PathOption = None
    valid_path: PathOption = None
    test_path: PathOption = None
    first_steps: int | None = None

    def pieces(self, split: Split) -> Iterator[Piece]:
        """Series cut for a split: by the end of each, or by what other paths say of their future."""
        for piece in self._pieces(split):
            with reporting():
                self.check(piece[0])
                yield piece

    def parts(self) -> Iterator[tuple[Split, Series, bool]]:
        """Each series once, in parts where its end is held out or lies in another file.

        Yields:
            The split of a part, the part, and whether it goes on with the series before it.
        """
        futures = self._futures()
        for series, is_test in self._by_rule(self._known()):
            future = futures.pop(series.origin, [])
            with reporting():
                self.check(series)
                position = 0
                for split, (whole, cut) in self.backtest.divided(series, is_test):
                    yield split, whole.part(position, cut.end), position > 0
                    position = cut.end
                yield from ((split, part, True) for split, part in future)
        for found in futures.values():
            yield from ((split, part, False) for split, part in found)

    def _known(self) -> Iterator[Series]:
        yield from (series.part(0, self.first_steps or len(series)) for series in self.read(self.path))

    def _pieces(self, split: Split) -> Iterator[Piece]:
        known: Iterable[Series] = self._known()
        if split == "valid" and self.valid_path is not None:
            yield from self.backtest.followed(known, self.read(self.valid_path))
        elif split == "test" and self.test_path is not None:
            if self.valid_path is not None:
                known = self.backtest.extended(known, self.read(self.valid_path))
            yield from self.backtest.followed(known, self.read(self.test_path))
        else:
            for series, is_test in self._by_rule(known):
                if not is_test:
                    yield from self.backtest.own(series, split)
                elif split == "test":
                    yield from self.backtest.unseen(series)

    def _futures(self) -> dict[str, list[tuple[Split, Series]]]:
        """What the files of validation and test add to each series, by its origin."""
        futures: dict[str, list[tuple[Split, Series]]] = {}
        paths: dict[Split, PathOption] = {"valid": self.valid_path, "test": self.test_path}
        for split in (split for split, path in paths.items() if path is not None):
            for series, cut in self.pieces(split):
                futures.setdefault(series.origin, []).append((split, series.part(cut.context, cut.end)))
        return futures

    def _by_rule(self, known: Iterable[Series]) -> Iterator[tuple[Series, bool]]:
        """Series with whether `test_match` or `test_every` makes the whole of them test data."""
        numbers: dict[str, int] = {}
        for series in known:
            number = numbers[series.file] = numbers.get(series.file, -1) + 1
            yield series, self.is_test(Record(series.values, origin=series.origin), number)
