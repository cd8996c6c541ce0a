"""Files that a crash cannot halve: kills at each step of a write, full disks, folders that cannot be written."""

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqkit.errors import DependencyError
from seqkit.training import durable
from seqkit.training.durable import atomic_write, replacing, sweep
from tests.core.child_processes import KILLED, dying_at, in_child

_STEPS = ("open", "fsync", "replace", "close")
"""Of the operating system, as Python calls them; writes are counted by the file."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("keep", [False, True], ids=["replaced", "kept"])
def test_a_kill_at_any_step_leaves_the_old_file_or_the_new_one(tmp_path: Path, after: bool, keep: bool) -> None:
    path, kept, old, new = tmp_path / "a.json", tmp_path / "b.json", "old " * 999, "new " * 9999
    seen, codes = set(), []
    for step in range(1, 30):
        path.write_text(old)
        kept.unlink(missing_ok=True)

        def work(step: int = step) -> None:
            wrap = dying_at(step, after)
            for name in _STEPS:
                setattr(os, name, wrap(getattr(os, name)))
            with replacing(path, keep=kept if keep else None) as file:
                file.write(new.encode())

        codes.append(in_child(work))
        whole = [place.read_text() for place in (path, kept) if place.exists()]
        assert whole and set(whole) <= {old, new}
        assert keep or path.exists()
        seen.add(whole[0])
        sweep(tmp_path)
        assert {place.name for place in tmp_path.iterdir()} <= {path.name, kept.name}
        if codes[-1] == 0:
            break
    assert codes[-1] == 0 and len(codes) >= 6 and set(codes[:-1]) == {KILLED}
    assert seen == {old, new}


def test_an_error_inside_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    atomic_write(path, "old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_what_does_not_pass_its_verification_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    atomic_write(path, "old")

    def refuse(temporary: Path) -> None:
        assert temporary.read_bytes() == b"new" and temporary.parent == path.parent
        raise ValueError("not what it should be")

    with pytest.raises(ValueError, match="not what"), replacing(path, verify=refuse) as file:
        file.write(b"new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_too_large_for_the_disk_is_refused_before_it_is_written(tmp_path: Path) -> None:
    path, size = tmp_path / "a.bin", 1 << 60
    atomic_write(path, "old")
    with pytest.raises(DependencyError, match=rf"{size:,} bytes are needed, [\d,]+ bytes are free") as caught:
        with replacing(path, size):
            raise AssertionError("nothing is written")
    assert caught.value.exit_code == 3 and path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space to write a.json"), (errno.EDQUOT, "no space to write a.json"),
        (errno.EROFS, "the folder cannot be written"), (errno.EACCES, "the folder cannot be written"),
        (errno.EIO, "it cannot be written"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_what_the_machine_refuses_is_told_and_the_old_file_is_intact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, step: str
) -> None:
    path = tmp_path / "a.json"
    atomic_write(path, "old")

    def fail(*arguments: Any, **more: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(DependencyError, match=words) as caught:
            atomic_write(path, "new")
    assert caught.value.exit_code == 3 and caught.value.fix and "intact" in caught.value.fix
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_limit_of_file_sizes_is_told_with_the_bytes_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    atomic_write(path, "old")

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
        try:
            atomic_write(path, bytes(1 << 20))
        except DependencyError as error:
            assert "1,048,576 bytes are needed, 65,536 bytes are allowed" in error.what
            assert error.fix and "ulimit -f" in error.fix and "intact" in error.fix
        try:
            atomic_write(tmp_path / "new" / "a.bin", bytes(1 << 20))
        except DependencyError as error:
            assert error.fix and "intact" not in error.fix  # nothing was saved there
            raise

    assert in_child(work) == 3
    assert path.read_text() == "old" and {one.name for one in tmp_path.iterdir()} == {"a.bin", "new"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB in memory, where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True
        ).returncode
    ):
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_and_one_that_is_read_only_keep_what_was_saved(small_disk: Path) -> None:
    path = small_disk / "a.bin"
    atomic_write(path, "old")
    with pytest.raises(DependencyError, match=r"no space .* 2,097,152 bytes are needed, 1,0\d\d,\d+ bytes are free"):
        atomic_write(path, bytes(2 << 20))
    with pytest.raises(DependencyError, match=r"no space .* it does not fit"), replacing(path) as file:
        file.write(bytes(2 << 20))  # of a size that was not known before
    assert path.read_text() == "old" and list(small_disk.iterdir()) == [path]
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(DependencyError, match="the folder cannot be written: Read-only file system"):
        atomic_write(path, "new")
    assert path.read_text() == "old" and list(small_disk.iterdir()) == [path]


def test_what_killed_writers_left_is_swept_and_what_others_write_is_not(tmp_path: Path) -> None:
    dead = os.fork()
    if dead == 0:
        os._exit(0)
    os.waitpid(dead, 0)
    names = {
        f".last.ckpt.tmp-{dead}": True,
        f".last.ckpt.tmp-{os.getpid()}": True,  # a process before this one, as process 1 of a container
        f".last.ckpt.tmp-{os.getppid()}": False,
        ".last.ckpt.tmp-99999999999999999999": True,
        ".last.ckpt.tmp-x": False,
        "last.ckpt": False,
        f"notes.tmp-{dead}": False,
    }
    for name in names:
        (tmp_path / name).write_text("x")
    assert {path.name for path in sweep(tmp_path)} == {name for name, stale in names.items() if stale}
    assert {path.name for path in tmp_path.iterdir()} == {name for name, stale in names.items() if not stale}
    assert sweep(tmp_path / "missing") == []


def test_a_link_in_the_place_of_the_sibling_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / f".a.json.tmp-{os.getpid()}").symlink_to(target)
    with pytest.raises(DependencyError):
        atomic_write(tmp_path / "a.json", "new")
    assert target.read_text() == "mine"


def test_the_folder_is_synced_as_far_as_its_file_system_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, refused in ((errno.EINVAL, False), (errno.EIO, True)):

        def fail(descriptor: int, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", fail)
        if refused:
            with pytest.raises(OSError, match="Input/output"):
                durable.sync_folder(tmp_path)
        else:
            durable.sync_folder(tmp_path)
