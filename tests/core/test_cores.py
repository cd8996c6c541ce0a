"""The cores of this process: affinity, control groups, and what neighbours leave of them."""

import os
from pathlib import Path

import pytest

from seqkit.training import cores
from seqkit.training.cores import usable_cores
from seqkit.training.neighbours import Neighbours

pytestmark = pytest.mark.usefixtures("eight_cores")


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


def test_the_cores_of_this_machine_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert 1 <= cores.usable_cores() <= (os.cpu_count() or 1)
