"""GivenPaths: the paths a user gives to a data module, with `made:NAME` resolved to files when they are first read."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from seqkit.data.cache import cache_root
from seqkit.data.sources import PathOption, split_label
from seqkit.errors import ConfigError
from seqkit.lecture.sources.made import MadeSource, is_made, made_paths
from seqkit.lecture.sources.sidecar import Known, known_of
from seqkit.steps import Split

NOT_EXPORTED = "data-of-the-training"
"""Stands in an exported model where a path of the machine stood that trained it."""

_SPLITS: tuple[Split, ...] = ("train", "valid", "test")


class GivenPaths:
    """Where the data of each split lie.

    Attributes:
        made: Sources that a domain can make data from, by name: `--data.path made:NAME` writes their files once.
        task: What is asked about the records.
        arguments: What the data module was made with.
    """

    made: ClassVar[Mapping[str, MadeSource]] = {}
    task: str
    arguments: dict[str, Any]
    _paths: dict[Split, PathOption]

    def give_paths(self, path: PathOption, valid_path: PathOption, test_path: PathOption) -> None:
        """Note the paths; nothing is read or written yet.

        Raises:
            ConfigError: If a source is named where there can be none.
        """
        for option, given in (("path", path), ("valid_path", valid_path), ("test_path", test_path)):
            entries = [given] if isinstance(given, str) else given or []
            if any(is_made(entry) for entry in entries) and not (option == "path" and is_made(path)):
                raise ConfigError(
                    f"{given!r} stands for all three splits at once",
                    at=f"--data.{option}",
                    fix="name one source, by --data.path alone; seqkit make writes files that can be mixed",
                )
        self._paths = {"train": path, "valid": valid_path, "test": test_path}

    @property
    def path(self) -> PathOption:
        """Where the training data lie, and those of the splits without a path of their own; None: demo data."""
        return _present(self._resolved()["train"], "--data.path")

    @property
    def valid_path(self) -> PathOption:
        """Where the validation data lie, if they have a path of their own."""
        return _present(self._resolved()["valid"], "--data.valid_path")

    @valid_path.setter
    def valid_path(self, value: PathOption) -> None:
        self._paths = self._resolved() | {"valid": value}

    @property
    def test_path(self) -> PathOption:
        """Where the test data lie, if they have a path of their own."""
        return _present(self._resolved()["test"], "--data.test_path")

    @test_path.setter
    def test_path(self, value: PathOption) -> None:
        self._paths = self._resolved() | {"test": value}

    def known(self, split: Split) -> Known | None:
        """The best possible result and that of chance on a split, for data that were made; else None."""
        return known_of(self._resolved().get(split), self.task)

    @functools.cached_property
    def files(self) -> list[Path]:
        """The files and folders that the paths name, for the cache's fingerprint."""
        paths: list[Path] = []
        for split in _SPLITS:
            option = self._resolved()[split]
            entries = [option] if isinstance(option, str) else option or []
            paths += [Path(split_label(entry)[1]).expanduser() for entry in entries]
        return paths

    def _resolved(self) -> dict[Split, PathOption]:
        path = self._paths["train"]
        if is_made(path):
            assert isinstance(path, str)
            files = made_paths(path, self.made, self.task, self.arguments, cache_root() / "made")
            for split in ("valid", "test"):
                files[split] = self._paths[split] or files[split]
            self._paths = files
        return self._paths


def _present(path: PathOption, option: str) -> PathOption:
    """The path, unless it stayed where the model was trained."""
    if path == NOT_EXPORTED:
        raise ConfigError("the data of an exported model are not part of it", at=option, fix="name data of your own")
    return path
