"""The one place where a module's name is computed: only modules of ours, by names from tables of ours."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def import_own(name: str) -> ModuleType:
    """A module of seqkit's, imported when it is first needed.

    Args:
        name: Its full name, such as `seqkit.cli.fit`.

    Raises:
        ValueError: For a module of anybody else's.
    """
    root, *parts = name.split(".")
    if root != "seqkit" or not parts or not all(part.isidentifier() for part in parts):
        raise ValueError(f"{name!r} is no module of seqkit's")
    return import_module(name)
