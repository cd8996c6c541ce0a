"""Files that are no series end in one error: what, where and how to mend it. What is merely small is trained on."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
import torch

import seqkit_timeseries
from seqkit import ModelOptions, SeqkitError
from seqkit.build import build_model
from seqkit.cli.main import main
from seqkit_timeseries.data import TimeseriesData
from tests.plugins.timeseries.bad_files import CASES, Case

pytestmark = pytest.mark.usefixtures("no_hang")

MOST_SECONDS = 5

THROUGH_THE_COMMAND_LINE = [
    "row-long-first", "cell-1e39", "time-zones-mixed-with-none", "times-gap", "path-fifo", "gz-cut", "zip-bomb",
    "parquet-headless", "jsonl-broken", "ts-class-unknown", "rows-quote", "class-missing",
]  # fmt: skip
"""One of each kind of exception that libraries raise, and of each format."""


def made(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The options of a case, its files written."""
    if case.not_as_root and os.geteuid() == 0:
        pytest.skip("root may read everything")
    folder.mkdir()
    monkeypatch.chdir(folder)
    options = {name: str(v).format(folder=folder) if isinstance(v, str) else v for name, v in case.options.items()}
    return {"window": 8, "batch_size": 2, **options, "path": case.make(folder)}


def one_step(options: dict[str, Any]) -> float:
    """The loss of a tiny model after one step of training on one batch, the data of the other splits read as well."""
    data = TimeseriesData(**options)
    data.setup("fit")
    splits = ("train", "valid", "test") if "test_path" in options else ("train", "valid")
    batch, *_ = (next(iter(data.loader(split))) for split in splits)
    torch.manual_seed(0)
    model = build_model(seqkit_timeseries.DOMAIN, data, ModelOptions(hidden_size=4))
    optimiser = torch.optim.Adam(model.parameters())
    model.outcome(batch)[0].loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return float(model.outcome(batch)[0].loss.detach())


def test_the_corpus_is_as_large_as_is_said() -> None:
    assert sum(bool(case.says) for case in CASES.values()) >= 220 and sum(not c.says for c in CASES.values()) >= 30
    assert set(THROUGH_THE_COMMAND_LINE) <= set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_is_one_clear_error_and_a_small_one_is_trained_on(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    options = made(case, tmp_path / "data", monkeypatch)
    begin = time.perf_counter()
    if not case.says:
        assert torch.tensor(one_step(options)).isfinite()
        return
    with pytest.raises(SeqkitError) as caught:
        one_step(options)
    error = caught.value
    assert error.exit_code == 2 and error.fix and error.at
    assert all(word in str(error) for word in case.says), str(error)
    assert case.at in error.at, error.at
    assert time.perf_counter() - begin < MOST_SECONDS
    assert len(str(error)) < 1500 and "Traceback" not in str(error)


@pytest.mark.parametrize("name", THROUGH_THE_COMMAND_LINE)
def test_the_command_line_says_it_in_three_lines(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = made(CASES[name], tmp_path / "data", monkeypatch)
    words = [word for key, value in options.items() for word in (f"--data.{key}", str(value))]
    assert main(["fit", "--domain", "timeseries", "--run", str(tmp_path / "run"), *words]) == 2
    said = capsys.readouterr().err
    lines = said.replace("\n  or: --on-bad-record skip leaves such records out", "").splitlines()
    assert [line.split(":")[0] for line in lines] == ["seqkit", "  at", "  fix"], said
    assert not (tmp_path / "run").exists()
