"""What a configuration may have imported: classes of a few packages, and never a function of anybody's."""

from __future__ import annotations

import re

import jsonargparse

from seqkit import plugins
from seqkit.errors import ConfigError, DependencyError

ALLOWED = ("seqkit", "torch.optim", "torch.nn", "pytorch_lightning.callbacks", "pytorch_lightning.loggers")
"""Packages of the core's; those of the installed plugins come to them."""

REFUSED = (
    "seqkit.__main__",  # importing it runs the command line
    "seqkit.cli",
    "seqkit.testing",
    # It takes any function, and so it would call whatever these packages define.
    "pytorch_lightning.callbacks.LambdaCallback",
    "pytorch_lightning.callbacks.lambda_function",
)
"""Exceptions inside the allowed packages."""

_DENIED = re.compile(r"Importing '([^']+)' is not allowed")
_MISSING = re.compile(r"Requirement '([^']+)' not met|No module named '([^']+)'")


def restrict_imports() -> None:
    """Let the option parser import the allowed packages only: each name is looked at before anything is imported."""
    own = {plugin.root for plugin in plugins.installed().values() if plugin.root.isidentifier()}
    jsonargparse.set_parsing_settings(
        # What looks like a class inside a plain dictionary stays a dictionary.
        instantiate_subclass_spec_in_any=False,
        import_path_denylist=["*", *REFUSED],
        import_path_allowlist=[*ALLOWED, *sorted(own - {"jsonargparse"})],
    )


def explain_import(message: str, at: str | None) -> ConfigError | DependencyError | None:
    """The parser's complaint about a class that may not be imported, or cannot be; None if it is about something else.

    Args:
        message: The whole of it.
        at: The option.
    """
    if denied := _DENIED.search(message):
        return ConfigError(
            f"{denied.group(1)!r} may not be named in a configuration",
            at=at,
            fix=f"name a class of {', '.join(ALLOWED)} or of an installed plugin",
        )
    if missing := _MISSING.search(message):
        name = missing.group(1) or missing.group(2)
        if name.startswith(ALLOWED):
            return ConfigError(f"there is no {name!r}", at=at, fix="check the spelling")
        return DependencyError(f"{name!r} is not installed", at=at, fix="install it, or name another class")
    return None
