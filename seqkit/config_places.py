"""Where the value of an option comes from: the line of a configuration file, if the command line does not give it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from seqkit.errors import SeqkitError
from seqkit.recipes import find_config, read_config
from seqkit.safe_yaml import line_of

_OPTION = re.compile(r"--([a-z][\w.-]*)(?: [^,\s]+)?|(compare(?:\.[\w-]+)+)")


def in_its_file(at: str | None, what: str, words: Sequence[str]) -> str | None:
    """The place of an error, with the file and the line in the stead of options that a configuration gives.

    Args:
        at: The place, such as `--data.batch_size`; any other is returned as it is.
        what: What is wrong. Where an option is given more than once, a value that is named here decides, else the last.
        words: Of the command line.

    Example:
        >>> in_its_file("--data.window", "window is 0", ["fit", "--data.window", "0"])
        '--data.window'
    """
    try:
        return at and ", ".join(_placed(part, what, words) for part in at.split(", "))
    except (SeqkitError, OSError):  # a file that cannot be read has an error of its own
        return at


def _placed(part: str, what: str, words: Sequence[str]) -> str:
    option = _OPTION.fullmatch(part)
    if option is None:
        return part
    name = (option[1] or option[2]).replace("-", "_")
    found = list(_givers(part, name, words))
    named = [place for place, value in found if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", what)]
    return (named or [place for place, _ in found] or [part])[-1]


def _givers(part: str, name: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Places that give an option, with its value there as text."""
    given = iter(words)
    for word in given:
        own, sign, value = word.partition("=")
        if own == "--config":
            path = find_config(value if sign else next(given, ""))
            lines = {line for line in _lines(path, name) if line is not None}
            if len(lines) == 1:
                yield f"{path}, line {lines.pop()}, {name}", str(_value(read_config(path), name))
        elif own.startswith("--") and own[2:].replace("-", "_") == name:
            yield part, value if sign else next(given, "")


def _value(content: Any, name: str) -> Any:
    for key in name.split("."):
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _lines(path: Path, name: str) -> Iterator[int | None]:
    """Of an option: where `fit` finds it, or else where `compare` does for each of its domains and variants."""
    if (line := line_of(path, name)) is not None:
        yield line
        return
    group = read_config(path).get("compare")
    for part in ("domains", "variants"):
        inner = group.get(part) if isinstance(group, dict) else None
        for key in inner if isinstance(inner, dict) else ():
            yield line_of(path, f"compare.{part}.{key}.{name}")
