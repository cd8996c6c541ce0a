"""What an option parser complains of, in the words of a user: unknown options, and values of other kinds."""

from __future__ import annotations

import re

import jsonargparse

from seqkit.allowed_imports import explain_import
from seqkit.errors import ConfigError, SeqkitError, did_you_mean

_KINDS = {"float": "a number", "int": "a whole number", "bool": "true or false"}
_OF_FIT = ("model", "encoder", "trainer", "seed", "run", "probe", "config")


def option_names(parser: jsonargparse.ArgumentParser) -> list[str]:
    """All dotted option names of a parser, such as `data.path`."""
    return sorted({name.lstrip("-") for action in parser._actions for name in action.option_strings if "." in name})


def explain(parser: jsonargparse.ArgumentParser, message: str) -> SeqkitError:
    """The parser's complaint as one clear error with the nearest option.

    Args:
        parser: Whose options are known.
        message: What it said.
    """
    known = option_names(parser)
    unknown = (
        re.search(r"[Uu]nrecognized arguments: (\S+)", message)
        or re.search(r"[Kk]ey ['\"]([\w.]+)['\"] is not expected", message)
        or re.search(r"[Oo]ption '([\w.]+)' is not accepted", message)
        or re.search(r"[Gg]roup '([\w.]+)' does not accept option '([\w.]+)'", message)
    )
    if unknown:
        name = ".".join(unknown.groups()).lstrip("-").partition("=")[0]
        if name.partition(".")[0] in _OF_FIT and not _trains(parser):
            fix = "leave it out: it belongs to fit, and a run keeps what it was trained with"
            return ConfigError(f"{parser.prog} does not take --{name}", at=f"--{name}", fix=fix)
        known += [word for action in parser._actions for word in (o.lstrip("-") for o in action.option_strings)]
        tail = [option for option in known if option.endswith(f".{name}")]
        near = f"did you mean '--{tail[0]}'?" if tail else did_you_mean(name, known)
        return ConfigError(f"unknown option {name!r}", at=f"--{name}", fix=near or "see --help")
    if bare := re.search(r"argument (--[\w.]+): expected one argument", message):
        return ConfigError("a value is missing", at=bare.group(1), fix=f"write {bare.group(1)} VALUE, or leave it out")
    return _explain_value(message)


def _trains(parser: jsonargparse.ArgumentParser) -> bool:
    """Whether this is the parser of `build_parser`."""
    return any("--probe" in action.option_strings for action in parser._actions)


def _explain_value(message: str) -> SeqkitError:
    """A value of the wrong type, in the words of a user rather than of Python's types."""
    named = re.search(r'[Kk]ey "([\w.]+)"', message)
    at = f"--{named.group(1)}" if named else None
    if (refused := explain_import(message, at)) is not None:
        return refused
    given = re.search(r"(?:Got|Given) value: (.+?)\s*$", message, re.MULTILINE)
    known = _choices(message)
    if known and given:
        near = did_you_mean(given.group(1), known)
        return ConfigError(f"{given.group(1)!r} is none of {', '.join(known)}", at=at, fix=near or "choose one of them")
    if given and "list[" in message and "type: <class 'list'>" not in message:
        shown = given.group(1) if re.fullmatch(r"[^\s\[\]]+", given.group(1)) else "first,second"
        return ConfigError(f"{given.group(1)!r} is no list", at=at, fix=f"write it as [{shown}]")
    wanted = next((words for kind, words in _KINDS.items() if f"<class '{kind}'>" in message), None)
    if given and wanted:
        return ConfigError(f"{given.group(1)!r} is not {wanted}", at=at, fix=f"give {wanted}")
    first = " ".join(line.strip() for line in message.strip().splitlines()[:3])
    return ConfigError(first, at=at, fix="see --help for what it accepts")


def _choices(message: str) -> list[str]:
    """What an option of `Literal` type takes, texts and numbers alike, with what else a union of types allows."""
    expected = re.search(r"Subtypes: (.+)|Expected a (.+)", message)
    types = expected.group(0) if expected else ""
    words = [word.strip(" '") for inner in re.findall(r"Literal\[(.+?)\]", types) for word in inner.split(",")]
    if words:
        words += [kind for name, kind in _KINDS.items() if f"<class '{name}'>" in types]
    return list(dict.fromkeys(words))
