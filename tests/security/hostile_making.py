"""How files are made as an attacker would: signed where they can be, each with a canary to be written."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from seqkit.training.checkpoint_io import SafeCheckpointIO

CANARY = "canary"
"""The file in the working folder that hostile code would make."""

Content = dict[str, Any]
Forge = Callable[[Content, Path], str | None]
"""Writes a hostile file in place of a checkpoint's content; returns the RUN to name, None for the file itself."""


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.parts = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.parts


def touch() -> Call:
    return Call(os.system, f"touch {CANARY}")


def signed(content: Content, path: Path) -> None:
    content.pop("manifest", None)
    SafeCheckpointIO().save_checkpoint(content, path)


def unsigned(content: Content, path: Path) -> None:
    content.pop("manifest", None)
    torch.save(content, path)


def zipped(members: dict[str, bytes], path: Path, kind: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def members_of(content: Content, path: Path) -> dict[str, bytes]:
    """The members of an honest file."""
    signed(content, path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
