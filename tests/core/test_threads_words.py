"""`--threads` of the verbs: what is taken, noted and refused before torch is loaded."""

import os
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from seqkit import ConfigError, Domain
from seqkit.cli import main
from seqkit.cli import threads as words
from seqkit.flat_options import settings_from
from seqkit.training import threads
from seqkit.training.threads import choose_threads

pytestmark = pytest.mark.usefixtures("eight_cores")


def test_verbs_run_in_the_threads_that_are_asked_for() -> None:
    seen: list[tuple[list[str], int]] = []

    def run(verb: str, rest: list[str]) -> int:
        seen.append((rest, torch.get_num_threads()))
        return 0

    torch.set_num_threads(4)
    words.run_on_threads("test", ["RUN", "--threads", "2", "--json"], run)
    words.run_on_threads("generate", ["RUN", "--threads=3"], run)
    words.run_on_threads("fit", ["--threads", "auto"], run)
    words.run_on_threads("bench", ["--threads", "2"], run)
    assert seen == [(["RUN", "--json"], 2), (["RUN"], 3), (["--threads", "auto"], 4), ([], 2)]


@pytest.mark.parametrize("verb", ["generate", "test", "bench"])
def test_auto_belongs_to_what_trains(verb: str) -> None:
    with pytest.raises(ConfigError, match=f"{verb} trains nothing.*\n.*\n.*fit, crossval and compare"):
        words.run_on_threads(verb, ["--threads", "auto"], lambda verb, rest: pytest.fail("run"))


@pytest.mark.parametrize("value", ["0", "-1"])
@pytest.mark.parametrize("verb", ["fit", "generate", "bench"])
def test_fewer_threads_than_one_are_refused_before_torch_is_loaded(
    verb: str, value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "import_own", lambda module: pytest.fail("loaded"))
    assert main.main([verb, "--domain", "text", "--threads", value]) == 2
    assert f"threads is {value}\n  at: --threads\n  fix: give 1 or more" in capsys.readouterr().err


def test_more_threads_than_cores_are_noted(
    melody: Domain, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(threads, "usable_cores", lambda: 2)
    torch.set_num_threads(3)
    nobody: Any = SimpleNamespace(advice=lambda number: pytest.fail("asked"))
    note = choose_threads(settings_from(melody, {"threads": 3}), "cpu", nobody, nobody, nobody).note
    assert note.startswith("3 threads share the 2 cores of this process")
    words.run_on_threads("generate", ["RUN", "--threads", "3"], lambda verb, rest: 0)
    assert capsys.readouterr().err == f"{note}\n"
    words.run_on_threads("generate", ["RUN", "--threads", "2"], lambda verb, rest: 0)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("verb", "value"), [("fit", "many"), ("test", "many"), ("score", "1.5"), ("score", "")])
def test_what_is_no_number_of_threads_is_refused(verb: str, value: str) -> None:
    with pytest.raises(ConfigError, match="no number of threads"):
        words.run_on_threads(verb, ["RUN", "--threads", value], lambda verb, rest: pytest.fail("run"))


def test_threads_wait_briefly_unless_the_user_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    words.wait_briefly()
    assert os.environ == {"GOMP_SPINCOUNT": "1000"}
    for own in ({"GOMP_SPINCOUNT": "5"}, {"OMP_WAIT_POLICY": "ACTIVE"}):
        monkeypatch.setattr(os, "environ", dict(own))
        words.wait_briefly()
        assert os.environ == own


def test_the_command_says_so_before_torch_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})

    def load(module: str) -> Any:
        assert os.environ == {"GOMP_SPINCOUNT": "1000"}
        raise ConfigError(f"{module} would be loaded now")

    monkeypatch.setattr(main, "import_own", load)
    with pytest.raises(ConfigError, match="would be loaded now"):
        main._run(["domains"])
