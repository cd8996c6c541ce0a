"""Writers of checkpoints, killed at random moments: on the file system of TMPDIR and on another one."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric.plugins import CheckpointIO, TorchCheckpointIO

from seqkit.errors import CheckpointError
from seqkit.training.archive import read_checkpoint
from seqkit.training.checkpoint_io import KEEP_PREVIOUS, SafeCheckpointIO
from seqkit.training.durable import sweep
from tests.soak.conftest import Tally

pytestmark = pytest.mark.soak

_MEGABYTES = (16, 64)
_LONGEST_S = 0.8
_LEAST_CONTROL = 30
_NAMES = {"resume.ckpt", "resume.previous.ckpt"}


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder on another file system than the one for temporary files."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip("no second file system in memory: /dev/shm is missing, or temporary files lie there, too")
    folder = Path(tempfile.mkdtemp(dir=shared))
    yield folder
    shutil.rmtree(folder)


def write_forever(writer: CheckpointIO, path: Path, first: int, seed: int, options: Any) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(_MEGABYTES[0] << 18, _MEGABYTES[1] << 18))  # numbers of 4 bytes
    weights = torch.empty(size)
    for step in range(first, first + 1000):
        weights.fill_(step)
        content = {"epoch": 0, "global_step": step, "seqkit": {}, "state_dict": {"w": weights}}
        writer.save_checkpoint(content, path, options)


def kill_while_it_writes(work: Callable[[], None], seconds: float) -> None:
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status), "the writer ended by itself"


def kills_of_ours(folder: Path, number: int, seed: int) -> int:
    """Kill our writer so many times; how many times something was lost, unreadable or left."""
    path, known, failures, rng = folder / "checkpoints" / "resume.ckpt", 0, 0, np.random.default_rng(seed)
    SafeCheckpointIO().save_checkpoint(
        {"epoch": 0, "global_step": 0, "seqkit": {}, "state_dict": {"w": torch.zeros(9)}}, path
    )
    for trial in range(number):
        options = KEEP_PREVIOUS if trial % 2 else None
        kill_while_it_writes(
            lambda known=known, trial=trial, options=options: write_forever(  # type: ignore[misc]
                SafeCheckpointIO(), path, known + 1, trial, options
            ),
            float(rng.uniform(0, _LONGEST_S)),
        )
        sweep(path.parent)  # as the next start does
        steps = [_step_of(place) for place in path.parent.iterdir() if place.name in _NAMES]
        left = [place for place in path.parent.iterdir() if place.name not in _NAMES]
        newest = max((step for step in steps if step is not None), default=-1)
        failures += None in steps or bool(left) or newest < known
        known = max(newest, known)
    return failures


def _step_of(path: Path) -> int | None:
    """Of a checkpoint; None for one that cannot be read."""
    try:
        return int(read_checkpoint(path)["global_step"])
    except CheckpointError:
        return None


def kills_of_lightnings(folder: Path, temporary: Path, number: int, seed: int) -> int:
    """The same of Lightning's own writer, whose temporary files lie on another file system."""
    path, failures, rng = folder / "stock.ckpt", 0, np.random.default_rng(seed)
    temporary.mkdir()

    def work(trial: int) -> None:
        tempfile.tempdir = str(temporary)
        write_forever(TorchCheckpointIO(), path, 1, trial, None)

    TorchCheckpointIO().save_checkpoint({"seqkit": {}, "state_dict": {}}, path)
    for trial in range(number):
        kill_while_it_writes(lambda trial=trial: work(trial), float(rng.uniform(0, _LONGEST_S)))  # type: ignore[misc]
        try:
            read_checkpoint(path)
        except CheckpointError:
            failures += 1
        for place in temporary.iterdir():
            place.unlink()
    return failures


def test_no_kill_loses_a_checkpoint(
    tmp_path: Path, in_memory: Path, tally: Tally, trials: Callable[[int], int]
) -> None:
    control = max(trials(100), _LEAST_CONTROL)
    control_failures = kills_of_lightnings(tmp_path, in_memory / "temporary", control, seed=2)
    number = trials(500)
    failures = kills_of_ours(tmp_path, number, seed=0) + kills_of_ours(in_memory, number, seed=1)
    tally("checkpoint writer killed, on two file systems", 2 * number, failures, control, control_failures)
