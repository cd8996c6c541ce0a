"""Which domains are installed: listed from package metadata, imported one at a time, on demand."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from seqkit.errors import ConfigError, DependencyError, SeqkitError, did_you_mean

if TYPE_CHECKING:
    from seqkit.domain import Domain

GROUP = "seqkit.domains"
OWN_DISTRIBUTION = "seqkit"
CHOSEN = "SEQKIT_PLUGINS"
"""Environment variable: names of the domains to know, with commas between them; the others are as if not installed."""

IMPORT_S = 120.0
"""How long `load_in_time` waits; torch from a slow disk takes some 20 s."""


@dataclass(frozen=True)
class Plugin:
    """An entry point of the group, not imported yet.

    Attributes:
        name: The domain's name.
        package: The distribution that brings it, e.g. `seqkit`.
        version: That distribution's version.
        target: What the entry point names, e.g. `seqkit_audio:DOMAIN`.
        entry_point: The entry point itself.
    """

    name: str
    package: str
    version: str
    target: str
    entry_point: EntryPoint

    @property
    def root(self) -> str:
        """The package that is imported, e.g. `seqkit_audio`."""
        return self.target.partition(":")[0].partition(".")[0].strip()


def installed() -> dict[str, Plugin]:
    """All installed domains by name; nothing is imported. Our own names cannot be taken by others."""
    found: dict[str, Plugin] = {}
    for plugin in _claims():
        found.setdefault(plugin.name, plugin)
    return found


def outvoted() -> list[Plugin]:
    """Plugins that claim a name which another package already has; they are listed, never loaded."""
    winners = installed()
    return [plugin for plugin in _claims() if plugin != winners[plugin.name]]


def _claims() -> list[Plugin]:
    """Every entry point of the group: by name, ours first, then by package, so that the order is always the same."""
    chosen = {name.strip() for name in os.environ.get(CHOSEN, "").split(",")} - {""}
    plugins = []
    for entry in entry_points(group=GROUP):
        # Metadata is foreign, too: without a name or a version it reads as None.
        package = (entry.dist and entry.dist.name) or "unknown"
        version = (entry.dist and entry.dist.version) or "unknown"
        if not chosen or entry.name in chosen:
            plugins.append(Plugin(entry.name, package, version, entry.value, entry))
    return sorted(plugins, key=lambda plugin: (plugin.name, plugin.package != OWN_DISTRIBUTION, plugin.package))


def find(name: str) -> Plugin:
    """One installed domain, not imported.

    Raises:
        ConfigError: If no such domain is installed; names the nearest one.
    """
    known = installed()
    if name not in known:
        limit = f" (limited by {CHOSEN}={os.environ[CHOSEN]})" if os.environ.get(CHOSEN) else ""
        raise ConfigError(
            f"no domain is named {name!r}",
            at="--domain",
            fix=did_you_mean(name, known) or f"installed domains: {', '.join(known) or 'none'}{limit}",
        )
    return known[name]


def load(name: str) -> Domain:
    """Import one domain.

    Raises:
        ConfigError: If no such domain is installed.
        DependencyError: If importing it fails, or what it names is no Domain of this name and of our contract's level;
            says which package is at fault and what to do.
    """
    plugin = find(name)
    try:
        with _own_interrupts() as interrupts:
            domain = plugin.entry_point.load()
    except SeqkitError:
        raise
    except BaseException as error:
        # A plugin is foreign code: whatever it raises, SystemExit too, must become one line and break nothing else.
        if interrupts:
            raise
        raise _import_failure(plugin, error) from error
    return _require_domain(plugin, domain)


def load_in_time(name: str, seconds: float | None = None) -> Domain:
    """As `load`, but a domain whose import does not end is given up, so that the others can be listed.

    Args:
        name: The domain's name.
        seconds: How long to wait; None takes `IMPORT_S`.

    Raises:
        ConfigError: As `load`.
        DependencyError: As `load`, or if the time is over; the import then goes on until the process ends.
    """
    outcome: list[Domain | BaseException] = []

    def work() -> None:
        try:
            outcome.append(load(name))
        except BaseException as error:
            outcome.append(error)

    limit = IMPORT_S if seconds is None else seconds
    thread = threading.Thread(target=work, daemon=True, name=f"import of {name}")
    thread.start()
    thread.join(limit)
    if not outcome:
        raise _refused(find(name), f"its import has not ended after {limit:g} s")
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def at_fault(error: BaseException) -> Plugin | None:
    """The plugin of another package in whose code an error was raised; None if it was ours."""
    others = {plugin.root: plugin for plugin in installed().values() if plugin.package != OWN_DISTRIBUTION}
    found, trace = None, error.__traceback__
    while trace is not None:
        root = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if root == "seqkit" or root in others:
            found = others.get(root)
        trace = trace.tb_next
    return found


def unusable(name: str, what: str) -> DependencyError:
    """The error about a domain that does not keep the contract.

    Args:
        name: The domain's; it may be none that is installed.
        what: What is wrong with it.
    """
    plugin = installed().get(name)
    if plugin is None:
        return DependencyError(f"domain {name!r} cannot be used: {what}", at=name, fix="mend the Domain value")
    return _refused(plugin, what)


@contextmanager
def _own_interrupts() -> Iterator[list[int]]:
    """Signals that a user sent while this was open: a plugin may raise KeyboardInterrupt by itself."""
    seen: list[int] = []

    def note(number: int, frame: Any) -> None:
        seen.append(number)
        raise KeyboardInterrupt

    in_charge = threading.current_thread() is threading.main_thread()
    if not in_charge or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield seen
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _require_domain(plugin: Plugin, domain: object) -> Domain:
    from seqkit.domain import API_LEVEL, Domain

    if not isinstance(domain, Domain):
        raise _refused(plugin, f"{plugin.target} is a {type(domain).__name__}, not a seqkit.Domain")
    well_formed = isinstance(domain.api_level, int) and isinstance(domain.datamodule, type)
    if not (well_formed and domain.tasks and all(isinstance(task, str) for task in domain.tasks)):
        raise _refused(plugin, "its Domain lacks a task, or holds no class of a data module")
    if domain.api_level != API_LEVEL:
        older = domain.api_level < API_LEVEL
        raise DependencyError(
            f"domain {plugin.name!r} is written for level {domain.api_level} of the plugin contract, and this is "
            f"level {API_LEVEL}",
            at=f"package {plugin.package} {plugin.version}, {plugin.target}",
            fix=f"install {'a newer version of the package' if older else 'a newer seqkit'}",
        )
    if domain.name != plugin.name:
        raise _refused(plugin, f"it calls itself {domain.name!r}, and its entry point {plugin.name!r}")
    return domain


def _refused(plugin: Plugin, what: str) -> DependencyError:
    return DependencyError(
        f"domain {plugin.name!r} cannot be loaded: {what}",
        at=f"package {plugin.package} {plugin.version}, {plugin.target}",
        fix=f"ask the package's author, or leave it out with {CHOSEN}=...",
    )


def _import_failure(plugin: Plugin, error: BaseException) -> DependencyError:
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    text = " ".join(f"{type(error).__name__}: {error}".split())
    what = f"module {name!r} is missing" if name else text if len(text) < 300 else f"{text[:300]}..."
    failure = _refused(plugin, what)
    if plugin.package == OWN_DISTRIBUTION:
        return DependencyError(failure.what, at=failure.at, fix=f"pip install 'seqkit[{plugin.name}]'")
    if name:
        return DependencyError(failure.what, at=failure.at, fix="install what the package asks for, or ask its author")
    return failure
