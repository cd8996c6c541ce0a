"""How time is taken: in turns, and as ratios of the same round."""

from __future__ import annotations

import pytest

from seqkit.speed.machine import describe_machine
from seqkit.speed.table import Table
from seqkit.speed.timing import Ratio, interleaved
from seqkit.training.cores import usable_cores


def test_variants_are_called_in_turns_and_another_begins_each_round() -> None:
    calls: list[str] = []
    interleaved({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, repeats=2, warmups=1)
    assert "".join(calls) == "abbaab"


def test_seconds_are_those_of_the_clock_without_the_warm_up() -> None:
    ticks = iter([0.0, 9.0, 10.0, 19.0, 20.0, 22.0, 30.0, 35.0])  # warm-up: a 9, b 9; then b 2, a 5
    taken = interleaved({"a": int, "b": int}, repeats=1, warmups=1, clock=lambda: next(ticks))
    assert taken == {"a": [5.0], "b": [2.0]}


def test_a_ratio_is_the_median_of_rounds_not_the_ratio_of_medians() -> None:
    # Round by round 2, 3 and 1/3; the medians 6 and 2 would give 3 by themselves, a disturbed round changes little.
    ratio = Ratio.of([2.0, 6.0, 10.0], [1.0, 2.0, 30.0])
    assert ratio.median == 2.0
    assert ratio.low == pytest.approx(1 / 3) and ratio.high == 3.0


def test_a_single_round_has_no_spread() -> None:
    assert str(Ratio.of([4.0], [2.0])) == "2.00"
    assert str(Ratio.of([4.0, 9.0], [2.0, 3.0])) == "2.50 (2.00-3.00)"


def test_numbers_stand_right_and_words_left() -> None:
    table = Table("T", ["cell", "seconds"])
    table.add("lstm", 3)
    table.add("gru", 12)
    assert table.markdown().splitlines()[2:] == [
        "| cell | seconds |",
        "| :--- | ------: |",
        "| lstm |       3 |",
        "| gru  |      12 |",
    ]


def test_the_machine_is_described_with_its_threads_and_versions() -> None:
    text = describe_machine()
    assert f"{usable_cores()} core" in text and "torch " in text and "thread" in text
