"""Options by their last names, as Python callers give them, each sent to the group that knows it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from seqkit.build import require_task
from seqkit.domain import Domain
from seqkit.errors import ConfigError, did_you_mean
from seqkit.option_errors import option_names
from seqkit.settings import Settings, build_parser, parse_values

_GROUPS = ("data", "model", "encoder", "trainer")
_OF_A_RUN = ("probe", "threads", "resume", "fresh", "checkpoint_minutes")


def settings_from(domain: Domain, options: dict[str, Any], seed: int = 0, run: str | Path | None = None) -> Settings:
    """Settings from flat names, each sent to the group that knows it."""
    task = options.get("task", options.get("data_task", domain.tasks[0]))
    require_task(domain, task)
    known = [name for name in option_names(build_parser(domain, task)) if name.count(".") == 1]
    nested: dict[str, Any] = {group: {} for group in _GROUPS} | {"seed": seed, "run": None if run is None else str(run)}
    plain = with_text_paths(options)
    nested |= {name: plain.pop(name) for name in _OF_A_RUN if name in plain}
    for name, value in plain.items():
        group, _, own = _place(name, known).partition(".")
        nested[group][own] = value
    nested["data"]["task"] = task
    return parse_values(domain, {key: value for key, value in nested.items() if value != {}})


def with_text_paths(options: dict[str, Any]) -> dict[str, Any]:
    """The same options with text for each path object, also in lists: options are plain JSON."""

    def plain(value: Any) -> Any:
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        return [plain(one) for one in value] if isinstance(value, list | tuple) else value

    return {name: plain(value) for name, value in options.items()}


def _place(name: str, known: list[str]) -> str:
    """The dotted option that a flat name means."""
    for group in _GROUPS:
        own = name.removeprefix(f"{group}_")
        if own != name and f"{group}.{own}" in known:
            return f"{group}.{own}"
    places = [option for option in known if option.partition(".")[2] == name]
    if len(places) == 1:
        return places[0]
    if places:
        names = " or ".join(place.replace(".", "_") for place in places)
        raise ConfigError(f"option {name!r} is ambiguous", at=f"{name}=", fix=f"write {names}")
    near = did_you_mean(name, [option.partition(".")[2] for option in known])
    raise ConfigError(f"unknown option {name!r}", at=f"{name}=", fix=near or "see seqkit fit --domain NAME --help")
