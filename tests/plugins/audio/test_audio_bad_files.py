"""Damaged and degenerate recordings: each is named with its place and what to do, or a model can be trained."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from seqkit import ModelOptions, SeqkitError
from seqkit.build import build_model
from seqkit.cli.main import main
from seqkit_audio import DOMAIN
from seqkit_audio.data import AudioData
from tests.plugins.audio.bad_files import CASES, write_good

pytestmark = pytest.mark.usefixtures("no_hang")

MOST_SECONDS = 5

TRAINED = [name for name, case in CASES.items() if not (case.says or case.at)]
REFUSED = [name for name in CASES if name not in TRAINED]

THROUGH_THE_COMMAND_LINE = [
    "wav cut in half", "float with nan", "text named wav", "flac with a flipped byte", "mp3 cut", "zip encrypted",
    "manifest that leads outside", "manifest of one class", "transcript of other bytes", "pipe named wav",
]  # fmt: skip
"""One of each kind."""


def made(name: str, folder: Path) -> dict[str, Any]:
    """The options of a case, its files written beside good ones."""
    case = CASES[name]
    if case.as_user and os.geteuid() == 0:
        pytest.skip("root may read everything")
    write_good(folder)
    return {"test_fraction": 0.0, "valid_fraction": 0.2, **case.options, "path": case.make(folder)}


def one_step(options: dict[str, Any]) -> float:
    """The loss of a tiny model after one step of training, all records of both splits read."""
    data = AudioData(**options)
    data.setup("fit")
    batch, *_ = (next(iter(data.loader(split))) for split in ("train", "valid"))
    torch.manual_seed(0)
    model = build_model(DOMAIN, data, ModelOptions(hidden_size=4))
    optimiser = torch.optim.Adam(model.parameters())
    model.outcome(batch)[0].loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return float(model.outcome(batch)[0].loss.detach())


def test_the_corpus_is_as_large_as_is_said() -> None:
    assert len(REFUSED) >= 80 and len(TRAINED) >= 25 and set(THROUGH_THE_COMMAND_LINE) <= set(CASES)


@pytest.mark.parametrize("name", REFUSED)
def test_bad_data_are_one_clear_error(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case, options = CASES[name], made(name, tmp_path)
    begin = time.perf_counter()
    with pytest.raises(SeqkitError) as caught:
        one_step(options)
    error = caught.value
    assert time.perf_counter() - begin < MOST_SECONDS
    assert error.exit_code == 2 and error.fix
    assert all(word in error.what + (error.fix or "") for word in case.says), str(error)
    assert error.at and case.at in error.at, error.at
    assert len(str(error)) < 1500 and "Traceback" not in str(error)
    assert capfd.readouterr().err == ""  # Decoders write there on their own.


@pytest.mark.parametrize("name", TRAINED)
def test_strange_but_good_data_train(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert torch.tensor(one_step(made(name, tmp_path))).isfinite()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", THROUGH_THE_COMMAND_LINE)
def test_the_command_line_says_it_in_three_lines(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = made(name, tmp_path)
    words = [word for key, value in options.items() for word in (f"--data.{key}", str(value))]
    assert main(["fit", "--domain", "audio", "--run", str(tmp_path / "run"), *words]) == 2
    said = capfd.readouterr().err
    lines = said.replace("\n  or: --on-bad-record skip leaves such records out", "").splitlines()
    assert [line.split(":")[0] for line in lines] == ["seqkit", "  at", "  fix"], said
    assert not (tmp_path / "run").exists()
