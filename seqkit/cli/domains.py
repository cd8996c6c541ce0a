"""seqkit domains: what is installed, from which package, what failed and why."""

from __future__ import annotations

import inspect

from rich.console import Console
from rich.table import Table

from seqkit import plugins
from seqkit.errors import ConfigError, SeqkitError


def run(verb: str, words: list[str]) -> int:
    """List all domains, or show one."""
    if len(words) > 1:
        raise ConfigError(f"too many words: {' '.join(words)}", at="seqkit domains", fix="give one name, or none")
    if words:
        return _show(words[0])
    table = Table("domain", "package", "tasks", "status")
    for plugin in plugins.installed().values():
        try:
            domain = plugins.load(plugin.name)
            tasks, status = ", ".join(domain.tasks), "ready"
        except SeqkitError as error:
            tasks, status = "", f"{error.what}\n{error.fix}"
        table.add_row(plugin.name, f"{plugin.package} {plugin.version}", tasks, status)
    for plugin in plugins.outvoted():
        owner = plugins.find(plugin.name).package
        status = f"the name belongs to package {owner}\nthe domain's author must choose another name"
        table.add_row(plugin.name, f"{plugin.package} {plugin.version}", "", status)
    Console(highlight=False).print(table)
    return 0


def _show(name: str) -> int:
    plugin, domain = plugins.find(name), plugins.load(name)
    print(f"{name}: {(inspect.getdoc(domain.datamodule) or '').splitlines()[0]}")
    print(f"package: {plugin.package} {plugin.version} ({plugin.target})")
    print(f"tasks: {', '.join(domain.tasks)}")
    print(f"options: seqkit fit --domain {name} --help")
    return 0
