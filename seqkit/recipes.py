"""Configuration files: shipped recipes by name, a user's own by path, and what can be read of them beforehand."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from seqkit.errors import ConfigError, did_you_mean
from seqkit.safe_yaml import read_yaml
from seqkit.wording import quoted

_GROUPS = ("data", "model", "encoder", "trainer")


def peek(arguments: Sequence[str], name: str) -> str | None:
    """The value of an option before anything is parsed: from the words, else from the configuration files."""
    words = list(arguments)
    for number, word in enumerate(words):
        if word == f"--{name}" and number + 1 < len(words):
            return words[number + 1]
        if word.startswith(f"--{name}="):
            return word.partition("=")[2]
    for file in _config_files(words):
        value: Any = read_config(file)
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
    return None


def resolve_recipes(arguments: Sequence[str]) -> list[str]:
    """`--config text/tiny-shakespeare` as the path of the recipe that is shipped with seqkit.

    Every file is read here once, within bounds, so that what parses it afterwards meets nothing but plain YAML.

    Raises:
        ConfigError: For a file that `read_config` refuses, or one that is named in place of a group of options.
    """
    words = list(arguments)
    for number, word in enumerate(words):
        name, sign, value = word.partition("=")
        if not sign:
            value = words[number + 1] if number + 1 < len(words) else ""
        if name == "--config" and (sign or number + 1 < len(words)):
            path = find_config(value)
            read_config(path)
            words[number : number + (1 if sign else 2)] = [f"--config={path}"] if sign else ["--config", str(path)]
        elif name.removeprefix("--") in _GROUPS and word.startswith("--") and not value.lstrip().startswith("{"):
            raise ConfigError(
                f"{name} takes no file", at=name, fix=f"write {name}.NAME VALUE, or all options in one --config file"
            )
    return words


def require_single(arguments: Sequence[str]) -> None:
    """Refuse a recipe of several trainings where one is asked for.

    Raises:
        ConfigError: Names the verb that the recipe is for.
    """
    for file in _config_files(list(arguments)):
        if "compare" in read_config(file):
            raise ConfigError(
                "the recipe describes a comparison of several trainings",
                at=str(file),
                fix="use seqkit compare --config",
            )


def find_config(name: str) -> Path:
    """A configuration file by its path, or a shipped recipe by its name.

    Raises:
        ConfigError: If there is neither; names the nearest recipe.
    """
    path = Path(name)
    if (kind := _kind_of(path)) == "file":
        return path
    if kind is not None:
        raise ConfigError(f"{name:.200} is a {kind}", at="--config", fix="give a YAML file, or the name of a recipe")
    known = {str(p.relative_to(root).with_suffix("")): p for root in _recipe_roots() for p in root.rglob("*.yaml")}
    if name.removesuffix(".yaml") in known:
        return known[name.removesuffix(".yaml")]
    raise ConfigError(
        f"no configuration file or recipe {quoted(name, 200)}",
        at="--config",
        fix=did_you_mean(name, known) or f"shipped recipes: {', '.join(sorted(known))}",
    )


def read_config(path: Path) -> dict[str, Any]:
    """A YAML file's content.

    Raises:
        ConfigError: If it is no plain YAML within bounds, holds no mapping, or names a further file for a group.
    """
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise ConfigError("holds no options", at=str(path), fix="write options as `data: {path: ...}`")
    for name, group in content.items():
        if not isinstance(name, str):
            raise ConfigError(f"{name!r} is no option", at=str(path), fix="write options as `data: {path: ...}`")
        if name == "config":
            raise ConfigError("a configuration names no other", at=f"{path}, config", fix="write its options here")
        if name in _GROUPS and group is not None and not isinstance(group, dict):
            fix = f"write them as `{name}: {{name: value}}`"
            raise ConfigError(f"{quoted(group, 80)} is no group of options", at=f"{path}, {name}", fix=fix)
    return content


def _kind_of(path: Path) -> str | None:
    """What a path is, so that no pipe and no device is opened; None where there is nothing."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
    return kinds.get(stat.S_IFMT(mode), "device")


def _recipe_roots() -> Iterable[Path]:
    here = Path(__file__).parent
    # In the wheel the recipes lie inside the package, in a checkout beside it.
    return [root for root in (here / "configs", here.parent / "configs") if root.is_dir()]


def _config_files(words: list[str]) -> list[Path]:
    names = [words[n + 1] for n, word in enumerate(words[:-1]) if word == "--config"]
    names += [word.partition("=")[2] for word in words if word.startswith("--config=")]
    return [find_config(name) for name in names]
