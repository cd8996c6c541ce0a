"""Threads: the cores of this process, what neighbours leave of them, and what a rehearsal finds."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml

from seqkit import ConfigError, Domain
from seqkit.cli import main
from seqkit.cli import threads as words
from seqkit.flat_options import settings_from
from seqkit.settings import parse_arguments
from seqkit.training import cores, threads, workflow
from seqkit.training.cores import usable_cores
from seqkit.training.neighbours import Neighbours
from seqkit.training.threads import choose_threads, fastest, on_threads


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test sees cores 0 to 7, and leaves torch as it was."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def machine(root: Path, groups: str, **files: str) -> Path:
    """A root folder with what the kernel says of this process's control groups."""
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_without_control_groups_the_affinity_counts(tmp_path: Path) -> None:
    assert usable_cores(tmp_path) == 8


@pytest.mark.parametrize(
    ("quota", "expected"), [("300000 100000", 3), ("max 100000", 8), ("150000 100000", 1), ("20000 100000", 1), ("", 8)]
)
def test_a_quota_of_version_2_limits_the_cores(tmp_path: Path, quota: str, expected: int) -> None:
    root = machine(tmp_path, "0::/\n", **{"sys/fs/cgroup/cpu.max": quota})
    assert usable_cores(root) == expected


def test_the_tightest_of_all_groups_above_counts(tmp_path: Path) -> None:
    files = {"sys/fs/cgroup/pod/box/cpu.max": "max 100000\n", "sys/fs/cgroup/pod/cpu.max": "200000 100000\n"}
    assert usable_cores(machine(tmp_path, "0::/pod/box\n", **files)) == 2


@pytest.mark.parametrize(("quota", "expected"), [("250000", 2), ("-1", 8)])
@pytest.mark.parametrize("folder", ["docker/abc/", ""], ids=["host's path", "container's"])
def test_a_quota_of_version_1_limits_the_cores(tmp_path: Path, quota: str, expected: int, folder: str) -> None:
    base = f"sys/fs/cgroup/cpu,cpuacct/{folder}cpu.cfs_"
    files = {f"{base}quota_us": f"{quota}\n", f"{base}period_us": "100000\n"}
    root = machine(tmp_path, "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n", **files)
    assert usable_cores(root) == expected


def test_torch_gets_no_more_threads_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(5)
    monkeypatch.setattr(threads, "usable_cores", lambda: 3)
    for asked, expected in ((None, 3), ("auto", 3), (4, 4), (1, 1)):
        with on_threads(asked) as number:  # type: ignore[arg-type]
            assert number == expected == torch.get_num_threads()
        assert torch.get_num_threads() == 5
    monkeypatch.setattr(threads, "usable_cores", lambda: 64)
    with on_threads(None) as number:
        assert number == 5


def test_the_users_own_word_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    monkeypatch.setattr(threads, "usable_cores", lambda: 2)
    torch.set_num_threads(6)
    with on_threads(None) as number:
        assert number == 6


def test_no_threads_are_refused() -> None:
    with pytest.raises(ConfigError, match="threads is 0"), on_threads(0):
        pass


def test_the_fewest_threads_that_are_as_fast_are_taken() -> None:
    assert fastest({1: 1.0, 2: 0.99, 4: 0.98}) == 1
    assert fastest({4: 0.3, 1: 1.0, 2: 0.6}) == 4
    assert fastest({1: 1.0, 2: 5.0, 4: 0.5}) == 4


def stat(path: Path, busy: int, idle: int) -> None:
    """Two of our cores, in hundredths of a second each; core 9 is not ours."""
    line = f"{busy // 2} 0 {busy // 2} {idle} 0 0 0 0 0 0"
    path.write_text(f"cpu 1 2 3 4 5 6 7 8\ncpu0 {line}\ncpu1 {line}\ncpu9 99999 0 0 0 0 0 0 0 0 0\nintr 5\n")


