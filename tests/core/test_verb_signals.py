"""A signal ends every verb with one line, the signal's exit code, and no file that is not whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import seqkit
from seqkit import Domain, Run
from seqkit.cli.main import main
from seqkit.outputs import staged

_TINY: dict[str, Any] = {"max_steps": 2, "hidden_size": 4, "probe": False, "quiet": True, "accelerator": "cpu"}


@pytest.fixture(scope="module")
def run(melody: Domain, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return seqkit.fit(melody, run=tmp_path_factory.mktemp("signals") / "run", batch_size=4, **_TINY)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return seqkit.fit("timeseries", run=tmp_path_factory.mktemp("series") / "run", task="forecast", **_TINY)


@pytest.fixture
def known(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The domain of the run is installed, as the command line sees it."""
    load = seqkit.plugins.load
    installed = seqkit.plugins.installed
    monkeypatch.setattr("seqkit.plugins.load", lambda name: melody if name == "melody" else load(name))
    own = replace(installed()["text"], name="melody")
    monkeypatch.setattr("seqkit.plugins.installed", lambda: installed() | {"melody": own})


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _signalling(monkeypatch: pytest.MonkeyPatch, place: str, number: int) -> None:
    """This process is sent a signal when the work at a place has been done once."""
    owner, _, name = place.rpartition(".")
    module, _, kind = owner.partition(":")
    holder: Any = __import__(module, fromlist=["_"])
    holder = getattr(holder, kind) if kind else holder
    own: Callable[..., Any] = getattr(holder, name)

    def then_signal(*given: Any, **options: Any) -> Any:
        result = own(*given, **options)
        os.kill(os.getpid(), number)
        return result

    monkeypatch.setattr(holder, name, then_signal)


_CASES = [
    (["validate", "RUN"], "seqkit.model:SequenceModel.validation_step"),
    (["test", "RUN"], "seqkit.training.workflow.load_model"),
    (["predict", "RUN"], "seqkit.inference.rows._cell"),
    (["predict", "RUN", "--out", "OUT/rows.parquet"], "seqkit.inference.rows._schema"),
    (["score", "RUN", "--per_step"], "seqkit.inference.rows._cell"),
    (["generate", "RUN", "--samples", "2", "--steps", "4"], "seqkit.data.hooks:DataHooks.write"),
    (["embed", "RUN"], "seqkit.inference.embedding_files._table"),
    (["embed", "RUN", "--out", "OUT/rows.npz"], "seqkit.inference.embedding_files._copy_rows"),
    (["diagnose", "RUN", "--no_truncation", "--out", "OUT/report.html"], "seqkit.cli.diagnose.render_report"),
    (["forecast", "SERIES", "--samples", "2"], "seqkit_timeseries.series_module.write_tables"),
    (["export", "RUN", "--out", "OUT/model"], "seqkit.export.writing.atomic_write"),
    (["check", "--domain", "text", "--out", "OUT/bad.csv"], "seqkit.cli.check.check_data"),
    (["make", "memory", "--domain", "text", "--out", "OUT/memory"], "seqkit.lecture.sources.made.asdict"),
    (["bench", "--quick"], "seqkit.speed.report.advice"),
]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("words", "place"), _CASES, ids=[f"{words[0]}-{place}" for words, place in _CASES])
def test_it_ends_with_one_line_and_no_half_file(
    words: list[str], place: str, number: int, run: Run, series: Run, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    places = {"RUN": str(run.path), "SERIES": str(series.path), "OUT": str(tmp_path)}
    for name, own in places.items():
        words = [word.replace(name, own) for word in words]
    before = _files(run.path) | _files(series.path)
    _signalling(monkeypatch, place, number)
    assert main(words) == 128 + number
    assert capsys.readouterr().err == "seqkit: interrupted\n"
    assert _files(run.path) | _files(series.path) == before
    assert [path.name for path in tmp_path.iterdir() if path.name != "report-plots"] == []


def test_a_process_that_loads_torch_ends_with_one_line() -> None:
    words = [sys.executable, "-X", "importtime", "-m", "seqkit", "bench", "--quick"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.endswith(" torch.version\n"):  # inside the import of torch
                process.send_signal(signal.SIGTERM)
                break
        said = process.stderr.read().splitlines()
    shown = [line for line in said if not line.startswith("import time:")]
    assert (process.returncode, shown) == (143, ["seqkit: interrupted"])


def test_files_come_to_their_places_together_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_text("old")
    with pytest.raises(ValueError, match="mine"), staged(path) as place:
        place.write_text("half")
        raise ValueError("mine")
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["sound.wav"]
    with staged(path) as place:
        place.write_text("new")
        place.with_name("sound-2.wav").write_text("second")
        assert path.read_text() == "old" and not (tmp_path / "sound-2.wav").exists()
    assert path.read_text() == "new" and (tmp_path / "sound-2.wav").read_text() == "second"


def test_what_a_killed_process_has_left_is_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    for number, name in ((gone.pid, "a*"), (os.getppid(), "a*"), (gone.pid, "ab")):
        (tmp_path / f".{name}.csv.tmp-{number}").mkdir()
    with staged(tmp_path / "a*.csv") as place:
        place.write_text("x")
    assert {path.name for path in tmp_path.iterdir()} == {
        "a*.csv", f".a*.csv.tmp-{os.getppid()}", f".ab.csv.tmp-{gone.pid}",
    }  # fmt: skip


def test_a_link_is_followed_and_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "elsewhere" / "rows.csv")
    with staged(tmp_path / "link.csv") as place:
        place.write_text("rows")
    assert (tmp_path / "elsewhere" / "rows.csv").read_text() == "rows" and (tmp_path / "link.csv").is_symlink()
    os.mkfifo(tmp_path / "pipe.csv")
    with staged(tmp_path / "pipe.csv") as place:
        assert place == tmp_path / "pipe.csv"
