"""A million mutated files for each parser; the control is a parser with a fault planted in it."""

from collections.abc import Callable

import pytest

from tests.soak.conftest import Tally
from tests.soak.fuzzing import fuzz
from tests.soak.parsers import PARSERS, planted

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("name", PARSERS)
def test_only_our_errors_come_out(name: str, trials: Callable[[int], int], tally: Tally) -> None:
    report = fuzz(PARSERS[name](), trials(1_000_000))
    control = fuzz(planted(), 20_000)
    print("\n".join(f"{kind}\n    {content!r}" for kind, content in report.kinds.items()))
    tally(f"fuzz: {name}", report.executions, report.failures, control.executions, control.failures)