def neighbours(path: Path, monkeypatch: pytest.MonkeyPatch, busy: int, idle: int, own_s: float = 0.0) -> Neighbours:
    """What was seen from an empty beginning on."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    clock = iter([0.0, own_s])
    monkeypatch.setattr("seqkit.training.neighbours.time.process_time", lambda: next(clock))
    monkeypatch.setattr(os, "sysconf", lambda name: 100)
    stat(path, 0, 0)
    seen = Neighbours(path)
    stat(path, busy, idle)
    return seen


@pytest.mark.parametrize(
    ("busy", "idle", "own_s", "expected"),
    [
        (100, 0, 0.0, 2.0),  # both cores were busy for a second, with others
        (100, 0, 2.0, 0.0),  # with us
        (100, 0, 0.5, 1.5),
        (50, 50, 0.25, 0.75),
        (0, 100, 0.0, 0.0),
        (10, 90, 1.0, 0.0),  # clocks differ a little
    ],
)
def test_neighbours_are_what_is_busy_beside_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: int, idle: int, own_s: float, expected: float
) -> None:
    seen = neighbours(tmp_path / "stat", monkeypatch, busy, idle, own_s)
    assert seen.busy_cores() == pytest.approx(expected)


def test_a_busy_neighbour_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = neighbours(tmp_path / "stat", monkeypatch, 80, 20, own_s=0.4).advice(2)
    assert "1.2 of 2 cores busy" in line and "--threads 1" in line and "--threads auto" in line
    assert neighbours(tmp_path / "stat", monkeypatch, 80, 20, own_s=0.4).advice(1) == ""
    assert neighbours(tmp_path / "stat", monkeypatch, 20, 80).advice(2) == ""


def test_nothing_is_said_where_nothing_can_be_read(tmp_path: Path) -> None:
    assert Neighbours(tmp_path / "nowhere").advice(8) == ""
    (tmp_path / "stat").write_text("cpu0 1 2\n")
    assert Neighbours(tmp_path / "stat").advice(8) == ""


def fit(domain: Domain, folder: Path, *options: str) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    said: list[str] = []
    settings = parse_arguments(domain, ["--run", str(folder), "--trainer.max_steps", "2", *options])
    run, _ = workflow.fit(settings, said.append)
    return yaml.safe_load(run.config.read_text()), json.loads((run.path / "result.json").read_text()), said


def test_the_number_is_in_the_result_and_what_was_asked_for_in_the_configuration(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(3)
    config, result, _ = fit(melody, tmp_path / "default")
    assert config["threads"] is None and result["threads"] == 3
    config, result, _ = fit(melody, tmp_path / "asked", "--threads", "2")
    assert config["threads"] == result["threads"] == 2
    assert torch.get_num_threads() == 3


def test_auto_measures_and_keeps_what_it_found(melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(3)
    seen: list[int] = []

    def rehearse(variants: dict[str, Any]) -> dict[str, list[float]]:
        for variant in variants.values():
            variant()
            seen.append(torch.get_num_threads())
        return {"1": [0.9], "2": [0.2, 0.3, 9.0], "3": [0.29]}

    monkeypatch.setattr(threads, "rehearse", rehearse)
    config, result, said = fit(melody, tmp_path / "measured", "--threads", "auto")
    assert seen == [1, 2, 3]
    assert config["threads"] == result["threads"] == 2
    assert any(line.startswith("threads: 2 (a step with 1: 900 ms, 2: 300 ms, 3: 290 ms)") for line in said)
    assert torch.get_num_threads() == 3


def test_measuring_leaves_the_run_as_it_is(melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(2)
    monkeypatch.setattr(threads, "fastest", lambda seconds: 1)
    _, measured, _ = fit(melody, tmp_path / "measured", "--threads", "auto", "--model.dropout", "0.3")
    _, asked, _ = fit(melody, tmp_path / "asked", "--threads", "1", "--model.dropout", "0.3")
    assert measured["metrics"] == asked["metrics"]


def test_one_thread_is_not_measured(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    settings = settings_from(melody, {"threads": "auto"})
    nobody: Any = SimpleNamespace(advice=lambda number: pytest.fail("asked"))
    choice = choose_threads(settings, "cpu", nobody, nobody, nobody)
    assert (choice.used, choice.note) == (1, "threads: 1 (torch is set to one thread)")
    monkeypatch.setattr(threads, "usable_cores", lambda: 1)
    choice = choose_threads(settings, "cpu", nobody, nobody, nobody)
    assert choice.note == "threads: 1 (only one core is available)"
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert "OMP_NUM_THREADS is 1" in choose_threads(settings, "cpu", nobody, nobody, nobody).note


@pytest.mark.parametrize("asked", [None, "auto"])
def test_nothing_is_measured_or_said_where_the_model_is_on_another_device(melody: Domain, asked: str | None) -> None:
    torch.set_num_threads(3)
    nobody: Any = SimpleNamespace(advice=lambda number: pytest.fail("asked"))
    choice = choose_threads(settings_from(melody, {"threads": asked}), "cuda", nobody, nobody, nobody)
    assert (choice.used, choice.note, torch.get_num_threads()) == (3, "", 3)


def test_what_stops_the_training_is_said_by_the_training(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(2)

    def rehearse(variants: dict[str, Any]) -> dict[str, list[float]]:
        raise ConfigError("a record is too long")

    monkeypatch.setattr(threads, "rehearse", rehearse)
    config, result, said = fit(melody, tmp_path / "run", "--threads", "auto")
    assert config["threads"] == result["threads"] == 2
    assert not any("too long" in line for line in said)


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


def test_the_cores_of_this_machine_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert 1 <= cores.usable_cores() <= (os.cpu_count() or 1)
