"""The default run's share of the fuzzing: a few hundred mutated files for each parser."""

import pytest

from tests.soak.fuzzing import fuzz
from tests.soak.parsers import PARSERS, planted

SHARE = 300


@pytest.mark.parametrize("name", PARSERS)
def test_only_our_errors_come_out(name: str) -> None:
    parser = PARSERS[name]()
    report = fuzz(parser, SHARE, seed=1, seconds=20)
    assert not report.failures, report.kinds
    assert report.executions >= SHARE // 10, "the parser is too slow for the seconds that are given"
    assert report.refused > report.executions // 20, "mutations are hardly ever refused"


@pytest.mark.parametrize("name", PARSERS)
def test_the_seeds_are_mostly_accepted(name: str) -> None:
    """Else the mutations begin from what is refused at once."""
    parser = PARSERS[name]()
    report = fuzz(parser, len(parser.seeds))
    assert report.refused <= len(parser.seeds) // 2 and not report.failures, report.kinds


def test_a_planted_fault_is_found() -> None:
    report = fuzz(planted(), 3_000, seed=5)
    assert report.failures and list(report.kinds) == [next(iter(report.kinds))]
    assert next(iter(report.kinds)).startswith("IndexError at parsers.py")
