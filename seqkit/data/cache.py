"""Where an encoded data set is kept: under a fingerprint of its files, its codec and its options."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from seqkit.data.sources import is_hub
from seqkit.data.store import FlatStore, open_store
from seqkit.errors import DependencyError
from seqkit.steps import Split
from seqkit.version import __version__

if TYPE_CHECKING:
    from seqkit.data.module import SequenceDataModule

_LAYOUT = 3
"""Of what lies in a store's folder; a store of another layout is not found."""

NOT_IN_THE_DATA = {"batch_size", "window", "step_budget", "order_seed", "num_workers"}
"""Options that change no record."""


def cache_root() -> Path:
    """`$SEQKIT_CACHE`, or `seqkit` in the user's cache folder."""
    own = os.environ.get("SEQKIT_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(own) if own else Path(base) / "seqkit"


def store_folder(data: SequenceDataModule, split: Split) -> tuple[Path, FlatStore | None]:
    """The folder of a split's store, and the store itself if it is there already.

    Demo data and hub data sets have no files to fingerprint: they go to a temporary folder of this process.

    Raises:
        DependencyError: If the cache folder cannot be written.
    """
    if not data.files or any(is_hub(p) for p in (data.path, data.valid_path, data.test_path)):
        return _temporary(data) / split, None
    folder = cache_root() / fingerprint(data, split)
    if (folder / "meta.json").exists():
        return folder, open_store(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(folder.parent, os.W_OK | os.X_OK):
            raise PermissionError("it cannot be written")
    except OSError as error:
        raise DependencyError(
            f"the cache folder cannot be used: {error}", at=str(folder.parent), fix="set SEQKIT_CACHE to a folder"
        ) from error
    return folder, None


def fingerprint(data: SequenceDataModule, split: Split) -> str:
    """Hash of all that decides a store's content: files (name, size, time), codecs, options, versions."""
    options = {name: value for name, value in data.arguments.items() if name not in NOT_IN_THE_DATA}
    if options.get("test_group") is None:
        options.pop("group_match", None)  # Then it names the groups of the figures, and divides nothing.
    content: dict[str, Any] = {
        "module": f"{type(data).__module__}.{type(data).__qualname__}",
        "versions": [__version__, data.version, _LAYOUT],
        "split": split,
        "options": options,
        "codecs": [data.codec.state(), data.target_codec.state()],
        "files": file_marks(data),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:32]


def scratch_file() -> IO[bytes]:
    """A file without a name in the cache folder, for what is larger than memory: nothing of it outlives the process.

    Raises:
        DependencyError: If the cache folder cannot be written.
    """
    folder = cache_root()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder)
    except OSError as error:
        raise DependencyError(
            f"the cache folder cannot be used: {error}", at=str(folder), fix="set SEQKIT_CACHE to a folder"
        ) from error


def file_marks(data: SequenceDataModule) -> list[tuple[str, int, int]]:
    """Name, size and time of each file that the data are read from."""
    return [mark for path in data.files for mark in _marks(path)]


def _marks(path: Path) -> Iterator[tuple[str, int, int]]:
    if path.is_dir():
        yield from _marks_below(str(path.resolve()))
    elif path.exists():
        yield _mark(str(path.resolve()), path.stat())


def _marks_below(folder: str) -> Iterator[tuple[str, int, int]]:
    """Of all files in a folder whose own name is resolved, so that only links have to be."""
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except PermissionError:
        return  # Whoever lists it to read it has said so by now.
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _marks_below(entry.path)
        elif os.path.isfile(entry.path) if entry.is_symlink() else entry.is_file():
            yield _mark(os.path.realpath(entry.path) if entry.is_symlink() else entry.path, entry.stat())


def _mark(name: str, status: os.stat_result) -> tuple[str, int, int]:
    return name, status.st_size, status.st_mtime_ns


def _temporary(data: SequenceDataModule) -> Path:
    """A folder that goes away with the data module."""
    if not hasattr(data, "_temporary_folder"):
        folder = tempfile.mkdtemp(prefix="seqkit-")
        weakref.finalize(data, shutil.rmtree, folder, ignore_errors=True)
        data._temporary_folder = folder  # type: ignore[attr-defined]
    return Path(data._temporary_folder)  # type: ignore[attr-defined]
