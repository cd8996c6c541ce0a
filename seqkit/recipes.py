"""Configuration files: shipped recipes by name, a user's own by path, and what can be read of them beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from seqkit.errors import ConfigError, did_you_mean


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
    """`--config text/tiny-shakespeare` as the path of the recipe that is shipped with seqkit."""
    words = list(arguments)
    for number, word in enumerate(words):
        if word == "--config" and number + 1 < len(words):
            words[number + 1] = str(find_config(words[number + 1]))
        elif word.startswith("--config="):
            words[number] = f"--config={find_config(word.partition('=')[2])}"
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
    if path.is_file():
        return path
    known = {str(p.relative_to(root).with_suffix("")): p for root in _recipe_roots() for p in root.rglob("*.yaml")}
    if name.removesuffix(".yaml") in known:
        return known[name.removesuffix(".yaml")]
    raise ConfigError(
        f"no configuration file or recipe {name!r}",
        at="--config",
        fix=did_you_mean(name, known) or f"shipped recipes: {', '.join(sorted(known))}",
    )


def read_config(path: Path) -> dict[str, Any]:
    """A YAML file's content.

    Raises:
        ConfigError: If it is no YAML, or holds no mapping.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot be read: {error}", at=str(path), fix="give a YAML file") from error
    if not isinstance(content, dict):
        raise ConfigError("holds no options", at=str(path), fix="write options as `data: {path: ...}`")
    return content


def _recipe_roots() -> Iterable[Path]:
    here = Path(__file__).parent
    # In the wheel the recipes lie inside the package, in a checkout beside it.
    return [root for root in (here / "configs", here.parent / "configs") if root.is_dir()]


def _config_files(words: list[str]) -> list[Path]:
    names = [words[n + 1] for n, word in enumerate(words[:-1]) if word == "--config"]
    names += [word.partition("=")[2] for word in words if word.startswith("--config=")]
    return [find_config(name) for name in names]
