"""Cuts in time: the end of each series is held out, validation before test, with all that came before as its past."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from seqkit import Split

LEAST_TRAINED = 2
"""Steps of the shortest series that has a next step to predict."""


@dataclass(frozen=True)
class Cut:
    """One record of a series: its steps before `end`, of which the first `context` are given and not scored."""

    end: int
    context: int = 0


@dataclass(frozen=True)
class TailRule:
    """How much of the end of each series is held out.

    With a horizon H, test is the last `num_windows` windows of H steps, one record a window, and validation as many
    windows before them. By shares, each is a share of the series, and one record. Where forecasts roll, the windows
    of a split are one record too: it is forecast from each of its steps on that leaves room for the horizon.

    Attributes:
        horizon: Steps of a window; None holds out shares.
        num_windows: Windows held out for each of validation and test.
        valid_share: Share of a series for validation; 0 holds out nothing, with a horizon too.
        test_share: The same for test.
        by_share: Hold out shares although there is a horizon.
        rolling: All that is held out of a series is one record.
        least_trained: Steps of the shortest series, or training part of one, that has something to predict.
    """

    horizon: int | None = None
    num_windows: int = 1
    valid_share: float = 0.1
    test_share: float = 0.1
    by_share: bool = False
    rolling: bool = False
    least_trained: int = LEAST_TRAINED

    @property
    def needed(self) -> int:
        """Steps that a series must have at least."""
        return next(size for size in count(self.least_trained) if self.suffices(size))

    def suffices(self, num_steps: int) -> bool:
        """Whether a series of this length leaves enough to train on."""
        return num_steps - sum(self._sizes(num_steps)) >= self.least_trained

    def cuts(self, num_steps: int, split: Split) -> list[Cut]:
        """The records of one series in a split.

        Args:
            num_steps: Its length, at least `needed`.
            split: The split; `predict` is the whole series.

        Example:
            >>> TailRule(horizon=10).cuts(100, "test"), TailRule(horizon=10).cuts(100, "valid")
            ([Cut(end=100, context=90)], [Cut(end=90, context=80)])
        """
        valid, test = self._sizes(num_steps)
        first_valid, first_test = num_steps - test - valid, num_steps - test
        if split == "predict":
            return [Cut(num_steps)]
        if split == "train":
            return [Cut(first_valid)]
        begin, end = (first_valid, first_test) if split == "valid" else (first_test, num_steps)
        step = max(end - begin, 1) if self._window is None or self.rolling else self._window
        return [Cut(start + step, start) for start in range(begin, end, step)]

    def last_windows(self, num_steps: int) -> list[Cut]:
        """The records of a series that is held out as a whole: its last windows, or all of it without a horizon."""
        if self._window is None:
            return [Cut(num_steps)]
        held = min(self._window * self.num_windows, (num_steps - 1) // self._window * self._window)
        step = max(held, 1) if self.rolling else self._window
        return [Cut(start + step, start) for start in range(num_steps - held, num_steps, step)]

    def following(self, num_known: int, num_steps: int) -> list[Cut]:
        """The record of a series whose future came in another file: at most a horizon after what is known.

        Where forecasts roll, at most `num_windows` of them; by shares, all that came.
        """
        most = num_steps if self._window is None else self._window * (self.num_windows if self.rolling else 1)
        return [Cut(min(num_steps, num_known + most), num_known)]

    @property
    def _window(self) -> int | None:
        """Steps of one held-out window; None where shares are held out."""
        return None if self.by_share else self.horizon

    def _sizes(self, num_steps: int) -> tuple[int, int]:
        """Steps held out for validation and for test."""
        if self._window is None:
            return round(num_steps * self.valid_share), round(num_steps * self.test_share)
        window = self._window * self.num_windows
        return window * (self.valid_share > 0), window * (self.test_share > 0)
