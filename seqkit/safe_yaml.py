"""YAML as a stranger may have written it: plain values only, and bounds on size, depth and what aliases expand to."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

from seqkit.errors import ConfigError

MOST_BYTES = 1 << 20
"""Of a configuration; the largest recipe has a few thousand."""

MOST_DEPTH = 40
MOST_VALUES = 100_000
"""Values after aliases are written out: what a few lines of aliases of aliases would exceed many times over."""

_TAGS = ("null", "bool", "int", "float", "str", "seq", "map", "merge")
_FIX = "write options as `data: {path: ...}`, in plain YAML"
# YAML 1.1 takes 1e-3 for text; the option's own parser would read it as a number, so both must agree.
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?|\d[\d_]*[eE][-+]?\d+|\.\d[\d_]*(?:[eE][-+]?\d+)?)$")


class _PlainLoader(yaml.SafeLoader):
    """Text, numbers, true/false, null, lists and mappings whose keys occur once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping; a key that stands there twice is a mistake, of which one half would be lost."""
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key.start_mark)
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is given twice", key.start_mark)
            seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


_PlainLoader.yaml_constructors = {
    tag: build
    for tag, build in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in _TAGS
}
_PlainLoader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in _TAGS]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+0123456789."))


def read_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Args:
        path: A regular file of at most `MOST_BYTES`; a pipe or a device is not opened.

    Raises:
        ConfigError: If it is no such file, no UTF-8 or no plain YAML, has a key twice, or exceeds a bound.
    """
    return parse_yaml(_text(path), at=str(path))


def parse_yaml(text: str, at: str) -> Any:
    """A YAML text as plain values.

    Args:
        text: The text.
        at: Where it is from, for messages.

    Raises:
        ConfigError: As `read_yaml`.
    """
    try:
        if len(text) > MOST_BYTES:
            raise ConfigError(f"a configuration of {len(text):,} letters is too long", at=at, fix=_FIX)
        _require_bounds(text, at)
        return _PlainLoader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{at}, line {mark.line + 1}, column {mark.column + 1}" if mark else at
        raise ConfigError(_one_line(error.problem or error.context), at=place, fix=_FIX) from error
    except (yaml.YAMLError, ValueError, OverflowError, LookupError) as error:  # `!!int ''` is an IndexError
        raise ConfigError(f"is no YAML: {_one_line(str(error))}", at=at, fix=_FIX) from error


def line_of(path: Path, name: str) -> int | None:
    """The line of a value by its dotted name, such as `data.window`; None if the file does not give it.

    Args:
        path: A file that `read_yaml` takes.
        name: Of a value inside a list or a text: the line of that.

    Raises:
        ConfigError: As `read_yaml`.
    """
    read_yaml(path)
    return _line(yaml.compose(_text(path), Loader=_PlainLoader), name)


def _line(node: yaml.Node | None, name: str) -> int | None:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.tag.endswith(":merge"):
            merged = value.value if isinstance(value, yaml.SequenceNode) else [value]
            found = next((line for one in merged if (line := _line(one, name)) is not None), None)
        elif key.value == name:
            found = key.start_mark.line + 1
        elif name.startswith(f"{key.value}."):
            inside = isinstance(value, yaml.MappingNode)
            found = _line(value, name[len(key.value) + 1 :]) if inside else key.start_mark.line + 1
        else:
            continue
        if found is not None:
            return found
    return None


def _text(path: Path) -> str:
    try:
        # Without blocking: a pipe that nobody writes to would wait for ever in `open` itself.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError("is no regular file", at=str(path), fix="give a YAML file")
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ConfigError(f"cannot be read: {error}", at=str(path), fix="give a YAML file") from error
    if len(content) > MOST_BYTES:
        raise ConfigError(
            f"is larger than {MOST_BYTES:,} bytes, which no configuration is", at=str(path), fix="give a YAML file"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"cannot be read: byte {error.start} is no UTF-8", at=str(path), fix="save the file as UTF-8"
        ) from error


def _require_bounds(text: str, at: str) -> None:
    """Depth and number of values, aliases written out; found from events, so that nothing of that size is built."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []  # anchor, and how many values had been seen when it began
    count = 0
    for event in _events(text):
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise yaml.constructor.ConstructorError(
                    None, None, f"alias *{event.anchor} stands inside what it names, or names nothing", mark
                )
            count += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            if "\0" in event.value:  # by its escape in quotes; no path and no option has one
                raise yaml.constructor.ConstructorError(None, None, "a text holds a NUL", mark)
            count += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, count))
            count += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = count - before
        if count > MOST_VALUES or len(open_nodes) > MOST_DEPTH:
            what = f"more than {MOST_VALUES:,} values" if count > MOST_VALUES else f"more than {MOST_DEPTH} levels"
            raise ConfigError(f"holds {what}", at=f"{at}, line {mark.line + 1}", fix=_FIX)


def _events(text: str) -> Iterator[Any]:
    # libyaml's parser, where it is built in, is some 20 times faster; neither of them recurses.
    return yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _one_line(text: str | None) -> str:
    return " ".join((text or "no YAML").split())
