"""Every verb and every hostile checkpoint: nothing is run, nothing is written, exit code 4."""

import copy
import os
from pathlib import Path
from typing import Any

import pytest
import torch

import seqkit
from seqkit.training.archive import read_checkpoint
from tests.security.hostile_checkpoints import HOSTILE
from tests.security.hostile_making import CANARY
from tests.security.refusals import VERBS, assert_refused
from tests.soak.conftest import Tally

pytestmark = pytest.mark.soak


def test_no_verb_takes_a_hostile_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tally: Tally
) -> None:
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {"max_steps": 1, "hidden_size": 8, "limit_val_batches": 1, "max_epochs": None}
    run = seqkit.fit("text", run=tmp_path / "run", quiet=True, probe=False, **options)
    content = read_checkpoint(run.path / "checkpoints" / "best.ckpt")
    trials = effects = control_trials = control_effects = 0
    for number, name in enumerate(HOSTILE):
        (folder := tmp_path / str(number)).mkdir()
        hostile = HOSTILE[name](copy.deepcopy(content), folder / "hostile.ckpt") or str(folder / "hostile.ckpt")
        before = set(tmp_path.rglob("*"))
        for verb in VERBS:
            assert_refused(hostile, verb, capsys)
            trials += 1
        effects += set(tmp_path.rglob("*")) != before
        if hostile.endswith("hostile.ckpt") and "call" in name:
            control_trials += 1
            control_effects += _loaded_with_code(folder / "hostile.ckpt", tmp_path / CANARY)
    tally("hostile checkpoints and exports x verbs", trials, effects, control_trials, control_effects)


def _loaded_with_code(path: Path, canary: Path) -> bool:
    """Whether the file has its effect where code in it is allowed to run, in a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            torch.load(path, weights_only=False)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    made = canary.exists()
    canary.unlink(missing_ok=True)
    return made
