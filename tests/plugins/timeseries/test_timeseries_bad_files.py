"""Files that are no series end in one error: what, where and how to mend it. What is merely small is trained on."""

from pathlib import Path
from typing import Any

import pytest
import torch

from seqkit import Split
from seqkit_timeseries import DOMAIN
from seqkit_timeseries.data import TimeseriesData
from tests.plugins.malformed import TRAINING, assert_one_clear_error, assert_three_lines, refused, trained
from tests.plugins.malformed import one_step as one_step_of
from tests.plugins.timeseries.bad_files import CASES
from tests.plugins.timeseries.bad_making import FORECAST

pytestmark = pytest.mark.usefixtures("no_hang")

THROUGH_THE_COMMAND_LINE = [
    "row-long-first", "cell-1e39", "time-zones-mixed-with-none", "times-gap", "path-fifo", "gz-cut", "zip-bomb",
    "parquet-headless", "jsonl-broken", "ts-class-unknown", "rows-quote", "class-missing",
]  # fmt: skip
"""One of each kind of exception that libraries raise, and of each format."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is also the working folder: names of sockets must be short."""
    path = tmp_path / "data"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


def made(name: str, folder: Path) -> dict[str, Any]:
    """The options of a case, its files written; a case that says no task forecasts."""
    given = (CASES[name].options or FORECAST).items()
    options = {option: str(v).format(folder=folder) if isinstance(v, str) else v for option, v in given}
    return {"window": 8, "batch_size": 2, **options, "path": CASES[name].write(folder)}


def one_step(options: dict[str, Any]) -> float:
    """As for all domains; a test set of its own is read too."""
    splits: tuple[Split, ...] = (*TRAINING, "test") if "test_path" in options else TRAINING
    return one_step_of(DOMAIN, TimeseriesData(**options), splits)


def test_the_corpus_is_as_large_as_is_said() -> None:
    assert len(refused(CASES)) >= 220 and len(trained(CASES)) >= 30 and set(THROUGH_THE_COMMAND_LINE) <= set(CASES)


@pytest.mark.parametrize("name", refused(CASES))
def test_a_bad_file_is_one_clear_error(name: str, folder: Path) -> None:
    options = made(name, folder)
    assert_one_clear_error(CASES[name], lambda: one_step(options))


@pytest.mark.parametrize("name", trained(CASES))
def test_a_file_that_is_merely_small_or_strange_is_trained_on(name: str, folder: Path) -> None:
    assert torch.tensor(one_step(made(name, folder))).isfinite()


@pytest.mark.parametrize("name", THROUGH_THE_COMMAND_LINE)
def test_the_command_line_says_it_in_three_lines(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_three_lines("timeseries", made(name, folder), folder.parent / "run", capsys)
