"""What is known of made data, and the note beside their files that says it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqkit.data.sources import PathOption, split_label
from seqkit.errors import DataError
from seqkit.steps import Split

SIDECAR = "source.json"
"""Beside the files: which source made them, and what is known of each."""


@dataclass(frozen=True)
class Known:
    """What is known of the targets of one split before any model has seen them; figures named as a model's.

    Attributes:
        optimum: What the true source scores on just these targets: `loss` in nats a target, `accuracy` and so on.
        chance: What an answer gets that does not look at the record.
    """

    optimum: dict[str, float] = field(default_factory=dict)
    chance: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """Files that were written.

    Attributes:
        paths: For `train`, `valid` and `test` a path, or several as LABEL=PATH, relative to the folder.
        known: For each of the splits.
    """

    paths: dict[Split, PathOption]
    known: dict[Split, Known] = field(default_factory=dict)


def known_of(path: PathOption, task: str) -> Known | None:
    """What is known of the file, or files, of one split: from the note that was left beside them, if there is one.

    A file of the note's name that says something else is the user's own, and no note.

    Args:
        path: Of the split.
        task: What is asked of them; nothing is known of what they were not made for.
    """
    entries = [path] if isinstance(path, str) else path or []
    folders = {Path(split_label(entry)[1]).expanduser().parent for entry in entries}
    if len(folders) != 1 or not ((folder := folders.pop()) / SIDECAR).is_file():
        return None
    try:
        content = read_sidecar(folder)
    except DataError:
        return None
    for split, paths in content["paths"].items():
        if task in content["tasks"] and _same_files(placed(paths, folder), path):
            return Known(**content["known"][split]) if split in content["known"] else None
    return None


def read_sidecar(folder: Path) -> dict[str, Any]:
    """What `write_source` left beside the files.

    Raises:
        DataError: If it was changed into something else.
    """
    file = folder / SIDECAR
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        missing = {"paths", "tasks", "known"} - content.keys()
    except (ValueError, AttributeError) as error:
        raise DataError(f"is no note of made data: {error}", at=str(file), fix=f"remove {folder}") from error
    if missing:
        raise DataError(f"says nothing of {', '.join(sorted(missing))}", at=str(file), fix=f"remove {folder}")
    return content


def placed(paths: PathOption, folder: Path) -> PathOption:
    """Paths relative to a folder as paths that can be opened; labels stay before them."""
    if isinstance(paths, list):
        return [str(placed(path, folder)) for path in paths]
    label, sign, name = (paths or "").rpartition("=")
    return f"{label}{sign}{folder / name}"


def _same_files(one: PathOption, other: PathOption) -> bool:
    pairs = ([path] if isinstance(path, str) else path or [] for path in (one, other))
    first, second = ({split_label(path) for path in paths} for paths in pairs)
    return {(label, _absolute(path)) for label, path in first} == {(label, _absolute(path)) for label, path in second}


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))
