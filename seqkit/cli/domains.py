"""seqkit domains: what is installed, from which package, what failed and why."""

from __future__ import annotations

import inspect
import re

from rich.table import Table
from rich.text import Text

from seqkit import plugins
from seqkit.cli.console import plain_console
from seqkit.errors import ConfigError, SeqkitError

_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
"""Control characters but for the end of a line: a terminal would obey them."""


def run(verb: str, words: list[str]) -> int:
    """List all domains, or show one."""
    if len(words) > 1:
        raise ConfigError(f"too many words: {' '.join(words)}", at="seqkit domains", fix="give one name, or none")
    if words:
        return _show(words[0])
    table = Table("domain", "package", "tasks", "status")
    for plugin in plugins.installed().values():
        try:
            domain = plugins.load_in_time(plugin.name)
            tasks, status = ", ".join(domain.tasks), "ready"
        except SeqkitError as error:
            tasks, status = "", f"{error.what}\n{error.fix}"
        _add(table, plugin, tasks, status)
    for plugin in plugins.outvoted():
        owner = plugins.find(plugin.name).package
        status = f"the name belongs to package {owner}\nthe domain's author must choose another name"
        _add(table, plugin, "", status)
    plain_console().print(table)
    return 0


def _add(table: Table, plugin: plugins.Plugin, tasks: str, status: str) -> None:
    """A row; names and messages are a package's own, and may hold brackets and control characters."""
    cells = (plugin.name, f"{plugin.package} {plugin.version}", tasks, status)
    table.add_row(*(Text(_UNSEEN.sub("?", cell)) for cell in cells))


def _show(name: str) -> int:
    plugin, domain = plugins.find(name), plugins.load(name)
    print(f"{name}: {(inspect.getdoc(domain.datamodule) or '').splitlines()[0]}")
    print(f"package: {plugin.package} {plugin.version} ({plugin.target})")
    print(f"tasks: {', '.join(domain.tasks)}")
    print(f"options: seqkit fit --domain {name} --help")
    return 0
