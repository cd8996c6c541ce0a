"""Hostile checkpoints have no effect: no file, no connection, no endless work, but exit code 4."""

import copy
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seqkit
from seqkit.errors import CheckpointError
from seqkit.training.archive import read_checkpoint
from tests.security.hostile_checkpoints import HOSTILE
from tests.security.hostile_exports import exported
from tests.security.hostile_making import CANARY, signed
from tests.security.refusals import VERBS, assert_refused

_MOST_SECONDS = 5.0


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an honest checkpoint holds."""
    options: dict[str, Any] = {
        "max_steps": 1,
        "hidden_size": 8,
        "limit_val_batches": 1,
        "max_epochs": None,
        "probe": False,
    }
    run = seqkit.fit("text", run=tmp_path_factory.mktemp("runs") / "run", quiet=True, **options)
    return read_checkpoint(run.path / "checkpoints" / "best.ckpt")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    asked: list[Any] = []

    def refuse(*arguments: Any, **more: Any) -> None:
        asked.append(arguments)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield asked
    assert not asked


@pytest.mark.parametrize(("number", "name"), list(enumerate(HOSTILE)), ids=list(HOSTILE))
def test_a_hostile_checkpoint_has_no_effect(
    content: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    no_network: list[Any], number: int, name: str,
) -> None:  # fmt: skip
    """Of one verb in turn and of Python; the soak tier asks all verbs of all."""
    monkeypatch.chdir(tmp_path)
    run = HOSTILE[name](copy.deepcopy(content), tmp_path / "hostile.ckpt") or str(tmp_path / "hostile.ckpt")
    before = set(tmp_path.rglob("*"))
    begin = time.perf_counter()
    assert_refused(run, VERBS[number % len(VERBS)], capsys)
    with pytest.raises(CheckpointError):
        seqkit.load(run)
    assert time.perf_counter() - begin < _MOST_SECONDS
    assert set(tmp_path.rglob("*")) == before and not (tmp_path / CANARY).exists()


def test_there_are_enough_of_them_and_the_honest_one_works(content: dict[str, Any], tmp_path: Path) -> None:
    assert len(HOSTILE) >= 60
    signed(copy.deepcopy(content), tmp_path / "honest.ckpt")
    folder = exported(lambda told, path: None, copy.deepcopy(content), tmp_path / "x.ckpt")
    assert seqkit.load(tmp_path / "honest.ckpt").generate(steps=3) == seqkit.load(folder).generate(steps=3)
