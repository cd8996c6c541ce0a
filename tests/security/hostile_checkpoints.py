"""Checkpoints as an attacker would make them: each would write a canary, take all memory, or never end, if it could."""

import os
from functools import partial
from pathlib import Path

from tests.security.hostile_archives import ARCHIVES
from tests.security.hostile_contents import BLUEPRINTS, TENSORS, WEIGHTS
from tests.security.hostile_exports import EXPORTS
from tests.security.hostile_making import Content, Forge
from tests.security.hostile_pickles import PICKLES


def _address(text: str, content: Content, path: Path) -> str:
    return text


def _pipe(content: Content, path: Path) -> str:
    (path.parent / "run" / "checkpoints").mkdir(parents=True)
    os.mkfifo(path.parent / "run" / "checkpoints" / "best.ckpt")
    return str(path.parent / "run")


def _device(content: Content, path: Path) -> str:
    (path.parent / "run" / "checkpoints").mkdir(parents=True)
    (path.parent / "run" / "checkpoints" / "best.ckpt").symlink_to("/dev/zero")
    return str(path.parent / "run")


PLACES: dict[str, Forge] = {
    "an address": partial(_address, "http://127.0.0.1:9/model.ckpt"),
    "an address with s": partial(_address, "https://localhost/model.ckpt"),
    "an address of a bucket": partial(_address, "s3://bucket/model.ckpt"),
    "an address of a file": partial(_address, "file:///etc/passwd"),
    "a pipe": _pipe,
    "a device": _device,
}

HOSTILE: dict[str, Forge] = PICKLES | ARCHIVES | TENSORS | BLUEPRINTS | WEIGHTS | PLACES | EXPORTS
"""What each does, and how it is made."""
