"""Panel: a domain with its data and options, and where they come from: words with recipes, or Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqkit import plugins
from seqkit.domain import Domain
from seqkit.errors import ConfigError, did_you_mean
from seqkit.flat_options import settings_from
from seqkit.recipes import peek, read_config, resolve_recipes
from seqkit.settings import Settings, parse_arguments

Overrides = dict[str, Any]
"""Options by their dotted names, such as `model.cell`."""

GROUP = "compare"
"""Of a recipe: what `seqkit compare` reads of it beside the groups of `fit`."""

OPTION_GROUPS = ("data", "model", "encoder", "trainer")


@dataclass(frozen=True)
class Panel:
    """A domain with its data and options; a study has one or several.

    Attributes:
        name: The domain's, or the recipe's own where a domain has several.
        domain: The domain's value.
        settings: Settings of a training, given what differs from the panel's own options.
    """

    name: str
    domain: Domain
    settings: Callable[[Overrides], Settings]


@dataclass(frozen=True)
class Column:
    """One data set with its options.

    Attributes:
        panel: Where it belongs.
        value: What `across` takes here; None where there is one column.
        overrides: What that changes.
        base: Settings without any rung.
    """

    panel: Panel
    value: Any
    overrides: Overrides
    base: Settings

    @property
    def label(self) -> str:
        """As it is named in lines and folders."""
        return "" if self.value is None else str(self.value)


def panels_of_words(words: Sequence[str]) -> tuple[list[Panel], dict[str, Any]]:
    """The panels that words and recipes describe, and what else the group `compare` of the recipes holds.

    Args:
        words: What `fit` takes.

    Raises:
        ConfigError: For a domain or a group that does not exist; names the nearest one.
    """
    words = resolve_recipes(words)
    plain, group, where = _take_group(words)
    task = peek(words, "data.task")
    described = group.pop("domains", None)
    if described is not None:
        own = as_mapping(described, f"{GROUP}.domains")
        panels = [_panel(name, of or {}, plain, where, task) for name, of in own.items()]
        return _choose(panels, _given(words, "domain")), group
    name = peek(words, "domain")
    if name is None:
        raise ConfigError("no domain given", at="seqkit compare", fix="add --domain NAME, or a --config with one")
    _require_own_domain(words, name)
    return [_panel(name, {}, plain, where, task)], group


def panel_of_options(domain: Domain, options: dict[str, Any], seed: int = 0) -> Panel:
    """A panel from flat options, as Python callers give them."""

    def settings(overrides: Overrides) -> Settings:
        flat = {name.replace(".", "_", 1): value for name, value in overrides.items()}
        given = {name: value for name, value in options.items() if not _replaced(name, overrides)}
        return settings_from(domain, given | flat, seed)

    return Panel(domain.name, domain, settings)


def as_words(overrides: Overrides) -> list[str]:
    """Overrides as options of the command line."""
    return [f"--{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in overrides.items()]


def as_mapping(value: Any, at: str) -> dict[str, Any]:
    """Options of a recipe by name.

    Raises:
        ConfigError: If they are something else.
    """
    if not isinstance(value, Mapping):
        raise ConfigError(f"{value!r} is no group of options", at=at, fix="write it as `name: value` lines")
    return {str(name): inner for name, inner in value.items()}


def _panel(name: str, own: dict[str, Any], words: list[str], where: int, task: str | None) -> Panel:
    """A panel whose options stand behind those of the recipe, and before the words that follow it."""
    own = as_mapping(own, f"domains.{name}")
    for key in own:
        if key not in ("domain", *OPTION_GROUPS):
            fix = did_you_mean(key, OPTION_GROUPS) or f"known: domain, {', '.join(OPTION_GROUPS)}"
            raise ConfigError(f"unknown group {key!r}", at=f"{GROUP}.domains.{name}", fix=fix)
    domain = plugins.load(own.get("domain", name))
    all_words = list(words)
    if own:
        all_words[where:where] = ["--config", json.dumps(own | {"domain": domain.name})]
    chosen = _given(words, "data.task") or (own.get("data") or {}).get("task") or task

    def settings(overrides: Overrides) -> Settings:
        return parse_arguments(domain, [*_without(all_words, overrides), *as_words(overrides)], chosen)

    return Panel(name, domain, settings)


def _choose(panels: list[Panel], asked: str | None) -> list[Panel]:
    """The panels of the domain that was asked for on the command line."""
    chosen = [panel for panel in panels if asked in (None, panel.domain.name)]
    if not chosen:
        known = [panel.domain.name for panel in panels]
        fix = did_you_mean(str(asked), known) or f"it has: {', '.join(known)}"
        raise ConfigError(f"the recipe has no domain {asked!r}", at="--domain", fix=fix)
    return chosen


def _require_own_domain(words: list[str], asked: str) -> None:
    """Refuse a domain other than that of a recipe of a comparison, whose options are for that one."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        name, sign, value = word.partition("=")
        content = read_config(Path(value if sign else after)) if name == "--config" else {}
        own = content.get("domain") if GROUP in content else None
        if own not in (None, asked):
            fix = f"leave it out, or give --domain {own}"
            raise ConfigError(f"the recipe is for {own} only, and not for {asked}", at="--domain", fix=fix)


def _take_group(words: list[str]) -> tuple[list[str], dict[str, Any], int]:
    """Words whose recipes are written out without the group `compare`, that group, and where its recipe ends."""
    plain: list[str] = []
    group: dict[str, Any] = {}
    where = 0
    given = iter(words)
    for word in given:
        name, sign, value = word.partition("=")
        if name != "--config":
            plain.append(word)
            continue
        content = read_config(Path(value if sign else next(given, "")))
        own = content.pop(GROUP, None)
        plain += ["--config", json.dumps(content)]
        if own is not None:
            group |= as_mapping(own, GROUP)
            where = len(plain)
    return plain, group, where


def _given(words: Sequence[str], name: str) -> str | None:
    """The value that a word gives an option; recipes do not count."""
    for word, after in zip(words, [*words[1:], None], strict=True):
        if word == f"--{name}":
            return after
        if word.startswith(f"--{name}="):
            return word.partition("=")[2]
    return None


def _without(words: Sequence[str], names: Collection[str]) -> list[str]:
    """Words without the options of these names; a path that is given twice would be a list of two."""
    options = {f"--{name}" for name in names}
    before = [None, *words[:-1]]
    return [
        w for w, last in zip(words, before, strict=True) if w.partition("=")[0] not in options and last not in options
    ]


def _replaced(name: str, overrides: Overrides) -> bool:
    """Whether an override speaks of the option that a flat name means."""
    return any(name in (dotted.partition(".")[2], dotted.replace(".", "_", 1)) for dotted in overrides)
