"""The soak tier: figures too large for each push. `pytest -m soak tests/soak` runs all of it, `--soak-share` a part.

Each test counts its trials, and its negative control must fail: what cannot go wrong proves nothing.
"""

import json
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
import torch

_ROWS = pytest.StashKey[list["Row"]]()
_HEAD = ("what", "trials", "failures", "control: trials", "control: failures", "seconds")


@dataclass(frozen=True)
class Row:
    """What a soak test did.

    Attributes:
        what: In words.
        trials: How many.
        failures: How many of them broke the promise.
        control_trials: Of the negative control.
        control_failures: How many of those broke it, as they should.
        seconds: In all.
    """

    what: str
    trials: int
    failures: int
    control_trials: int
    control_failures: int
    seconds: float


Tally = Callable[[str, int, int, int, int], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-share", type=float, default=1.0, help="share of the full number of trials, above 0")
    parser.addoption("--save-figures", type=Path, default=None, help="add the figures to this Markdown file")


@pytest.fixture(scope="session")
def trials(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """So many trials as `--soak-share` leaves of the full number, one at least."""
    share = request.config.getoption("--soak-share", 1.0)
    return lambda full: max(round(full * share), 1)


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Notes the figures of a test, then asserts that the promise held and the control broke."""
    begin, rows = time.perf_counter(), request.config.stash.setdefault(_ROWS, [])

    def note(what: str, trials: int, failures: int, control_trials: int, control_failures: int) -> None:
        rows.append(Row(what, trials, failures, control_trials, control_failures, time.perf_counter() - begin))
        assert trials > 0 and failures == 0, f"{what}: {failures} of {trials} failed"
        assert control_failures > 0, f"{what}: none of {control_trials} trials of the control failed: it proves nothing"

    yield note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(_ROWS, [])
    if not rows:
        return
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD)), *(_line(_cells(row)) for row in rows)]
    terminalreporter.section("figures")
    for line in lines:
        terminalreporter.write_line(line)
    if path := config.getoption("--save-figures", None):
        _save(path, rows)


def _save(path: Path, rows: list[Row]) -> None:
    """Figures of the same name replace those that the file has; its data lie beside it as JSON lines."""
    beside = path.with_suffix(".jsonl")
    lines = beside.read_text(encoding="utf-8").splitlines() if beside.exists() else []
    kept = {row["what"]: row for row in map(json.loads, lines)}
    machine = f"{platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}"
    kept |= {row.what: asdict(row) | {"machine": machine} for row in rows}
    beside.write_text("".join(json.dumps(row) + "\n" for row in kept.values()), encoding="utf-8")
    table = [_line(_HEAD), _line(["---"] * len(_HEAD))]
    for row in kept.values():
        machine = row.pop("machine")
        table.append(_line(_cells(Row(**row))))
    text = f"# Figures of the soak tier\n\nBy `pytest -m soak tests/soak --save-figures {path.name}`; {machine}.\n\n"
    path.write_text(text + "\n".join(table) + "\n", encoding="utf-8")


def _cells(row: Row) -> list[str]:
    counts = (row.trials, row.failures, row.control_trials, row.control_failures)
    return [row.what, *(f"{count:,}" for count in counts), f"{row.seconds:.0f}"]


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
