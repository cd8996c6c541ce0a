"""Which domains are installed: listed from package metadata, imported one at a time, on demand."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from seqkit.errors import ConfigError, DependencyError, SeqkitError, did_you_mean

if TYPE_CHECKING:
    from seqkit.domain import Domain

GROUP = "seqkit.domains"
OWN_DISTRIBUTION = "seqkit"


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
    plugins = []
    for entry in entry_points(group=GROUP):
        package = entry.dist.name if entry.dist else "unknown"
        version = entry.dist.version if entry.dist else "unknown"
        plugins.append(Plugin(entry.name, package, version, entry.value, entry))
    return sorted(plugins, key=lambda plugin: (plugin.name, plugin.package != OWN_DISTRIBUTION, plugin.package))


def find(name: str) -> Plugin:
    """One installed domain, not imported.

    Raises:
        ConfigError: If no such domain is installed; names the nearest one.
    """
    known = installed()
    if name not in known:
        raise ConfigError(
            f"no domain is named {name!r}",
            at="--domain",
            fix=did_you_mean(name, known) or f"installed domains: {', '.join(known) or 'none'}",
        )
    return known[name]


def load(name: str) -> Domain:
    """Import one domain.

    Raises:
        ConfigError: If no such domain is installed, or what it names is no Domain.
        DependencyError: If importing it fails; says which package is at fault and what to install.
    """
    plugin = find(name)
    try:
        domain = plugin.entry_point.load()
    except SeqkitError:
        raise
    except Exception as error:
        # A plugin is foreign code: whatever it raises must become one line and break nothing else.
        raise _import_failure(plugin, error) from error
    from seqkit.domain import Domain

    if not isinstance(domain, Domain):
        raise ConfigError(
            f"{plugin.target} is a {type(domain).__name__}, not a seqkit.Domain",
            at=f"package {plugin.package} {plugin.version}, entry point {plugin.name!r}",
            fix="name a Domain value in the package's seqkit.domains entry point",
        )
    return domain


def _import_failure(plugin: Plugin, error: Exception) -> DependencyError:
    missing = isinstance(error, ModuleNotFoundError) and error.name
    if plugin.package == OWN_DISTRIBUTION:
        fix = f"pip install 'seqkit[{plugin.name}]'"
    else:
        fix = "install what the package asks for, or ask its author"
    what = f"module {error.name!r} is missing" if missing else f"{type(error).__name__}: {error}"  # type: ignore[attr-defined]
    return DependencyError(
        f"domain {plugin.name!r} cannot be loaded: {what}",
        at=f"package {plugin.package} {plugin.version}, {plugin.target}",
        fix=fix,
    )
