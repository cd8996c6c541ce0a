"""Made data: sources whose best possible result is known, written as files in a domain's own format."""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from seqkit.data.sources import PathOption, split_label
from seqkit.errors import ConfigError, DataError, DependencyError, did_you_mean
from seqkit.steps import Split
from seqkit.version import __version__

PREFIX = "made:"
SIDECAR = "source.json"
"""Beside the files: which source made them, and what is known of each."""

_WORDS = {"true": True, "false": False}


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


@dataclass(frozen=True)
class MadeSource:
    """A way to make data. Its parameters become options, as in `made:memory,lag=40`.

    Attributes:
        write: `(folder, seed, *, options...) -> Made`: the same options and seed write the same bytes. Every option has
            a default of type int, float, bool or str; the docstring's first line says what is made.
        tasks: Tasks that the files are for.
        needs: Options of the data module without which the files would be read as something else, by name.
    """

    write: Callable[..., Made]
    tasks: tuple[str, ...]
    needs: dict[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """Options with their defaults, `seed` among them."""
        parameters = list(inspect.signature(self.write).parameters.values())[2:]
        return {parameter.name: parameter.default for parameter in parameters} | {"seed": 0}

    @property
    def summary(self) -> str:
        """What is made, in one line."""
        return (inspect.getdoc(self.write) or "").partition("\n")[0]


def is_made(path: PathOption) -> bool:
    """Whether a path names a source, `made:NAME`."""
    return isinstance(path, str) and path.startswith(PREFIX)


def parse_made(path: str, sources: Mapping[str, MadeSource]) -> tuple[str, dict[str, Any]]:
    """`made:memory,lag=40` as the source's name and all of its options.

    Raises:
        ConfigError: For an unknown source or option, or a value of the wrong type.
    """
    name, *words = path.removeprefix(PREFIX).split(",")
    if name not in sources:
        known = ", ".join(sources) or "none in this domain"
        raise ConfigError(
            f"no source {name!r}", at=f"--data.path {path}", fix=did_you_mean(name, sources) or f"sources: {known}"
        )
    options = sources[name].options
    for word in words:
        option, sign, text = word.partition("=")
        if not sign or option not in options:
            near = did_you_mean(option, options) or f"options of {name}: {', '.join(options)}"
            raise ConfigError(f"source {name!r} has no option {word!r}", at=f"--data.path {path}", fix=near)
        options[option] = _convert(text, options[option], f"{option} in --data.path {path}")
    return name, options


def write_source(source: MadeSource, name: str, options: dict[str, Any], folder: Path) -> Made:
    """Write the files of a source and what is known of them into a new folder.

    Raises:
        ConfigError: For a seed below 0.
        DependencyError: If the folder cannot be written, or holds something else.
    """
    if options["seed"] < 0:
        raise ConfigError(f"seed is {options['seed']}", at=f"source {name!r}", fix="give 0 or more")
    rest = {option: value for option, value in options.items() if option != "seed"}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Made beside its place and moved there whole: whoever finds the folder finds all of it.
        half = Path(tempfile.mkdtemp(prefix=".made-", dir=folder.parent))
    except OSError as error:
        raise DependencyError(f"cannot be written: {error}", at=str(folder), fix="name another folder") from error
    try:
        made = source.write(half, options["seed"], **rest)
        content = {"source": name, "options": options, "tasks": source.tasks, "version": __version__, **asdict(made)}
        (half / SIDECAR).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        half.chmod(0o755)
        try:
            half.rename(folder)
        except OSError as error:
            if not (folder / SIDECAR).exists():  # else another process was faster, with the same bytes
                what = f"is in the way, without its {SIDECAR}: {error.strerror}"
                raise DependencyError(what, at=str(folder), fix="remove it, or name another folder") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return made


def made_paths(
    path: str, sources: Mapping[str, MadeSource], task: str, given: Mapping[str, Any], root: Path
) -> dict[Split, PathOption]:
    """The files of `made:NAME`, written on first use.

    Args:
        path: What the user named.
        sources: Of the domain.
        task: What is to be asked of them.
        given: Options of the data module.
        root: Folder in which each source with its options has a folder of its own.

    Raises:
        ConfigError: If the source has no such option, or is not made for the task, or needs another option.
    """
    name, options = parse_made(path, sources)
    source = sources[name]
    if task not in source.tasks:
        raise ConfigError(
            f"source {name!r} is not made for task {task!r}",
            at="--data.task",
            fix=f"give --data.task {source.tasks[0]}",
        )
    for option, value in source.needs.items():
        if given.get(option) != value:
            raise ConfigError(
                f"source {name!r} is read with {option} {value!r}, and it is {given.get(option)!r}",
                at=f"--data.{option}",
                fix=f"give --data.{option} {value}",
            )
    identity = [inspect.getmodule(source.write).__name__, source.write.__qualname__, options, __version__]  # type: ignore[union-attr]
    code = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:12]
    folder = root / f"{name}-{code}"
    if not (folder / SIDECAR).exists():
        write_source(source, name, options, folder)
    return {split: placed(paths, folder) for split, paths in _read_sidecar(folder)["paths"].items()}


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
        content = _read_sidecar(folder)
    except DataError:
        return None
    for split, paths in content["paths"].items():
        if task in content["tasks"] and _same_files(placed(paths, folder), path):
            return Known(**content["known"][split]) if split in content["known"] else None
    return None


def _read_sidecar(folder: Path) -> dict[str, Any]:
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


def _convert(text: str, default: Any, at: str) -> Any:
    """Text as a value of the default's type."""
    try:
        value = _WORDS[text.lower()] if isinstance(default, bool) else type(default)(text)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(text)
        return value
    except (KeyError, ValueError):
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}[type(default)]
        raise ConfigError(f"{text!r} is not {wanted}", at=at, fix=f"give {wanted}; the default is {default}") from None
