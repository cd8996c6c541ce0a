"""Cuts in time: the end of each series is held out, validation before test, with all that came before as its past."""

from __future__ import annotations

from dataclasses import dataclass

from seqkit import Split

LEAST_TRAINED = 2
"""Steps of the shortest series that has something to predict."""


@dataclass(frozen=True)
class Cut:
    """One record of a series: its steps before `end`, of which the first `context` are given and not scored."""

    end: int
    context: int = 0


@dataclass(frozen=True)
class TailRule:
    """How much of the end of each series is held out.

    With a horizon H, test is the last `num_windows` windows of H steps, one record a window, and validation as many
    windows before them. Without one, each is a share of the series, and one record.

    Attributes:
        horizon: Steps of a window; None takes shares.
        num_windows: Windows held out for each of validation and test.
        valid_share: Share of a series for validation; 0 holds out nothing, with a horizon too.
        test_share: The same for test.
    """

    horizon: int | None = None
    num_windows: int = 1
    valid_share: float = 0.1
    test_share: float = 0.1

    @property
    def needed(self) -> int:
        """Steps that a series must have at least."""
        valid, test = self._sizes(0)
        return LEAST_TRAINED + valid + test

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
        step = self.horizon or max(end - begin, 1)
        return [Cut(start + step, start) for start in range(begin, end, step)]

    def last_windows(self, num_steps: int) -> list[Cut]:
        """The records of a series that is held out as a whole: its last windows, or all of it without a horizon."""
        if self.horizon is None:
            return [Cut(num_steps)]
        held = min(self.horizon * self.num_windows, (num_steps - 1) // self.horizon * self.horizon)
        return [Cut(start + self.horizon, start) for start in range(num_steps - held, num_steps, self.horizon)]

    def following(self, num_known: int, num_steps: int) -> list[Cut]:
        """The record of a series whose future came in another file: at most a horizon after what is known."""
        end = num_steps if self.horizon is None else min(num_steps, num_known + self.horizon)
        return [Cut(end, num_known)]

    def _sizes(self, num_steps: int) -> tuple[int, int]:
        """Steps held out for validation and for test."""
        if self.horizon is None:
            return round(num_steps * self.valid_share), round(num_steps * self.test_share)
        window = self.horizon * self.num_windows
        return window * (self.valid_share > 0), window * (self.test_share > 0)
