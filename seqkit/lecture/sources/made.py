"""Made data: sources whose best possible result is known, written as files in a domain's own format."""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from seqkit.data.sources import PathOption
from seqkit.errors import ConfigError, DependencyError, did_you_mean
from seqkit.lecture.sources.sidecar import SIDECAR, Made, placed, read_sidecar
from seqkit.steps import Split
from seqkit.version import __version__

PREFIX = "made:"

_WORDS = {"true": True, "false": False}


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
        ConfigError: For an unknown source or option, one that is given twice, or a value of the wrong type.
    """
    name, *words = (word.strip() for word in path.removeprefix(PREFIX).split(","))
    if name not in sources:
        known = ", ".join(sources) or "none in this domain"
        raise ConfigError(
            f"no source {name!r}", at=f"--data.path {path}", fix=did_you_mean(name, sources) or f"sources: {known}"
        )
    options = sources[name].options
    given: set[str] = set()
    for word in words:
        option, sign, text = word.partition("=")
        if option not in options:
            near = did_you_mean(option, options) or f"options of {name}: {', '.join(options)}"
            raise ConfigError(f"source {name!r} has no option {option!r}", at=f"--data.path {path}", fix=near)
        if not sign:
            fix = f"write {option}={options[option]}"
            raise ConfigError(f"option {option!r} has no value", at=f"--data.path {path}", fix=fix)
        if option in given:
            raise ConfigError(f"option {option!r} is given twice", at=f"--data.path {path}", fix="leave one out")
        given.add(option)
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
    return {split: placed(paths, folder) for split, paths in read_sidecar(folder)["paths"].items()}


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
