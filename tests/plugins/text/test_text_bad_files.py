"""Files that are no data end in one error: what, where and how to mend it. What is merely small is trained on."""

from pathlib import Path
from typing import Any

import pytest
import torch

from seqkit_text import DOMAIN
from seqkit_text.data import TextData
from tests.plugins.malformed import assert_one_clear_error, assert_three_lines, one_step, refused, trained
from tests.plugins.text.bad_files import CASES

pytestmark = pytest.mark.usefixtures("no_hang")

THROUGH_THE_COMMAND_LINE = [
    "latin1", "utf16-unsaid", "gz-cut", "zip-bomb", "zip-encrypted", "fifo", "name-too-long", "csv-quote-never-closed",
    "jsonl-nested-without-end", "parquet-bad-bytes", "conll-short-line",
]  # fmt: skip
"""One of each kind of exception that libraries raise."""


def made(name: str, folder: Path) -> dict[str, Any]:
    """The options of a case, its files written."""
    folder.mkdir()
    return {"window": 8, "batch_size": 2, **CASES[name].options, "path": CASES[name].write(folder)}


def test_the_corpus_is_as_large_as_is_said() -> None:
    assert len(refused(CASES)) >= 130 and len(trained(CASES)) >= 25 and set(THROUGH_THE_COMMAND_LINE) <= set(CASES)


@pytest.mark.parametrize("name", refused(CASES))
def test_a_bad_file_is_one_clear_error(name: str, tmp_path: Path) -> None:
    options = made(name, tmp_path / "data")
    assert_one_clear_error(CASES[name], lambda: one_step(DOMAIN, TextData(**options)))


@pytest.mark.parametrize("name", trained(CASES))
def test_a_file_that_is_merely_small_or_strange_is_trained_on(name: str, tmp_path: Path) -> None:
    assert torch.tensor(one_step(DOMAIN, TextData(**made(name, tmp_path / "data")))).isfinite()


@pytest.mark.parametrize("name", THROUGH_THE_COMMAND_LINE)
def test_the_command_line_says_it_in_three_lines(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_three_lines("text", made(name, tmp_path / "data"), tmp_path / "run", capsys)
