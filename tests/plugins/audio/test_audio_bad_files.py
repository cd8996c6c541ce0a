"""Damaged and degenerate recordings: each is named with its place and what to do, or a model can be trained."""

from pathlib import Path
from typing import Any

import pytest
import torch

from seqkit_audio import DOMAIN
from seqkit_audio.data import AudioData
from tests.plugins.audio.bad_files import CASES
from tests.plugins.audio.bad_making import write_good
from tests.plugins.malformed import assert_one_clear_error, assert_three_lines, one_step, refused, trained

pytestmark = pytest.mark.usefixtures("no_hang")

THROUGH_THE_COMMAND_LINE = [
    "wav cut in half", "float with nan", "text named wav", "flac with a flipped byte", "mp3 cut", "zip encrypted",
    "manifest that leads outside", "manifest of one class", "transcript of other bytes", "pipe named wav",
]  # fmt: skip
"""One of each kind."""


def made(name: str, folder: Path) -> dict[str, Any]:
    """The options of a case, its files written beside good ones."""
    write_good(folder)
    return {"test_fraction": 0.0, "valid_fraction": 0.2, **CASES[name].options, "path": CASES[name].write(folder)}


def test_the_corpus_is_as_large_as_is_said() -> None:
    assert len(refused(CASES)) >= 80 and len(trained(CASES)) >= 25 and set(THROUGH_THE_COMMAND_LINE) <= set(CASES)


@pytest.mark.parametrize("name", refused(CASES))
def test_bad_data_are_one_clear_error(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = made(name, tmp_path)
    assert_one_clear_error(CASES[name], lambda: one_step(DOMAIN, AudioData(**options)))
    assert capfd.readouterr().err == ""  # Decoders write there on their own.


@pytest.mark.parametrize("name", trained(CASES))
def test_strange_but_good_data_train(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert torch.tensor(one_step(DOMAIN, AudioData(**made(name, tmp_path)))).isfinite()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", THROUGH_THE_COMMAND_LINE)
def test_the_command_line_says_it_in_three_lines(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert_three_lines("audio", made(name, tmp_path), tmp_path / "run", capfd)
