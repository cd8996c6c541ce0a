"""Damaged checkpoints: each is found, and the one before it is taken."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from seqkit.errors import CheckpointError
from seqkit.training.archive import read_checkpoint
from seqkit.training.checkpoint_io import SafeCheckpointIO
from seqkit.training.finding import read_run
from tests.core.damaged import DAMAGES, with_members_of
from tests.soak.conftest import Tally

pytestmark = pytest.mark.soak


def test_every_damaged_checkpoint_is_found(tmp_path: Path, tally: Tally, trials: Callable[[int], int]) -> None:
    rng, folder, number = np.random.default_rng(0), tmp_path / "checkpoints", trials(500)
    torch.manual_seed(0)
    for name, step in (("best.ckpt", 1), ("last.ckpt", 2)):
        weights = {"w": torch.randn(500, 60), "b": torch.randn(60)}
        content = {"epoch": 0, "global_step": step, "seqkit": {}, "state_dict": weights}
        SafeCheckpointIO().save_checkpoint(content, folder / name)
    one, other = ((folder / name).read_bytes() for name in ("best.ckpt", "last.ckpt"))
    with_members_of(tmp_path / "foreign.ckpt", folder / "best.ckpt", folder / "last.ckpt")
    foreign = (tmp_path / "foreign.ckpt").read_bytes()
    missed = unseen_by_torch = 0
    for trial in range(number):
        kind = trial % (len(DAMAGES) + 1)
        data = foreign if kind == len(DAMAGES) else DAMAGES[kind](one, other, rng)
        (folder / "best.ckpt").write_bytes(data)
        try:
            read_checkpoint(folder / "best.ckpt")
            missed += 1
        except CheckpointError:
            missed += read_run(tmp_path, quiet=True)[0].name != "last.ckpt"
        unseen_by_torch += _torch_loads(folder / "best.ckpt")
    tally("damaged checkpoints (control: torch.load alone)", number, missed, number, unseen_by_torch)


def _torch_loads(path: Path) -> bool:
    try:
        torch.load(path, weights_only=True)
    except Exception:
        return False
    return True
